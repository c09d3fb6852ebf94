"""seccomp for tools: what compilers and test runners never need, refused.

A compiler forks, executes, makes threads and any of two hundred calls more, so unlike a candidate's
filter this one names what is refused: whatever makes or enters namespaces and mounts, looks into or
steers other processes, talks to the kernel's wide and young parts (bpf, io_uring, perf, keyrings,
userfaultfd, …), keeps memory where nobody sees it (memfd, System V and POSIX queues), changes the
machine, or opens sockets. Of sockets only connected pairs remain: a path below a visible directory
may name a listener of the host. Calls that are newer than this list do not exist.
"""

from __future__ import annotations

import errno
from typing import Final

from codegenesis.sandbox.seccomp import (
    ALLOW,
    ARCHITECTURE,
    ARGUMENTS,
    ERRNO,
    KILL_PROCESS,
    NUMBER,
    X32,
    Assembler,
)

_X86_64: Final = {
    "accept": 43, "accept4": 288, "acct": 163, "add_key": 248, "adjtimex": 159, "bind": 49,
    "bpf": 321, "chroot": 161, "clock_adjtime": 305, "clock_settime": 227, "connect": 42,
    "delete_module": 176, "fanotify_init": 300, "fanotify_mark": 301, "finit_module": 313,
    "init_module": 175, "ioperm": 173, "iopl": 172, "kcmp": 312, "kexec_file_load": 320,
    "kexec_load": 246, "keyctl": 250, "listen": 50, "lookup_dcookie": 212, "mbind": 237,
    "memfd_create": 319, "migrate_pages": 256, "modify_ldt": 154,
    "mount": 165, "move_pages": 279, "mq_getsetattr": 245, "mq_notify": 244, "mq_open": 240,
    "mq_timedreceive": 243, "mq_timedsend": 242, "mq_unlink": 241, "msgctl": 71, "msgget": 68,
    "msgrcv": 70, "msgsnd": 69, "name_to_handle_at": 303, "nfsservctl": 180,
    "open_by_handle_at": 304, "perf_event_open": 298, "pivot_root": 155, "process_vm_readv": 310,
    "process_vm_writev": 311, "ptrace": 101, "quotactl": 179, "reboot": 169, "request_key": 249,
    "seccomp": 317, "semctl": 66, "semget": 64, "semop": 65, "semtimedop": 220,
    "set_mempolicy": 238, "setdomainname": 171, "sethostname": 170, "setns": 308,
    "settimeofday": 164, "shmat": 30, "shmctl": 31, "shmdt": 67, "shmget": 29, "socket": 41,
    "swapoff": 168, "swapon": 167, "syslog": 103, "umount2": 166, "unshare": 272, "uselib": 134,
    "userfaultfd": 323, "ustat": 136, "vhangup": 153, "vmsplice": 278,
}  # fmt: skip
_AARCH64: Final = {
    "accept": 202, "accept4": 242, "acct": 89, "add_key": 217, "adjtimex": 171, "bind": 200,
    "bpf": 280, "chroot": 51, "clock_adjtime": 266, "clock_settime": 112, "connect": 203,
    "delete_module": 106, "fanotify_init": 262, "fanotify_mark": 263, "finit_module": 273,
    "init_module": 105, "kcmp": 272, "kexec_file_load": 294, "kexec_load": 104, "keyctl": 219,
    "listen": 201, "lookup_dcookie": 18, "mbind": 235, "memfd_create": 279, "migrate_pages": 238,
    "mount": 40, "move_pages": 239, "mq_getsetattr": 185, "mq_notify": 184,
    "mq_open": 180, "mq_timedreceive": 183, "mq_timedsend": 182, "mq_unlink": 181, "msgctl": 187,
    "msgget": 186, "msgrcv": 188, "msgsnd": 189, "name_to_handle_at": 264, "nfsservctl": 42,
    "open_by_handle_at": 265, "perf_event_open": 241, "pivot_root": 41, "process_vm_readv": 270,
    "process_vm_writev": 271, "ptrace": 117, "quotactl": 60, "reboot": 142, "request_key": 218,
    "seccomp": 277, "semctl": 191, "semget": 190, "semop": 193, "semtimedop": 192,
    "set_mempolicy": 237, "setdomainname": 162, "sethostname": 161, "setns": 268,
    "settimeofday": 170, "shmat": 196, "shmctl": 195, "shmdt": 197, "shmget": 194, "socket": 198,
    "swapoff": 225, "swapon": 224, "syslog": 116, "umount2": 39, "unshare": 97,
    "userfaultfd": 282, "vhangup": 58, "vmsplice": 75,
}  # fmt: skip
_EVERYWHERE: Final = {
    "fsconfig": 431, "fsmount": 432, "fsopen": 430, "fspick": 433, "io_uring_enter": 426,
    "io_uring_register": 427, "io_uring_setup": 425, "memfd_secret": 447, "mount_setattr": 442,
    "move_mount": 429, "open_tree": 428, "pidfd_getfd": 438, "process_madvise": 440,
    "process_mrelease": 448, "quotactl_fd": 443, "set_mempolicy_home_node": 450,
}  # fmt: skip
#: By machine: calls that depend on their arguments.
INSPECTED: Final = {
    "x86_64": {"clone": 56, "clone3": 435, "ioctl": 16, "personality": 135, "socketpair": 53},
    "aarch64": {"clone": 220, "clone3": 435, "ioctl": 29, "personality": 92, "socketpair": 199},
}

