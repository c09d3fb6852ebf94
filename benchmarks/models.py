"""What a real local model is worth per call and per minute, and where its other answers die.

    python -m benchmarks.models [--model FILE.gguf] [--calls 2] [--json FILE]

The model is asked about each function of `benchmarks.model_tasks`, in the ways that evolution, fix
and synthesis ask, without any rule or search beside it. A version is useful when it passes every
gate and is proven faster in a short race, or passes every example. Tokens and money are counted by
us and, from the same bytes, by somebody else. The population with and without the model is
`benchmarks.models_population`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import fates
from benchmarks.model_bench import added, bench
from benchmarks.model_tasks import Task, tasks
from codegenesis import genome
from codegenesis.compiler import Terms, race
from codegenesis.config import load
from codegenesis.errors import CodeGenesisError
from codegenesis.evidence import case, run_gates, survived
from codegenesis.evidence.arena import Arena
from codegenesis.lifecycle import observe
from codegenesis.lifecycle.asking import Asked, Asking, Authors, round_of, together
from codegenesis.lifecycle.asking.cases import CasesBriefing, named
from codegenesis.lifecycle.grounds import lay_grounds
from codegenesis.lifecycle.jails import limits_for, open_sandbox
from codegenesis.lifecycle.offers.asked import briefing_of, learned
from codegenesis.lifecycle.offers.offer import Cases, failures
from codegenesis.model import Trial, Variant

_KINDS = ("all", "weak", "slow", "fix", "fill")
#: No answer is waited for longer.
_PATIENCE_S = 120.0
_RACE = Terms(pairs=4, most_pairs=4, budget_s=2.0)


def main() -> int:
    """Ask about them all, print what came of it."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder, bench(options.model, seed=options.seed) as on:
        found = tasks(Path(folder), weak=options.weak, own=options.own, seed=options.seed)
        before = json.loads(options.go_on.read_text()) if options.go_on else {"rows": []}
        known = {row["function"] for row in before["rows"]}
        left = [task for task in found if task.gene.name not in known]
        rows = [*before["rows"], *_rows(left, on.authors, options)]
        accounting = added(before.get("accounting"), on.accounting())
    document = {**_document(rows, options), "accounting": accounting, "rows": rows}
    print(json.dumps({k: v for k, v in document.items() if k != "rows"}, indent=2))
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    named_file = os.environ.get("CODEGENESIS_TEST_MODEL")
    parser.add_argument("--model", type=Path, default=named_file, required=not named_file)
    parser.add_argument("--weak", type=int, default=16, help="functions drawn from the weak ones")
    parser.add_argument("--own", type=int, default=16, help="of those written for this, at most")
    parser.add_argument("--calls", type=int, default=2, help="answers for each function")
    parser.add_argument("--minutes", type=float, default=20.0, help="no function begins after them")
    parser.add_argument("--go-on", type=Path, help="results of a run that was cut short")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--note", default="", help="what else the machine was doing")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _rows(
    found: Sequence[Task], authors: Authors, options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    until = time.monotonic() + 60 * options.minutes
    for task in found:
        if time.monotonic() > until:
            return
        began = time.monotonic()
        row: dict[str, Any] = {"kind": task.kind, "function": task.gene.name}
        try:
            ask = _faster if task.calls else _held
            row |= ask(task, authors, options.calls)
        except CodeGenesisError as error:
            print(f"{task.gene.target}: left out: {error}", file=sys.stderr, flush=True)
            continue
        row["seconds"] = round(time.monotonic() - began, 2)
        print(json.dumps(row), file=sys.stderr, flush=True)
        yield row


