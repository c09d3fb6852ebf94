"""Runs of commands, step by step, and what they did to the working tree: `Store.runs`.

A shelf of its own beside the facade, with the same rule: each method is one transaction. Runs and
landings survive a power cut once acknowledged, because somebody's files hang on them; steps survive
a crash of the process.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, RowMapping, select, update

from codegenesis.model import Landing, Run, RunStep
from codegenesis.store import batches, rows, schema
from codegenesis.store.database import Database
from codegenesis.store.prefix import by_prefix

_runs = schema.runs
_steps = schema.run_steps
_landings = schema.landings
_PACKED = {
    "targets": tuple[str, ...],
    "options": dict[str, str],
    "settings": dict[str, str],
}
_TARGETS = {"targets": tuple[str, ...]}


class Runs:
    """What was kept of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, run: Run) -> None:
        """Keep a run as it stands; on disk when this returns."""
        row = rows.to_row(run, packed=_PACKED)
        with self._database.write() as connection:
            batches.upsert(connection, _runs, [row], key=("id",))

    def one(self, id_or_prefix: str) -> Run | None:
        """The run with this id, or the only one whose id begins so.

        Raises:
            TargetError: when several ids begin so.
        """
        with self._database.read() as connection:
            row = by_prefix(connection, _runs, id_or_prefix)
            return None if row is None else _run(row)

    def all(self) -> list[Run]:
        """Runs in the order in which they began."""
        query = select(_runs).order_by(_runs.c.number)
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(query).mappings()]

    def put_steps(self, steps: Iterable[RunStep]) -> None:
        """Keep steps as they stand."""
        batch = [rows.to_row(step) for step in steps]
        with self._database.write(durable=False) as connection:
            batches.upsert(connection, _steps, batch, key=("run", "position"))

    def steps(self, run_id: str) -> list[RunStep]:
        """The steps of a run, in its order."""
        query = select(_steps).where(_steps.c.run == run_id).order_by(_steps.c.position)
        with self._database.read() as connection:
            found = connection.execute(query).mappings()
            return [rows.to_record(row, RunStep, numbers=("seconds",)) for row in found]

    def add_landings(self, landings: Iterable[Landing]) -> None:
        """Keep what is about to be written to the working tree; on disk when this returns."""
        batch = [rows.to_row(landing, packed=_TARGETS) for landing in landings]
        if batch:
            with self._database.write() as connection:
                batches.append(connection, _landings, batch)

    def landings(self, run_id: str) -> list[Landing]:
        """What a run did to the working tree, in the order in which it did."""
        with self._database.read() as connection:
            return _found(connection, run_id)

    def note_undone(self, landing: Landing, *, at_ns: int) -> None:
        """Note that this was taken back."""
        row = rows.to_row(landing, packed=_TARGETS)
        matching = [_landings.c[name] == row[name] for name in ("run", "path", "targets", "at_ns")]
        with self._database.write() as connection:
            connection.execute(update(_landings).where(*matching).values(undone_ns=at_ns))


def _run(row: RowMapping) -> Run:
    return rows.to_record(row, Run, packed=_PACKED, numbers=("seconds", "usd"))


def _found(connection: Connection, run_id: str) -> list[Landing]:
    query = select(_landings).where(_landings.c.run == run_id).order_by(_landings.c.number)
    found = connection.execute(query).mappings()
    return [rows.to_record(row, Landing, packed=_TARGETS) for row in found]
