"""How often does a race lie? "Faster" of a function that races itself.

    python -m benchmarks.race_false_positives --races 2500 --minutes 12 --json aa.json

Each race is a whole one as `compiler.race` runs it: one fragment against the same fragment, several
shapes of functions (noise depends on what is run), a new sandbox every ten races (code placement is
decided when the module is imported). Four of five are run at the policy's default (the lower bound
must reach 1.05), every fifth at the hardest terms (1.00, "faster at all"). There is one worker per
core, so every race has a neighbour.

Told are counts with exact 95 % intervals (Clopper-Pearson): races that ended "faster", and races
whose 99 % interval does not hold the truth. A run stopped by `--minutes` goes on where it stopped
when the same `--json` is given again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from codegenesis.compiler import Terms, race
from codegenesis.compiler.statistics import share_interval
from codegenesis.sandbox import Environment, Sandbox
from codegenesis.wire import encode_call

#: Work is a number of loops over integers of one size: small ones are cached and cost less.
TEMPLATES = {
    "loop": (
        "def loop(n):\n    total = 0\n    for i in range(9999, 9999 + {work} * n):\n"
        "        total += i * i\n    return None\n",
        400,
        [(n,) for n in (3, 5, 2, 8, 3, 1, 4, 4)],
    ),
    "strings": (
        "def strings(n):\n    parts = []\n    for i in range(9999, 9999 + {work} * n):\n"
        "        parts.append(str(i) + 'x')\n    ','.join(parts)\n    return None\n",
        200,
        [(n,) for n in (1, 2, 3, 4, 2, 1)],
    ),
    "dicts": (
        "def dicts(n):\n    found = {{}}\n    for i in range(9999, 9999 + {work} * n):\n"
        "        found[i % 97] = found.get(i % 97, 0) + i\n    return None\n",
        300,
        [(n,) for n in (2, 1, 3, 5, 2)],
    ),
    "tiny": (
        "def tiny(n):\n    for _ in range(9999, 9999 + {work}):\n        n ^= 1\n    return None\n",
        600,
        [(1,)],
    ),
}
PER_SANDBOX = 10


class Task(NamedTuple):
    """A race to be run: at what true gain, and what is asked for."""

    gain: float
    min_gain: float


class Row(NamedTuple):
    """A race that was run; `truth` is the true gain, as near to `gain` as whole loops allow."""

    gain: float
    truth: float
    min_gain: float
    template: str
    verdict: str
    ratio: float
    low: float
    high: float
    pairs: int
    seconds: float


TASKS = [*[Task(1.0, 1.05)] * 4, Task(1.0, 1.0)]


def main() -> int:
    """Run the races that are missing, tell what all of them came to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    return bench(parser, TASKS, races=2500, name="race_false_positives")


