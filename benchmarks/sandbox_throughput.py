"""How many candidates a second does this machine judge, and what does the jail cost?

Four ways to have a fragment judged in a process of its own, each asked for one call and checked:

- `jail`: a candidate of the sandbox (clone of a jailed zygote, locked in, oracle outside), from
  request to burial;
- `fork, same work`: an `os.fork` of an unjailed process with the same modules loaded that assembles
  the same fragment, makes the same call and sends the same answer: what the jail is compared with;
- `fork`: an `os.fork` that only sends an answer: the floor of the machine;
- `python -I -S`: a fresh interpreter: separate, but not jailed, and without the module loaded.

One worker process per core; the ways take turns in every round, so that drift of the machine meets
all of them alike. Reported are candidates per second over all cores, and milliseconds per candidate
as one worker sees them: median over rounds, and the range of the rounds as spread.

`--population 100 1000 10000` judges so many *different* fragments one after the other in one
sandbox and reports the cost of each: it must not grow with the number. Memory is that of the pool:
what the zygote has for itself, and what a candidate that has answered one call has on top of it.

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
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bare_fork import CALL, FRAGMENT, RIGHT, serve
from codegenesis.sandbox import Environment, Sandbox

TARGET = "def square(x):\n    return x * x + 1\n"
SCRIPT = FRAGMENT + "print(square(int(input())))\n"
WAYS = ("jail", "fork, same work", "fork", "python -I -S")


def interpreter() -> bool:
    command = [sys.executable, "-I", "-S", "-c", SCRIPT]
    done = subprocess.run(command, input=b"7", capture_output=True, check=False)
    return done.stdout.strip() == b"50"


def jail(sandbox: Sandbox) -> bool:
    with sandbox.candidate("square", FRAGMENT) as candidate:
        return candidate.call(CALL).value == RIGHT


def work(core: int, root: str) -> None:
    """The ways that are not forks, in a process of their own."""
    os.sched_setaffinity(0, {core})
    with Sandbox(Environment(root=root, module="target")) as sandbox:
        serve({"jail": lambda: jail(sandbox), "python -I -S": interpreter})


def measure(rounds: int, seconds: float, cores: list[int]) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {way: {"per_s": [], "ms": []} for way in WAYS}
    with tempfile.TemporaryDirectory() as root:
        Path(root, "target.py").write_text(TARGET)
        jails = [start("sandbox_throughput", "--core", str(core), "--root", root) for core in cores]
        forks = [start("bare_fork", str(core), root) for core in cores]
        for number in range(rounds + 1):  # the first warms up
            for way in WAYS:
                workers = forks if way.startswith("fork") else jails
                taken = [json.loads(line) for line in ask(workers, f"{way} {seconds}")]
                if number:
                    rates = [len(times) / sum(times) * 1e3 for times in taken]
                    found[way]["per_s"].append(sum(rates))
                    found[way]["ms"].append(statistics.median(chain.from_iterable(taken)))
        for worker in (*jails, *forks):
            worker.communicate()
    return found


def start(module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def population(sizes: Sequence[int]) -> dict[str, dict[str, float]]:
    """Milliseconds of a candidate in populations of these sizes, and the memory of the pool."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as root:
        Path(root, "target.py").write_text(TARGET)
        with Sandbox(Environment(root=root, module="target")) as sandbox:
            for _ in range(50):
                jail(sandbox)
            for size in sizes:
                taken = []
                for number in range(size):
                    started = time.perf_counter()
                    different(sandbox, number)
                    taken.append((time.perf_counter() - started) * 1e3)
                found[str(size)] = {
                    "ms": sum(taken) / size,
                    "ms_median": statistics.median(taken),
                    **memory(sandbox),
                }
    return found


def different(sandbox: Sandbox, number: int) -> None:
    source = f"def square(x):\n    return 1 + x * x + {number} - {number}\n"
    with sandbox.candidate("square", source) as candidate:
        if candidate.call(CALL).value != RIGHT:
            raise SystemExit("a wrong answer: nothing was measured")


def memory(sandbox: Sandbox) -> dict[str, float]:
    """MiB that only the zygote has, and that a candidate has for itself after one call."""
    with sandbox.candidate("square", FRAGMENT) as candidate:
        candidate.call(CALL)
        zygote = int(field(candidate.pid, "status", "PPid:"))
        return {
            "zygote_mib": pool_bytes(zygote, "Pss") / 2**20,
            "candidate_private_mib": pool_bytes(candidate.pid, "Private_Dirty") / 2**20,
        }


def field(pid: int, file: str, name: str) -> str:
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(name))


def pool_bytes(pid: int, kind: str) -> int:
    return int(field(pid, "smaps_rollup", f"{kind}:")) << 10


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
    Console().print(f"a jailed candidate takes {result['jail_over_same_work']:.2f} × the same work")


def show_population(found: dict[str, dict[str, float]]) -> None:
    table = Table(title="One core, different fragments")
    for column in ("population", "ms each", "median", "zygote MiB", "candidate MiB"):
        table.add_column(column, justify="right")
    for size, row in found.items():
        table.add_row(size, *(f"{value:.2f}" for value in row.values()))
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="per way and round")
    parser.add_argument("--population", type=int, nargs="+", default=[], metavar="N")
    parser.add_argument("--core", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--root", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.core is not None:
        work(options.core, options.root)
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
    jailed, same = (ways[way]["ms"]["median"] for way in WAYS[:2])
    result["jail_over_same_work"] = jailed / same
    show(result, ways)
    if options.population:
        result["population"] = population(options.population)
        show_population(result["population"])
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
