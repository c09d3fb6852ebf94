"""The filter for tools refuses what its list names, on both machines, and what is newer than it."""

import errno
import re
from pathlib import Path

import pytest
from test_sandbox_seccomp import ALLOW, DENY, KILL, NO_CALL, NO_TTY, decide

from codegenesis.sandbox import toolfilter

HEADERS = {
    "x86_64": (
        Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        Path("/usr/include/asm/unistd_64.h"),
    ),
    "aarch64": (Path("/usr/include/asm-generic/unistd.h"),),
}
NUMBER = re.compile(r"#define __NR(?:3264)?_(\w+)\s+(\d+)")


def kernel_numbers(machine):
    header = next((path for path in HEADERS[machine] if path.exists()), None)
    if header is None:
        pytest.skip("needs the kernel's headers (linux-libc-dev)")
    return {name: int(number) for name, number in NUMBER.findall(header.read_text())}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_numbers_are_the_kernels(machine):
    known = kernel_numbers(machine)
    listed = toolfilter.REFUSED[machine][1] | toolfilter.INSPECTED[machine]
    assert {name: known.get(name) for name in listed} == listed


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_what_is_listed_is_refused_and_what_is_newer_does_not_exist(machine):
    arch, refused = toolfilter.REFUSED[machine]
    program = toolfilter.program(machine)
    inspected = set(toolfilter.INSPECTED[machine].values())
    verdicts = {n: decide(program, n, arch) for n in range(1000) if n not in inspected}
    assert {n for n, verdict in verdicts.items() if verdict == DENY} == set(refused.values())
    assert {n for n, verdict in verdicts.items() if verdict == NO_CALL} == set(range(457, 1000))


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_calls_of_another_convention_kill(machine):
    arch, _ = toolfilter.REFUSED[machine]
    program = toolfilter.program(machine)
    assert decide(program, 0, arch ^ 0x40) == KILL
    if machine == "x86_64":
        assert decide(program, 0x40000000, arch) == KILL


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_some_calls_depend_on_their_arguments(machine):
    arch, _ = toolfilter.REFUSED[machine]
    program = toolfilter.program(machine)

    def call(name, *args):
        number = toolfilter.INSPECTED[machine][name]
        return decide(program, number, arch, (*args, *[0] * (6 - len(args))))

    assert call("clone", 0x01200011) == ALLOW  # fork
    assert call("clone", 0x003D0F00) == ALLOW  # a thread
    for namespace in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert call("clone", namespace | 17) == DENY
    assert call("clone3", 0) == NO_CALL
    assert call("socketpair", 1, 1 | 0x80000) == ALLOW
    assert call("socketpair", 1, 5) == ALLOW
    assert call("socketpair", 1, 2) == DENY
    assert call("socketpair", 2, 1) == DENY
    assert call("ioctl", 0, 0x5401) == ALLOW
    assert call("ioctl", 0, 0x5412) == NO_TTY
    assert call("personality", 0xFFFFFFFF) == ALLOW
    assert call("personality", 0x0040000) == 0x50000 | errno.EPERM
