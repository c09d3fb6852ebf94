"""Bringing files out of a scratch directory that somebody hostile has filled.

Regular files only, whatever their names say; links are not followed, directories are walked without
recursion (they may be thousands deep), sizes are what was really read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

_READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def gather(root: Path, patterns: Sequence[str], *, most_bytes: int) -> tuple[dict[str, bytes], str]:
    """Content by relative path of the files below `root` that match.

    Args:
        patterns: like `*.so` or `build/**/*.o`; `*` does not cross directories, `**` does.
        most_bytes: of all contents together.

    Returns:
        The files and an empty text; no files and why not when they are too large.
    """
    wanted = [pattern.split("/") for pattern in patterns]
    found: dict[str, bytes] = {}
    left = most_bytes
    for name in _regular(root) if wanted else ():
        if not any(_matches(name.split("/"), pattern) for pattern in wanted):
            continue
        content = _read(root / name, left + 1)
        if content is None:
            continue
        left -= len(content)
        if left < 0:
            return {}, f"the files to keep are larger than {most_bytes} bytes"
        found[name] = content
    return found, ""


def _regular(root: Path) -> Iterator[str]:
    """Relative paths of regular files with names that are text."""
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        try:
            with os.scandir(root / directory) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:  # closed by the tool, or too deep to be named
            continue
        for entry in listed:
            name = f"{directory}/{entry.name}" if directory else entry.name
            if entry.is_dir(follow_symlinks=False):
                waiting.append(name)
            elif entry.is_file(follow_symlinks=False) and _is_text(name):
                yield name


def _is_text(name: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in name)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[i:], pattern[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _read(path: Path, most: int) -> bytes | None:
    try:
        fd = os.open(path, _READING)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        return file.read(most) if stat.S_ISREG(os.fstat(fd).st_mode) else None
