"""Other values for the numbers and choices of one version, scored by what they cost in the jail.

Values come from a search (`core.tuning`); each makes a version that must first answer the recorded
calls as the original does, then is timed against the version it came from, a pair of processes with
their blocks in turn. That is quick and a little noisy: what it finds are ordinary variants, which
go through all gates and the race like any other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import msgspec

from codegenesis.compiler.crown import racing_calls
from codegenesis.compiler.race import Terms, prepare, race
from codegenesis.compiler.workload import Workload
from codegenesis.core.operator import module_source
from codegenesis.core.tuning import Site, Tune, Value, sites, tuned
from codegenesis.core.tuning.search import UNUSABLE, Search, Values, search
from codegenesis.evidence import Case, ParseGate, ReplayGate, run_gates, survived
from codegenesis.model import Record, Variant

#: Versions that are tried at most, and how many of the best become variants.
MOST, KEPT = 40, 2
#: A version must seem so much faster than the one it came from to become a variant.
_WORTHWHILE = math.log(1.03)
_QUICK = Terms(pairs=1, most_pairs=1, laps=8, budget_s=2.0)
#: Calls that decide whether a version answers as the original does, for now.
_LOOKED_AT = 60

Tell = Callable[[str], None]


class Tuned(Record, frozen=True, kw_only=True):
    """What tuning came to.

    Attributes:
        variants: the best first; none when no other values were faster.
        tried: versions that were run.
        words: what is missing for a better search, or empty.
    """

    variants: tuple[Variant, ...] = ()
    tried: int = 0
    words: str = ""


def tune(
    judged: Case,
    base: Variant | None = None,
    *,
    budget_s: float,
    seed: int = 0,
    over: Callable[[], bool] = lambda: False,
) -> Tuned:
    """Look for better values in one version of a gene.

    Args:
        base: the version; the original when None.
        budget_s: seconds after which no further values are tried.
        over: asked before each; True ends the search.

    Raises:
        SandboxError: the sandbox itself has failed.
    """
    deadline = time.monotonic() + budget_s
    bench = _Bench(judged, base)
    places = bench.movable(deadline)
    if not places:
        return Tuned(tried=bench.tried)
    asked, words = search(places, seed=seed)
    found = _searched(bench, places, asked, over=lambda: over() or time.monotonic() > deadline)
    best = sorted(found, key=lambda pair: -pair[0])[:KEPT]
    variants = tuple(bench.variant(places, values) for _, values in best)
    return Tuned(variants=variants, tried=bench.tried, words=words)


def _searched(
    bench: _Bench, places: Sequence[Site], asked: Search, *, over: Callable[[], bool]
) -> list[tuple[float, Values]]:
    """What seemed worthwhile, with its score."""
    found: list[tuple[float, Values]] = []
    while bench.tried < MOST and not over():
        values = asked.ask()
        if values is None:
            break
        score = bench.score(tuned(bench.source, places, values))
        asked.tell(score)
        if score > _WORTHWHILE:
            found.append((score, values))
    return found


class _Bench:
    """Scores versions of one source."""

    def __init__(self, judged: Case, base: Variant | None) -> None:
        gene = judged.gene
        self.source = base.source if base else gene.source
        self.tried = 0
        self._base = base
        self._case = msgspec.structs.replace(
            judged, calls=judged.calls[:_LOOKED_AT], expected=judged.expected[:_LOOKED_AT]
        )
        self._calls = racing_calls(judged)
        self._places = sites(self.source, module_source=module_source(gene))
        self._load: Workload | None = None

    def movable(self, deadline: float) -> list[Site]:
        """All that is declared, and the numbers that can be moved without changing results."""
        return [
            site
            for site in self._places
            if site.kind != "literal" or (time.monotonic() < deadline and self._moves(site))
        ]

    def _moves(self, site: Site) -> bool:
        assert not isinstance(site.default, str)
        other: list[Value] = [site.default * 2, max(site.low, site.default // 2)]
        return all(
            self._same(tuned(self.source, [site], {site.name: value}))
            for value in other
            if value != site.default
        )

    def _same(self, source: str) -> bool:
        """Does it answer the recorded calls as the original does?"""
        self.tried += 1
        gates = (ParseGate(), ReplayGate(most=_LOOKED_AT))
        return survived(run_gates(gates, self._written(source), self._case))

    def score(self, source: str) -> float:
        """Logarithm of the speed, compared with the version that this one comes from."""
        if not self._same(source):
            return UNUSABLE
        executor, name = self._case.executor, self._case.gene.qualname
        if self._load is None:
            self._load = prepare(executor, name, source, self._calls, original=self.source)
        ended = race(
            executor,
            name,
            source,
            self._calls,
            original=self.source,
            terms=_QUICK,
            workload=self._load,
        )
        ratio = ended.gain.ratio
        return max(math.log(ratio), UNUSABLE) if ratio > 0 else UNUSABLE

    def variant(self, places: Sequence[Site], values: Values) -> Variant:
        """The version with these values, as one among others."""
        moved = [
            f"{site.name} = {values[site.name]!r} (was {site.default!r})"
            for site in places
            if values.get(site.name, site.default) != site.default
        ]
        written = self._written(tuned(self.source, places, values))
        hypothesis = f"{Tune.hypothesis} {'; '.join(moved)}."
        return msgspec.structs.replace(
            written, hypothesis=f"{written.hypothesis} {hypothesis}".strip()
        )

    def _written(self, source: str) -> Variant:
        base, gene = self._base, self._case.gene
        return Variant(
            gene=gene.id,
            base=gene.base,
            source=source,
            parents=(base.id,) if base else (),
            operator=f"{base.operator}+{Tune.name}" if base else Tune.name,
            hypothesis=base.hypothesis if base else "",
            risk=base.risk if base else "It fits the calls seen so far; others may want others.",
        )
