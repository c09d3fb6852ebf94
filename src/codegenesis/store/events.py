"""What applications, their tests and their telemetry told: `Store.events`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import RowMapping, delete, func, select

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
            records = [_read(row) for row in found]
        return records[::-1]

    def mentioned(self, *, after: int = 0) -> tuple[int, set[str]]:
        """What was told after an event that has this number.

        Returns:
            The number of the newest event, and the genes that those after `after` are about.
        """
        number, gene = _table.c.number, _table.c.gene
        query = select(gene).where(number > after, gene != "").distinct()
        with self._database.read() as connection:
            newest = connection.scalar(select(func.max(number))) or 0
            return int(newest), set(connection.scalars(query))

    def fold(
        self,
        kinds: Collection[EventKind],
        *,
        since_ns: int,
        before_ns: int,
        merge: Callable[[list[Event]], list[Event]],
    ) -> int:
        """Keep fewer events of some kinds in the place of those of a stretch of time.

        Args:
            merge: what to keep of them; asked in the middle of a transaction.

        Returns:
            How many fewer there are now.
        """
        chosen = (
            _table.c.kind.in_(kinds), _table.c.at_ns >= since_ns, _table.c.at_ns < before_ns,
        )  # fmt: skip
        with self._database.write(durable=False) as connection:
            batches.alone(connection, _table.name)
            found = connection.execute(select(_table).where(*chosen)).mappings()
            events = [_read(row) for row in found]
            kept = merge(events)
            if len(kept) < len(events):
                connection.execute(delete(_table).where(*chosen))
                batches.append(
                    connection, _table, [rows.to_row(each, packed=_PACKED) for each in kept]
                )
            return len(events) - len(kept)

    def prune(self, *, before_ns: int) -> int:
        """Delete what is older; how many."""
        with self._database.write(durable=False) as connection:
            return connection.execute(delete(_table).where(_table.c.at_ns < before_ns)).rowcount


def _read(row: RowMapping) -> Event:
    return rows.to_record(row, Event, packed=_PACKED, numbers=("value",))
