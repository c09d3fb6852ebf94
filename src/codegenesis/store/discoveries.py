"""Programs of runs of `discover`: `Store.discoveries`.

A shelf of its own beside the facade, as `Store.runs`. A run evaluates hundreds of programs a second
that differ in a few lines, so each is deflated with the first of its run as the dictionary: a tenth
of the disk. Rows survive a crash of the process.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from msgspec.structs import replace
from sqlalchemy import RowMapping, func, select, update

from codegenesis.model import Record
from codegenesis.store import batches, rows, schema
from codegenesis.store.database import Database

_programs = schema.programs
_PACKED = {"metrics": dict[str, float], "sketch": tuple[int, ...], "parents": tuple[str, ...]}
_NUMBERS = ("seconds", "usd", "distance")


class Program(Record, frozen=True, kw_only=True):
    """One evaluated program of a run.

    Attributes:
        run: `Run.id`.
        number: in the order of evaluation, from 0 (the program that was given).
        digest: of its syntax tree.
        size, distance, sketch: what is known of its syntax besides.
        score: higher is better; None when there is none.
        claimed: score before it was confirmed, where it was.
        confirmed: the score was measured where the program could not reach it.
        seconds: that the evaluation took.
        usd: that writing it cost.
    """

    run: str
    number: int
    id: str
    program: str
    digest: bytes
    size: int
    distance: float
    sketch: tuple[int, ...] = ()
    score: float | None
    claimed: float | None = None
    confirmed: bool
    metrics: dict[str, float] = {}
    feedback: str = ""
    error: str = ""
    stage: int = 1
    seconds: float = 0.0
    behaviour: str = ""
    island: int = 0
    generation: int = 0
    parents: tuple[str, ...] = ()
    operator: str = ""
    model: str = ""
    words: str = ""
    usd: float = 0.0
    at_ns: int = 0


class Discoveries:
    """What was kept of programs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._first: dict[str, str] = {}

    def put(self, programs: Iterable[Program]) -> None:
        """Keep programs as they stand, in one transaction; the first of a run comes first."""
        batch = [self._row(program) for program in programs]
        if batch:
            with self._database.write(durable=False) as connection:
                batches.upsert(connection, _programs, batch, key=("run", "number"))

    def confirm(
        self, run: str, number: int, *, score: float | None, claimed: float | None, error: str
    ) -> None:
        """Note what became of a program when its score was looked at again."""
        matching = (_programs.c.run == run, _programs.c.number == number)
        values = {
            "score": score,
            "claimed": claimed,
            "error": rows.storable(error),
            "confirmed": True,
        }
        with self._database.write(durable=False) as connection:
            connection.execute(update(_programs).where(*matching).values(**values))

    def of_run(self, run: str) -> Iterator[Program]:
        """Programs of a run in the order of their numbers."""
        query = select(_programs).where(_programs.c.run == run).order_by(_programs.c.number)
        with self._database.read() as connection:
            for row in connection.execute(query).mappings():
                yield self._program(row)

    def count(self, run: str) -> int:
        """How many programs of a run are kept."""
        query = select(func.count()).where(_programs.c.run == run)
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def first_program(self, run: str) -> str:
        """Text of the program that a run began with; empty when nothing of the run is kept."""
        if run not in self._first:
            query = select(_programs.c.program).where(
                _programs.c.run == run, _programs.c.number == 0
            )
            with self._database.read() as connection:
                packed = connection.scalar(query)
            if packed is None:
                return ""
            self._first[run] = _inflated(packed, "")
        return self._first[run]

    def _row(self, program: Program) -> rows.Row:
        text = rows.storable(program.program)
        packed = _deflated(text, "" if program.number == 0 else self.first_program(program.run))
        if program.number == 0:
            self._first[program.run] = text
        return rows.to_row(program, packed=_PACKED, program=packed)

    def _program(self, row: RowMapping) -> Program:
        base = "" if row["number"] == 0 else self.first_program(row["run"])
        found = rows.to_record(row, Program, packed=_PACKED, numbers=_NUMBERS)
        return replace(found, program=_inflated(row["program"], base))


def _deflated(text: str, base: str) -> bytes:
    packer = zlib.compressobj(zdict=base.encode())
    return packer.compress(text.encode()) + packer.flush()


def _inflated(packed: bytes, base: str) -> str:
    return zlib.decompressobj(zdict=base.encode()).decompress(packed).decode()
