"""What the engine makes of code that nobody chose: every function of many modules, no model.

    python -m benchmarks.optimise --corpus CHECKOUT [--modules 30] [--seconds 12] [--json FILE]

Modules are drawn from a checkout of TheAlgorithms/Python. Inputs are the doctests', and the same
made larger, because doctests are tiny. A function that its inputs cannot reach, or that is no
oracle for itself, is counted and left alone. What is found is compared with the original on a
thousand further inputs that the engine never saw: a difference is a wrong result.
"""

from __future__ import annotations

import argparse
import ast
import json
import math
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from benchmarks.fates import MOST_NS, doctest_arguments, grown
from codegenesis import wire
from codegenesis.arena.messages import Example
from codegenesis.config import Config, load
from codegenesis.core.repair import neighbours
from codegenesis.errors import CodeGenesisError
from codegenesis.evidence.arena import Arena
from codegenesis.ledger import KeyRing, Ledger
from codegenesis.lifecycle import Evolver, locate, observe
from codegenesis.model import Gene, Observation
from codegenesis.store import Store

CALLS, FURTHER = 24, 1000
LARGER = (1, 2, 5, 12)
#: Steps of loops that a further input may take.
STEPS = 2_000_000


class Subject(NamedTuple):
    """A function with encoded calls; none when nothing is known to call it with."""

    module: str
    gene: Gene
    calls: list[bytes]


