"""On what knowledge each gene was last tried: `Store.attempts`."""

from __future__ import annotations

from sqlalchemy import select

from codegenesis.model import Record
from codegenesis.store import batches, rows, schema
from codegenesis.store.database import Database

_table = schema.attempts


class Attempt(Record, frozen=True, kw_only=True):
    """The last time that a gene was evolved.

    Attributes:
        gene: `Gene.id`.
        base: `Gene.base` that it was tried on.
        seen: how many of its calls had ever been sampled.
    """

    gene: str
    base: str
    seen: int
    at_ns: int


class Attempts:
    """A shelf of its own beside the facade: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, attempt: Attempt) -> None:
        """Keep it in the place of the one before."""
        with self._database.write(durable=False) as connection:
            batches.upsert(connection, _table, [rows.to_row(attempt)], key=("gene",))

    def all(self) -> dict[str, Attempt]:
        """The last attempt on each gene, by its id."""
        with self._database.read() as connection:
            found = connection.execute(select(_table)).mappings()
            return {row["gene"]: rows.to_record(row, Attempt) for row in found}
