"""Does selecting from many cost more each? Seconds per variant of a selection by halving.

    python -m benchmarks.selection --minutes 12 --json selection.json

Populations of 10, 100 and 1000 variants of one cheap function, all of them right, at gains from
0.5× to 4×; one of them is the best by far. Told are seconds per variant (must be flat: halving
doubles the work of the first heat at most, however many there are), whether the best one won, and
the true rank of the winner. The race budget is large enough never to bind. A run stopped by
`--minutes` has measured the smaller populations.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from codegenesis import fragment
from codegenesis.compiler import select
from codegenesis.evidence import baseline, case
from codegenesis.model import Gene, Observation, Variant
from codegenesis.sandbox import Environment, Sandbox
from codegenesis.wire import encode_call

LOOP = "def total(n):\n    for _ in range({work} * n):\n        pass\n    return n\n"
WORK = 400
CALLS = [(3,), (5,), (2,), (8,), (1,)]
POPULATIONS = (10, 100, 1000)


def main() -> int:
    """Measure each population in turn, as far as time allows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--populations", type=int, nargs="+", default=POPULATIONS)
    parser.add_argument("--minutes", type=float, default=12.0, help="begin nothing after so long")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = parser.parse_args()
    started, rows = time.monotonic(), list[dict[str, Any]]()
    for population in options.populations:
        spent = time.monotonic() - started
        expected = rows[-1]["seconds_per_variant"] * population if rows else 0.0
        if spent + expected > 60 * options.minutes:
            print(f"{population} variants would take {expected:.0f} s: left out", file=sys.stderr)
            break
        print(f"{population} variants, {spent:.0f} s so far", file=sys.stderr)
        rows.append(measure(population))
    show(rows)
    if options.json:
        document = {
            "benchmark": "selection",
            "python": sys.version.split()[0],
            "cores": os.cpu_count(),
            "load_after": os.getloadavg()[0],
            "flatness": flatness(rows),
            "rows": rows,
        }
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def measure(population: int) -> dict[str, Any]:
    """One selection from so many."""
    with tempfile.TemporaryDirectory() as folder:
        gene = project(Path(folder))
        environment = Environment(root=folder, module=gene.module, path=gene.path)
        with Sandbox(environment) as sandbox:
            calls = [encode_call(args, {}) for args in CALLS]
            seen = [
                Observation(gene=gene.id, process="p", at_ns=0, wall_ns=1, cpu_ns=1, call=call)
                for call in calls
            ]
            judged = case(gene, sandbox, baseline(gene, sandbox, seen))
            field = variants(gene, population)
            started = time.perf_counter()
            chosen = select(judged, field, judged.calls, budget_s=3600)
            seconds = time.perf_counter() - started
    ranked = sorted(field, key=work_of)
    rank = ranked.index(chosen.champion) + 1 if chosen.champion else 0
    return {
        "population": population,
        "seconds": seconds,
        "seconds_per_variant": seconds / population,
        "rank_of_winner": rank,
        "gain": chosen.race.gain.ratio if chosen.race else 0.0,
        "true_gain": WORK / work_of(chosen.champion) if chosen.champion else 0.0,
        "reason": chosen.reason,
    }


def project(folder: Path) -> Gene:
    """A module with the function."""
    path = folder / "raced.py"
    path.write_text(LOOP.format(work=WORK))
    found = fragment.find(path.read_text(), "total")
    return Gene(
        service="benchmark",
        module="raced",
        qualname="total",
        kind="function",
        path=str(path),
        root=str(folder),
        line=found.line,
        source=found.source,
    )


def variants(gene: Gene, population: int) -> list[Variant]:
    """Versions with other amounts of work; the constants make each a program of its own."""
    chance = Random(population)
    works = [round(WORK / chance.uniform(0.5, 2.0)) for _ in range(population - 1)] + [WORK // 4]
    chance.shuffle(works)
    return [
        Variant(
            gene=gene.id,
            base=gene.base,
            operator=f"work_{work}",
            source=f"_NUMBER = {number}\n\n\n{LOOP.format(work=work)}",
        )
        for number, work in enumerate(works)
    ]


def work_of(variant: Variant) -> int:
    """What a variant does, as its operator's name says."""
    return int(variant.operator.removeprefix("work_"))


def flatness(rows: list[dict[str, Any]]) -> float:
    """Seconds per variant, the dearest of the large populations over the cheapest of them."""
    large = [row["seconds_per_variant"] for row in rows if row["population"] >= 100]
    return max(large) / min(large) if large else 0.0


def show(rows: list[dict[str, Any]]) -> None:
    """A table for people."""
    head = ("population", "seconds", "ms each", "winner's rank", "gain", "true gain")
    print("".join(f"{name:>16}" for name in head))
    for row in rows:
        cells = (
            str(row["population"]),
            f"{row['seconds']:.1f}",
            f"{row['seconds_per_variant'] * 1e3:.1f}",
            str(row["rank_of_winner"]),
            f"{row['gain']:.2f}",
            f"{row['true_gain']:.2f}",
        )
        print("".join(f"{cell:>16}" for cell in cells))
    print(f"flatness {flatness(rows):.2f}")


if __name__ == "__main__":
    sys.exit(main())
