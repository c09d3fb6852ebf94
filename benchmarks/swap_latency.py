"""From a release in the store to the last worker that runs it.

`--workers` Python processes, launched as `codegenesis run` does at default settings, call one small
function a few hundred times a second. In each round a release of a new version, signed by the
store's own keys, is put into the store; every agent says in its acknowledgement when it swapped.
Reported are, over rounds, the milliseconds until the last worker has swapped, and over all workers
and rounds, those until each had. Rounds begin at random moments, so no poll is favoured. The clock
is the same for all: they are on one machine. Agents are rung at on SQLite, and told by the server
on PostgreSQL (LISTEN/NOTIFY), which is one of the benchmark's own, where its programs are
installed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from codegenesis.config import Config, load
from codegenesis.ledger import Ledger
from codegenesis.ledger.keys import KeyRing
from codegenesis.model import Gene, Release, Variant
from codegenesis.runtime import launch_environment
from codegenesis.store import Store

WORKER = """
import os, sys, time

def which(x):
    return "old"

while os.getppid() == int(sys.argv[1]):
    which(1)
    time.sleep(0.003)
"""
_WAIT_S = 60.0


class Fleet:
    """Workers on one store."""

    def __init__(self, directory: Path, url: str, workers: int) -> None:
        settings = {"service": "fleet", "directory": str(directory / ".codegenesis"), "store": url}
        self.config: Config = load(overrides=settings, environ={}, start=directory)
        self.keys = KeyRing(Path(self.config.directory) / "keys").ensure()
        self.store = Store.open(self.config.location, directory=self.config.directory)
        self.ledger = Ledger(self.store, self.keys)
        (directory / "worker.py").write_text(WORKER)
        command = [sys.executable, "worker.py", str(os.getpid())]
        environ = launch_environment(self.config, os.environ, start=directory)
        self.workers = [
            subprocess.Popen(command, cwd=directory, env=environ) for _ in range(workers)
        ]

    def ready(self) -> Gene:
        """The function, once every worker has described it."""
        until(lambda: len(self.store.processes(role="app")) == len(self.workers), "the workers")
        until(lambda: self.store.find_genes("which"), "the function")
        return self.store.find_genes("which")[0]

    def release(self, gene: Gene, number: int) -> Release:
        """Make one, decided to be live."""
        source = f"def which(x):\n    return 'new {number}'"
        variant = Variant(gene=gene.id, base=gene.base, source=source, operator="benchmark")
        self.store.put_variant(variant)
        now_ns = time.time_ns()
        fields: dict[str, Any] = {
            "id": f"release{number}", "gene": gene.id, "variant": variant.id, "base": gene.base,
            "stage": "live", "weight": 0.0, "expires_ns": now_ns + 10**13,
        }  # fmt: skip
        draft = Release(**fields, created_ns=now_ns, updated_ns=now_ns)
        decision = self.ledger.decide(
            draft, variant, stage="live", weight=0.0, policy_digest="", reason="benchmark"
        )
        now_ns = time.time_ns()
        return Release(**fields, decision=decision, created_ns=now_ns, updated_ns=now_ns)

    def swap(self, release: Release) -> list[float]:
        """Milliseconds until each worker had swapped."""
        began_ns = time.time_ns()
        self.store.put_release(release)
        until(lambda: len(self.store.acks(release.id)) >= len(self.workers), release.id)
        acks = self.store.acks(release.id)
        assert {ack.outcome for ack in acks} == {"swapped"}, acks
        return [(ack.at_ns - began_ns) / 1e6 for ack in acks]

    def end(self) -> None:
        """End the workers."""
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait()
        self.store.close()


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for something to come about."""
    deadline = time.monotonic() + _WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {_WAIT_S:.0f} s in vain for {what}")
        time.sleep(0.02)


def measure(url: str, *, workers: int, rounds: int) -> dict[str, Any]:
    """Rounds of releases to one fleet."""
    last, each = [], []
    with tempfile.TemporaryDirectory() as directory:
        fleet = Fleet(Path(directory), url, workers)
        try:
            gene = fleet.ready()
            before = None
            for number in range(rounds):
                release = fleet.release(gene, number)
                time.sleep(random.uniform(0.0, 0.4))
                took = fleet.swap(release)
                last.append(max(took))
                each += took
                if before is not None:
                    fleet.store.move_release(before.id, expect=("live",), stage="retired")
                before = release
        finally:
            fleet.end()
    return {"workers": workers, "rounds": rounds, "last_ms": spread(last), "each_ms": spread(each)}


def spread(figures: list[float]) -> dict[str, float]:
    """Percentiles, by rank: of the figures themselves."""
    ordered = sorted(figures)

    def at(share: float) -> float:
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    return {
        "p50": statistics.median(ordered), "p90": at(0.9), "p99": at(0.99), "max": ordered[-1]
    }  # fmt: skip


@contextmanager
def databases(names: list[str]) -> Iterator[dict[str, Callable[[], str]]]:
    """What makes a fresh store of each kind; a kind that is not here is left out."""
    found: dict[str, Callable[[], str]] = {}
    if "sqlite" in names:
        found["sqlite"] = str
    if "postgresql" not in names:
        yield found
        return
    from codegenesis.store import throwaway

    if throwaway.programs() is None:
        print("postgresql: its programs are not here, left out", flush=True)
        yield found
        return
    with throwaway.Server(quick=False) as server:
        yield {**found, "postgresql": server.fresh}


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    table = Table(title="milliseconds from release to swap")
    for column in ("store", "workers", "last p50", "last p99", "each p50", "each p99"):
        table.add_column(column, justify="right")
    for row in rows:
        last, each = row["last_ms"], row["each_ms"]
        figures = (last["p50"], last["p99"], each["p50"], each["p99"])
        table.add_row(row["store"], str(row["workers"]), *(f"{figure:.0f}" for figure in figures))
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--stores", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", type=Path, help="write the result here, too")
    options = parser.parse_args()
    rows = []
    with databases(options.stores) as fresh:
        for name, make in fresh.items():
            for workers in options.workers:
                row = measure(make(), workers=workers, rounds=options.rounds)
                rows.append({"store": name, **row})
    show(rows)
    if options.json:
        result = {
            "python": platform.python_version(),
            "machine": platform.platform(),
            "cpus": os.cpu_count(),
            "poll_s": Config().poll_s,
            "rows": rows,
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
