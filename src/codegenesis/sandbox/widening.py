"""seccomp for a zygote: what a candidate may do, and what importing and cloning need beyond it.

Threads are allowed at import (numeric libraries start them and end them), a process is not, but for
the one clone that makes a candidate. Nothing can be connected to. Files can be asked to be made,
because `mkdir(exist_ok=True)` must find what is there; mounts and Landlock say no.
"""

from __future__ import annotations

import errno
import signal
from typing import Final

from codegenesis.sandbox.seccomp import (
    ARGUMENTS,
    ERRNO,
    FCNTLS,
    IOCTLS,
    MACHINES,
    Assembler,
    Look,
    allow_list,
    no_shared_memory,
    one_of,
    refused,
)

_X86_64: Final = {
    "arch_prctl": 158, "capget": 125, "capset": 126, "chdir": 80, "clone": 56, "dup2": 33,
    "dup3": 292, "epoll_create1": 291, "epoll_ctl": 233, "epoll_pwait": 281, "epoll_wait": 232,
    "eventfd2": 290, "fadvise64": 221, "fchdir": 81, "fstatfs": 138, "get_mempolicy": 239,
    "get_robust_list": 274, "getcpu": 309, "getgroups": 115, "getitimer": 36, "getpeername": 52,
    "getpgid": 121, "getpgrp": 111, "getpriority": 140, "getresgid": 120, "getresuid": 118,
    "getsid": 124, "getsockname": 51, "getsockopt": 55, "membarrier": 324, "mkdir": 83,
    "mkdirat": 258, "pipe": 22, "pipe2": 293, "prctl": 157, "recvfrom": 45, "recvmsg": 47,
    "rt_sigpending": 127, "rt_sigsuspend": 130, "rt_sigtimedwait": 128,
    "sched_get_priority_max": 146, "sched_get_priority_min": 147, "sched_getparam": 143,
    "sched_getscheduler": 145, "sched_setaffinity": 203, "seccomp": 317, "sendmsg": 46,
    "sendto": 44, "set_tid_address": 218, "setitimer": 38, "setsockopt": 54, "shutdown": 48,
    "socket": 41, "socketpair": 53, "statfs": 137, "umask": 95, "wait4": 61, "waitid": 247,
}  # fmt: skip
_AARCH64: Final = {
    "capget": 90, "capset": 91, "chdir": 49, "clone": 220, "dup3": 24, "epoll_create1": 20,
    "epoll_ctl": 21, "epoll_pwait": 22, "eventfd2": 19, "fadvise64": 223, "fchdir": 50,
    "fstatfs": 44, "get_mempolicy": 236, "get_robust_list": 100, "getcpu": 168, "getgroups": 158,
    "getitimer": 102, "getpeername": 205, "getpgid": 155, "getpriority": 141, "getresgid": 150,
    "getresuid": 148, "getsid": 156, "getsockname": 204, "getsockopt": 209, "membarrier": 283,
    "mkdirat": 34, "pipe2": 59, "prctl": 167, "recvfrom": 207, "recvmsg": 212,
    "rt_sigpending": 136, "rt_sigsuspend": 133, "rt_sigtimedwait": 137,
    "sched_get_priority_max": 125, "sched_get_priority_min": 126, "sched_getparam": 121,
    "sched_getscheduler": 120, "sched_setaffinity": 122, "seccomp": 277, "sendmsg": 211,
    "sendto": 206, "set_tid_address": 96, "setitimer": 103, "setsockopt": 208, "shutdown": 210,
    "socket": 198, "socketpair": 199, "statfs": 43, "umask": 166, "wait4": 260, "waitid": 95,
}  # fmt: skip
_EVERYWHERE: Final = {"close_range": 436, "pidfd_open": 434}

#: FIONBIO, TIOCGWINSZ.
_MORE_IOCTLS = (0x5421, 0x5413)
#: SET_PDEATHSIG, GET_ and SET_DUMPABLE, SET_ and GET_NAME, CAPBSET_READ, NO_NEW_PRIVS, SET_VMA.
_PRCTLS = (1, 3, 4, 15, 16, 23, 38, 39, 0x5356_4D41)
#: SOCK_STREAM, with and without SOCK_NONBLOCK and SOCK_CLOEXEC.
_STREAMS = (1, 1 | 0o4000, 1 | 0o2000000, 1 | 0o2004000)
_CLONE_THREAD = 0x0001_0000
_CLONE_NEW = 0x7E02_0080


def zygote_program(name: str, *, worlds: int, network: bool) -> bytes:
    """The filter of a zygote, for a machine.

    Args:
        worlds: flags of the one clone that is allowed: the namespaces of a candidate.
        network: whether it may make sockets, which an empty network namespace makes harmless.
    """
    numbers = {**MACHINES[name][1], **(_X86_64 if name == "x86_64" else _AARCH64), **_EVERYWHERE}
    looks: dict[str, Look] = {
        "clone": _threads_and(worlds | signal.SIGCHLD),
        "clone3": refused(errno.ENOSYS),
        "fcntl": one_of(1, FCNTLS, errno.EPERM),
        "ioctl": one_of(1, (*IOCTLS, *_MORE_IOCTLS), errno.ENOTTY),
        "mmap": no_shared_memory,
        "prctl": one_of(0, _PRCTLS, errno.EPERM),
        "prlimit64": one_of(0, (0,), errno.EPERM),
        "sched_setaffinity": one_of(0, (0,), errno.EPERM),
        "socketpair": one_of(1, _STREAMS, errno.EPERM),  # a datagram could be sent to anybody
    }
    if not network:
        looks["socket"] = refused(errno.EPERM)
    return allow_list(name, numbers, looks)


def _threads_and(process: int) -> Look:
    """Allow a thread of the same world, and a process with exactly these flags."""

    def look(a: Assembler, call: str) -> None:
        a.load(ARGUMENTS)
        a.equal(process, yes="allow")
        a.any_of(_CLONE_NEW, yes=f"{call} refused")
        a.any_of(_CLONE_THREAD, yes="allow")
        a.label(f"{call} refused")
        a.give(ERRNO | errno.EPERM)

    return look
