"""What uses of the application were worth: `Store.rewards`."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import RowMapping, delete, select

from codegenesis.model import Arm, Reward
from codegenesis.store import batches, rows, schema
from codegenesis.store.database import Database

_table = schema.rewards
_PACKED = {"arms": dict[str, Arm]}


class Rewards:
    """A shelf of its own beside the facade: each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, rewards: Iterable[Reward]) -> None:
        """Keep rewards; they survive a crash of the process."""
        batch = [rows.to_row(reward, packed=_PACKED) for reward in rewards]
        if not batch:
            return
        with self._database.write(durable=False) as connection:
            batches.append(connection, _table, batch)

    def numbered(self, *, service: str, after_id: int, since_ns: int) -> list[tuple[int, Reward]]:
        """Rewards with their number in the store, by number, from the one after `after_id`."""
        matching = _table.c.service == service, _table.c.number > after_id
        query = (
            select(_table).where(*matching, _table.c.at_ns >= since_ns).order_by(_table.c.number)
        )
        with self._database.read() as connection:
            return [(row["number"], _record(row)) for row in connection.execute(query).mappings()]

    def find(self, *, service: str, since_ns: int = 0) -> list[Reward]:
        """Rewards of a service, oldest first."""
        query = select(_table).where(_table.c.service == service, _table.c.at_ns >= since_ns)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(_table.c.at_ns, _table.c.number)).mappings()
            return [_record(row) for row in found]

    def prune(self, *, before_ns: int) -> int:
        """Delete what is older; how many."""
        with self._database.write(durable=False) as connection:
            return connection.execute(delete(_table).where(_table.c.at_ns < before_ns)).rowcount


def _record(row: RowMapping) -> Reward:
    return rows.to_record(row, Reward, packed=_PACKED, numbers=("value",))
