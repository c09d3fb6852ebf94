"""What it costs a trivial function to be evolvable, against the usual ways to watch one.

Each way has its own copy of `def f(x): return x`. In every round all ways are timed once, in a
random order, by a loop of the same length; the empty loop is taken off. Bursts are armed by a
thread each 100 ms, as the agent does, with capture of values on. Medians over `--rounds`, with the
10th and 90th percentile; "added" is against the plain call of the same round.

After that, what each kind of function pays while nothing is watched (`overhead_kinds`), with every
Python 3.11 to 3.13 that is found in PATH or in pyenv. What they lack (msgspec) is installed into a
temporary directory with their own pip; one that cannot have it is left out, and said.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from importlib import metadata
from pathlib import Path
from typing import Any

import wrapt
from rich.console import Console
from rich.table import Table

from codegenesis.fragment import assemble
from codegenesis.model import Release
from codegenesis.runtime import probe
from codegenesis.runtime.capture import Capture, Ring
from codegenesis.runtime.governor import Governor
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.redaction import Redactor
from codegenesis.runtime.router import Router

BURST, PERIOD_S = 16, 0.1

Way = tuple[str, Callable[..., Any], Callable[[], Any]]


def fresh() -> types.FunctionType:
    """A function that nothing has been done to."""
    space: dict[str, Any] = {"__name__": "benchmark"}
    exec("def f(x):\n    return x\n", space)
    function: types.FunctionType = space["f"]
    return function


def swapped(source: str) -> types.FunctionType:
    """A function that runs a variant."""
    gene = LiveGene(fresh())
    gene.switch(Version(assemble(source, gene.function, filename="<benchmark>")))
    return gene.function


def timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The timer that everybody writes."""
    spent = [0]

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter_ns()
        try:
            return function(*args, **kwargs)
        finally:
            spent[0] += time.perf_counter_ns() - began

    return wrapper


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same timer, made by wrapt."""
    spent = [0]

    @wrapt.decorator
    def wrapper(inner: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        began = time.perf_counter_ns()
        try:
            return inner(*args, **kwargs)
        finally:
            spent[0] += time.perf_counter_ns() - began

    return wrapper(function)


@contextmanager
def bursts(gene: LiveGene) -> Iterator[None]:
    """Arm a burst each period, and throw away what comes in."""
    ring, stop = Ring(), threading.Event()
    capture = Capture(mode="plain", sensitive=Redactor().sensitive, key=b"k" * 32, ring=ring)
    governor = Governor(1.0)

    def arm() -> None:
        while not stop.wait(PERIOD_S):
            probe.arm(gene, size=BURST, capture=capture, purse=governor)
            ring.drain()

    thread = threading.Thread(target=arm)
    thread.start()
    yield
    stop.set()
    thread.join()
    gene.uncover()


def routed(*, measured: bool) -> types.FunctionType:
    """A function in canary, with or without its calls being measured."""
    gene = LiveGene(fresh())
    release = Release(
        id="r", gene="g", variant="v", base="b", stage="canary", weight=0.5, created_ns=0,
        updated_ns=0, expires_ns=1 << 62,
    )  # fmt: skip
    code = assemble("def f(x):\n    return x", gene.function, filename="<benchmark>")
    router = Router(
        gene, release=release, candidate=Version(code), samples=deque(maxlen=10), falls=deque(),
        purse=Governor(1.0),
    )  # fmt: skip
    router.quota = 1 << 60 if measured else 0
    gene.cover(router)
    return gene.function


def ways() -> list[Way]:
    """Name, function and what goes on beside it."""
    burst = LiveGene(fresh())
    return [
        ("plain call", fresh(), nullcontext),
        ("evolvable, idle", LiveGene(fresh()).function, nullcontext),
        ("evolvable, in bursts", burst.function, lambda: bursts(burst)),
        ("evolved, direct", swapped("def f(x):\n    return x"), nullcontext),
        ("evolved, redirect", swapped("ONE = 1\ndef f(x):\n    return x"), nullcontext),
        ("functools.wraps timer", timed(fresh()), nullcontext),
        ("wrapt timer", wrapped(fresh()), nullcontext),
        ("canary, drawn", routed(measured=False), nullcontext),
        ("canary, drawn and measured", routed(measured=True), nullcontext),
    ]  # fmt: skip


def loop_s(function: Callable[[int], Any], calls: int) -> float:
    """Seconds for so many calls."""
    numbers = itertools.repeat(1, calls)
    began = time.perf_counter()
    for number in numbers:
        function(number)
    return time.perf_counter() - began


def empty_s(calls: int) -> float:
    """Seconds for the loop alone."""
    numbers = itertools.repeat(1, calls)
    began = time.perf_counter()
    for _ in numbers:
        pass
    return time.perf_counter() - began


def calls_within(function: Callable[[int], Any], seconds: float) -> int:
    """How many calls fill about so many seconds."""
    return max(1000, int(seconds / (loop_s(function, 5000) / 5000)))


def measure(rounds: int, seconds: float) -> dict[str, list[float]]:
    """Nanoseconds per call, by way, one figure per round."""
    every = ways()
    lengths = {name: calls_within(function, seconds) for name, function, _ in every}
    found: dict[str, list[float]] = {name: [] for name, _, _ in every}
    for _ in range(rounds):
        for name, function, beside in random.sample(every, len(every)):
            calls = lengths[name]
            with beside():
                spent = loop_s(function, calls)
            found[name].append(max(spent - empty_s(calls), 0.0) / calls * 1e9)
    return found


def summary(found: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Rows with median and spread of the call, what was added to a plain one, and the ratio."""
    plain = found["plain call"]
    rows: list[dict[str, Any]] = []
    for name, figures in found.items():
        added = [figure - base for figure, base in zip(figures, plain, strict=True)]
        ratios = [figure / base for figure, base in zip(figures, plain, strict=True)]
        rows.append(
            {"way": name, "ns": spread(figures), "added_ns": spread(added), "ratio": spread(ratios)}
        )
    return rows