#: By machine: the architecture's audit number, and the numbers of the refused calls.
REFUSED: Final = {
    "x86_64": (0xC000_003E, _X86_64 | _EVERYWHERE),
    "aarch64": (0xC000_00B7, _AARCH64 | _EVERYWHERE),
}
#: `statmount` (Linux 6.8) and whatever came after it.
_UNKNOWN = 457

_ANY_NAMESPACE = 0x7E02_0000
_AF_UNIX = 1
_NONBLOCK, _CLOEXEC = 0x800, 0x8_0000
#: Stream and seqpacket pairs are connected for good; a datagram one can still address others.
_PAIRS = tuple(kind | flags for kind in (1, 5) for flags in (0, _NONBLOCK, _CLOEXEC, 0x8_0800))
#: TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
_PERSONALITIES = (0, 0xFFFF_FFFF)  # the ordinary one, and the question which it is


def program(name: str) -> bytes:
    """The filter for a machine (`x86_64` or `aarch64`), assembled."""
    architecture, refused = REFUSED[name]
    a = Assembler()
    a.load(ARCHITECTURE)
    a.equal(architecture, no="kill")
    a.load(NUMBER)
    if name == "x86_64":
        a.at_least(X32, yes="kill")
    a.at_least(_UNKNOWN, yes="unknown")
    for call, number in INSPECTED[name].items():
        a.equal(number, yes=call)
    for number in refused.values():
        a.equal(number, yes="refused")
    a.label("allowed")
    a.give(ALLOW)
    _look_closer(a)
    a.label("refused")
    a.give(ERRNO | errno.EPERM)
    a.label("kill")
    a.give(KILL_PROCESS)
    return a.assembled()


def _look_closer(a: Assembler) -> None:
    a.label("clone")
    a.load(ARGUMENTS)
    a.any_of(_ANY_NAMESPACE, yes="refused")
    a.give(ALLOW)
    a.label("clone3")  # its flags lie behind a pointer; glibc then takes clone
    a.label("unknown")
    a.give(ERRNO | errno.ENOSYS)
    _one_of(a, "ioctl", 1, _IOCTLS, otherwise=errno.ENOTTY)
    _one_of(a, "personality", 0, _PERSONALITIES, otherwise=errno.EPERM)
    a.label("socketpair")
    a.load(ARGUMENTS)
    a.equal(_AF_UNIX, no="refused")
    _one_of(a, "pair", 1, _PAIRS, otherwise=errno.EPERM)


def _one_of(
    a: Assembler, label: str, argument: int, values: tuple[int, ...], *, otherwise: int
) -> None:
    a.label(label)
    a.load(ARGUMENTS + 8 * argument)
    for value in values:
        a.equal(value, yes=f"{label} allowed")
    a.give(ERRNO | otherwise)
    a.label(f"{label} allowed")
    a.give(ALLOW)
