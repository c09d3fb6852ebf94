"""All that is special about PostgreSQL, the store of several hosts; the sibling of `sqlite`.

- psycopg 3, with its C part where it is installed. Transactions are begun by us, in one round trip
  together with their settings: readers see one state (REPEATABLE READ), writers READ COMMITTED, for
  a writer that waited for a row must see what it waited for.
- `synchronous_commit` is off where losing the last moments before a power cut is fine.
- Batches go through COPY in binary: three to four times the rows of `executemany`.
- What agents obey (releases, the switch) sends NOTIFY, in the same round trip. Nothing else does:
  every process would be woken by every batch of every other.
- Who is stopped in the middle of a transaction must not hold up the others: the server ends it
  after `PATIENCE_MS`. A dead host is noticed by keepalives.
- Text is compared byte by byte (`COLLATE "C"`), as SQLite does, whatever the database's locale.
- pgbouncer and the like must pool sessions, not transactions: LISTEN belongs to a session.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
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

__all__ = ["Listener", "Postgres", "copy", "insert", "lock", "now_ns"]

CHANNEL = "codegenesis"
#: How long a lock is waited for, and how long a writer may stand still between two statements.
PATIENCE_MS = 5000
#: A batch that takes longer is ended: its writer may have been stopped in the middle of a COPY.
BATCH_MS = 60_000

_SYNCHRONOUS = {"told": "on", "durable": "on", "relaxed": "off"}
_DEFAULTS = {
    "application_name": "codegenesis",
    "connect_timeout": "5",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
_TYPES: tuple[tuple[type, str], ...] = (
    (Text, "text"),
    (Boolean, "bool"),
    (Double, "float8"),
    (LargeBinary, "bytea"),
)


class Postgres:
    """A database on a PostgreSQL server; a `Backend`.

    Args:
        url: as libpq has it, `postgresql://user@host/database?sslmode=verify-full`. What it leaves
            out is taken from `PG…` variables, the service file and the password file.
        read_only: never write.
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
        given = conninfo_to_dict(url)
        self._address = make_conninfo(url, **{n: v for n, v in _DEFAULTS.items() if n not in given})
        self._read_only = read_only
        self._salt = os.urandom(4).hex()
        self.place = _place(given)

    def engine(self) -> Engine:
        """A pool of connections, shared by the threads of this process."""
        made = create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
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
        connection = self._connect()
        try:
            connection.execute(f"LISTEN {CHANNEL}".encode())
        except BaseException:
            connection.close()
            raise
        return Listener(connection, self)

    def tag(self) -> str:
        """What this process signs its notices with, so that it does not hear its own."""
        return f"{self._salt}.{os.getpid()}"

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

    def _connect(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(self._address, autocommit=True)
        settings = f"SET lock_timeout = {PATIENCE_MS}"
        if self._read_only:
            settings += "; SET default_transaction_read_only = on"
        try:
            connection.execute(settings.encode())
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin(self, connection: Connection) -> None:
        kind = connection.get_execution_options().get(WRITE)
        if kind is None:
            words = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        else:
            words = (
                f"BEGIN; SET LOCAL synchronous_commit = {_SYNCHRONOUS[kind]};"
                f"SET LOCAL idle_in_transaction_session_timeout = {PATIENCE_MS}"
            )
        if kind == "relaxed":
            words += f"; SET LOCAL statement_timeout = {BATCH_MS}"
        if kind == "told" and not self._read_only:
            words += f"; NOTIFY {CHANNEL}, '{self.tag()}'"  # sent when it is committed
        # Without parameters, so that it may be several statements.
        connection.exec_driver_sql(words, execution_options={"no_parameters": True})


class Listener:
    """Hears what others say on the channel; a `Watch`."""

    def __init__(self, connection: psycopg.Connection[Any], backend: Postgres) -> None:
        self._connection = connection
        self._backend = backend
        self.descriptor = connection.fileno()

    def look(self) -> bool:
        """Whether another process, or another store of this one, has committed; about 5 µs."""
        server, own = self._connection.pgconn, self._backend.tag().encode()
        server.consume_input()  # takes what is there, does not wait
        heard = False
        while (notice := server.notifies()) is not None:
            heard = heard or notice.extra != own
        return heard

    def close(self) -> None:
        """Stop listening."""
        self._connection.close()


def copy(connection: Connection, table: Table, batch: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, which all have the same columns, by COPY."""
    names = list(batch[0])
    words = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with _driver(connection).cursor() as cursor, cursor.copy(words) as sink:
        sink.set_types([_type(table, name) for name in names])
        for row in batch:
            sink.write_row(tuple(row.values()))


def lock(connection: Connection, what: str) -> None:
    """Wait until no other transaction holds `what`; ours until the end of this one."""
    number = zlib.crc32(f"codegenesis.{what}".encode())
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (number,))


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


def _place(given: Mapping[str, Any]) -> str:
    """The address without the password."""
    user = f"{given['user']}@" if given.get("user") else ""
    port = f":{given['port']}" if given.get("port") else ""
    host, name = str(given.get("host", "")), given.get("dbname", "")
    if host.startswith("/"):  # the directory of a socket
        return f"postgresql://{user}/{name}?host={host}"
    return f"postgresql://{user}{host}{port}/{name}"
