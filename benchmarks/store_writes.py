"""Rows per second into the store, against raw sqlite3 with the same rows in the same run.

Observations go in batches of 1000, one transaction each; the figure includes turning records
into rows. Entries are one transaction each, synced to disk. Medians over `--rounds`, in turn.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from codegenesis.model import Observation, Outcome
from codegenesis.store import Store
from codegenesis.store.observations import to_rows

BATCH = 1000


def batch_of(count: int) -> list[Observation]:
    """Typical observations: a call of 60 bytes and its outcome."""
    return [
        Observation(
            gene="shop/shop.pricing:quote",
            process="host-4711-1",
            at_ns=number,
            wall_ns=1500,
            cpu_ns=1400,
            call=b"\x92\x91\x01\x80" * 15,
            outcome=Outcome(kind="returned", value=b"\x01" * 9, after=b"\x92\x91\x01\x80" * 15),
            call_digest="0123456789abcdef",
            sketch='{"basket":{"type":"list","size":12,"items":"int"}}',
            burst_rate=812.5,
        )
        for number in range(count)
    ]


def rate(action: Callable[[], object], times: int, per_action: int) -> float:
    """Things per second of wall time."""
    begin = time.perf_counter()
    for _ in range(times):
        action()
    return times * per_action / (time.perf_counter() - begin)


def raw_rate(path: Path, schema: str, batch: list[Observation], batches: int) -> float:
    """The same rows into the same table, with nothing in between."""
    rows = to_rows(batch)
    names = list(rows[0])
    values = [tuple(row[name] for name in names) for row in rows]
    insert = f"INSERT INTO observations ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.executescript(schema)

    def write() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, values)
        connection.execute("COMMIT")

    result = rate(write, batches, len(batch))
    connection.close()
    return result


def measure(directory: Path, batches: int) -> dict[str, float]:
    """One round, each side on a fresh database."""
    batch = batch_of(BATCH)
    with Store.open(directory / "genesis.db") as store:
        with sqlite3.connect(store.path) as raw:
            where = "tbl_name = 'observations' AND sql IS NOT NULL"
            found = raw.execute(f"SELECT sql FROM sqlite_master WHERE {where}").fetchall()
        raw.close()
        schema = ";".join(sql for (sql,) in found)
        observations = rate(lambda: store.add_observations(batch), batches, BATCH)
        entries = rate(
            lambda: store.append_entry(
                kind="event", gene="g", variant="", envelope="x" * 900, at_ns=1
            ),
            100,
            1,
        )
    raw_observations = raw_rate(directory / "raw.db", schema, batch, batches)
    return {
        "observations_per_s": observations,
        "raw_sqlite_observations_per_s": raw_observations,
        "entries_per_s": entries,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--json", type=Path, help="write the result here, too")
    options = parser.parse_args()
    rounds = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as directory:
            rounds.append(measure(Path(directory), options.batches))
    result = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    table = Table("per second (median of rounds)", "rows")
    for name, value in result.items():
        table.add_row(name.removesuffix("_per_s").replace("_", " "), f"{value:,.0f}")
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps({**result, "rounds": rounds}, indent=2) + "\n")


if __name__ == "__main__":
    main()
