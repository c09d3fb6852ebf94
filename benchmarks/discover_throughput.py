"""What the loop of discovery costs for each candidate, and whether that grows with their number.

    python -m benchmarks.discover_throughput [--populations 100 1000 10000] [--json FILE]

A model that answers at once with a program that nobody has written yet, through the whole of it:
prompt, answer, regions, syntax, islands, archive, both jails, store. Beside it the same jails
asked for scores by nobody but two threads: what is missing to that is what the loop costs. Each
rate is of the last hundred candidates before the population has its size, since that is what the
next one will cost; the engine's own CPU time beside it says the same on a machine that has other
things to do. A peer that was measured for comparison fell from 222 to 101 to 21.9 a second at
100, 300 and 1000 candidates, without jails.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from codegenesis.cli.discover import SWITCH_S
from codegenesis.config import load as settings
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.models.fake import FakeModel
from codegenesis.core.models.model import Request
from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.loading import load
from codegenesis.scenarios.discover.modelled import ModelProposer
from codegenesis.scenarios.discover.outcome import Discovery
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.run import discover
from codegenesis.store import Store

PROGRAM = '''\
"""A curve through points."""

import math


# EVOLVE-BLOCK-START
def curve(x):
    """Some curve."""
    total = 0.5
    if x > 0.25:
        total += 1.5 * x
    for power in range(1, 4):
        total += math.sin(x * power) / (power + 1.25)
    return total - 0.75
# EVOLVE-BLOCK-END


def points():
    return [curve(step / 10) for step in range(20)]
'''
EVALUATOR = """\
import importlib.util
import math

WANTED = [math.exp(step / 20) for step in range(20)]


def evaluate(program_path):
    spec = importlib.util.spec_from_file_location("program", program_path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    got = module.points()
    wrong = sum((one - other) ** 2 for one, other in zip(got, WANTED))
    return {"combined_score": 1 / (1 + wrong), "wrong": wrong}
"""
JOBS = 2
_WINDOW = 100
_NUMBER = re.compile(r"\d+\.\d+")
_TERMS = ("math.cos({})", "math.tanh(x - {})", "x * {}", "abs(x - {})", "min(x, {})", "{} ** x")


class Author:
    """Rewrites the function that it is shown: other numbers, now and then another line."""

    def __init__(self) -> None:
        self._count = itertools.count()
        self._block = re.compile(r"```python\n(.*?)```", re.DOTALL)

    def __call__(self, request: Request) -> str:
        chance = Random(next(self._count))
        shown = self._block.search(request.messages[-1].text)
        text = shown[1] if shown else PROGRAM
        text = _NUMBER.sub(lambda _: f"{chance.uniform(0, 2):.6f}", text)
        if chance.random() < 0.5:
            term = chance.choice(_TERMS).format(f"{chance.random():.6f}")
            line = f"    total += {term}\n    return total"
            text = text.replace("    return total", line) if text.count("\n") < 16 else text
        return f"This fits better.\n```python\n{text}```\n"


class Clocked:
    """Evaluators that note when each evaluation has ended, and the engine's CPU time by then."""

    def __init__(self, evaluators: Evaluators) -> None:
        self._evaluators = evaluators
        self._lock = threading.Lock()
        self.ended: list[float] = []
        self.spent: list[float] = []

    def evaluate(self, program: str) -> Evaluation:
        found = self._evaluators.evaluate(program)
        with self._lock:
            self.ended.append(time.perf_counter())
            self.spent.append(time.process_time())
        return found

    def confirm(self, program: str) -> Evaluation:
        return self._evaluators.confirm(program)


def main() -> int:
    """Measure, and say so."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--populations", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sys.setswitchinterval(SWITCH_S)  # as the command does
    with tempfile.TemporaryDirectory() as folder:
        document = measured(Path(folder), sorted(options.populations))
    print(json.dumps(document, indent=2))
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def measured(folder: Path, populations: Sequence[int]) -> dict[str, Any]:
    """The jails alone, the whole loop, and the jails alone again: load comes and goes."""
    (folder / "program.py").write_text(PROGRAM)
    (folder / "evaluator.py").write_text(EVALUATOR)
    problem = load(folder / "program.py", evaluator=folder / "evaluator.py")
    with Evaluators(problem, jobs=JOBS) as evaluators:
        before = raw(evaluators, problem)
        clocked = Clocked(evaluators)
        found = run(folder, problem, clocked, populations[-1])
        after = raw(evaluators, problem)
    rates = {str(size): rate(clocked.ended, size) for size in populations}
    jails = statistics.mean([before, after])
    return {
        "candidates_per_s": rates,
        "jails_alone_per_s": {"before": before, "after": after},
        "whole_run_per_s": (len(clocked.ended) - 1) / (clocked.ended[-1] - clocked.ended[0]),
        "whole_run_over_jails": rate(clocked.ended, populations[-1], populations[-1] - 1) / jails,
        "last_over_first": rates[str(populations[-1])] / rates[str(populations[0])],
        "engine_cpu_ms_per_candidate": {
            str(size): 1000 / rate(clocked.spent, size) for size in populations
        },
        "candidates": found.individuals,
        "valid": found.valid,
        "known": found.known,
        "drafts_per_answer": found.tallies[0].drafts / max(1, found.individuals - 1),
        "best": found.best.score,
        "first": found.first.score,
        "jobs": JOBS,
        "cores": os.cpu_count(),
        "load_after": os.getloadavg()[0],
    }


def run(folder: Path, problem: Problem, evaluators: Clocked, trials: int) -> Discovery:
    """So many candidates of the fake model, all kept."""
    with Store.open(folder / "genesis.db") as store:
        return discover(
            problem,
            evaluators,
            [ModelProposer(FakeModel(Author()), parallel=2)],
            meter=Meter(Budget(trials=trials)),
            store=store,
            config=settings(),
            jobs=JOBS,
        )


def raw(evaluators: Evaluators, problem: Problem, number: int = 600) -> float:
    """Evaluations a second of nothing but the jails."""
    request = Random(1)
    programs = [
        _NUMBER.sub(lambda _: f"{request.uniform(0, 2):.6f}", problem.program)
        for _ in range(number)
    ]
    started = time.perf_counter()
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(evaluators.evaluate, programs))
    return number / (time.perf_counter() - started)


def rate(ended: Sequence[float], size: int, window: int = _WINDOW) -> float:
    """Candidates a second (on whatever clock), over the last `window` before there were `size`."""
    window = min(window, size - 1)
    return window / (ended[size - 1] - ended[size - 1 - window])


if __name__ == "__main__":
    sys.exit(main())
