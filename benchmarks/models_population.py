"""The population with a language model against the population without it, function by function.

    python -m benchmarks.models_population [--model FILE.gguf] [--seconds 60] [--json FILE]

Each function of `benchmarks.model_tasks` is evolved, fixed or filled twice, one run right after the
other, with the same wall time: by rules and searches alone, and with the real local model beside
them (the order alternates). The model has one thread and shares the machine with everything else.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import tempfile
import time
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.model_bench import added, bench
from benchmarks.model_tasks import Task, tasks
from codegenesis.config import Config, load
from codegenesis.core.budget import Budget, Meter
from codegenesis.errors import CodeGenesisError
from codegenesis.ledger import KeyRing, Ledger
from codegenesis.lifecycle import Evolver, observe
from codegenesis.lifecycle.asking import Asked, Authors, together
from codegenesis.lifecycle.offers.filling import Filler, cases_for
from codegenesis.lifecycle.offers.fixing import Fixer
from codegenesis.lifecycle.offers.offer import Cases, Offer
from codegenesis.store import Store

#: Gains that differ by less than this are a draw: the same version races 5 % apart on a busy day.
DRAW = 1.1


def main() -> int:
    """Run them all, print what came of it."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder, bench(options.model, seed=options.seed) as on:
        home = Path(folder)
        found = tasks(home, weak=options.weak, own=options.own, seed=options.seed)
        before = json.loads(options.go_on.read_text()) if options.go_on else {"rows": []}
        known = {row["function"] for row in before["rows"]}
        left = [task for task in found if task.gene.name not in known]
        rows = [*before["rows"], *_rows(left, home, on.authors, options)]
        accounting = added(before.get("accounting"), on.accounting())
    document = {**_document(rows, options), "accounting": accounting, "rows": rows}
    print(json.dumps({k: v for k, v in document.items() if k != "rows"}, indent=2))
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    named = os.environ.get("CODEGENESIS_TEST_MODEL")
    parser.add_argument("--model", type=Path, default=named, required=not named)
    parser.add_argument("--weak", type=int, default=8, help="functions drawn from the weak ones")
    parser.add_argument("--own", type=int, default=16, help="of those written for this, at most")
    parser.add_argument("--seconds", type=float, default=60.0, help="for one function, each time")
    parser.add_argument("--minutes", type=float, default=25.0, help="no function begins after them")
    parser.add_argument("--go-on", type=Path, help="results of a run that was cut short")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--note", default="", help="what else the machine was doing")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


# --- one function, twice --------------------------------------------------------------------------


