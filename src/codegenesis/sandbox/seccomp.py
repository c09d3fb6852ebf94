"""seccomp: the system calls that a computing process needs, and no others.

An allow-list, because the kernel grows calls faster than a deny-list does. What is not listed
fails with EPERM, which Python turns into an exception that is then the candidate's answer; only a
call in another machine's convention kills. There is no exec, no fork, no thread, no socket and no
signal to anybody, and nothing that opens a second way out (memfd, io_uring, ptrace, keyctl, …).

Written as a small assembler with labels: counting jumps by hand is how filters get holes.
libseccomp was looked at; it would be a shared library to find on every machine for a hundred
instructions.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from typing import Final, NamedTuple

from codegenesis.sandbox.syscalls import JailError, machine, syscall

_SECCOMP_SET_MODE_FILTER, _SECCOMP_GET_ACTION_AVAIL = 1, 2
ALLOW, KILL_PROCESS, ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06

#: Offsets in `struct seccomp_data`.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16

_X86_64: Final = {
    "access": 21, "brk": 12, "clock_getres": 229, "clock_gettime": 228, "clock_nanosleep": 230,
    "close": 3, "dup": 32, "exit": 60, "exit_group": 231, "faccessat": 269, "fstat": 5,
    "futex": 202, "getcwd": 79, "getdents64": 217, "getegid": 108, "geteuid": 107, "getgid": 104,
    "getpid": 39, "getppid": 110, "getrandom": 318, "getrusage": 98, "gettid": 186,
    "gettimeofday": 96, "getuid": 102, "lseek": 8, "lstat": 6, "madvise": 28, "membarrier": 324,
    "mmap": 9, "mprotect": 10, "mremap": 25, "munmap": 11, "nanosleep": 35, "newfstatat": 262,
    "open": 2, "openat": 257, "poll": 7, "ppoll": 271, "pread64": 17, "pselect6": 270, "read": 0,
    "readlink": 89, "readlinkat": 267, "readv": 19, "restart_syscall": 219, "rseq": 334,
    "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sched_getaffinity": 204,
    "sched_yield": 24, "select": 23, "set_robust_list": 273, "sigaltstack": 131, "stat": 4,
    "sysinfo": 99, "times": 100, "uname": 63, "write": 1, "writev": 20,
    "statx": 332, "fcntl": 72, "ioctl": 16, "prlimit64": 302,
}  # fmt: skip
_AARCH64: Final = {
    "brk": 214, "clock_getres": 114, "clock_gettime": 113, "clock_nanosleep": 115, "close": 57,
    "dup": 23, "exit": 93, "exit_group": 94, "faccessat": 48, "fstat": 80, "futex": 98,
    "getcwd": 17, "getdents64": 61, "getegid": 177, "geteuid": 175, "getgid": 176, "getpid": 172,
    "getppid": 173, "getrandom": 278, "getrusage": 165, "gettid": 178, "gettimeofday": 169,
    "getuid": 174, "lseek": 62, "madvise": 233, "membarrier": 283, "mmap": 222, "mprotect": 226,
    "mremap": 216, "munmap": 215, "nanosleep": 101, "newfstatat": 79, "openat": 56, "ppoll": 73,
    "pread64": 67, "pselect6": 72, "read": 63, "readlinkat": 78, "readv": 65,
    "restart_syscall": 128, "rseq": 293, "rt_sigaction": 134, "rt_sigprocmask": 135,
    "rt_sigreturn": 139, "sched_getaffinity": 123, "sched_yield": 124, "set_robust_list": 99,
    "sigaltstack": 132, "sysinfo": 179, "times": 153, "uname": 160, "write": 64, "writev": 66,
    "statx": 291, "fcntl": 25, "ioctl": 29, "prlimit64": 261,
}  # fmt: skip
_EVERYWHERE: Final = {"clone3": 435, "faccessat2": 439, "futex_waitv": 449}

#: By machine: the architecture's audit number, and the numbers of the allowed calls.
_MACHINES: Final = {
    "x86_64": (0xC000_003E, _X86_64 | _EVERYWHERE),
    "aarch64": (0xC000_00B7, _AARCH64 | _EVERYWHERE),
}
#: On x86_64, numbers from here on belong to the x32 convention.
X32 = 0x4000_0000

#: Looked at more closely: allowed for these values of one argument only.
_IOCTLS = (0x5401, 0x541B, 0x5450, 0x5451)  # TCGETS, FIONREAD, FIONCLEX, FIOCLEX
_FCNTLS = (0, 1, 2, 3, 4, 1030)  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC


class _Instruction(NamedTuple):
    """One instruction; jumps name labels, None is the next instruction."""

    code: int
    value: int
    yes: str | None = None
    no: str | None = None


class Assembler:
    """Classic BPF with labels instead of distances."""

    def __init__(self) -> None:
        self._code: list[_Instruction] = []
        self._labels: dict[str, int] = {}

    def label(self, name: str) -> None:
        """Name the next instruction."""
        self._labels[name] = len(self._code)

    def load(self, offset: int) -> None:
        """Load four bytes of `struct seccomp_data`."""
        self._code.append(_Instruction(_LOAD, offset))

    def equal(self, value: int, *, yes: str | None = None, no: str | None = None) -> None:
        """Jump by whether what was loaded equals `value`."""
        self._code.append(_Instruction(_JUMP_EQUAL, value, yes, no))

    def at_least(self, value: int, *, yes: str) -> None:
        """Jump when what was loaded is `value` or more."""
        self._code.append(_Instruction(_JUMP_GREATER_EQUAL, value, yes))

    def any_of(self, bits: int, *, yes: str) -> None:
        """Jump when what was loaded has at least one of `bits`."""
        self._code.append(_Instruction(_JUMP_ANY, bits, yes))

    def give(self, action: int) -> None:
        """End with a decision."""
        self._code.append(_Instruction(_RETURN, action))

    def assembled(self) -> bytes:
        """`struct sock_filter` after `struct sock_filter`."""
        return b"".join(
            struct.pack(
                "=HBBI", i.code, self._distance(at, i.yes), self._distance(at, i.no), i.value
            )
            for at, i in enumerate(self._code)
        )

    def _distance(self, at: int, label: str | None) -> int:
        return 0 if label is None else self._labels[label] - at - 1


def program(name: str) -> bytes:
    """The filter for a machine (`x86_64` or `aarch64`)."""
    architecture, numbers = _MACHINES[name]
    a = Assembler()
    a.load(ARCHITECTURE)
    a.equal(architecture, no="kill")
    a.load(NUMBER)
    if name == "x86_64":
        a.at_least(X32, yes="kill")
    inspected = ("clone3", "fcntl", "ioctl", "prlimit64")
    for call in inspected:
        a.equal(numbers[call], yes=call)
    for call, number in numbers.items():
        if call not in inspected:
            a.equal(number, yes="allow")
    a.label("deny")
    a.give(ERRNO | errno.EPERM)
    a.label("clone3")  # glibc then falls back to clone, which is denied
    a.give(ERRNO | errno.ENOSYS)
    _one_of(a, "fcntl", _FCNTLS, errno.EPERM)
    _one_of(a, "ioctl", _IOCTLS, errno.ENOTTY)
    _only_reading(a, "prlimit64")
    a.label("kill")
    a.give(KILL_PROCESS)
    a.label("allow")
    a.give(ALLOW)
    return a.assembled()


def _one_of(a: Assembler, call: str, commands: tuple[int, ...], otherwise: int) -> None:
    """Allow a call for these values of its second argument (a 32-bit one)."""
    a.label(call)
    a.load(ARGUMENTS + 8)
    for command in commands:
        a.equal(command, yes="allow")
    a.give(ERRNO | otherwise)


def _only_reading(a: Assembler, call: str) -> None:
    """Allow `prlimit64` without a new limit: its third argument is a null pointer, both halves."""
    a.label(call)
    a.load(ARGUMENTS + 16)
    a.equal(0, no=f"{call} changes")
    a.load(ARGUMENTS + 20)
    a.equal(0, yes="allow")
    a.label(f"{call} changes")
    a.give(ERRNO | errno.EPERM)


class Filter:
    """A filter that is ready to be loaded: assembled once, loaded by each candidate.

    Args:
        code: an assembled filter; the one for candidates when None.

    Raises:
        JailError: the kernel has no seccomp filters.
    """

    def __init__(self, code: bytes | None = None) -> None:
        try:
            wanted = struct.pack("=I", KILL_PROCESS)
            syscall("seccomp", _SECCOMP_GET_ACTION_AVAIL, 0, wanted)
        except OSError as error:
            raise JailError("seccomp", error) from error
        code = code or program(machine())
        self._code = ctypes.create_string_buffer(code, len(code))
        address = ctypes.addressof(self._code)
        self._program = struct.pack("@HP", len(code) // 8, address)

    def load(self) -> None:
        """Restrict this process for good; raises OSError."""
        syscall("seccomp", _SECCOMP_SET_MODE_FILTER, 0, self._program)