def bench(parser: argparse.ArgumentParser, tasks: Sequence[Task], *, races: int, name: str) -> int:
    """What this benchmark and that of power have in common; the exit code."""
    parser.add_argument("--races", type=int, default=races, metavar="N", help="races in all")
    parser.add_argument("--minutes", type=float, default=12.0, help="stop after so long")
    parser.add_argument("--json", type=Path, metavar="FILE", help="results; goes on from there")
    parser.add_argument("--worker", metavar="CORE:FIRST:COUNT:STEP", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(*map(int, options.worker.split(":")), tasks=tasks)
        return 0
    document = _read(options.json)
    rows = [Row(*row) for row in document["races"]]
    load = os.getloadavg()[0]
    started = time.monotonic()
    for row in run(name, len(rows), options.races, started + 60 * options.minutes):
        rows.append(row)
        if len(rows) % 50 == 0:
            spent = time.monotonic() - started
            print(f"{len(rows)} of {options.races} races, {spent:.0f} s", file=sys.stderr)
    seconds = document["seconds"] + time.monotonic() - started
    groups = [summary(task, rows) for task in dict.fromkeys(tasks)]
    groups = [group for group in groups if group["races"]]
    show(groups)
    if options.json:
        result = {
            "benchmark": name,
            "python": sys.version.split()[0],
            "cores": len(os.sched_getaffinity(0)),
            "load_before": load,
            "load_after": os.getloadavg()[0],
            "seconds": seconds,
            "groups": groups,
            "columns": Row._fields,
            "races": rows,
        }
        options.json.write_text(json.dumps(result) + "\n")
    return 0


def _read(path: Path | None) -> dict[str, Any]:
    if path and path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    return {"races": [], "seconds": 0.0}


def run(name: str, done: int, wanted: int, deadline: float) -> Iterator[Row]:
    """Races by one worker per core, until there are enough or the time is up."""
    cores = sorted(os.sched_getaffinity(0))
    command = [sys.executable, "-m", f"benchmarks.{name}", "--worker"]
    workers = [
        subprocess.Popen(
            [*command, f"{core}:{done + place}:{wanted}:{len(cores)}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for place, core in enumerate(cores)
    ]
    try:
        while alive := [worker for worker in workers if worker.stdout]:
            lines = [worker.stdout.readline() for worker in alive if worker.stdout]
            yield from (Row(*json.loads(line)) for line in lines if line)
            if not all(lines) or time.monotonic() > deadline:
                break
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait()


def work(core: int, first: int, until: int, step: int, *, tasks: Sequence[Task]) -> None:
    """Every `step`-th race on one core, a line of JSON each."""
    os.sched_setaffinity(0, {core})
    numbers = range(first, until, step)
    for start in range(0, len(numbers), PER_SANDBOX):
        with tempfile.TemporaryDirectory() as folder, project(Path(folder)) as sandbox:
            for number in numbers[start : start + PER_SANDBOX]:
                row = one(sandbox, number // len(tasks), tasks[number % len(tasks)])
                print(json.dumps(row), flush=True)


def one(sandbox: Sandbox, number: int, task: Task) -> Row:
    """One race; the true gain is what whole loops allow."""
    name = list(TEMPLATES)[number % len(TEMPLATES)]
    template, work, calls = TEMPLATES[name]
    less = round(work / task.gain)
    truth = work / less
    ended = race(
        sandbox,
        name,
        template.format(work=less),
        [encode_call(args, {}) for args in calls],
        original=template.format(work=work),
        terms=Terms(min_gain=truth if task.min_gain == task.gain > 1 else task.min_gain),
    )
    gain = ended.gain
    found = (ended.verdict, gain.ratio, gain.low, gain.high)
    return Row(task.gain, truth, task.min_gain, name, *found, gain.n, ended.seconds)


def project(folder: Path) -> Sandbox:
    """A sandbox around a module with all of the functions."""
    text = "\n\n".join(template.format(work=work) for template, work, _ in TEMPLATES.values())
    (folder / "raced.py").write_text(text)
    environment = Environment(root=str(folder), module="raced", path=str(folder / "raced.py"))
    return Sandbox(environment)


def summary(task: Task, rows: Sequence[Row]) -> dict[str, Any]:
    """What the races of one kind came to."""
    own = [row for row in rows if (row.gain, row.min_gain) == task]
    if not own:
        return {**task._asdict(), "races": 0}
    faster = sum(row.verdict == "faster" for row in own)
    missed = sum(not row.low <= row.truth <= row.high for row in own)
    return {
        **task._asdict(),
        "races": len(own),
        "pairs": sum(row.pairs for row in own),
        "faster": faster,
        "faster_95": share_interval(faster, len(own)),
        "missed": missed,
        "missed_95": share_interval(missed, len(own)),
        "above_one": sum(row.low > 1 for row in own),
        "median_ratio": statistics.median(row.ratio for row in own),
        "half_width": statistics.median((row.high - row.low) / 2 for row in own),
        "seconds_per_race": statistics.mean(row.seconds for row in own),
    }


def show(groups: Sequence[dict[str, Any]]) -> None:
    """A table for people."""
    head = ("true gain", "asked for", "races", "faster", "95 %", "missed", "95 % ", "±", "s/race")
    print("".join(f"{name:>16}" for name in head))
    for group in groups:
        share, miss = group["faster"] / group["races"], group["missed"] / group["races"]
        cells = (
            f"{group['gain']:.2f}",
            f"{group['min_gain']:.2f}",
            str(group["races"]),
            f"{share:.2%}",
            "{:.2%}–{:.2%}".format(*group["faster_95"]),
            f"{miss:.2%}",
            "{:.2%}–{:.2%}".format(*group["missed_95"]),
            f"{group['half_width']:.2%}",
            f"{group['seconds_per_race']:.2f}",
        )
        print("".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