def _faster(task: Task, authors: Authors, calls: int) -> dict[str, Any]:
    """Ask for faster versions; each goes through the gates, those that live are raced."""
    config = load(overrides={"budget_s": 20.0}, environ={})
    seen = [o for o in observe(task.gene, list(task.calls), config) if o.cpu_ns < fates.MOST_NS]
    variants: list[Variant] = []
    trials: list[Trial] = []
    with open_sandbox(task.gene, config, limits=limits_for(seen)) as sandbox:
        grounds = lay_grounds(task.gene, sandbox, seen, config)
        judged = case(task.gene, sandbox, grounds.baseline, budget_s=fates.GATE_S)
        judged = msgspec.structs.replace(judged, fresh=fates.FRESH)
        traits = genome.measure(task.gene, grounds.observations)
        asked = round_of(authors, judged, traits=traits, variants=variants, trials=trials)
        patience = time.monotonic() + _PATIENCE_S * calls
        for variant in asked.versions(until=patience, over=lambda: asked.asked.calls >= calls):
            variants.append(variant)
            trials += (mine := run_gates(grounds.gates(), variant, judged))
            asked.judged(variant, trials)
            if survived(mine):
                name = task.gene.qualname
                ended = race(sandbox, name, variant.source, judged.calls, terms=_RACE)
                trials.append(ended.trial(variant))
        told = asked.end(trials)
    gains = [t.measurements["ratio"] for t in trials if t.gate == "race" and t.verdict == "passed"]
    styles = [variant.operator for variant in variants]
    return {"asked": msgspec.to_builtins(told), "gains": gains, "styles": styles}


def _held(task: Task, authors: Authors, calls: int) -> dict[str, Any]:
    """Ask for fixes or bodies; each is put to the examples, and to those that were held back."""
    cases = Cases(examples=task.examples)
    with Arena(task.gene, examples=task.examples, jobs=1) as arena:
        if task.kind == "fix":
            before = arena.score([task.gene.source])[0]
            failing = failures(arena, before.endings)
            briefing = briefing_of(task.gene, cases, failing, before, redact=())
        else:
            briefing = CasesBriefing(task.gene, "fill", examples=task.examples)
        passing, styles = [], []
        with Asking(authors, lambda: (briefing.brief(), ())) as asking:
            until = time.monotonic() + _PATIENCE_S * calls
            for attempt in asking.attempts(until=until, over=lambda: asking.asked.calls >= calls):
                score = arena.score([attempt.source])[0]
                styles.append(attempt.style)
                if learned(asking, briefing, attempt, score, named(task.gene, task.examples)):
                    passing.append(attempt.source)
            told = asking.asked
    holds = [task.holds(source) for source in passing]
    return {"asked": msgspec.to_builtins(told), "holds": holds, "styles": styles}


def _document(rows: Sequence[dict[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    return {
        "file": Path(options.model).name,
        "functions": dict(Counter(row["kind"] for row in rows)),
        "answers_each": options.calls,
        "model": {kind: _model(rows, kind) for kind in _KINDS},
        "solved": {kind: _solved(rows, kind) for kind in _KINDS},
        "held_back_as_well": [sum(row.get("holds", ())) for row in rows if row.get("holds")],
        "cores": os.cpu_count(),
        "load_after": os.getloadavg()[0],
        "note": options.note,
    }


def _model(rows: Sequence[dict[str, Any]], kind: str) -> dict[str, Any]:
    """What became of the model's answers."""
    mine = [row for row in rows if kind in ("all", row["kind"])]
    asked = together(msgspec.convert(row["asked"], Asked) for row in mine)
    if asked is None:
        return {"calls": 0}
    return {
        **msgspec.to_builtins(asked),
        "useful_per_call": asked.useful / max(1, asked.calls),
        "useful_per_minute_of_the_model": 60 * asked.useful / max(1e-9, asked.seconds),
        "useful_per_minute": 60 * asked.useful / sum(row["seconds"] for row in mine),
        "seconds_per_call": asked.seconds / max(1, asked.calls),
    }


def _solved(rows: Sequence[dict[str, Any]], kind: str) -> str:
    """Functions with at least one useful version."""
    mine = [row for row in rows if kind in ("all", row["kind"])]
    return f"{sum(bool(row['asked']['useful']) for row in mine)} of {len(mine)}"


if __name__ == "__main__":
    sys.exit(main())
