"""Does `discover` without a model find better rules for online bin packing than best fit?

    python -m benchmarks.bin_packing --data online_bin_packing.json --seeds 5 --minutes 4

The file is that of FunSearch (Romera-Paredes et al. 2023): OR3 with items uniform in 20..100 and
capacity 150, and Weibull 5k (shape 3, scale 45, rounded down, as the file's mean tells) with
capacity 100. A search sees instances that are generated from these laws, never the file. What it
found is then packed once on the file, and on a third set that is generated with other seeds.
Figures are bins beyond the L1 lower bound, in per cent; lower is better. Rules are functions of the
item and of one bin's remaining capacity (`examples/bin_packing`), a smaller class than FunSearch's,
whose rules see all open bins in their order.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from codegenesis.core.budget import Budget, Meter
from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.loading import load
from codegenesis.scenarios.discover.offline import offline_proposers
from codegenesis.scenarios.discover.run import discover

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "bin_packing"
#: Name in the file, score that the first stage asks for, size of the third set.
LAWS = {
    "uniform": ("OR3", -4.0, (200, 500)),
    "weibull": ("Weibull 5k", -2.5, (20, 5000)),
}
_FRESH_SEED = 20260101
_JUDGE = """

SETS = {sets}


def evaluate(program_path):
    table = table_of(program_path)
    found = {{name: excess(table, np.array(sizes), CAPACITY) for name, sizes in SETS.items()}}
    return {{"combined_score": -found["file"], **found}}
"""


def main() -> int:
    """Run the searches, one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="online_bin_packing.json")
    parser.add_argument("--laws", nargs="+", choices=tuple(LAWS), default=list(LAWS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=4.0, help="for each search")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = parser.parse_args()
    data = json.loads(options.data.read_text())
    document: dict[str, Any] = {
        "cores": os.cpu_count(),
        "minutes": options.minutes,
        "jobs": options.jobs,
        "published": data["published_excess_percent"],
        "laws": {},
    }
    for law in options.laws:
        document["laws"][law] = measure(law, data, options)
        if options.json:
            options.json.write_text(json.dumps(document, indent=1) + "\n")
    return 0


def measure(law: str, data: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """All seeds of one law, judged on the file and on a third set."""
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    with tempfile.TemporaryDirectory() as root:
        judge = _judge(law, data, Path(root))
        with Evaluators(judge, jobs=1) as judging:
            best_fit = judging.evaluate(judge.program).metrics
            rows = []
            for seed in seeds:
                found = search(law, seed, Path(root), options)
                metrics = judging.evaluate(found["program"]).metrics
                rows.append({**found, "file": metrics["file"], "fresh": metrics["fresh"]})
                show(law, rows[-1])
    return {"best_fit": best_fit, "spread": spread(rows), "seeds": rows}


def search(law: str, seed: int, root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One run of `discover`, from best fit."""
    problem = _problem(law, root / f"{law}-{seed}", seed=seed)
    meter, began = Meter(Budget(seconds=60 * options.minutes)), os.times()
    started = time.monotonic()
    with Evaluators(problem, jobs=options.jobs) as evaluators:
        found = discover(
            problem,
            evaluators,
            offline_proposers(problem),
            meter=meter,
            seed=seed,
            jobs=options.jobs,
        )
    ended = os.times()
    return {
        "seed": seed,
        "train": -found.best.score,
        "evaluations": found.individuals,
        "valid": found.valid,
        "minutes": (time.monotonic() - started) / 60,
        "cpu_minutes": sum(b - a for a, b in zip(began[:4], ended[:4], strict=True)) / 60,
        "best_at_s": found.steps[-1].seconds if found.steps else 0.0,
        "program": found.best.program,
    }


def spread(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Lowest, median and highest over the seeds."""
    return {
        name: {
            "lowest": min(row[name] for row in rows),
            "median": statistics.median(row[name] for row in rows),
            "highest": max(row[name] for row in rows),
        }
        for name in ("train", "file", "fresh")
    }


def show(law: str, row: dict[str, Any]) -> None:
    """One line for a search."""
    print(
        f"{law} seed {row['seed']}: file {row['file']:.2f} %, fresh {row['fresh']:.2f} %, "
        f"train {row['train']:.2f} %; {row['evaluations']} programs in {row['minutes']:.1f} min "
        f"({row['cpu_minutes']:.1f} CPU)",
        flush=True,
    )


def _problem(law: str, folder: Path, *, seed: int, more: str = "") -> Any:
    """The example, for one law and one set of training instances."""
    folder.mkdir()
    _, threshold, _ = LAWS[law]
    evaluator = (EXAMPLE / "evaluator.py").read_text()
    evaluator = evaluator.replace('LAW = "uniform"', f'LAW = "{law}"', 1)
    evaluator = evaluator.replace("SEED = 1\n", f"SEED = {seed}\n", 1)
    (folder / "evaluator.py").write_text(evaluator + more)
    (folder / "program.py").write_text((EXAMPLE / "program.py").read_text())
    (folder / "config.yaml").write_text(
        f"evaluator:\n  timeout: 30\n  cascade_evaluation: {str(not more).lower()}\n"
        f"  cascade_thresholds: [{threshold}]\n"
    )
    return load(folder / "program.py")


def _judge(law: str, data: dict[str, Any], root: Path) -> Any:
    """The problem of scoring on the file and on a third set, outside of any search."""
    name, _, (number, items) = LAWS[law]
    problem_space: dict[str, Any] = {}
    exec((EXAMPLE / "evaluator.py").read_text().split("FIRST, WHOLE")[0], problem_space)
    sets = {
        "file": [each["items"] for each in data["datasets"][name].values()],
        "fresh": problem_space["instances"](law, number, items, seed=_FRESH_SEED).tolist(),
    }
    return _problem(law, root / f"{law}-judge", seed=0, more=_JUDGE.format(sets=sets))


if __name__ == "__main__":
    sys.exit(main())
