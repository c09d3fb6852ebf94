"""The jail's file tree: an empty root with a few read-only windows onto the host.

The windows are detached copies of mounts (`open_tree`), made before anything is covered and sealed
read-only before they are attached, so a project below `/tmp` works and there is no moment at which
the jail could write to the host. `pivot_root` onto itself and a lazy unmount leave no trace of the
old root (man 2 pivot_root). Prototype's lesson: bind mounts by path break when the staging
directory covers the source.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Collection
from pathlib import Path, PurePath

from codegenesis.sandbox.syscalls import JailError, syscall

_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8
_MS_REC, _MS_PRIVATE = 1 << 14, 1 << 18
_MNT_DETACH = 2
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_OPEN_TREE_CLONE = 1
_MOVE_MOUNT_F_EMPTY_PATH = 4
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4

#: Any directory does: it is covered in our own mount namespace only.
_STAGE = "/proc"
_NULL = "/dev/null"
_MASKED = "/.masked"


def build(
    visible: Collection[str],
    hidden: Collection[str],
    *,
    furnish: Callable[[Path], None] | None = None,
) -> None:
    """Make `visible` paths, without the `hidden` ones below them, all there is.

    A visible path may lie below a hidden one (`.venv/lib/…/site-packages`).

    Args:
        furnish: adds to the tree, whose root it is given, before it is sealed and the host left.

    Raises:
        JailError: the kernel refuses a mount.
    """
    try:
        _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
        windows = {path: _window(path, _ATTR_NODEV) for path in visible}
        null = _window(_NULL, 0)
        _tmpfs(_STAGE, "size=1m,nr_inodes=16k,mode=755")
        _touch(_STAGE + _MASKED, mode=0)
        for path in sorted({*visible, *hidden}, key=lambda path: PurePath(path).parts):
            if path in windows:
                _attach(windows[path], path)
            else:
                _mask(path)
        _attach(null, _NULL)
        if furnish:
            furnish(Path(_STAGE))
        _leave_host()
        _set_attributes(_AT_FDCWD, b"/", _ATTR_RDONLY | _ATTR_NOSUID)
    except OSError as error:
        raise JailError("mounts", error) from error


def _window(path: str, attributes: int) -> int:
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    tree = syscall("open_tree", _AT_FDCWD, os.fsencode(path), flags)
    _set_attributes(tree, b"", _ATTR_RDONLY | _ATTR_NOSUID | attributes)
    return tree


def _set_attributes(fd: int, path: bytes, attributes: int) -> None:
    wanted = struct.pack("=QQQQ", attributes, 0, 0, 0)
    flags = _AT_RECURSIVE | (0 if path else _AT_EMPTY_PATH)
    syscall("mount_setattr", fd, path, flags, wanted, len(wanted))


def _attach(tree: int, path: str) -> None:
    place = _STAGE + path
    if not os.path.lexists(place):
        if _is_directory(tree):
            Path(place).mkdir(parents=True)
        else:
            _touch(place, mode=0o444)
    syscall("move_mount", tree, b"", _AT_FDCWD, os.fsencode(place), _MOVE_MOUNT_F_EMPTY_PATH)
    os.close(tree)


def _is_directory(fd: int) -> bool:
    return os.stat(fd).st_mode & 0o170000 == 0o040000


def _mask(path: str) -> None:
    """Cover what is there; what is not there needs no cover."""
    place = Path(_STAGE + path)
    if place.is_symlink():
        return
    if place.is_dir():
        _tmpfs(str(place), "size=64k,nr_inodes=256,mode=755")
    elif place.exists():
        _attach(_window(_STAGE + _MASKED, 0), path)


def _leave_host() -> None:
    os.chdir(_STAGE)
    syscall("pivot_root", b".", b".")
    syscall("umount2", b".", _MNT_DETACH)
    os.chdir("/")


def _tmpfs(place: str, options: str) -> None:
    _mount("tmpfs", place, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, options)


def _mount(source: str, place: str, kind: str, flags: int, options: str = "") -> None:
    words = [os.fsencode(word) for word in (source, place, kind)]
    syscall("mount", *words, flags, options.encode())


def _touch(place: str, *, mode: int) -> None:
    path = Path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.touch(mode=mode, exist_ok=False)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