def _rows(
    found: Sequence[Task], home: Path, authors: Authors, options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    until = time.monotonic() + 60 * options.minutes
    for number, task in enumerate(found):
        if time.monotonic() > until:
            return
        if row := _row(task, number, home, authors, options):
            yield row


def _row(
    task: Task, number: int, home: Path, authors: Authors, options: argparse.Namespace
) -> dict[str, Any] | None:
    row: dict[str, Any] = {"kind": task.kind, "function": task.gene.name}
    arms = {"with": authors, "without": None}
    try:
        for name in sorted(arms, reverse=bool(number % 2)):
            row[name] = _arm(task, home / f"{number}-{name}", arms[name], options)
    except CodeGenesisError as error:
        print(f"{task.gene.target}: left out: {error}", file=sys.stderr, flush=True)
        return None
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def _arm(
    task: Task, home: Path, authors: Authors | None, options: argparse.Namespace
) -> dict[str, Any]:
    home.mkdir()
    config = _config(home, options)
    ring = KeyRing(home / "keys")
    ring.ensure()
    began = time.monotonic()
    with Store.open(home / "genesis.db") as store:
        store.put_genes([task.gene])
        ledger = Ledger(store, ring)
        if task.calls:
            row, asked = _evolved(task, store, ledger, config, authors)
        else:
            row, asked = _offered(task, store, ledger, config, authors)
    row["seconds"] = round(time.monotonic() - began, 2)
    return row | ({"asked": msgspec.to_builtins(asked)} if asked else {})


def _config(home: Path, options: argparse.Namespace) -> Config:
    settings = {
        "directory": str(home / ".codegenesis"),
        "budget_s": options.seconds,
        "min_strength": 0.0,
        "symbolic_s": 0.0,
        "experience": "off",
        "seed": options.seed,
    }
    return load(overrides=settings, environ={}, start=home)


def _evolved(
    task: Task, store: Store, ledger: Ledger, config: Config, authors: Authors | None
) -> tuple[dict[str, Any], Asked | None]:
    seen = observe(task.gene, list(task.calls), config)
    found = Evolver(store, ledger, config, authors=authors).evolve(task.gene, seen)
    champion = found.champion
    row = {
        "gain": champion.gain.ratio if champion else 1.0,
        "operator": champion.variant.operator if champion else "",
        "reason": found.reason,
    }
    return row, found.asked


def _offered(
    task: Task, store: Store, ledger: Ledger, config: Config, authors: Authors | None
) -> tuple[dict[str, Any], Asked | None]:
    meter = Meter(Budget(seconds=config.budget_s))
    offers: Sequence[Offer]
    if task.kind == "fix":
        fixing = Fixer(store, ledger, config, authors=authors).fix(
            task.gene, Cases(examples=task.examples), meter=meter
        )
        offers, reason, asked = fixing.fixes, fixing.reason, fixing.asked
    else:
        cases = cases_for(task.gene, task.examples, tests=(), project=Path(task.gene.root))
        filling = Filler(store, ledger, config, authors=authors).fill(task.gene, cases, meter=meter)
        offers, reason, asked = filling.bodies, filling.reason, filling.asked
    row = {
        "offers": len(offers),
        "operator": offers[0].variant.operator if offers else "",
        "holds": bool(offers) and task.holds(offers[0].variant.source),
        "reason": reason,
    }
    return row, asked


# --- together -------------------------------------------------------------------------------------


def _document(rows: Sequence[dict[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    return {
        "file": Path(options.model).name,
        "tasks": dict(Tally(row["kind"] for row in rows)),
        "seconds_each": options.seconds,
        "model": _model(rows),
        "faster": {kind: _gains(rows, kind) for kind in ("all", "weak", "slow")},
        "offers": {kind: _offers(rows, kind) for kind in ("fix", "fill")},
        "cores": os.cpu_count(),
        "load_after": os.getloadavg()[0],
        "note": options.note,
    }


def _model(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What became of the model's answers."""
    parts = [row["with"].get("asked") for row in rows]
    asked = together(msgspec.convert(part, Asked) for part in parts if part)
    return msgspec.to_builtins(asked) if asked else {"calls": 0}


def _gains(rows: Sequence[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The champion's gain with the model over the one without it, function by function."""
    mine = [row for row in rows if "gain" in row["with"] and kind in ("all", row["kind"])]
    if not mine:
        return {"functions": 0}
    ratios = np.array([row["with"]["gain"] / row["without"]["gain"] for row in mine])
    return {
        "functions": len(mine),
        "improved_with": sum(row["with"]["gain"] > 1 for row in mine),
        "improved_without": sum(row["without"]["gain"] > 1 for row in mine),
        "champions_by_the_model": sum(row["with"]["operator"].startswith("model:") for row in mine),
        "geometric_mean_with": _geometric([row["with"]["gain"] for row in mine]),
        "geometric_mean_without": _geometric([row["without"]["gain"] for row in mine]),
        "ratio": _geometric(ratios),
        "ratio_95": _interval(np.log(ratios)),
        "better_with": int(np.sum(ratios > DRAW)),
        "better_without": int(np.sum(ratios < 1 / DRAW)),
        "seconds_with": sum(row["with"]["seconds"] for row in mine) / len(mine),
        "seconds_without": sum(row["without"]["seconds"] for row in mine) / len(mine),
    }


def _offers(rows: Sequence[dict[str, Any]], kind: str) -> dict[str, Any]:
    mine = [row for row in rows if row["kind"] == kind]
    return {
        "functions": len(mine),
        **{
            f"{what}_{arm}": sum(bool(row[arm][what]) for row in mine)
            for arm in ("with", "without")
            for what in ("offers", "holds")
        },
        "first_by_the_model": sum(row["with"]["operator"].startswith("model:") for row in mine),
    }


def _geometric(values: Sequence[float]) -> float:
    return math.exp(float(np.mean(np.log(values))))


def _interval(logs: Any) -> list[float]:
    """95 % of what the mean ratio would be on functions drawn again from these."""
    chance = random.Random(0)
    means = [np.mean(chance.choices(list(logs), k=len(logs))) for _ in range(4000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return [math.exp(low), math.exp(high)]


if __name__ == "__main__":
    sys.exit(main())
