"""Calls rolled up by time: `Store.buckets`.

Roll-ups are made here in one place for all hosts: whoever looks takes the calls that nobody rolled
up yet (`fresh`), folds them outside of any transaction, and adds the result (`add`), which only
counts if nobody else was faster: the mark up to which calls are rolled up moves in the same
transaction. So each call counts once, whoever dies when, and whatever is pruned afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection, Select, delete, select, tuple_

from codegenesis.model import Bucket
from codegenesis.store import batches, observations, rows, schema
from codegenesis.store.database import Database

T = TypeVar("T")

#: Width of the bucket that holds all calls of a gene that ever were.
EVER = 0

_table = schema.buckets
_KEY = ("gene", "source", "segment", "width_ns", "start_ns")
_key = tuple_(*(_table.c[name] for name in _KEY))
#: The row whose `n` is the number of the last observation that was rolled up.
_MARK = Bucket(gene="", start_ns=0, width_ns=-1, n=0, errors=0, cpu_ns=0, wall_ns=0)
#: Rows of which one statement asks; databases bound the number of parameters.
_ASKED = 1000


class Buckets:
    """A shelf of its own beside the facade: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, buckets: Iterable[Bucket]) -> None:
        """Keep buckets as they stand; one of the same stretch is overwritten."""
        with self._database.write(durable=False) as connection:
            _put(connection, buckets)

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
            return _read(connection, query.order_by(_table.c.start_ns))

    def of_width(
        self, width_ns: int, *, genes: Collection[str] | None = None, since_ns: int = 0
    ) -> list[Bucket]:
        """Buckets of one width of many genes (all when None), by gene, time and segment."""
        query = select(_table).where(_table.c.width_ns == width_ns, _table.c.start_ns >= since_ns)
        query = query.order_by(_table.c.gene, _table.c.start_ns, _table.c.segment)
        with self._database.read() as connection:
            if genes is None:
                return _read(connection, query)
            asked = _slices(sorted(genes))
            return [
                bucket
                for some in asked
                for bucket in _read(connection, query.where(_table.c.gene.in_(some)))
            ]

    def totals(self) -> dict[str, int]:
        """How many calls of each gene were ever rolled up."""
        query = select(_table.c.gene, _table.c.n).where(_table.c.width_ns == EVER)
        counts: dict[str, int] = {}
        with self._database.read() as connection:
            for gene, n in connection.execute(query):
                counts[gene] = counts.get(gene, 0) + n
        return counts

    def fresh(self, columns: Sequence[str], *, limit: int) -> tuple[int, int, list[Sequence[Any]]]:
        """The oldest observations that nobody rolled up yet.

        Args:
            columns: names of what is wanted of them; `replayable` says whether there are values.

        Returns:
            The mark that they come after, the mark that they reach, and the rows.
        """
        with self._database.read() as connection:
            mark = _mark(connection)
            return mark, *observations.after(connection, mark, columns, limit=limit)

    def add(
        self,
        buckets: Sequence[Bucket],
        *,
        merge: Callable[[Bucket, Bucket], Bucket],
        after: int,
        upto: int,
    ) -> bool:
        """Add what `fresh` came to.

        Args:
            merge: one bucket of two of the same stretch.
            after, upto: the two marks.

        Returns:
            Whether it was added; not if somebody else was faster.
        """
        with self._database.write(durable=False) as connection:
            batches.alone(connection, _table.name)
            if _mark(connection) != after:
                return False
            there = {_place(bucket): bucket for bucket in _same(connection, buckets)}
            _put(
                connection,
                [
                    merge(there[_place(each)], each) if _place(each) in there else each
                    for each in buckets
                ],
            )
            _put(connection, [replace(_MARK, n=upto)])
            return True

    def prune(self, *, width_ns: int, before_ns: int) -> int:
        """Delete buckets of a width that began earlier; how many."""
        old = _table.c.width_ns == width_ns, _table.c.start_ns < before_ns
        with self._database.write(durable=False) as connection:
            return connection.execute(delete(_table).where(*old)).rowcount


def _put(connection: Connection, buckets: Iterable[Bucket]) -> None:
    batch = [rows.to_row(bucket) for bucket in buckets]
    batches.upsert(connection, _table, batch, key=_KEY)


def _read(connection: Connection, query: Select[tuple[object, ...]]) -> list[Bucket]:
    return [rows.to_record(row, Bucket) for row in connection.execute(query).mappings()]


def _place(bucket: Bucket) -> tuple[object, ...]:
    return tuple(getattr(bucket, name) for name in _KEY)


def _same(connection: Connection, buckets: Sequence[Bucket]) -> Iterable[Bucket]:
    """What is kept of the same stretches."""
    for some in _slices(list(map(_place, buckets))):
        yield from _read(connection, select(_table).where(_key.in_(some)))


def _slices(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + _ASKED] for start in range(0, len(items), _ASKED)]


def _mark(connection: Connection) -> int:
    """Number of the last observation that was rolled up; they are added in the order of these."""
    query = select(_table.c.n).where(_table.c.width_ns == _MARK.width_ns)
    return int(connection.scalar(query) or 0)
