"""Rows per second into the store, on SQLite and on PostgreSQL, beside their drivers alone.

Observations go in batches of 1000, one transaction each; the figure includes turning records into
rows. Entries are one transaction each, synced to disk. The peers write the same rows into the same
table with nothing in between: sqlite3 with `executemany`, psycopg with `executemany` and with COPY.
PostgreSQL is a server of its own with fsync on; where its programs are missing it is left out.
`told_ms` is the time from the beginning of `put_release` until a second connection that waits for
news goes on. Medians over `--rounds`, in turn.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from codegenesis.errors import StoreError
from codegenesis.model import Observation, Outcome, Release
from codegenesis.store import Store
from codegenesis.store.observations import to_rows

if TYPE_CHECKING:
    from codegenesis.store.throwaway import Server

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


def measure_file(directory: Path, batches: int) -> dict[str, float]:
    """One round on a fresh file."""
    batch = batch_of(BATCH)
    with Store.open(directory / "genesis.db") as store:
        with sqlite3.connect(store.path) as raw:
            where = "tbl_name = 'observations' AND sql IS NOT NULL"
            found = raw.execute(f"SELECT sql FROM sqlite_master WHERE {where}").fetchall()
        raw.close()
        figures = measure_store(store, batch, batches)
    schema = ";".join(sql for (sql,) in found)
    raw_observations = raw_rate(directory / "raw.db", schema, batch, batches)
    return {**figures, "raw_observations_per_s": raw_observations}


def measure_store(store: Store, batch: list[Observation], batches: int) -> dict[str, float]:
    """What the house makes of either database."""
    return {
        "observations_per_s": rate(lambda: store.add_observations(batch), batches, BATCH),
        "entries_per_s": rate(
            lambda: store.append_entry(
                kind="event", gene="g", variant="", envelope="x" * 900, at_ns=1
            ),
            100,
            1,
        ),
    }


def measure_server(server: Server, batches: int) -> dict[str, float]:
    """One round on a fresh database of the server."""
    import psycopg

    batch, url = batch_of(BATCH), server.fresh()
    with Store.open(url) as store, Store.open(url) as other:
        figures = measure_store(store, batch, batches)
        figures["told_ms"] = statistics.median(told_ms(store, other, n) for n in range(50))
    rows = to_rows(batch)
    names = ", ".join(rows[0])
    values = [tuple(row.values()) for row in rows]
    marks = ", ".join(["%s"] * len(rows[0]))
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")

        def insert() -> None:
            cursor.executemany(f"INSERT INTO observations ({names}) VALUES ({marks})", values)
            connection.commit()

        def copy() -> None:
            with cursor.copy(f"COPY observations ({names}) FROM STDIN") as sink:
                for row in values:
                    sink.write_row(row)
            connection.commit()

        figures["raw_executemany_observations_per_s"] = rate(insert, max(1, batches // 3), BATCH)
        figures["raw_copy_observations_per_s"] = rate(copy, batches, BATCH)
    return figures


def told_ms(store: Store, other: Store, number: int) -> float:
    """From a release to the end of another connection's wait."""
    release = Release(
        id=f"r{number}",
        gene="shop/m:f",
        variant="v",
        base="b",
        stage="proposed",
        created_ns=1,
        updated_ns=1,
        expires_ns=2,
    )
    heard = threading.Thread(target=other.wait, args=(10,))
    heard.start()
    begin = time.perf_counter()
    store.put_release(release)
    heard.join()
    elapsed = time.perf_counter() - begin
    other.changed()
    return elapsed * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--json", type=Path, help="write the result here, too")
    options = parser.parse_args()
    rounds = []
    with server_or_none() as server:
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory() as directory:
                found = {"sqlite": measure_file(Path(directory), options.batches)}
            if server is not None:
                found["postgresql"] = measure_server(server, options.batches)
            rounds.append(found)
    result = {
        kind: {name: statistics.median(each[kind][name] for each in rounds) for name in figures}
        for kind, figures in rounds[0].items()
    }
    show(result)
    if options.json:
        options.json.write_text(json.dumps({**result, "rounds": rounds}, indent=2) + "\n")


def server_or_none() -> contextlib.AbstractContextManager[Server | None]:
    """A server with fsync on, where there are programs for one."""
    try:
        from codegenesis.store.throwaway import Server

        return Server(quick=False)
    except (ImportError, StoreError) as error:
        print(f"without PostgreSQL: {error}")
        return contextlib.nullcontext()


def show(result: dict[str, dict[str, float]]) -> None:
    """One table of both."""
    table = Table("median of rounds", *result)
    for name in {name: None for figures in result.values() for name in figures}:
        cells = [f"{kind[name]:,.1f}" if name in kind else "" for kind in result.values()]
        table.add_row(name.replace("_per_s", " per s").replace("_", " "), *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
