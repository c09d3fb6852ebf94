"""What a database says when it fails, turned into what happened and what to do about it."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codegenesis.errors import StoreError

_DEFECT = "This is a defect of CodeGenesis; please report it."
_DOCTOR = "`codegenesis doctor` checks the store and its directory."

_OF_FILE: tuple[tuple[str, str, str], ...] = (
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


#: By SQLSTATE, of which the first characters are the class.
_OF_SERVER: tuple[tuple[str, str, str], ...] = (
    (
        "53100",
        "the server's disk is full, nothing of this write was kept",
        "Free some space there; the store itself is unharmed.",
    ),
    (
        "53300",
        "the server has no connection left",
        "Raise max_connections on the server: each process takes one, an engine up to six.",
    ),
    (
        "25006",
        "the store is read-only",
        "Open it for writing, and name the primary server, not a standby.",
    ),
    (
        "55P03",
        "another process kept the store locked for more than 5 s",
        "Try again; `codegenesis status` lists the processes that use it.",
    ),
    (
        "57014",
        "the server ended a statement that took too long, nothing of this write was kept",
        "Try again when the server is less busy.",
    ),
    (
        "42501",
        "the server's user may not do this",
        "Grant it the tables of this schema, and CREATE on the schema for migrations.",
    ),
    ("22003", "a number does not fit into the store's 64 bits", _DEFECT),
    (
        "3D000",
        "the server has no such database",
        "Make it: createdb NAME. The tables are made on first use.",
    ),
    (
        "28",
        "the server does not let us in",
        "Check user and password (PGPASSFILE, ~/.pgpass) and the server's pg_hba.conf.",
    ),
    (
        "25P03",
        "this process stood still in the middle of a write, which the server took back",
        "Try again.",
    ),
    ("57P", "the server is ending or starting", "Try again when it runs."),
)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn any failure of a file, or of SQLite on it, into one `StoreError` with a remedy."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise failed(str(path), of_file(path, error), error) from error
    except OverflowError as error:
        raise too_big(error) from error


def failed(place: str, explanation: tuple[str, str] | None, error: BaseException) -> StoreError:
    """The error that says what happened at `place` and what to do about it."""
    if explanation is None:
        return StoreError(f"{place}: the store failed: {error}", remedy=_DOCTOR)
    message, remedy = explanation
    return StoreError(f"{place}: {message} ({error})", remedy=remedy)


def no_driver() -> StoreError:
    """The error for a store on a server that there is no driver for."""
    return StoreError(
        "a store on PostgreSQL needs psycopg, which is not installed",
        remedy="pip install 'codegenesis[postgres]'",
    )


def no_address(error: BaseException) -> StoreError:
    """The error for a URL that is none."""
    return StoreError(
        f"expected a URL like postgresql://user@host/database, and this is none: {error}",
        remedy="Characters like @ and / in a name or password are written %40 and %2F.",
    )


def too_big(error: BaseException) -> StoreError:
    """The error for a number above 64 bits."""
    return StoreError(f"a number does not fit into the store's 64 bits: {error}", remedy=_DEFECT)


def of_file(path: Path, error: BaseException) -> tuple[str, str] | None:
    """What a failure of SQLite, or of the file system under it, means, and what to do about it."""
    name = str(getattr(error, "sqlite_errorname", "")) or _of_errno(error)
    for prefix, message, remedy in _OF_FILE:
        if name.startswith(prefix):
            return message, remedy.format(path=path, directory=path.parent)
    return None


def of_server(place: str, error: BaseException) -> tuple[str, str] | None:
    """What a failure of PostgreSQL, or of the way to it, means, and what to do about it."""
    state = getattr(error, "sqlstate", None) or _of_refusal(str(error))
    for prefix, message, remedy in _OF_SERVER:
        if state.startswith(prefix):
            return message, remedy
    if not state and type(error).__name__ == "OperationalError":
        return (
            "the store's server cannot be reached, or the connection to it broke",
            f"Check that it runs and that {place} is its address: psql '{place}'.",
        )
    return None


def _of_refusal(words: str) -> str:
    """SQLSTATE of a refused connection, for which libpq has only the server's words."""
    known = {
        "password": "28P01",
        "authentication": "28000",
        "pg_hba.conf": "28000",
        "role": "28000",
        "too many clients": "53300",
        "remaining connection slots": "53300",
        "starting up": "57P03",
        "shutting down": "57P03",
    }
    if "database" in words and "does not exist" in words:
        return "3D000"
    return next((state for part, state in known.items() if part in words), "")


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
