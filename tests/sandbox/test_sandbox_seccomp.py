"""The filter program, run by a small interpreter, decides every call as the lists say."""

import errno
import struct

import pytest

from codegenesis.sandbox import seccomp, widening

ALLOW, KILL = 0x7FFF0000, 0x80000000
DENY, NO_CALL, NO_TTY = (0x50000 | code for code in (errno.EPERM, errno.ENOSYS, errno.ENOTTY))


def decide(program: bytes, number: int, arch: int, args=(0, 0, 0, 0, 0, 0)) -> int:
    data = struct.pack("<IIQ6Q", number, arch, 0, *args)
    code = list(struct.iter_unpack("=HBBI", program))
    at = loaded = 0
    while True:
        operation, yes, no, value = code[at]
        at += 1
        if operation == 0x20:
            (loaded,) = struct.unpack_from("<I", data, value)
        elif operation == 0x15:
            at += yes if loaded == value else no
        elif operation == 0x35:
            at += yes if loaded >= value else no
        elif operation == 0x45:
            at += yes if loaded & value else no
        else:
            return value


INSPECTED = ("clone3", "fcntl", "futex", "ioctl", "madvise", "mmap", "prlimit64")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_exactly_the_listed_calls_are_allowed(machine):
    arch, numbers = seccomp.MACHINES[machine]
    program = seccomp.program(machine)
    special = {numbers[name] for name in INSPECTED}
    allowed = {n for n in range(1000) if decide(program, n, arch) == ALLOW}
    assert allowed - special == set(numbers.values()) - special
    assert decide(program, 999, arch) == DENY
    assert decide(program, numbers["clone3"], arch) == NO_CALL
    for name in ("fork", "vfork", "clone", "execve", "socket", "kill", "tgkill", "prctl", "ptrace"):
        assert name not in numbers


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_calls_of_another_machine_kill(machine):
    arch, numbers = seccomp.MACHINES[machine]
    program = seccomp.program(machine)
    assert decide(program, numbers["read"], arch ^ 0x40) == KILL
    if machine == "x86_64":
        assert decide(program, 0x40000000 | numbers["read"], arch) == KILL


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_some_calls_depend_on_their_arguments(machine):
    arch, numbers = seccomp.MACHINES[machine]
    program = seccomp.program(machine)

    def call(name, *args):
        return decide(program, numbers[name], arch, (*args, *[0] * (6 - len(args))))

    assert call("prlimit64", 0, 7, 0, 5) == ALLOW
    assert call("prlimit64", 0, 7, 1) == DENY
    assert call("prlimit64", 0, 7, 1 << 32) == DENY
    assert call("prlimit64", 1, 7, 0, 5) == DENY
    assert call("fcntl", 3, 3) == ALLOW
    assert call("fcntl", 3, 8) == DENY
    assert call("ioctl", 0, 0x5401) == ALLOW
    assert call("ioctl", 0, 0x5412) == NO_TTY
    assert call("futex", 1, 128) == ALLOW
    assert call("futex", 1, 0) == DENY
    assert call("mmap", 0, 4096, 3, 0x22) == ALLOW
    assert call("mmap", 0, 4096, 1, 0x01) == ALLOW
    for flags in (0x21, 0x23, 0x40022):
        assert call("mmap", 0, 4096, 3, flags) == DENY
    assert call("madvise", 0, 4096, 4) == ALLOW
    for advice in (9, 12, 20, 21, 22, 23, 25, 100, 101):
        assert call("madvise", 0, 4096, advice) == DENY ^ errno.EPERM ^ errno.EINVAL


WORLDS = {"L3": 0x30000000, "L2": 0}
THREAD, FORK = 0x3D0F00, 0x01200011


@pytest.mark.parametrize("tier", WORLDS)
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_zygote_makes_threads_and_candidates_and_no_other_process(machine, tier):
    arch, numbers = seccomp.MACHINES[machine]
    program = widening.zygote_program(machine, worlds=WORLDS[tier], network=tier == "L3")
    clone = {"x86_64": 56, "aarch64": 220}[machine]
    socket = {"x86_64": 41, "aarch64": 198}[machine]
    pair = {"x86_64": 53, "aarch64": 199}[machine]

    def call(number, *args):
        return decide(program, number, arch, (*args, *[0] * (6 - len(args))))

    assert call(clone, WORLDS[tier] | 17) == ALLOW
    assert call(clone, THREAD) == ALLOW
    for flags in (FORK, THREAD | 0x10000000, 0x02000000, 0x4000 | 0x100 | 17, WORLDS[tier] | 9):
        assert call(clone, flags) == DENY
    assert call(socket, 1, 1) == (ALLOW if tier == "L3" else DENY)
    assert call(pair, 1, 1) == ALLOW
    assert call(pair, 1, 2) == DENY, "a datagram socket reaches whoever listens"
    for forbidden in {"x86_64": (42, 49, 57, 58, 59, 62, 101, 165, 234, 272, 425),
                      "aarch64": (200, 203, 129, 131, 117, 40, 97, 221, 425)}[machine]:  # fmt: skip
        assert call(forbidden) == DENY
    assert call(numbers["mmap"], 0, 4096, 3, 0x21) == DENY
