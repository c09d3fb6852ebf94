"""What it costs a trivial function to be evolvable, against the usual ways to watch one.

Each way has its own copy of `def f(x): return x`. In every round all ways are timed once, in a
random order, by a loop of the same length; the empty loop is taken off. Bursts are armed by a
thread each 100 ms, as the agent does, with capture of values on. Medians over `--rounds`, with the
10th and 90th percentile; "added" is against the plain call of the same round.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import platform
import random
import statistics
import threading
import time
import types
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.25, help="per way and round")
    parser.add_argument("--json", type=Path, help="write the result here, too")
    options = parser.parse_args()
    rows = summary(measure(options.rounds, options.seconds))
    show(rows)
    if options.json:
        result = {
            "python": platform.python_version(),
            "machine": platform.platform(),
            "burst": BURST,
            "period_s": PERIOD_S,
            "rounds": options.rounds,
            "ways": rows,
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
