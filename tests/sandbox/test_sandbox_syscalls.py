"""Every system call of x86_64 that is not on the list is tried from inside; tables are checked.

One candidate tries them all; each number is a test of its own. The tables of numbers are compared
with the kernel's headers where these are installed, and with a copy of theirs everywhere.
"""

import errno
import os
import re
from pathlib import Path

import pytest
from jail_bench import Bench

from codegenesis import wire
from codegenesis.sandbox import seccomp, syscalls, widening

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
#: From asm-generic/unistd.h of Linux 6.12, which aarch64 uses as it is.
AARCH64 = """
getcwd 17 eventfd2 19 epoll_create1 20 epoll_ctl 21 epoll_pwait 22 dup 23 dup3 24 fcntl 25
ioctl 29 mkdirat 34 umount2 39 mount 40 pivot_root 41 statfs 43 fstatfs 44 faccessat 48
chdir 49 fchdir 50 openat 56 close 57 pipe2 59 getdents64 61 lseek 62 read 63 write 64 readv
65 writev 66 pread64 67 pselect6 72 ppoll 73 readlinkat 78 newfstatat 79 fstat 80 capget 90
capset 91 exit 93 exit_group 94 waitid 95 set_tid_address 96 unshare 97 futex 98
set_robust_list 99 get_robust_list 100 nanosleep 101 getitimer 102 setitimer 103
clock_gettime 113 clock_getres 114 clock_nanosleep 115 sched_getscheduler 120 sched_getparam
121 sched_setaffinity 122 sched_getaffinity 123 sched_yield 124 sched_get_priority_max 125
sched_get_priority_min 126 restart_syscall 128 sigaltstack 132 rt_sigsuspend 133
rt_sigaction 134 rt_sigprocmask 135 rt_sigpending 136 rt_sigtimedwait 137 rt_sigreturn 139
getpriority 141 getresuid 148 getresgid 150 times 153 getpgid 155 getsid 156 getgroups 158
uname 160 sethostname 161 getrusage 165 umask 166 prctl 167 getcpu 168 gettimeofday 169
getpid 172 getppid 173 getuid 174 geteuid 175 getgid 176 getegid 177 gettid 178 sysinfo 179
socket 198 socketpair 199 getsockname 204 getpeername 205 sendto 206 recvfrom 207 setsockopt
208 getsockopt 209 shutdown 210 sendmsg 211 recvmsg 212 brk 214 munmap 215 mremap 216 clone
220 mmap 222 fadvise64 223 mprotect 226 madvise 233 get_mempolicy 236 wait4 260 prlimit64
261 seccomp 277 getrandom 278 membarrier 283 statx 291 rseq 293 open_tree 428 move_mount 429
pidfd_open 434 clone3 435 close_range 436 faccessat2 439 mount_setattr 442
landlock_create_ruleset 444 landlock_add_rule 445 landlock_restrict_self 446
"""
LAST = 480


def header_of(machine: str) -> dict[str, int]:
    text = HEADERS[machine].read_text()
    found = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", text, re.MULTILINE)
    numbers = {name: int(number) for name, number in found}
    if "fstatat" in numbers:  # of two names for one number
        numbers["newfstatat"] = numbers["fstatat"]
    return numbers


def tables_of(machine: str) -> dict[str, int]:
    upper = "_" + machine.upper()
    own = (getattr(widening, upper), getattr(syscalls, upper))
    shared = widening._EVERYWHERE | syscalls._EVERYWHERE
    return {**seccomp.MACHINES[machine][1], **own[0], **own[1], **shared}


@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_are_those_of_the_kernels_header(machine):
    if not HEADERS[machine].exists():
        pytest.skip(f"{HEADERS[machine]} is not installed")
    known = header_of(machine)
    assert {n: known.get(n) for n in tables_of(machine)} == tables_of(machine)


def test_the_numbers_of_aarch64_are_those_of_the_copied_header():
    words = AARCH64.split()
    known = dict(zip(words[::2], map(int, words[1::2]), strict=True))
    assert {name: known.get(name) for name in tables_of("aarch64")} == tables_of("aarch64")


X86_64 = os.uname().machine == "x86_64"
NAMES = {n: name for name, n in header_of("x86_64").items()} if HEADERS["x86_64"].exists() else {}
NUMBERS = seccomp.MACHINES["x86_64"][1]
#: The way back from probes, which Linux lets pass every filter since 6.14. Called by anything but
#: a probe the first kills its caller, the second fails.
PROBES = (335, 336)
DENIED = sorted({*range(LAST)} - {*NUMBERS.values(), *PROBES} | {NUMBERS["clone3"]})