def main() -> int:
    """Evolve them all, and say what came of it."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        subjects = of_checkout(options.corpus, modules=options.modules, seed=options.seed)
        rows = [_row(each, home, options) for each in subjects]
    document = _document(rows, options)
    print(json.dumps({k: v for k, v in document.items() if k != "rows"}, indent=2))
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--corpus", type=Path, required=True, help="checkout of TheAlgorithms/Python"
    )
    parser.add_argument("--modules", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=12.0, help="for one function")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


# --- the functions --------------------------------------------------------------------------------


def of_checkout(directory: Path, *, modules: int, seed: int) -> Iterator[Subject]:
    """Every function of so many modules that have doctests, drawn by chance."""
    paths = sorted(directory.glob("*/**/*.py"))
    Random(seed).shuffle(paths)
    taken = 0
    for path in paths:
        found = list(_of_file(path, Random(f"{seed}:{path.name}")))
        if any(each.calls for each in found):
            yield from found
            taken += 1
        if taken == modules:
            return


def _of_file(path: Path, chance: Random) -> Iterator[Subject]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            try:
                gene = locate(f"{path}:{node.name}", service="benchmark", cwd=path.parent)
            except CodeGenesisError:
                continue
            examples = list(doctest_arguments(node))
            yield Subject(f"{path.parent.name}/{path.name}", gene, _calls(examples, chance))


def _calls(examples: Sequence[tuple[Any, ...]], chance: Random) -> list[bytes]:
    calls = []
    for number in range(CALLS if examples else 0):
        arguments = examples[number % len(examples)]
        times = LARGER[number // len(examples) % len(LARGER)]
        larger = (_larger(each, times, chance) for each in arguments)
        calls.append(wire.encode_call(tuple(larger), {}))
    return list(dict.fromkeys(calls))


def _larger(value: Any, times: int, chance: Random) -> Any:
    if type(value) is int and value > 1:
        return value * times
    return grown(value, times * times, chance)


# --- one function ---------------------------------------------------------------------------------


def _row(subject: Subject, home: Path, options: argparse.Namespace) -> dict[str, Any]:
    row: dict[str, Any] = {"module": subject.module, "function": subject.gene.qualname}
    if not subject.calls:
        row["ended"] = "no inputs"
    else:
        try:
            row |= _evolved(subject, home, options)
        except CodeGenesisError as error:
            row["ended"] = f"refused: {str(error)[:120]}"
    print(f"{subject.module} {subject.gene.qualname}: {row}", file=sys.stderr, flush=True)
    return row


def _evolved(subject: Subject, home: Path, options: argparse.Namespace) -> dict[str, Any]:
    config = _config(home, options)
    seen = [each for each in observe(subject.gene, subject.calls, config) if _quick(each)]
    if len(seen) < 3:
        return {"ended": "too few inputs that return soon"}
    with Store.open(home / "genesis.db") as store:
        store.put_genes([subject.gene])
        ring = KeyRing(home / "keys")
        ring.ensure()
        found = Evolver(store, Ledger(store, ring), config).evolve(subject.gene, seen)
    row: dict[str, Any] = {
        "ended": "unchanged",
        "reason": found.reason,
        "trials": len({trial.variant for trial in found.trials}),
        "seconds": round(found.seconds, 2),
    }
    if found.champion is not None:
        gain = found.champion.gain
        source = found.champion.variant.source
        wrong, compared = _differs(subject.gene, source, seen, options.seed)
        row |= {
            "ended": "improved",
            "operator": found.champion.variant.operator,
            "gain": gain.ratio,
            "low": gain.low,
            "compared": compared,
            "wrong": wrong,
        }
    return row


def _config(home: Path, options: argparse.Namespace) -> Config:
    settings = {
        "directory": str(home / ".codegenesis"),
        "budget_s": options.seconds,
        "min_strength": 0.0,
        "symbolic_s": 0.0,
        "seed": options.seed,
    }
    return load(overrides=settings, start=home)


def _quick(seen: Observation) -> bool:
    return seen.cpu_ns < MOST_NS and seen.outcome is not None and seen.outcome.kind == "returned"


def _differs(
    gene: Gene, source: str, seen: Sequence[Observation], seed: int
) -> tuple[list[str], int]:
    """Further inputs on which both end otherwise, and how many were compared."""
    calls = [each.call for each in seen if each.call is not None]
    made = [each.call for each in neighbours(calls, seed=seed + 1, n=FURTHER)]
    examples = [Example(call=call, alive=True) for call in (*calls, *made)]
    with Arena(gene, examples=examples, jobs=1) as arena:
        arena.steps = STEPS
        before, after = arena.score([gene.source, source])
    pairs = zip(before.endings, before.outcomes, after.endings, after.outcomes, strict=False)
    ended = [pair[0] in ("passed", "raised", "returned") for pair in pairs]
    wrong = [
        repr(wire.decode_call(example.call))[:200]
        for example, end, other, out, came, ok in zip(
            examples, before.endings, after.endings, before.outcomes, after.outcomes, ended,
            strict=False,
        )
        if ok and (end, out) != (other, came)
    ]  # fmt: skip
    return wrong[:5], sum(ended)


# --- together -------------------------------------------------------------------------------------


def _document(rows: Sequence[dict[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    tried = [row for row in rows if "trials" in row]
    improved = [row for row in tried if row["ended"] == "improved"]
    logs = [math.log(row["gain"]) for row in improved]
    return {
        "modules": len({row["module"] for row in rows}),
        "functions": len(rows),
        "with_inputs": len(tried),
        "improved": len(improved),
        "share_improved": len(improved) / max(1, len(tried)),
        "geometric_mean_of_improved": math.exp(sum(logs) / max(1, len(logs))),
        "geometric_mean_of_all": math.exp(sum(logs) / max(1, len(tried))),
        "wrong": sum(bool(row["wrong"]) for row in improved),
        "compared_inputs": sum(row["compared"] for row in improved),
        "trials_per_improvement": sum(r["trials"] for r in tried) / max(1, len(improved)),
        "seconds_per_improvement": sum(r["seconds"] for r in tried) / max(1, len(improved)),
        "operators": Counter(row["operator"] for row in improved).most_common(),
        "left_alone": Counter(r["ended"].partition(":")[0] for r in rows if "trials" not in r),
        "seconds_each": options.seconds,
        "cores": os.cpu_count(),
        "load_after": os.getloadavg()[0],
        "rows": [msgspec.to_builtins(row) for row in rows],
    }


if __name__ == "__main__":
    sys.exit(main())
