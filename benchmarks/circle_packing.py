"""How far does `discover` get with 26 circles in a square, beside a plain solver?

    python -m benchmarks.circle_packing --minutes 5 --json circle_packing.json

The solver is scipy's SLSQP from random starts, with gradients, on centres and radii together: what
anybody would try first, and what is made for such a problem. `discover` without a model starts from
`examples/circle_packing`, and, with `--openevolve DIRECTORY`, from that checkout's own example and
evaluator. Same machine, same run. The best that is known is about 2.63598.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from codegenesis.core.budget import Budget, Meter
from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.loading import load
from codegenesis.scenarios.discover.offline import offline_proposers
from codegenesis.scenarios.discover.run import discover

BEST_KNOWN = 2.63598
NUMBER = 26
_FIRST, _SECOND = np.triu_indices(NUMBER, 1)
_HERE = Path(__file__).resolve().parent.parent
_TOLERANCE = 1e-9
Vector = NDArray[np.float64]


def main() -> int:
    """Solve, discover, compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0, help="for each search")
    parser.add_argument("--solver-seconds", type=float, default=20.0, help="of CPU, for SLSQP")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--openevolve", type=Path, help="a checkout of openevolve")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = parser.parse_args()
    programs = {"examples": _HERE / "examples" / "circle_packing" / "program.py"}
    if options.openevolve:
        example = options.openevolve / "examples" / "circle_packing"
        programs["openevolve"] = example / "initial_program.py"
    document: dict[str, Any] = {
        "best_known": BEST_KNOWN,
        "cores": os.cpu_count(),
        "solver": solve(options.solver_seconds),
        "discover": [
            search(name, program, seed, options)
            for name, program in programs.items()
            for seed in range(1, options.seeds + 1)
        ],
    }
    print(json.dumps(document, indent=1))
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    return 0


def solve(cpu_s: float) -> list[dict[str, float]]:
    """SLSQP from random starts: each better sum, with the CPU seconds it took so far."""
    chance, began, steps, starts = np.random.default_rng(0), time.process_time(), [], 0
    best = 0.0
    while time.process_time() - began < cpu_s:
        starts += 1
        start = np.concatenate([chance.uniform(0.05, 0.95, 2 * NUMBER), np.full(NUMBER, 0.05)])
        end = minimize(
            lambda v: -v[2 * NUMBER :].sum(),
            start,
            jac=lambda _: np.repeat([0.0, -1.0], [2 * NUMBER, NUMBER]),
            method="SLSQP",
            bounds=[(0, 1)] * (2 * NUMBER) + [(0, 0.5)] * NUMBER,
            constraints={"type": "ineq", "fun": _slack, "jac": _slack_gradient},
            options={"maxiter": 300},
        )
        total = float(end.x[2 * NUMBER :].sum())
        if total > best and _slack(end.x).min() > -_TOLERANCE:
            best = total
            spent = time.process_time() - began
            steps.append({"sum_radii": best, "cpu_s": spent, "starts": starts})
    return steps


def _slack(values: Vector) -> Vector:
    """Room between each two circles, and between each and the four sides."""
    x, y, r = values.reshape(3, NUMBER)
    apart = np.hypot(x[_FIRST] - x[_SECOND], y[_FIRST] - y[_SECOND])
    return np.concatenate([apart - r[_FIRST] - r[_SECOND], x - r, 1 - x - r, y - r, 1 - y - r])


def _slack_gradient(values: Vector) -> Vector:
    x, y, _ = values.reshape(3, NUMBER)
    dx, dy = x[_FIRST] - x[_SECOND], y[_FIRST] - y[_SECOND]
    apart = np.maximum(np.hypot(dx, dy), 1e-12)
    rows, pairs = np.arange(len(_FIRST)), np.zeros((len(_FIRST), 3 * NUMBER))
    for at, part in ((_FIRST, 1), (_SECOND, -1)):
        pairs[rows, at] = part * dx / apart
        pairs[rows, at + NUMBER] = part * dy / apart
        pairs[rows, at + 2 * NUMBER] = -1
    one, none = np.eye(NUMBER), np.zeros((NUMBER, NUMBER))
    sides = [
        np.hstack([one, none, -one]),
        np.hstack([-one, none, -one]),
        np.hstack([none, one, -one]),
        np.hstack([none, -one, -one]),
    ]
    return np.vstack([pairs, *sides])


def search(name: str, program: Path, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """One run of `discover`."""
    problem = load(program)
    meter, started = Meter(Budget(seconds=60 * options.minutes)), time.monotonic()
    with Evaluators(problem, jobs=options.jobs) as evaluators:
        found = discover(
            problem,
            evaluators,
            offline_proposers(problem),
            meter=meter,
            seed=seed,
            jobs=options.jobs,
        )
    metrics = found.best.evaluation.metrics
    return {
        "from": name,
        "seed": seed,
        "sum_radii": metrics.get("sum_radii", found.best.score),
        "first": found.first.evaluation.metrics.get("sum_radii", found.first.score),
        "evaluations": found.individuals,
        "valid": found.valid,
        "minutes": (time.monotonic() - started) / 60,
        "best_at_s": found.steps[-1].seconds if found.steps else 0.0,
        "program": found.best.program,
    }


if __name__ == "__main__":
    sys.exit(main())
