"""PostgreSQL, the store of several hosts, for SQLAlchemy; the sibling of `sqlite`.

How it is spoken to is in `server`. Text is compared byte by byte (`COLLATE "C"`), as SQLite does,
whatever the database's locale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import (
    Boolean,
    Connection,
    Double,
    Engine,
    LargeBinary,
    Table,
    Text,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.pool import QueuePool

from codegenesis.store import failures, schema
from codegenesis.store.backend import WRITE
from codegenesis.store.server import Listener, Server, copying, lock_number

__all__ = ["Postgres", "copy", "insert", "lock", "now_ns"]

_TYPES: tuple[tuple[type, str], ...] = (
    (Text, "text"),
    (Boolean, "bool"),
    (Double, "float8"),
    (LargeBinary, "bytea"),
)


class Postgres:
    """A database on a PostgreSQL server; a `Backend`.

    Args:
        url, read_only: as `Server` has them.
    """

    path: Path | None = None
    shared = True
    words: Mapping[str, str] = {
        "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "blob": "BYTEA",
        "text": 'TEXT COLLATE "C"',
    }
    errors: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, url: str, *, read_only: bool) -> None:
        self._server = Server(url, read_only=read_only)
        self.place = self._server.place

    def engine(self) -> Engine:
        """A pool of connections, shared by the threads of this process."""
        made = create_engine(
            "postgresql+psycopg://",
            creator=self._server.connect,
            isolation_level="AUTOCOMMIT",  # transactions are begun by `_begin`
            use_native_hstore=False,
            pool_size=4,
            max_overflow=12,
            poolclass=QueuePool,
        )
        event.listen(made, "begin", self._begin)
        return made

    def watch(self) -> Listener:
        """A connection that hears of what others tell."""
        connection = self._server.connect()
        try:
            return Listener(connection, self._server.tag)
        except BaseException:
            connection.close()
            raise

    def tell(self) -> None:
        """The server does, as part of the commit."""

    def explain(self, error: BaseException) -> tuple[str, str] | None:
        """What happened and what to do about it."""
        return failures.of_server(self.place, error)

    def check(self) -> None:
        """A server that is gone tells by itself."""

    def compact(self, engine: Engine) -> None:
        """Make space of deleted rows free for new ones, and give back what lies at the end."""
        tables = ", ".join(f'"{name}"' for name in sorted(schema.metadata.tables))
        with engine.connect() as connection:
            # Not through SQLAlchemy, which would begin a transaction.
            _driver(connection).execute(f"VACUUM (SKIP_LOCKED) {tables}".encode())

    def size_bytes(self, engine: Engine) -> int:
        """Bytes of our tables and their indexes on the server's disk."""
        query = text(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = current_schema()::regnamespace AND relname = ANY(:names)"
        )
        with engine.connect() as connection:
            return int(connection.scalar(query, {"names": list(schema.metadata.tables)}))

    def _begin(self, connection: Connection) -> None:
        words = self._server.beginning(connection.get_execution_options().get(WRITE))
        # Without parameters, so that it may be several statements.
        connection.exec_driver_sql(words, execution_options={"no_parameters": True})


def copy(connection: Connection, table: Table, batch: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, which all have the same columns, by COPY."""
    names = list(batch[0])
    words = copying(table.name, names, binary=True)
    with _driver(connection).cursor() as cursor, cursor.copy(words) as sink:
        sink.set_types([_type(table, name) for name in names])
        for row in batch:
            sink.write_row(tuple(row.values()))


def lock(connection: Connection, what: str) -> None:
    """Wait until no other transaction holds `what`; ours until the end of this one."""
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (lock_number(what),))


def now_ns(connection: Connection) -> int:
    """The server's clock."""
    words = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint"
    return int(connection.exec_driver_sql(words).scalar_one())


def _type(table: Table, name: str) -> str:
    kind = table.columns[name].type
    return next((word for type_, word in _TYPES if isinstance(kind, type_)), "int8")


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver
