"""A person's file, read and written whole: what is interrupted leaves the old one."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from codegenesis.errors import UsageError


def contents(path: Path) -> bytes:
    """All of a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def write(path: Path, data: bytes) -> None:
    """Replace a file, whole or not at all, with the same owner and permissions.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        there = path.stat()
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                os.fchmod(file.fileno(), stat.S_IMODE(there.st_mode))
                with contextlib.suppress(PermissionError):  # only root gives files away
                    os.fchown(file.fileno(), there.st_uid, there.st_gid)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
