"""How many defective programs are repaired, how fast, and how often is the first repair right?

    python -m benchmarks.repair --corpus DIR [--layout quixbugs|refactory] [--seconds 60]

Per program: whether a version was found that passes every case (*plausible*), after how many
trials and seconds, and whether the one that is ranked first *agrees with the reference* on
generated inputs (1000 on which the reference returns, made from the recorded ones; programs
with fewer than 1000 are named). Programs whose cases are tests are "not checked". Both are told
apart, because passing is not being right.
Nothing of a corpus runs outside of the jail. Shares come with 95 % Wilson intervals.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.repair_corpora import Problem, quixbugs, refactory
from codegenesis.arena.messages import Example, Score
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.repair import Fresh, neighbours, ranked, repair
from codegenesis.errors import CodeGenesisError
from codegenesis.evidence.arena import Arena

STEPS, REFERENCE_STEPS = 10_000, 100_000
GENERATED, CHECKED, REQUIRED, FOR_RANKING = 3000, 1000, 1000, 300
#: Inputs tried in one arena, and the CPU seconds of one: an arena that is silent for so long dies.
CHUNK, CASE_S = 250, 20.0
TOP = 5


def main() -> int:
    """Repair each program in turn and tell the shares."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True, help="directory of a checkout")
    parser.add_argument("--layout", choices=("quixbugs", "refactory"), default="quixbugs")
    parser.add_argument("--seconds", type=float, default=60.0, help="per program")
    parser.add_argument("--only", default="", metavar="NAME", help="programs with this in the name")
    parser.add_argument("--most", type=int, default=60, help="programs per question (refactory)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for problem in problems(options, Path(folder)):
            row = measure(problem, seconds=options.seconds, seed=options.seed)
            if row["result"] != "not wrong":
                rows.append(row)
                print(line(row), flush=True)
    document = summary(rows)
    show(document)
    if options.json:
        options.json.write_text(json.dumps({**document, "rows": rows}, indent=2) + "\n")
    return 0


def problems(options: argparse.Namespace, folder: Path) -> Iterator[Problem]:
    """Those that were asked for."""
    found = (
        quixbugs(options.corpus)
        if options.layout == "quixbugs"
        else refactory(options.corpus, folder, most=options.most, seed=options.seed)
    )
    return (problem for problem in found if options.only in problem.name)


def measure(problem: Problem, *, seconds: float, seed: int) -> dict[str, Any]:
    """One program."""
    row: dict[str, Any] = {"name": problem.name, "result": "not opened", "source": ""}
    try:
        problem = usable(problem)
        with arena(problem, problem.examples) as cases:
            return row | searched(problem, cases, seconds, seed)
    except CodeGenesisError as error:
        return row | {"reason": str(error)}


def usable(problem: Problem) -> Problem:
    """Without the examples that the reference itself does not pass within the limits."""
    if not problem.examples:
        return problem
    with Arena(problem.reference, examples=problem.examples, steps=REFERENCE_STEPS) as cases:
        score = cases.score([problem.reference.source])[0]
    kept = [
        example
        for example, ending in zip(problem.examples, score.endings, strict=False)
        if ending == "passed"
    ]
    return msgspec.structs.replace(problem, examples=tuple(kept))


def arena(problem: Problem, examples: Sequence[Example]) -> Arena:
    """Where versions of it are tried on these examples, or on its tests."""
    return Arena(
        problem.gene,
        examples=examples,
        tests=() if examples else problem.tests,
        project=problem.project,
        steps=STEPS,
    )


def searched(problem: Problem, cases: Arena, seconds: float, seed: int) -> dict[str, Any]:
    """Search, rank and compare with the reference."""
    meter = Meter(Budget(seconds=seconds))
    found = repair(
        problem.gene.source,
        cases,
        meter=meter,
        module_source=problem.module_source,
        qualname=problem.gene.qualname,
        seed=seed,
    )
    row: dict[str, Any] = {
        "cases": len(cases.cases),
        "trials": found.trials,
        "seconds": round(found.seconds, 2),
        "stages": found.stages,
        "reason": found.reason,
        "fitness": round(found.best.score.fitness, 3),
        "source": found.best.source,
    }
    if found.reason == "the original passes every case":
        return row | {"result": "not wrong"}
    if not found.plausible:
        return row | {"result": "none"}
    began = time.monotonic()
    best = ranked(problem.gene.source, found.plausible, fresh=fresh(problem, cases, seed))
    first = min(found.plausible, key=lambda each: each.trials)
    agrees, inputs = agreement(problem, [each.source for each in best[:TOP]], seed)
    return row | {
        "result": "plausible",
        "first_trials": first.trials,
        "first_seconds": round(first.seconds, 2),
        "found": len(best),
        "size": best[0].size,
        "edits": [edit.words for edit in best[0].edits],
        "kinds": [edit.kind for edit in best[0].edits],
        "stage": best[0].stage,
        "agreement": best[0].agreement,
        "right": agrees[0] if agrees else None,
        "any_right": any(agrees) if agrees else None,
        "inputs": inputs,
        "rank_seconds": round(time.monotonic() - began, 2),
        "source": best[0].source,
        "ranked": [
            {"words": [e.words for e in each.edits], "cost": each.cost, "reasons": each.reasons}
            for each in best[:TOP]
        ],
    }


def fresh(problem: Problem, cases: Arena, seed: int) -> Fresh | None:
    """Generated inputs to rank by; None where cases are tests."""
    if not problem.examples:
        return None
    made = neighbours([each.call for each in problem.examples], seed=seed, n=FOR_RANKING)
    endings = cases.score([problem.gene.source])[0].endings
    if not made:
        return None

    def judge(sources: Sequence[str]) -> Sequence[Score]:
        examples = [Example(call=each.call, alive=True) for each in made]
        with arena(problem, examples) as opened:
            return opened.score(sources)

    return Fresh(judge=judge, passed=tuple(endings[each.of] == "passed" for each in made))


def agreement(problem: Problem, sources: list[str], seed: int) -> tuple[list[bool], int]:
    """Per version, whether it does what the reference does, and on how many inputs.

    Empty where that is not checked.
    """
    if not problem.examples:
        return [], 0
    calls = [each.call for each in problem.examples]
    made = neighbours(calls, seed=seed + 1, n=GENERATED)
    examples = [Example(call=each.call, alive=True) for each in made]
    right, inputs = [True] * len(sources), 0
    for start in range(0, len(examples), CHUNK):
        part = examples[start : start + CHUNK]
        with Arena(problem.reference, examples=part, steps=REFERENCE_STEPS, case_s=CASE_S) as one:
            reference = one.score([problem.reference.source])[0]
        with Arena(problem.gene, examples=part, steps=5 * REFERENCE_STEPS, case_s=CASE_S) as one:
            scores = one.score(sources)
        asked = [at for at, ending in enumerate(reference.endings) if ending == "passed"]
        right = [
            ok and same(reference, each, asked) for ok, each in zip(right, scores, strict=True)
        ]
        inputs += len(asked)
        if inputs >= CHECKED:
            break
    return right if inputs else [], inputs


def same(reference: Score, score: Score, asked: list[int]) -> bool:
    """Equal on all inputs that the reference answers."""
    return all(
        score.endings[at : at + 1] == ("passed",) and score.outcomes[at] == reference.outcomes[at]
        for at in asked
    )


# --- telling ------------------------------------------------------------------------------------


def line(row: dict[str, Any]) -> str:
    """One program, for people."""
    total = f"{row.get('seconds', 0):6.1f} s {row.get('trials', 0):7} trials"
    if row["result"] != "plausible":
        return f"{row['name']:36} {row['result']:11} {total}, fitness {row.get('fitness', 0)}"
    right = {True: "right", False: "wrong", None: "not checked"}[row["right"]]
    first = f"{row['first_seconds']:6.1f} s {row['first_trials']:7} trials"
    some = "any right" if row["any_right"] else ""
    edits = "; ".join(row["edits"])[:110]
    return f"{row['name']:36} {right:11} {first} | {total} | {row['found']:3} {some:9} | {edits}"


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Shares with intervals, and medians."""
    plausible = [row for row in rows if row["result"] == "plausible"]
    checked = [row for row in plausible if row["right"] is not None]
    right = sum(row["right"] for row in checked)
    return {
        "benchmark": "repair",
        "python": sys.version.split()[0],
        "cores": os.cpu_count(),
        "programs": len(rows),
        "plausible": len(plausible),
        "plausible_interval": wilson(len(plausible), len(rows)),
        "checked": len(checked),
        "right": right,
        "right_interval": wilson(right, len(checked)),
        "any_of_top_right": sum(row["any_right"] for row in checked),
        "median_inputs": statistics.median([r["inputs"] for r in checked] or [0]),
        "fewer_than_1000_inputs": {
            r["name"]: r["inputs"] for r in checked if r["inputs"] < REQUIRED
        },
        "median_seconds": statistics.median([r["first_seconds"] for r in plausible] or [math.nan]),
        "median_trials": statistics.median([r["first_trials"] for r in plausible] or [math.nan]),
    }


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return round(middle - half, 3), round(middle + half, 3)


def show(document: dict[str, Any]) -> None:
    """A table for people."""
    for name, value in document.items():
        print(f"{name:>20}  {value}")


if __name__ == "__main__":
    sys.exit(main())
