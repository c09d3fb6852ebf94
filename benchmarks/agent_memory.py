"""What the agent costs a process: memory, CPU at the start, and CPU while nothing happens.

A process that has imported a module of `--functions` functions, and what a small web application
imports besides (json, asyncio, http.server, sqlite3), calls one of them now and then. It is started
without the agent and with it, launched as `codegenesis run` does, in turns, `--runs` times each.
When it has settled (with the agent: when the store knows all functions and `--settle` seconds have
passed), its memory is read from /proc: PSS counts pages that are shared with other processes by
their part, RSS counts them whole, private memory is what ends with it. CPU at the start is that of
the whole process up to then; CPU at rest is that of the agent's thread alone over `--rest` seconds.

`postgresql` is the agent on a server of the benchmark's own, where its programs are installed.
`sqlalchemy` is what each process paid before agents had a way of their own to the store: the same
process without the agent, which imports SQLAlchemy instead.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
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

from codegenesis.config import load
from codegenesis.runtime import launch_environment
from codegenesis.store import Store

WAYS = ("off", "agent", "postgresql", "sqlalchemy")
_WATCHED = ("agent", "postgresql")
APP = """
import asyncio, http.server, json, os, sqlite3, sys, time
import shop
if sys.argv[1] == "sqlalchemy":
    import sqlalchemy
parent = os.getppid()
while os.getppid() == parent:
    shop.f0(1)
    time.sleep(0.05)
"""
_HZ = os.sysconf("SC_CLK_TCK")
_WAIT_S = 120.0


def run(
    way: str, functions: int, *, settle_s: float, rest_s: float, url: str = ""
) -> dict[str, float]:
    """One process, from its start to its end; its store is a file unless a URL is given."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "app.py").write_text(APP)
        (directory / "shop.py").write_text(
            "".join(f"def f{n}(x):\n    return x + {n}\n\n\n" for n in range(functions))
        )
        environ = dict(os.environ)
        settings = {"directory": str(directory / ".codegenesis"), "store": url}
        config = load(overrides={"service": "shop", **settings}, environ={}, start=directory)
        Store.open(config.location).close()
        if way in _WATCHED:
            environ = launch_environment(config, environ, start=directory)
        process = subprocess.Popen([sys.executable, "app.py", way], cwd=directory, env=environ)
        try:
            if way in _WATCHED:
                _wait_for_genes(config.location, functions)
            time.sleep(settle_s)
            return _figures(process.pid, rest_s)
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _databases() -> Iterator[Callable[[], str] | None]:
    """Makes databases on a server; None where there can be none."""
    from codegenesis.store import throwaway

    if throwaway.programs() is None:
        yield None
        return
    with throwaway.Server(quick=False) as server:
        yield server.fresh


def _wait_for_genes(location: str, functions: int) -> None:
    deadline = time.monotonic() + _WAIT_S
    with Store.open(location, read_only=True) as store:
        while len(store.genes()) < functions:
            if time.monotonic() > deadline:
                raise SystemExit("the agent did not describe all functions")
            time.sleep(0.1)


def _figures(pid: int, rest_s: float) -> dict[str, float]:
    start_s = _cpu_s(Path(f"/proc/{pid}"))
    threads = _agents(pid)
    before = sum(map(_cpu_s, threads))
    began = time.monotonic()
    time.sleep(rest_s)
    rest = (sum(map(_cpu_s, threads)) - before) / (time.monotonic() - began)
    fields = dict(
        line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    )
    mib = {name: int(text.split()[0]) / 1024 for name, text in fields.items()}
    return {
        "pss_mib": mib["Pss"],
        "rss_mib": mib["Rss"],
        "private_mib": mib["Private_Clean"] + mib["Private_Dirty"],
        "start_cpu_s": start_s,
        "rest_cpu_percent": rest * 100,
        "threads": float(len(list(Path(f"/proc/{pid}/task").iterdir()))),
    }


def _cpu_s(entry: Path) -> float:
    """CPU of a process or a thread: by the scheduler's nanoseconds, where it counts them."""
    if entry.parent.name == "task":
        return int((entry / "schedstat").read_text().split()[0]) / 1e9
    fields = (entry / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _HZ


def _agents(pid: int) -> list[Path]:
    """All threads but the first: the application has only that one."""
    return [task for task in Path(f"/proc/{pid}/task").iterdir() if task.name != str(pid)]


def summary(found: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    """Medians, and what each way adds to `off`."""
    rows = []
    for way, runs in found.items():
        names = list(runs[0])
        row = {"way": way, **{name: spread([run[name] for run in runs]) for name in names}}
        row["added"] = {
            name: row[name]["median"] - statistics.median(run[name] for run in found["off"])
            for name in names
        }
        rows.append(row)
    return rows


def spread(figures: list[float]) -> dict[str, float]:
    """Median, least and most."""
    return {"median": statistics.median(figures), "least": min(figures), "most": max(figures)}


def show(functions: int, rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    table = Table(title=f"a process with {functions} functions; in brackets: added to `off`")
    for column in ("", "PSS MiB", "RSS MiB", "private MiB", "CPU s at start", "agent CPU at rest"):
        table.add_column(column, justify="right" if column else "left")
    for row in rows:
        cells = [
            f"{row[name]['median']:.2f} ({row['added'][name]:+.2f})"
            for name in ("pss_mib", "rss_mib", "private_mib", "start_cpu_s")
        ]
        table.add_row(row["way"], *cells, f"{row['rest_cpu_percent']['median']:.3f} %")
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, nargs="+", default=[10, 1000])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--settle", type=float, default=8.0)
    parser.add_argument("--rest", type=float, default=10.0)
    parser.add_argument("--json", type=Path, help="write the result here, too")
    options = parser.parse_args()
    results = []
    with _databases() as fresh:
        ways = [way for way in WAYS if fresh or way != "postgresql"]
        for functions in options.functions:
            found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
            for _ in range(options.runs):
                for way in ways:
                    url = fresh() if fresh and way == "postgresql" else ""
                    figures = run(
                        way, functions, settle_s=options.settle, rest_s=options.rest, url=url
                    )
                    found[way].append(figures)
            results.append({"functions": functions, "ways": summary(found)})
            show(functions, results[-1]["ways"])
    if options.json:
        result = {
            "python": platform.python_version(),
            "machine": platform.platform(),
            "runs": options.runs,
            "processes": results,
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
