"""Statements that databases word differently: many rows at once, and who may write them alone.

PostgreSQL takes rows through COPY (see `postgres`), SQLite through prepared statements.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Table, insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from codegenesis.store.rows import Row


def append(connection: Connection, table: Table, batch: Sequence[Row]) -> None:
    """Insert rows whose `number` tells the order in which transactions were committed.

    A reader that goes on after the last number it saw misses nothing. SQLite has one writer at a
    time; on PostgreSQL numbers are handed out before the commit, so writers of one table take
    turns.
    """
    if not batch:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(insert(table), batch)
        return
    from codegenesis.store import postgres

    alone(connection, table.name)
    postgres.copy(connection, table, batch)


def upsert(
    connection: Connection, table: Table, batch: Sequence[Row], *, key: Sequence[str]
) -> None:
    """Insert rows; where the columns of `key` are taken, overwrite the rest. The last row wins."""
    if not batch:
        return
    if connection.dialect.name != "sqlite":
        # Two writers that lock the same rows in another order would wait for each other.
        batch = sorted(batch, key=lambda row: [row[name] for name in key])
    connection.execute(_upsert(connection, table, tuple(batch[0]), key=key), batch)


def insert_or_update(
    connection: Connection,
    table: Table,
    row: Row,
    *,
    key: Sequence[str],
    where: ColumnElement[bool],
) -> bool:
    """Insert a row; where `key` is taken, overwrite it if `where` holds of it. Was it written?"""
    statement = _upsert(connection, table, tuple(row), key=key, where=where)
    counted = {"preserve_rowcount": True}
    return connection.execute(statement, row, execution_options=counted).rowcount == 1


def _upsert(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    *,
    key: Sequence[str],
    where: ColumnElement[bool] | None = None,
) -> Executable:
    statement: Any
    if connection.dialect.name == "sqlite":
        statement = sqlite_insert(table)
    else:
        from codegenesis.store import postgres

        statement = postgres.insert(table)
    values = {name: statement.excluded[name] for name in names if name not in key}
    changed: Executable = statement.on_conflict_do_update(
        index_elements=key, set_=values, where=where
    )
    return changed


def alone(connection: Connection, what: str) -> None:
    """Until the end of this transaction, no other one gets past this for the same `what`."""
    if connection.dialect.name == "sqlite":
        return  # `BEGIN IMMEDIATE` keeps out all others already
    from codegenesis.store import postgres

    postgres.lock(connection, what)


def now_ns(connection: Connection) -> int:
    """The store's clock: that of the server, or of the one host that has the file."""
    if connection.dialect.name == "sqlite":
        return time.time_ns()
    from codegenesis.store import postgres

    return postgres.now_ns(connection)