TRY = """
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    said = {}
    for call in x:
        number, *args = call if isinstance(call, tuple) else (call,) + (0,) * 6
        ctypes.set_errno(0)
        result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, args))
        said[call] = (result, ctypes.get_errno())
    return said
"""


@pytest.fixture(scope="module")
def said(sandbox):
    if not X86_64:
        pytest.skip("these are the numbers of x86_64")
    return Bench(sandbox).value(TRY, DENIED)


@pytest.mark.parametrize("number", DENIED, ids=lambda n: f"{n}-{NAMES.get(n, 'unassigned')}")
def test_a_call_that_is_not_on_the_list_is_refused(said, number):
    refused = errno.ENOSYS if number == NUMBERS["clone3"] else errno.EPERM
    assert said[number] == (-1, refused)


@pytest.mark.skipif(not X86_64, reason="these are the numbers of x86_64")
@pytest.mark.parametrize("number", PROBES)
def test_a_call_that_passes_every_filter_does_nothing(each_bench, number):
    outcome = each_bench.outcome(TRY, [number])
    if outcome.kind == "returned":
        result, code = wire.decode(outcome.value)[number]
        assert result == -1
        assert code in (errno.EPERM, errno.ENOSYS, errno.ENXIO)
    else:
        assert outcome.detail == "it was ended by signal 4"
    assert each_bench.alive()


def test_the_same_calls_are_refused_at_l2(said, lower):
    assert Bench(lower).value(TRY, DENIED) == said


ARGUMENTS = {
    "fcntl": {
        (4, command, 1): errno.EPERM
        for command in (5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 36, 37, 1024, 1025, 1026, 1029, 1031,
                        1033, 1035, 1036, 1037, 1038, 1039, 1040)
    },  # locks, owners, signals, leases, notices, pipe sizes, seals, hints
    "ioctl": {
        (4, command, 0): errno.ENOTTY
        for command in (0x5402, 0x540E, 0x540F, 0x5410, 0x5412, 0x541D, 0x5421, 0x5422, 0x5423,
                        0x5452, 0x6601, 0x6602, 0x801C581F, 0x40049409, 0xC020660B, 0xAE01)
    },  # terminals, injected input, owners, file flags, clones, extents, virtual machines
    "prlimit64": {
        (0, 7, 4096, 0): errno.EPERM,  # a new limit
        (0, 7, 1 << 32, 0): errno.EPERM,
        (1, 7, 4096, 0): errno.EPERM,
        (2, 7, 0, 0): errno.EPERM,  # of somebody else
        (-1, 7, 0, 0): errno.EPERM,
    },
    "clone3": {(0, 0): errno.ENOSYS, (4096, 88): errno.ENOSYS},
    "mmap": {
        (0, 4096, 3, flags, -1, 0): errno.EPERM
        for flags in (0x21, 0x23, 0x8021, 0x4021, 0x40022, 0x40021, 0x7C040022)
    },  # shared without a file, or from the pool of huge pages
    "madvise": {
        (0, 0, advice): errno.EINVAL for advice in (5, 9, 12, 13, 20, 21, 22, 23, 24, 25, 100, 101)
    },  # remove, merge, hide in the swap, poison, collapse
    "futex": {
        (0, command, 1, 0, 0, 0): errno.EPERM
        for command in (0, 1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 256)
    },  # those that others could wait for
}  # fmt: skip


@pytest.mark.skipif(not X86_64, reason="these are the numbers of x86_64")
@pytest.mark.parametrize("call", ARGUMENTS)
def test_a_call_on_the_list_is_refused_for_arguments_that_reach_out(each_bench, call):
    wanted = {(NUMBERS[call], *args): (-1, code) for args, code in ARGUMENTS[call].items()}
    assert each_bench.value(TRY, list(wanted)) == wanted


@pytest.mark.skipif(not X86_64, reason="these are the numbers of x86_64")
def test_what_computing_needs_of_them_works(each_bench):
    body = """
    import fcntl, mmap, os, resource, threading
    with mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE) as mapped:
        mapped[0] = 1
        mapped.madvise(mmap.MADV_DONTNEED)
    with open(__file__) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        first = mapped[:1]
    lock = threading.Lock()
    lock.acquire()
    return [
        first, fcntl.fcntl(4, fcntl.F_GETFL) & 3, os.get_inheritable(4), os.isatty(0),
        resource.getrlimit(resource.RLIMIT_NPROC), lock.acquire(timeout=0.001),
    ]
    """
    assert each_bench.value(body) == [b"\n", 1, True, False, (0, 0), False]
