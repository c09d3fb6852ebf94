"""How many versions a search can look at, on one core and on two, and after how many others.

    python -m benchmarks.search_throughput [--json FILE]

Versions are the one-edit neighbours of a defective function of ten lines, on six examples: what a
repair search tries. Parallel efficiency is the rate of two arenas over twice the rate of one, in
one run on the same versions. What a version costs must not grow with how many were tried before.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codegenesis import wire
from codegenesis.arena.messages import Example
from codegenesis.core.genetic import applied, edits
from codegenesis.evidence.arena import Arena
from codegenesis.lifecycle import locate
from codegenesis.model import Gene

MODULE = '''\
def bounded(values, low, high):
    """The values between both bounds, each once, in order."""
    found = []
    for value in values:
        if value < low or value > high:
            break
        if value not in found:
            found.append(value)
    return found
'''
CASES: tuple[tuple[tuple[Any, ...], list[int]], ...] = (
    (([1, 2, 3], 0, 9), [1, 2, 3]),
    (([9, 1, 2], 0, 5), [1, 2]),
    (([1, 1, 2], 0, 5), [1, 2]),
    (([], 0, 5), []),
    (([5, 4, 3, 2], 2, 4), [4, 3, 2]),
    (([7, 7], 7, 7), [7]),
)
POPULATIONS = (100, 1000, 10_000)


def main() -> int:
    """Measure both, and say so."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "ranges.py").write_text(MODULE)
        gene = locate("ranges.py:bounded", service="benchmark", cwd=Path(folder))
        sources = _versions(gene)
        document = {
            "rates": _rates(gene, sources, options.rounds),
            "ms_per_version_after": _flat(gene, sources),
            "versions": len(sources),
            "cores": os.cpu_count(),
            "load_after": os.getloadavg()[0],
        }
    print(json.dumps(document, indent=2))
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def _versions(gene: Gene) -> list[str]:
    """All neighbours that compile."""
    made = (applied(gene.source, [edit]) for edit in edits(gene.source))
    return [source for source in made if source is not None]


def _open(gene: Gene, jobs: int) -> Arena:
    examples = [
        Example(call=wire.encode_call(call, {}), result=wire.encode(result), lenient=True)
        for call, result in CASES
    ]
    return Arena(gene, examples=examples, jobs=jobs)


def _rates(gene: Gene, sources: Sequence[str], rounds: int) -> dict[str, Any]:
    """Versions a second with one arena and with two, in turns."""
    seen: dict[int, list[float]] = {1: [], 2: []}
    with _open(gene, 1) as one, _open(gene, 2) as two:
        for _ in range(rounds):
            for jobs, arena in ((1, one), (2, two)):
                started = time.perf_counter()
                arena.score(sources)
                seen[jobs].append(len(sources) / (time.perf_counter() - started))
    ratios = [two / one / 2 for one, two in zip(seen[1], seen[2], strict=True)]
    return {
        "one": _spread(seen[1]),
        "two": _spread(seen[2]),
        "parallel_efficiency": _spread(ratios),
    }


def _flat(gene: Gene, sources: Sequence[str]) -> dict[str, float]:
    """Milliseconds per version of the last hundred of each population."""
    found = {}
    with _open(gene, 1) as arena:
        endless = itertools.cycle(sources)
        tried = 0
        for population in POPULATIONS:
            arena.score(list(itertools.islice(endless, population - tried - 100)))
            last = list(itertools.islice(itertools.cycle(sources), 100))
            started = time.perf_counter()
            arena.score(last)
            found[str(population)] = 10 * (time.perf_counter() - started)
            tried = population
    return found


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"least": min(values), "median": statistics.median(values), "most": max(values)}


if __name__ == "__main__":
    sys.exit(main())
