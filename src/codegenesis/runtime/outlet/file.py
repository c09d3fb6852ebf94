"""The store of one host, a file: on `sqlite3` alone, which opens it in 5 ms."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from codegenesis.errors import StoreError
from codegenesis.runtime.outlet.base import BUSY_S, Batch, Outlet
from codegenesis.store.doorbells import Doorbell, ring
from codegenesis.store.failures import of_file


class _Line(NamedTuple):
    """What one end of the wire is; opened and closed together."""

    connection: sqlite3.Connection
    doorbell: Doorbell


class SqliteOutlet(Outlet):
    """One connection to a file that is there."""

    errors = (sqlite3.Error,)

    def __init__(self, path: Path, waiting: deque[Batch], *, directory: Path) -> None:
        super().__init__(str(path), waiting, directory=directory)
        self._path = path
        self._inode = path.stat().st_ino
        self._line: _Line | None = None
        self._seen = -1

    def disconnect(self) -> None:
        """Close the connection and end a wait; the next operation opens a new one."""
        line, self._line, self._seen = self._line, None, -1
        if line is not None:
            line.connection.close()
            line.doorbell.close()

    def strand(self) -> None:
        """Refuse all use, and leave the doorbell to the parent."""
        line, self._line = self._line, None
        if line is not None:
            line.doorbell.abandon()
        super().strand()

    def _opened(self) -> _Line:
        if self._line is None:
            connection = _connect(self._path)
            try:
                self._line = _Line(connection, Doorbell(self._path))
            except BaseException:
                connection.close()
                raise
        return self._line

    def _explain(self, error: Exception) -> tuple[str, str] | None:
        return of_file(self._path, error)

    # --- looking -----------------------------------------------------------------------------

    def version(self) -> int:
        """Version of the schema; 0 when there is none, or the file is something else."""
        with contextlib.suppress(StoreError):
            found = self._all("SELECT max(version) AS version FROM schema_version", {})
            return int(found[0]["version"] or 0)
        return 0

    def changed(self) -> bool:
        """Whether anybody else has committed since the last call; about 3 us."""
        with self._passage():
            (now,) = self._opened().connection.execute("PRAGMA data_version").fetchone()
            seen, self._seen = self._seen, now
            return bool(seen != now)

    def is_told(self) -> bool:
        """Can those who change it ring here?"""
        return self._line is not None and self._line.doorbell.hangs

    def wait(self, timeout_s: float) -> None:
        """Wait until somebody has changed what agents obey, `wake` is called, or for this long."""
        with self._passage():
            doorbell = self._opened().doorbell
        doorbell.wait(timeout_s)

    def wake(self) -> None:
        """End a wait of another thread, or else its next one."""
        line = self._line
        if line is not None:
            line.doorbell.wake()

    def check(self) -> None:
        """Is the file still the one that was opened?

        Raises:
            StoreError: it was moved, deleted or replaced.
        """
        try:
            there = self._path.stat().st_ino == self._inode
        except OSError:
            there = False
        if not there:
            raise gone(self._path)

    def _all(self, query: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
        with self._passage():
            return [dict(row) for row in self._opened().connection.execute(query, values)]

    # --- writing -----------------------------------------------------------------------------

    def _commit(self, batches: Iterable[Batch]) -> None:
        connection = self._opened().connection
        durable = any(each.durable for each in batches)
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            for each in batches:
                connection.executemany(each.statement(), each.rows)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if durable:
            ring(self._path)

    def _is_busy(self, error: BaseException) -> bool:
        return (
            isinstance(error, sqlite3.OperationalError)
            and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
        )


def gone(path: Path) -> StoreError:
    """What is said when a store is not where it was."""
    return StoreError(f"{path} is not there any more", remedy="Put it back, or restart the app.")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_S,
    )
    connection.row_factory = sqlite3.Row
    return connection
