"""System calls that the standard library does not offer, by number, for the two promised machines.

No kept library wraps the mount, Landlock and seccomp calls that the jail needs (looked at:
python-prctl, pyseccomp, pylandlock: one call each, C extensions or a shared library to find), and
these are a dozen numbers from `asm/unistd.h` that the kernel promises not to change.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Callable
from functools import partial
from typing import Final

_X86_64: Final = {
    "capset": 126,
    "clone": 56,
    "mount": 165,
    "pivot_root": 155,
    "prctl": 157,
    "seccomp": 317,
    "sethostname": 170,
    "umount2": 166,
    "unshare": 272,
}
_AARCH64: Final = {
    "capset": 91,
    "clone": 220,
    "mount": 40,
    "pivot_root": 41,
    "prctl": 167,
    "seccomp": 277,
    "sethostname": 161,
    "umount2": 39,
    "unshare": 97,
}
#: Since 2018 new calls have one number everywhere.
_EVERYWHERE: Final = {
    "close_range": 436,
    "landlock_add_rule": 445,
    "landlock_create_ruleset": 444,
    "landlock_restrict_self": 446,
    "mount_setattr": 442,
    "move_mount": 429,
    "open_tree": 428,
}
_BY_MACHINE: Final = {"x86_64": _X86_64, "aarch64": _AARCH64}

NO_FD: Final = -1
_libc = ctypes.PyDLL(None, use_errno=True)  # keeps the GIL: a clone must not lose it half-way
_libc.syscall.restype = ctypes.c_long


class JailError(Exception):
    """A step of building the jail failed.

    Args:
        step: name of the feature of the kernel that is missing (`kernel.STEPS`).
        error: what the kernel said.
    """

    def __init__(self, step: str, error: OSError) -> None:
        super().__init__(f"{step}: {error}")
        self.step = step
        self.reason = error.strerror or str(error)


def machine() -> str:
    """`x86_64`, `aarch64` or another name that this package has no numbers for."""
    return platform.machine()


def syscall(name: str, *args: int | bytes | ctypes.Array[ctypes.c_char]) -> int:
    """Make a system call; pointers are given as bytes.

    Raises:
        OSError: with the call's errno.
    """
    result: int = prepared(name, *args)()
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), name)
    return result


def prepared(name: str, *args: int | bytes | ctypes.Array[ctypes.c_char]) -> Callable[..., int]:
    """A system call to be made later, by calling this: below 0 it failed, for `ctypes.get_errno`.

    Raises:
        OSError: this machine's number of it is not known.
    """
    number = _EVERYWHERE.get(name) or _BY_MACHINE.get(machine(), {}).get(name)
    if number is None:
        raise OSError(errno.ENOSYS, f"no number for {name} on {machine()}")
    raw = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    return partial(_libc.syscall, ctypes.c_long(number), *raw)
