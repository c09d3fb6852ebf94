"""Who works on what: `Store.leases`.

A lease is a name that one holder has for a while, by the store's clock, so clocks of hosts need not
agree. It ends by itself when it is not renewed: that is how the work of a killed engine comes back.
A holder that was stopped and wakes up late may believe that it still has its lease; therefore
durable writes inside `under` look at the lease in their own transaction, with its row locked, and
are refused when it is gone (a fence, as Kleppmann's "How to do distributed locking" asks for).

The switch that hosts share (`freeze`) is a row here too: a lease without end that nobody can hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, delete, or_, select, update

from codegenesis.errors import LeaseLostError
from codegenesis.model import Lease
from codegenesis.store import batches, rows, schema
from codegenesis.store.database import Database
from codegenesis.store.freeze import SHARED

_table = schema.leases
_NEVER = 2**63 - 1


class Leases:
    """A shelf of its own beside the facade: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, *, holder: str, ttl_s: float) -> Lease | None:
        """Take a lease that nobody has, or renew one's own; None when somebody else has it."""
        with self._database.write(durable=False) as connection:
            now = batches.now_ns(connection)
            lease = Lease(name=name, holder=holder, until_ns=now + int(ttl_s * 1e9))
            free = or_(_table.c.until_ns <= now, _table.c.holder == holder)
            taken = batches.insert_or_update(
                connection, _table, rows.to_row(lease), key=("name",), where=free
            )
            return lease if taken else None

    def renew(self, *, holder: str, ttl_s: float) -> list[Lease]:
        """Renew all leases of a holder that have not run out; those that it has now."""
        with self._database.write(durable=False) as connection:
            now = batches.now_ns(connection)
            mine = _table.c.holder == holder, _table.c.until_ns > now
            values = {"until_ns": now + int(ttl_s * 1e9)}
            connection.execute(update(_table).where(*mine).values(values))
            return _read(connection, *mine)

    def let_go(self, name: str, *, holder: str) -> None:
        """Give a lease back; nothing happens to one that somebody else has."""
        gone = _table.c.name == name, _table.c.holder == holder
        with self._database.write(durable=False) as connection:
            connection.execute(delete(_table).where(*gone))

    def held(self) -> list[Lease]:
        """Leases that have not run out, by name."""
        with self._database.read() as connection:
            now = batches.now_ns(connection)
            return _read(connection, _table.c.until_ns > now, _table.c.name != SHARED)

    def abandoned(self) -> list[Lease]:
        """Leases that ran out and were not given back: their holders died or stand still."""
        with self._database.read() as connection:
            return _read(connection, _table.c.until_ns <= batches.now_ns(connection))

    @contextmanager
    def under(self, name: str, *, holder: str) -> Iterator[None]:
        """Durable writes of this thread (or task) inside are refused once the lease is lost.

        Raises:
            LeaseLostError: by the write, of which nothing is kept.
        """

        def fence(connection: Connection) -> None:
            now = batches.now_ns(connection)
            query = select(_table.c.until_ns).where(
                _table.c.name == name, _table.c.holder == holder, _table.c.until_ns > now
            )
            if connection.scalar(query.with_for_update(read=True)) is None:
                raise LeaseLostError(
                    f"{holder} does not work on {name} any more: somebody else has taken over",
                    remedy="Nothing is lost: what was not written will be done again.",
                )

        fences = self._database.fences
        token = fences.set((*fences.get(), fence))
        try:
            yield
        finally:
            fences.reset(token)

    def freeze(self, reason: str) -> None:
        """Pull the switch that hosts share; heard at once."""
        lease = Lease(name=SHARED, holder=reason or "frozen by hand", until_ns=_NEVER)
        with self._database.write(tell=True) as connection:
            batches.upsert(connection, _table, [rows.to_row(lease)], key=("name",))

    def thaw(self) -> None:
        """Release the switch that hosts share."""
        with self._database.write(tell=True) as connection:
            connection.execute(delete(_table).where(_table.c.name == SHARED))

    def frozen(self) -> str | None:
        """Why all hosts are frozen, None when they are not."""
        with self._database.read() as connection:
            query = select(_table.c.holder).where(_table.c.name == SHARED)
            return connection.scalar(query)


def _read(connection: Connection, *which: object) -> list[Lease]:
    query = select(_table).where(*which).order_by(_table.c.name)  # type: ignore[arg-type]
    return [rows.to_record(row, Lease) for row in connection.execute(query).mappings()]
