"""The store of several hosts, on PostgreSQL: one connection, which hears of news as well."""

from __future__ import annotations

import contextlib
import functools
import re
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import dict_row

from codegenesis.runtime.outlet.base import BUSY_S, Batch, Outlet
from codegenesis.store import failures, freeze
from codegenesis.store.bell import Bell
from codegenesis.store.server import Listener, Server, copying, lock_number

_FROZEN = f"SELECT holder FROM leases WHERE name = '{freeze.SHARED}'"  # noqa: S608 - our own word


class _Line(NamedTuple):
    """What one end of the wire is; opened and closed together."""

    connection: psycopg.Connection[Any]
    listener: Listener
    bell: Bell


class PostgresOutlet(Outlet):
    """One connection to a database that has our tables."""

    errors = (psycopg.Error,)

    def __init__(self, url: str, waiting: deque[Batch], *, directory: Path) -> None:
        self._server = Server(url, patience_ms=int(BUSY_S * 1000))
        super().__init__(self._server.place, waiting, directory=directory)
        self._shared = freeze.SharedSwitch(self._listen, self._ask_switch)
        self._line: _Line | None = None
        self._news = True
        self._heard = 0

    def disconnect(self) -> None:
        """Close the connection and end a wait; the next operation opens a new one."""
        line, self._line = self._line, None
        self._note()  # of what is said meanwhile nobody hears
        if line is not None:
            line.connection.close()
            line.bell.close()

    def strand(self) -> None:
        """Refuse all use, and leave the connection to the parent."""
        self._line = None
        super().strand()

    def _opened(self) -> _Line:
        if self._line is None:
            connection = self._server.connect()
            try:
                self._line = _Line(connection, Listener(connection, self._server.tag), Bell())
            except BaseException:
                connection.close()
                raise
        return self._line

    def _explain(self, error: Exception) -> tuple[str, str] | None:
        return failures.of_server(self._place, error)

    # --- looking -----------------------------------------------------------------------------

    def version(self) -> int:
        """Version of the schema; 0 when there is none."""
        with self._passage(), contextlib.suppress(psycopg.errors.UndefinedTable):
            query = b"SELECT max(version) FROM schema_version"
            found = self._opened().connection.execute(query).fetchone()
            return int((found and found[0]) or 0)
        return 0

    def changed(self) -> bool:
        """Whether anybody told of a release or the switch since the last call; about 5 us."""
        with self._passage():
            self._listen()
            news, self._news = self._news, False
            return news

    def _listen(self) -> int:
        if self._opened().listener.look():
            self._note()
        return self._heard

    def _note(self) -> None:
        self._news = True
        self._heard += 1

    def is_told(self) -> bool:
        """The server tells all who listen."""
        return True

    def wait(self, timeout_s: float) -> None:
        """Wait until somebody has changed what agents obey, `wake` is called, or for this long."""
        with self._passage():
            self._listen()
            if self._news:
                return
            line = self._opened()
        line.bell.wait(timeout_s, line.listener.descriptor)

    def wake(self) -> None:
        """End a wait of another thread, or else its next one."""
        line = self._line
        if line is not None:
            line.bell.ring()

    def check(self) -> None:
        """A server that is gone tells by itself."""

    def frozen(self) -> str | None:
        """Why evolution is frozen, here or everywhere; None when it is not."""
        here = super().frozen()
        if here is not None:
            return here
        with self._passage():
            return self._shared.read()

    def _ask_switch(self) -> str | None:
        found = self._all(_FROZEN, {})
        return str(found[0]["holder"]) if found else None

    def _all(self, query: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
        with self._passage():
            cursor = self._opened().connection.cursor(row_factory=dict_row)
            return cursor.execute(_worded(query), dict(values)).fetchall()

    # --- writing -----------------------------------------------------------------------------

    def _commit(self, batches: Iterable[Batch]) -> None:
        connection = self._opened().connection
        durable = any(each.durable for each in batches)
        connection.execute(self._server.beginning("told" if durable else "relaxed").encode())
        try:
            for each in batches:
                _apply(connection, each)
            connection.execute(b"COMMIT")
        except BaseException:
            with contextlib.suppress(psycopg.Error):
                connection.execute(b"ROLLBACK")
            raise

    def _is_busy(self, error: BaseException) -> bool:
        return isinstance(error, psycopg.errors.LockNotAvailable)


def _apply(connection: psycopg.Connection[Any], batch: Batch) -> None:
    with connection.cursor() as cursor:
        if batch.way != "add":
            # Two writers that lock the same rows in another order would wait for each other.
            ordered = sorted(batch.rows, key=lambda row: str(row["id"]))
            cursor.executemany(_worded(batch.statement()), ordered)
            return
        # Numbers tell the order of commits (`store.batches.append`), so writers take turns.
        number = lock_number(batch.table)
        cursor.execute(b"SELECT pg_advisory_xact_lock(%s)", (number,))
        with cursor.copy(copying(batch.table, list(batch.rows[0]), binary=False)) as sink:
            for row in batch.rows:
                sink.write_row(tuple(row.values()))


@functools.cache
def _worded(query: str) -> bytes:
    """Parameters as psycopg has them."""
    return re.sub(r":(\w+)", r"%(\1)s", query).encode()
