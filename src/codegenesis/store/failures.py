"""What a database says when it fails, turned into what happened and what to do about it."""

from __future__ import annotations

import errno
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codegenesis.errors import StoreError

_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        "SQLITE_FULL",
        "the disk is full, nothing of this write was kept",
        "Free some space on the disk of {path}; the store itself is unharmed.",
    ),
    (
        "SQLITE_READONLY",
        "the store is read-only",
        "Make {directory} writable for this user, or name another with --directory.",
    ),
    (
        "SQLITE_CANTOPEN",
        "the store cannot be opened or created",
        "Check that {directory} exists and is writable for this user, or name another with "
        "--directory.",
    ),
    (
        "SQLITE_BUSY",
        "another process kept the store locked for more than 5 s",
        "Try again; `codegenesis status` lists the processes that use it.",
    ),
    (
        "SQLITE_NOTADB",
        "the file is not a CodeGenesis store, or it is damaged",
        "Move {path} away and restore it from a backup, or start afresh with another --directory.",
    ),
    (
        "SQLITE_CORRUPT",
        "the store is damaged",
        "Keep a copy of {path}, try `sqlite3 {path} .recover`, or restore a backup.",
    ),
    (
        "SQLITE_IOERR",
        "the disk refused to read or write, nothing of this write was kept",
        "Check the disk, its quota and the file size limit (ulimit -f) at {path}.",
    ),
)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn any failure of the database into one `StoreError` with a remedy."""
    try:
        yield
    except _sqlalchemys() as error:
        raise _store_error(path, getattr(error, "orig", None) or error) from error
    except (sqlite3.Error, OSError) as error:
        raise _store_error(path, error) from error
    except OverflowError as error:
        raise StoreError(
            f"a number does not fit into the store's 64 bits: {error}",
            remedy="This is a defect of CodeGenesis; please report it.",
        ) from error


def _sqlalchemys() -> tuple[type[Exception], ...]:
    """Its errors, where it is in use: agents do without it, and use `of_file` below."""
    module = sys.modules.get("sqlalchemy.exc")
    return (module.SQLAlchemyError,) if module else ()


def _store_error(path: Path, error: BaseException) -> StoreError:
    message, remedy = of_file(path, error) or ("", "")
    if message:
        return StoreError(f"{path}: {message} ({error})", remedy=remedy)
    return StoreError(
        f"{path}: the store failed: {error}",
        remedy="`codegenesis doctor` checks the store and its directory.",
    )


def of_file(path: Path, error: BaseException) -> tuple[str, str] | None:
    """What a failure of SQLite, or of the file system under it, means, and what to do about it."""
    name = str(getattr(error, "sqlite_errorname", "")) or _of_errno(error)
    for prefix, message, remedy in _KNOWN:
        if name.startswith(prefix):
            return message, remedy.format(path=path, directory=path.parent)
    return None


def _of_errno(error: BaseException) -> str:
    names = {
        errno.ENOSPC: "SQLITE_FULL",
        errno.EDQUOT: "SQLITE_FULL",
        errno.EROFS: "SQLITE_READONLY",
        errno.EACCES: "SQLITE_READONLY",
        errno.EPERM: "SQLITE_READONLY",
        errno.ENOENT: "SQLITE_CANTOPEN",
        errno.ENOTDIR: "SQLITE_CANTOPEN",
        errno.EEXIST: "SQLITE_CANTOPEN",
        errno.EFBIG: "SQLITE_IOERR",
        errno.EIO: "SQLITE_IOERR",
    }
    number = error.errno if isinstance(error, OSError) else None
    return names.get(number, "") if number is not None else ""
