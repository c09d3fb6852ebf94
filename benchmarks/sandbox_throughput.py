"""How many candidates a second does this machine judge, and what does the jail cost?

Three ways to run one small function in a process of its own, each asked for one call and checked:

- `jail`: a candidate of the sandbox (clone of a jailed zygote, locked in, oracle outside), from
  request to burial;
- `fork`: a bare `os.fork` of a warm process: no isolation at all, the floor;
- `python -I -S`: a fresh interpreter: separate, but not jailed, and without the module loaded.

One worker process per core; the ways take turns in every round, so that drift of the machine meets
all of them alike. Reported are candidates per second over all cores, and milliseconds per candidate
as one worker sees them: median over rounds, and the range of the rounds as spread.

    python -m benchmarks.sandbox_throughput --json sandbox.json
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
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from codegenesis import wire
from codegenesis.sandbox import Environment, Sandbox

TARGET = "def square(x):\n    return x * x + 1\n"
FRAGMENT = "def square(x):\n    return 1 + x * x\n"
SCRIPT = FRAGMENT + "print(square(int(input())))\n"
CALL = wire.encode_call((7,), {})
RIGHT = wire.encode(50)
WAYS = ("jail", "fork", "python -I -S")


def square(x: int) -> int:
    return 1 + x * x


def fork() -> bool:
    theirs, ours = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(ours, wire.encode(square(7)))
        os._exit(0)
    os.close(ours)
    answer = os.read(theirs, 100)
    os.close(theirs)
    os.waitpid(pid, 0)
    return answer == RIGHT


def interpreter() -> bool:
    command = [sys.executable, "-I", "-S", "-c", SCRIPT]
    done = subprocess.run(command, input=b"7", capture_output=True, check=False)
    return done.stdout.strip() == b"50"


def jail(sandbox: Sandbox) -> bool:
    with sandbox.candidate("square", FRAGMENT) as candidate:
        return candidate.call(CALL).value == RIGHT


def work(core: int) -> None:
    """Serve rounds: a line `way seconds` in, a line of JSON out."""
    os.sched_setaffinity(0, {core})
    with tempfile.TemporaryDirectory() as root:
        Path(root, "target.py").write_text(TARGET)
        with Sandbox(Environment(root=root, module="target")) as sandbox:
            ways: dict[str, Callable[[], bool]] = {
                "jail": lambda: jail(sandbox),
                "fork": fork,
                "python -I -S": interpreter,
            }
            for line in sys.stdin:
                way, _, seconds = line.strip().rpartition(" ")
                print(json.dumps(repeat(ways[way], float(seconds))), flush=True)


def repeat(way: Callable[[], bool], seconds: float) -> list[float]:
    """Milliseconds of each candidate, for about so long."""
    taken = []
    until = time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        if not way():
            raise SystemExit("a wrong answer: nothing was measured")
        taken.append((time.perf_counter() - started) * 1e3)
    return taken


def measure(rounds: int, seconds: float, cores: list[int]) -> dict[str, dict[str, list[float]]]:
    command = [sys.executable, "-m", "benchmarks.sandbox_throughput", "--core"]
    workers = [
        subprocess.Popen(
            [*command, str(core)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for core in cores
    ]
    found: dict[str, dict[str, list[float]]] = {way: {"per_s": [], "ms": []} for way in WAYS}
    for number in range(rounds + 1):  # the first warms up
        for way in WAYS:
            taken = [json.loads(line) for line in ask(workers, f"{way} {seconds}")]
            if number:
                rates = [len(times) / sum(times) * 1e3 for times in taken]
                found[way]["per_s"].append(sum(rates))
                found[way]["ms"].append(statistics.median(chain.from_iterable(taken)))
    for worker in workers:
        worker.communicate()
    return found


def ask(workers: list[subprocess.Popen[str]], line: str) -> list[str]:
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(line + "\n")
        worker.stdin.flush()
    return [worker.stdout.readline() for worker in workers if worker.stdout]


def summary(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def show(result: dict[str, object], ways: dict[str, dict[str, dict[str, float]]]) -> None:
    table = Table(title=f"Candidates on {result['cores']} cores, {result['rounds']} rounds")
    for column in ("way", "per second", "spread", "ms each", "spread "):
        table.add_column(column, justify="left" if column == "way" else "right")
    for way, found in ways.items():
        rate, ms = found["per_s"], found["ms"]
        table.add_row(
            way,
            f"{rate['median']:.0f}",
            f"{rate['low']:.0f}–{rate['high']:.0f}",
            f"{ms['median']:.2f}",
            f"{ms['low']:.2f}–{ms['high']:.2f}",
        )
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="per way and round")
    parser.add_argument("--core", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.core is not None:
        work(options.core)
        return
    cores = sorted(os.sched_getaffinity(0))[:2]
    found = measure(options.rounds, options.seconds, cores)
    ways = {way: {name: summary(v) for name, v in values.items()} for way, values in found.items()}
    result: dict[str, object] = {
        "benchmark": "sandbox_throughput",
        "python": sys.version.split()[0],
        "kernel": os.uname().release,
        "cores": len(cores),
        "rounds": options.rounds,
        "load_before": os.getloadavg()[0],
        "ways": ways,
    }
    show(result, ways)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
