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
from collections.abc import Callable, Mapping, Sequence
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
    "gettimeofday": 96, "getuid": 102, "lseek": 8, "lstat": 6, "madvise": 28,
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
    "getuid": 174, "lseek": 62, "madvise": 233, "mmap": 222, "mprotect": 226,
    "mremap": 216, "munmap": 215, "nanosleep": 101, "newfstatat": 79, "openat": 56, "ppoll": 73,
    "pread64": 67, "pselect6": 72, "read": 63, "readlinkat": 78, "readv": 65,
    "restart_syscall": 128, "rseq": 293, "rt_sigaction": 134, "rt_sigprocmask": 135,
    "rt_sigreturn": 139, "sched_getaffinity": 123, "sched_yield": 124, "set_robust_list": 99,
    "sigaltstack": 132, "sysinfo": 179, "times": 153, "uname": 160, "write": 64, "writev": 66,
    "statx": 291, "fcntl": 25, "ioctl": 29, "prlimit64": 261,
}  # fmt: skip
_EVERYWHERE: Final = {"clone3": 435, "faccessat2": 439}

#: By machine: the architecture's audit number, and the numbers of the allowed calls.
MACHINES: Final = {
    "x86_64": (0xC000_003E, _X86_64 | _EVERYWHERE),
    "aarch64": (0xC000_00B7, _AARCH64 | _EVERYWHERE),
}
#: On x86_64, numbers from here on belong to the x32 convention.
X32 = 0x4000_0000

#: Looked at more closely: allowed for these values of one argument only.
IOCTLS: Final = (0x5401, 0x541B, 0x5450, 0x5451)  # TCGETS, FIONREAD, FIONCLEX, FIOCLEX
FCNTLS: Final = (0, 1, 2, 3, 4, 1030)  # DUPFD, GETFD, SETFD, GETFL, SETFL, DUPFD_CLOEXEC
#: What allocators say of their memory. Not COLD and PAGEOUT, which would hide it from the count in
#: the swap, nor MERGEABLE, which would show what other processes have in theirs.
_ADVICE: Final = (0, 1, 2, 3, 4, 8, 10, 11, 14, 15, 16, 17, 18, 19)
_MAP_SHARED, _MAP_ANONYMOUS, _MAP_HUGETLB = 0x01, 0x20, 0x4_0000
_FUTEX_PRIVATE = 128


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


#: Emits, after a label of its own, what decides a call by its arguments.
Look = Callable[[Assembler, str], None]


def program(name: str) -> bytes:
    """The filter of a candidate, for a machine (`x86_64` or `aarch64`)."""
    looks = {
        "clone3": refused(errno.ENOSYS),  # glibc then falls back to clone, which is denied
        "fcntl": one_of(1, FCNTLS, errno.EPERM),
        "futex": with_bits(1, _FUTEX_PRIVATE),  # the others are shared with whoever maps the file
        "ioctl": one_of(1, IOCTLS, errno.ENOTTY),
        "madvise": one_of(2, _ADVICE, errno.EINVAL),
        "mmap": no_shared_memory,
        "prlimit64": _only_reading_its_own,
    }
    return allow_list(name, MACHINES[name][1], looks)


def allow_list(name: str, numbers: Mapping[str, int], looks: Mapping[str, Look]) -> bytes:
    """A filter that allows `numbers`, those with a look as their arguments are, and nothing else.

    Args:
        name: the machine.
    """
    a = Assembler()
    a.load(ARCHITECTURE)
    a.equal(MACHINES[name][0], no="kill")
    a.load(NUMBER)
    if name == "x86_64":
        a.at_least(X32, yes="kill")
    _search(a, sorted((n, call if call in looks else "allow") for call, n in numbers.items()))
    a.label("deny")
    a.give(ERRNO | errno.EPERM)
    for call, look in looks.items():
        a.label(call)
        look(a, call)
    a.label("kill")
    a.give(KILL_PROCESS)
    a.label("allow")
    a.give(ALLOW)
    return a.assembled()


def _search(a: Assembler, labels: Sequence[tuple[int, str]]) -> None:
    """Jump to the label of a number by halving; loading a filter tries it for every number."""
    if len(labels) <= 4:
        for number, label in labels[:-1]:
            a.equal(number, yes=label)
        a.equal(labels[-1][0], yes=labels[-1][1], no="deny")
        return
    middle = len(labels) // 2
    upper = f"from {labels[middle][0]}"
    a.at_least(labels[middle][0], yes=upper)
    _search(a, labels[:middle])
    a.label(upper)
    _search(a, labels[middle:])


def refused(error: int) -> Look:
    """Never allowed, with this errno."""
    return lambda a, _: a.give(ERRNO | error)


def one_of(argument: int, values: tuple[int, ...], error: int) -> Look:
    """Allowed for these values of an argument (a 32-bit one)."""

    def look(a: Assembler, _: str) -> None:
        a.load(ARGUMENTS + 8 * argument)
        for value in values:
            a.equal(value, yes="allow")
        a.give(ERRNO | error)

    return look


def with_bits(argument: int, bits: int) -> Look:
    """Allowed when at least one of the bits is set in an argument (a 32-bit one)."""

    def look(a: Assembler, _: str) -> None:
        a.load(ARGUMENTS + 8 * argument)
        a.any_of(bits, yes="allow")
        a.give(ERRNO | errno.EPERM)

    return look


def no_shared_memory(a: Assembler, call: str) -> None:
    """Allow `mmap`, but no memory that is shared without a file, and no pages of the huge pool.

    Unmapped in part, a shared mapping keeps all its pages where neither the address space nor the
    resident size counts them: memory without end. Huge pages of the pool are not counted either.
    """
    a.load(ARGUMENTS + 8 * 3)
    a.any_of(_MAP_HUGETLB, yes=f"{call} refused")
    a.any_of(_MAP_SHARED, yes=f"{call} shared")
    a.give(ALLOW)
    a.label(f"{call} shared")
    a.any_of(_MAP_ANONYMOUS, yes=f"{call} refused")
    a.give(ALLOW)
    a.label(f"{call} refused")
    a.give(ERRNO | errno.EPERM)


def _only_reading_its_own(a: Assembler, call: str) -> None:
    """Allow `prlimit64` of the process itself (0) without a new limit (null, both halves)."""
    for half in (0, 16, 20):
        a.load(ARGUMENTS + half)
        a.equal(0, no=f"{call} refused")
    a.give(ALLOW)
    a.label(f"{call} refused")
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
