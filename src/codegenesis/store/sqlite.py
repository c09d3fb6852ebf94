"""All that is special about SQLite: how to connect, begin, upsert, watch and compact.

`postgres` is its sibling. Decisions:

- WAL, so that readers never wait for the writer.
- pysqlite's own transaction control is switched off (`isolation_level=None`): it begins late, and a
  transaction that reads before it writes then fails at once with "database is locked", busy timeout
  or not, when another process wrote in between. Writers say `BEGIN IMMEDIATE` here.
- `synchronous` is set per transaction: FULL where an acknowledged row must survive a power cut,
  NORMAL (no fsync at commit; survives a crash of the process) for observations. A FULL commit syncs
  the log and with it all that went before.
- Files are created by us, with O_EXCL, so that they are born 0600. They are never opened otherwise:
  closing any descriptor of a database drops all POSIX locks that this process has on it.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from codegenesis.errors import StoreError
from codegenesis.store import doorbells, failures
from codegenesis.store.backend import WRITE

#: How the migrations spell what differs between databases.
WORDS: Mapping[str, str] = {
    "serial": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
    "blob": "BLOB",
    "text": "TEXT",
}

BUSY_MS = 5000
_SLICE_PAGES = 2000
_SYNCHRONOUS = {"told": "FULL", "durable": "FULL", "relaxed": "NORMAL"}


def create_file(path: Path) -> None:
    """Make an empty database (0600) and its directory (0700) where they are missing."""
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        pass


def _uri(path: Path, *, read_only: bool) -> str:
    mode = "ro" if read_only else "rw"
    wal = path.with_name(path.name + "-wal")
    # Where no -shm file can be made and none is there, SQLite can only read a file that stays.
    still = read_only and not wal.exists() and not os.access(path.parent, os.W_OK)
    return f"file:{quote(str(path))}?mode={mode}" + ("&immutable=1" if still else "")


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """One configured connection, usable from any one thread at a time."""
    connection = sqlite3.connect(
        _uri(path, read_only=read_only),
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_MS / 1000,
    )
    try:
        if not read_only:
            _settle(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _settle(connection: sqlite3.Connection) -> None:
    """Properties of the file that the first connection sets and later ones find."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:  # this one PRAGMA does not honour the busy timeout
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def engine(path: Path, *, read_only: bool) -> Engine:
    """A pool of connections to `path`, shared by the threads of this process."""
    made = create_engine(
        "sqlite://",
        creator=lambda: connect(path, read_only=read_only),
        pool_size=4,
        max_overflow=12,
        poolclass=QueuePool,
    )
    event.listen(made, "begin", _begin)
    return made


def _begin(connection: Connection) -> None:
    kind = connection.get_execution_options().get(WRITE)
    if kind is None:
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous={_SYNCHRONOUS[kind]}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def data_version(connection: sqlite3.Connection) -> int:
    """A number that moves when any other connection has committed; about 3 µs."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def compact(connection: Connection) -> None:
    """Give freed pages back to the file system, in slices between which others may write."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    while driver.execute("PRAGMA freelist_count").fetchone()[0]:
        # `execute` would step only once, and each step frees a single page.
        driver.executescript(f"PRAGMA incremental_vacuum({_SLICE_PAGES})")
    driver.execute("PRAGMA busy_timeout=100")  # do not hold up writers for the sake of a reader
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    driver.execute(f"PRAGMA busy_timeout={BUSY_MS}")


def files(path: Path) -> list[Path]:
    """The database and the files that SQLite keeps beside it."""
    return [path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))]


class File:
    """A database file; a `Backend`.

    Args:
        path: the file; it must exist before anything but `place` is asked for.
        read_only: never write.
    """

    shared = False
    words = WORDS
    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path: Path | None = path
        self._file = path
        self._read_only = read_only
        self._inode = path.stat().st_ino if path.exists() else 0
        self.place = str(path)

    def engine(self) -> Engine:
        """A pool of connections, shared by the threads of this process."""
        return engine(self._file, read_only=self._read_only)

    def watch(self) -> Versions:
        """A connection that notices commits."""
        return Versions(connect(self._file, read_only=self._read_only))

    def tell(self) -> None:
        """Ring at those who wait for it."""
        doorbells.ring(self._file)

    def explain(self, error: BaseException) -> tuple[str, str] | None:
        """What happened and what to do about it."""
        return failures.of_file(self._file, error)

    def check(self) -> None:
        """See that nobody has moved or deleted the file: SQLite would go on writing to it."""
        try:
            there = self._file.stat().st_ino == self._inode
        except OSError:
            there = False
        if not there:
            raise StoreError(f"{self._file} is not there any more")

    def compact(self, engine: Engine) -> None:
        """Give free pages back to the file system."""
        with engine.connect() as connection:
            compact(connection)

    def size_bytes(self, engine: Engine) -> int:  # noqa: ARG002 (of the Protocol)
        """Bytes on disk, the write-ahead log included."""
        return sum(file.stat().st_size for file in files(self._file) if file.exists())


class Versions:
    """Notices commits by a number that moves; a `Watch`."""

    descriptor = -1

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._seen = data_version(connection)

    def look(self) -> bool:
        """Whether another connection has committed."""
        seen, self._seen = self._seen, data_version(self._connection)
        return seen != self._seen

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
