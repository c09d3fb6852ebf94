"""The ledger's lines: append-only, hash-chained."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from codegenesis.model import Entry, digest
from codegenesis.store import batches, rows, schema

_table = schema.entries

#: `prev` of the first entry.
GENESIS = "0" * 64


def chained(prev: str, seq: int, kind: str, envelope: str) -> str:
    """The hash of an entry: it covers the whole chain before it through `prev`."""
    return digest(prev, str(seq), kind, envelope)


def append(connection: Connection, *, fields: rows.Row) -> Entry:
    """Add an entry after the head; until the transaction ends, nobody else adds one."""
    batches.alone(connection, _table.name)
    last = head(connection)
    seq, prev = (last.seq + 1, last.hash) if last else (1, GENESIS)
    hash_ = chained(prev, seq, fields["kind"], fields["envelope"])
    entry = Entry(seq=seq, prev=prev, hash=hash_, **fields)
    connection.execute(insert(_table), rows.to_row(entry))
    return entry


def head(connection: Connection) -> Entry | None:
    """The last entry."""
    query = select(_table).order_by(_table.c.seq.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else rows.to_record(row, Entry)


def find(
    connection: Connection, *, after_seq: int, gene: str | None, variant: str | None
) -> list[Entry]:
    """Entries in the order of the chain."""
    query = select(_table).where(_table.c.seq > after_seq).order_by(_table.c.seq)
    if gene is not None:
        query = query.where(_table.c.gene == gene)
    if variant is not None:
        query = query.where(_table.c.variant == variant)
    return [rows.to_record(row, Entry) for row in connection.execute(query).mappings()]
