"""A PostgreSQL server, spoken to with psycopg alone: what `postgres` and agents have in common.

- psycopg 3, with its C part where it is installed. Connections are in autocommit; transactions are
  begun by us, in one round trip together with their settings: readers see one state (REPEATABLE
  READ), writers READ COMMITTED, for a writer that waited for a row must see what it waited for.
- `synchronous_commit` is off where losing the last moments before a power cut is fine.
- Batches go through COPY: three to four times the rows of `executemany`.
- What agents obey (releases, the switch) sends NOTIFY, in the same round trip. Nothing else does:
  every process would be woken by every batch of every other.
- Who is stopped in the middle of a transaction must not hold up the others: the server ends it
  after `PATIENCE_MS`. A dead host is noticed by keepalives.
- pgbouncer and the like must pool sessions, not transactions: LISTEN belongs to a session.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from codegenesis.store import failures

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


class Server:
    """A database on a server.

    Args:
        url: as libpq has it, `postgresql://user@host/database?sslmode=verify-full`. What it leaves
            out is taken from `PG…` variables, the service file and the password file.
        read_only: never write.
        patience_ms: how long a lock is waited for.

    Raises:
        StoreError: the URL is none.

    Attributes:
        place: the address without the password.
    """

    def __init__(
        self, url: str, *, read_only: bool = False, patience_ms: int = PATIENCE_MS
    ) -> None:
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise failures.no_address(error) from None
        self._address = make_conninfo(url, **{n: v for n, v in _DEFAULTS.items() if n not in given})
        self._read_only = read_only
        self._patience_ms = patience_ms
        self._salt = os.urandom(4).hex()
        self.place = _place(given)

    def connect(self) -> psycopg.Connection[Any]:
        """A new connection."""
        connection = psycopg.connect(self._address, autocommit=True)
        settings = f"SET lock_timeout = {self._patience_ms}"
        if self._read_only:
            settings += "; SET default_transaction_read_only = on"
        try:
            connection.execute(settings.encode())
        except BaseException:
            connection.close()
            raise
        return connection

    def tag(self) -> str:
        """What this process signs its notices with, so that it does not hear its own."""
        return f"{self._salt}.{os.getpid()}"

    def beginning(self, kind: str | None) -> str:
        """Words that begin a transaction: a writer of this kind (`backend.WRITE`), or a reader."""
        if kind is None:
            return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        words = (
            f"BEGIN; SET LOCAL synchronous_commit = {_SYNCHRONOUS[kind]};"
            f"SET LOCAL idle_in_transaction_session_timeout = {PATIENCE_MS}"
        )
        if kind == "relaxed":
            words += f"; SET LOCAL statement_timeout = {BATCH_MS}"
        if kind == "told" and not self._read_only:
            words += f"; NOTIFY {CHANNEL}, '{self.tag()}'"  # sent when it is committed
        return words


class Listener:
    """Hears what others say on the channel; a `Watch`.

    Args:
        connection: may be used for other things as well.
        own: what notices of this process are signed with.
    """

    def __init__(self, connection: psycopg.Connection[Any], own: Callable[[], str]) -> None:
        self._connection = connection
        self._own = own
        self._heard = False
        self.descriptor = connection.fileno()
        connection.add_notify_handler(self._meanwhile)
        connection.execute(f"LISTEN {CHANNEL}".encode())

    def look(self) -> bool:
        """Whether another process, or another store of this one, has committed; about 5 µs."""
        server, own = self._connection.pgconn, self._own().encode()
        server.consume_input()  # takes what is there, does not wait
        while (notice := server.notifies()) is not None:
            self._heard = self._heard or notice.extra != own
        heard, self._heard = self._heard, False
        return heard

    def close(self) -> None:
        """Stop listening."""
        self._connection.close()

    def _meanwhile(self, notice: psycopg.Notify) -> None:
        """It came while the connection was used for something else."""
        self._heard = self._heard or notice.payload != self._own()


def copying(table: str, names: list[str], *, binary: bool) -> sql.Composed:
    """The COPY statement that takes rows with these columns."""
    words = "COPY {} ({}) FROM STDIN" + (" (FORMAT BINARY)" if binary else "")
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    return sql.SQL(words).format(sql.Identifier(table), columns)


def lock_number(what: str) -> int:
    """The advisory lock that stands for `what`."""
    return zlib.crc32(f"codegenesis.{what}".encode())


def _place(given: Mapping[str, Any]) -> str:
    user = f"{given['user']}@" if given.get("user") else ""
    port = f":{given['port']}" if given.get("port") else ""
    host, name = str(given.get("host", "")), given.get("dbname", "")
    if host.startswith("/"):  # the directory of a socket
        return f"postgresql://{user}/{name}?host={host}"
    return f"postgresql://{user}{host}{port}/{name}"
