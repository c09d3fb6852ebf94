"""Processes that run the application or the engine."""

from __future__ import annotations

from sqlalchemy import Connection, select

from codegenesis.model import Process
from codegenesis.store import batches, rows, schema

_table = schema.processes
_SHARES = ("probe_share", "probe_budget", "watching", "canaries", "agent")


def put(connection: Connection, process: Process) -> None:
    """Note that a process exists, or that it is still alive."""
    batches.upsert(connection, _table, [rows.to_row(process)], key=("id",))


def find(connection: Connection, *, role: str | None, seen_since_ns: int) -> list[Process]:
    """Processes by the time of their start."""
    query = select(_table).where(_table.c.seen_ns >= seen_since_ns)
    if role is not None:
        query = query.where(_table.c.role == role)
    found = connection.execute(query.order_by(_table.c.started_ns, _table.c.id)).mappings()
    return [rows.to_record(row, Process, numbers=_SHARES) for row in found]
