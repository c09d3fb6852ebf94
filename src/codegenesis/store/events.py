"""What applications, their tests and their telemetry told: `Store.events`."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select

from codegenesis.model import Event, EventKind
from codegenesis.store import batches, rows, schema
from codegenesis.store.database import Database

_table = schema.events
_PACKED = {"attributes": dict[str, str]}


class Events:
    """A shelf of its own beside the facade: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, events: Iterable[Event]) -> None:
        """Keep events; they survive a crash of the process."""
        batch = [rows.to_row(event, packed=_PACKED) for event in events]
        if not batch:
            return
        with self._database.write(durable=False) as connection:
            batches.append(connection, _table, batch)

    def find(
        self,
        *,
        gene: str | None = None,
        kind: EventKind | None = None,
        since_ns: int = 0,
        limit: int | None = None,
    ) -> list[Event]:
        """Events that match all that is given, oldest first; the newest `limit` of them."""
        query = select(_table).where(_table.c.at_ns >= since_ns)
        if gene is not None:
            query = query.where(_table.c.gene == gene)
        if kind is not None:
            query = query.where(_table.c.kind == kind)
        newest = query.order_by(_table.c.at_ns.desc(), _table.c.number.desc()).limit(limit)
        with self._database.read() as connection:
            found = connection.execute(newest).mappings()
            records = [
                rows.to_record(row, Event, packed=_PACKED, numbers=("value",)) for row in found
            ]
        return records[::-1]

    def prune(self, *, before_ns: int) -> int:
        """Delete what is older; how many."""
        with self._database.write(durable=False) as connection:
            return connection.execute(delete(_table).where(_table.c.at_ns < before_ns)).rowcount
