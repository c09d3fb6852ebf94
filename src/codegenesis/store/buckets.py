"""Calls rolled up by time: `Store.buckets`."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select

from codegenesis.model import Bucket
from codegenesis.store import rows, schema, sqlite
from codegenesis.store.database import Database

_table = schema.buckets
_KEY = ("gene", "source", "segment", "width_ns", "start_ns")


class Buckets:
    """A shelf of its own beside the facade: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, buckets: Iterable[Bucket]) -> None:
        """Keep buckets as they stand; one of the same stretch is overwritten."""
        batch = [rows.to_row(bucket) for bucket in buckets]
        with self._database.write(durable=False) as connection:
            sqlite.upsert(connection, _table, batch, key=_KEY)

    def find(
        self, gene: str, *, width_ns: int | None = None, since_ns: int = 0, before_ns: int = 1 << 62
    ) -> list[Bucket]:
        """Buckets of a gene that begin in a stretch of time, oldest first."""
        query = select(_table).where(
            _table.c.gene == gene, _table.c.start_ns >= since_ns, _table.c.start_ns < before_ns
        )
        if width_ns is not None:
            query = query.where(_table.c.width_ns == width_ns)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(_table.c.start_ns)).mappings()
            return [rows.to_record(row, Bucket) for row in found]

    def prune(self, *, width_ns: int, before_ns: int) -> int:
        """Delete buckets of a width that began earlier; how many."""
        old = _table.c.width_ns == width_ns, _table.c.start_ns < before_ns
        with self._database.write(durable=False) as connection:
            return connection.execute(delete(_table).where(*old)).rowcount