def spread(figures: list[float]) -> dict[str, float]:
    """Median, 10th and 90th percentile."""
    tenths = statistics.quantiles(figures, n=10) if len(figures) > 1 else figures * 9
    return {"median": statistics.median(figures), "p10": tenths[0], "p90": tenths[-1]}


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    table = Table(title=f"ns per call of a trivial function, CPython {platform.python_version()}")
    table.add_column("")
    for column in ("ns/call", "added", "p10 to p90 of added", "ratio"):
        table.add_column(column, justify="right")
    for row in rows:
        added = row["added_ns"]
        table.add_row(
            row["way"],
            f"{row['ns']['median']:.1f}",
            f"{added['median']:+.1f}",
            f"{added['p10']:+.1f} to {added['p90']:+.1f}",
            f"{row['ratio']['median']:.2f}",
        )
    Console().print(table)


# --- kinds of functions, on each Python ----------------------------------------------------------


def pythons() -> list[str]:
    """This interpreter, and the newest of each other version that is here."""
    found = [sys.executable]
    for version in ("3.11", "3.12", "3.13"):
        if version == ".".join(platform.python_version_tuple()[:2]):
            continue
        pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
        program = str(pyenv[-1]) if pyenv else shutil.which(f"python{version}")
        found += [program] if program else []
    return found


def kinds(program: str, rounds: int, seconds: float) -> dict[str, Any] | None:
    """All kinds on one interpreter; None when it lacks something."""
    with tempfile.TemporaryDirectory() as site:
        if program != sys.executable:
            needed = f"msgspec=={metadata.version('msgspec')}"
            pip = [program, "-m", "pip", "install", "--quiet", "--target", site, needed]
            if subprocess.run(pip, stderr=subprocess.DEVNULL, check=False).returncode:
                print(f"{program}: cannot have {needed}, left out", flush=True)
                return None
        root = Path(__file__).parents[1]
        done = subprocess.run(
            [program, root / "benchmarks" / "overhead_kinds.py", str(rounds), str(seconds)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), site])},
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def show_kinds(results: list[dict[str, Any]]) -> None:
    """Print the table: what is added, with its spread."""
    table = Table(title="ns added per call to what is evolvable, while nothing is watched")
    table.add_column("")
    for result in results:
        table.add_column(result["python"], justify="right")
    for rows in zip(*(result["kinds"] for result in results), strict=True):
        added = [row["added_ns"] for row in rows]
        cells = [f"{a['median']:+.1f} ({a['p10']:+.1f} to {a['p90']:+.1f})" for a in added]
        table.add_row(rows[0]["kind"], *cells)
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.25, help="per way and round")
    parser.add_argument("--json", type=Path, help="write the result here, too")
    options = parser.parse_args()
    rows = summary(measure(options.rounds, options.seconds))
    show(rows)
    by_python = [kinds(program, options.rounds, options.seconds / 5) for program in pythons()]
    found = [each for each in by_python if each]
    show_kinds(found)
    if options.json:
        result = {
            "python": platform.python_version(),
            "machine": platform.platform(),
            "burst": BURST,
            "period_s": PERIOD_S,
            "rounds": options.rounds,
            "ways": rows,
            "kinds": found,
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
