"""Landlock: the file system again, refused a second time and by another part of the kernel.

The mounts already leave nothing to write; this holds if one of them were wrong. It also forbids
TCP, abstract Unix sockets and signals to the outside on kernels that know how. Reading is all that
is granted, and writing to `/dev/null`; executing is not.

At tier L2 there are no mounts, and this is all that keeps files from being read: what a project
shows is then granted path by path. Status (names, sizes, dates) is not Landlock's to refuse.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Mapping
from pathlib import Path, PurePath
from typing import Final

from codegenesis.sandbox.syscalls import JailError, syscall

_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK, _IOCTL_DEV = 1 << 6, 1 << 11, 1 << 15
READ: Final = _READ_FILE | _READ_DIR
READ_WRITE_FILE: Final = _READ_FILE | _WRITE_FILE
#: Whatever can be done to files, but no devices.
ANYTHING: Final = 0xFFFF & ~(_MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV)
#: Every right over files that a version knows is handled, so whatever is not granted is denied.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NET_RIGHTS = 0b11  # bind and connect TCP, from version 4
_SCOPES = 0b11  # abstract Unix sockets and signals, from version 6

EVERYTHING_THERE: Final = {"/": READ, "/dev/null": READ_WRITE_FILE}


def version() -> int:
    """The kernel's Landlock version; raises OSError where there is none."""
    return syscall("landlock_create_ruleset", 0, 0, _CREATE_RULESET_VERSION)


def restrict(grants: Mapping[str, int] = EVERYTHING_THERE) -> None:
    """Restrict this process and all it will start to `grants`; cannot be undone.

    Args:
        grants: rights by path, for what is there and below it; reading unless told otherwise.

    Raises:
        JailError: the kernel has no Landlock, or it is not among its active security modules.
    """
    try:
        known = version()
        ruleset = _ruleset(known)
        for path, rights in grants.items():
            _grant(ruleset, path, rights & _file_rights(known))
        syscall("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        syscall("landlock_restrict_self", ruleset, 0)
        os.close(ruleset)
    except OSError as error:
        raise JailError("landlock", error) from error


def reading(visible: Collection[str], hidden: Collection[str]) -> dict[str, int]:
    """Grants for `restrict`: to read `visible` paths without the `hidden` ones below them.

    Landlock knows no exceptions, so where something is hidden its siblings are granted one by one,
    as they are now. Names in such a directory can be listed, hidden ones too; contents not.
    """
    grants = {"/dev/null": READ_WRITE_FILE}
    secret = set(hidden)
    above = {str(parent) for path in hidden for parent in PurePath(path).parents}
    waiting = list(visible)
    while waiting:
        path = waiting.pop()
        if path not in above:
            grants[path] = READ if Path(path).is_dir() else _READ_FILE
            continue
        grants[path] = _READ_DIR
        with os.scandir(path) as entries:
            waiting += [e.path for e in entries if e.path not in secret and not e.is_symlink()]
    return grants


def _ruleset(known: int) -> int:
    handled = [_file_rights(known)]
    if known >= 4:
        handled.append(_NET_RIGHTS)
    if known >= 6:
        handled.append(_SCOPES)
    attributes = struct.pack(f"={len(handled)}Q", *handled)
    return syscall("landlock_create_ruleset", attributes, len(attributes), 0)


def _file_rights(known: int) -> int:
    return (1 << _FILE_RIGHTS.get(known, 16)) - 1


def _grant(ruleset: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = struct.pack("=Qi", rights, place)
    syscall("landlock_add_rule", ruleset, _RULE_PATH_BENEATH, rule, 0)
    os.close(place)
