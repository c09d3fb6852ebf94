"""The filter program, run by a small interpreter, decides every call as the lists say."""

import errno
import struct

import pytest

from codegenesis.sandbox import seccomp

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


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_exactly_the_listed_calls_are_allowed(machine):
    arch, numbers = seccomp._MACHINES[machine]
    program = seccomp.program(machine)
    special = {numbers[name] for name in ("clone3", "fcntl", "ioctl", "prlimit64")}
    allowed = {n for n in range(1000) if decide(program, n, arch) == ALLOW}
    assert allowed - special == set(numbers.values()) - special
    assert decide(program, 999, arch) == DENY
    assert decide(program, numbers["clone3"], arch) == NO_CALL
    for name in ("fork", "vfork", "clone", "execve", "socket", "kill", "tgkill", "prctl", "ptrace"):
        assert name not in numbers


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_calls_of_another_machine_kill(machine):
    arch, numbers = seccomp._MACHINES[machine]
    program = seccomp.program(machine)
    assert decide(program, numbers["read"], arch ^ 0x40) == KILL
    if machine == "x86_64":
        assert decide(program, 0x40000000 | numbers["read"], arch) == KILL


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_some_calls_depend_on_their_arguments(machine):
    arch, numbers = seccomp._MACHINES[machine]
    program = seccomp.program(machine)

    def call(name, *args):
        return decide(program, numbers[name], arch, (*args, *[0] * (6 - len(args))))

    assert call("prlimit64", 0, 7, 0, 5) == ALLOW
    assert call("prlimit64", 0, 7, 1) == DENY
    assert call("prlimit64", 0, 7, 1 << 32) == DENY
    assert call("fcntl", 3, 3) == ALLOW
    assert call("fcntl", 3, 8) == DENY
    assert call("ioctl", 0, 0x5401) == ALLOW
    assert call("ioctl", 0, 0x5412) == NO_TTY
