"""Sampled calls: the one table that grows with traffic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, delete, func, select

from codegenesis.model import Observation, Outcome
from codegenesis.store import batches, rows, schema

_table = schema.observations
_decode_outcome = msgspec.msgpack.Decoder(Outcome).decode

#: Rows per statement when many are deleted, so that other writers get their turn in between.
PRUNE_ROWS = 5000


def to_rows(observations: Iterable[Observation]) -> list[rows.Row]:
    """Rows ready to insert; outside the transaction, so that writers hold the lock briefly."""
    return [
        rows.to_row(
            each,
            outcome=None if each.outcome is None else rows.pack(each.outcome),
        )
        for each in observations
    ]


def add(connection: Connection, batch: list[rows.Row]) -> None:
    """Insert a batch."""
    batches.append(connection, _table, batch)


def find(
    connection: Connection,
    gene_id: str,
    *,
    since_ns: int,
    limit: int | None,
    newest: bool,
    replayable: bool,
) -> list[Observation]:
    """Observations of a gene, oldest first; with `newest` the last `limit` of them."""
    oldest_first = (_table.c.at_ns, _table.c.number)
    query = select(_table).where(_table.c.gene == gene_id, _table.c.at_ns >= since_ns)
    if replayable:
        query = query.where(_table.c.call.is_not(None))
    order = [column.desc() for column in oldest_first] if newest else oldest_first
    found = connection.execute(query.order_by(*order).limit(limit)).mappings()
    result = [_to_record(row) for row in found]
    return result[::-1] if newest else result


def _to_record(row: RowMapping) -> Observation:
    record = rows.to_record(row, Observation, numbers=("burst_rate",))
    if record.outcome is None:
        return record
    return msgspec.structs.replace(record, outcome=_decode_outcome(row["outcome"]))


def after(
    connection: Connection, number: int, columns: Sequence[str], *, limit: int
) -> tuple[int, list[Sequence[Any]]]:
    """Columns of what arrived after the one of this number, and the number of the last of them."""
    wanted = [_REPLAYABLE if name == "replayable" else _table.c[name] for name in columns]
    query = select(_table.c.number, *wanted).where(_table.c.number > number)
    found = connection.execute(query.order_by(_table.c.number).limit(limit)).all()
    return (int(found[-1][0]) if found else number), [row[1:] for row in found]


_REPLAYABLE = _table.c.call.is_not(None)


def counts(connection: Connection) -> dict[str, int]:
    """How many observations each gene has."""
    query = select(_table.c.gene, func.count().label("count")).group_by(_table.c.gene)
    return {row["gene"]: row["count"] for row in connection.execute(query).mappings()}


def traces(connection: Connection, *, since_ns: int) -> dict[str, set[str]]:
    """Traces of uses, by the genes that were called in them."""
    query = select(_table.c.gene, _table.c.trace).where(
        _table.c.at_ns >= since_ns, _table.c.trace != ""
    )
    found: dict[str, set[str]] = {}
    for gene, trace in connection.execute(query.distinct()):
        found.setdefault(gene, set()).add(trace)
    return found


def prune(connection: Connection, *, before_ns: int) -> int:
    """Delete some of the observations older than `before_ns`; how many, 0 when all are gone."""
    oldest = select(_table.c.number).where(_table.c.at_ns < before_ns).limit(PRUNE_ROWS)
    gone = connection.execute(delete(_table).where(_table.c.number.in_(oldest)))
    return gone.rowcount
