"""Gate: does the variant agree with the original on inputs that nobody recorded?

Edge cases first, each once; then what Hypothesis draws from the recorded values (`Inputs`). The
search is a function of the case's seed and of the two programs, so a verdict can be reproduced.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from codegenesis.errors import FragmentError, WireError
from codegenesis.evidence.bend import coined, halved, joined, lengthened, scaled
from codegenesis.evidence.case import Case, Verdicts
from codegenesis.evidence.duel import Duel
from codegenesis.evidence.explore import Finding, explore
from codegenesis.evidence.inputs import Inputs
from codegenesis.evidence.literals import Literals, literals, merged
from codegenesis.evidence.plain import Call, Instance, call_of, data_of
from codegenesis.evidence.reach import reach
from codegenesis.evidence.sights import aimed, at_new_constants
from codegenesis.model import Outcome, Trial, Variant
from codegenesis.parsing import syntax_tree

_BASES = 8  # recorded calls that are bent
_MOST_AIMED = 400  # aimed calls, per source of them
_MOST_WATCHED = 40  # recorded calls whose comparisons are looked at
_MOST_LONG, _MOST_HALVES = 6, 24
#: Of the seconds, for edge cases and for each further source: dear calls must leave some to others.
_EDGES_SHARE, _STAGE_SHARE = 0.3, 0.07


class DifferentialGate:
    """Fresh inputs, original against variant.

    Args:
        least: comparisons without which the gate has shown nothing and fails.
        most_edges: edge cases tried at most.
    """

    name = "differential"

    def __init__(self, *, least: int = 5, most_edges: int = 400) -> None:
        self._least, self._most_edges = least, most_edges

    def run(self, variant: Variant, case: Case) -> Trial:
        """See `Gate.run`."""
        verdicts = Verdicts(self, variant)
        inputs = inputs_for(case, variant.source)
        try:
            with Duel(case, variant.source) as duel:
                search = _Search(duel, case, inputs)
                finding = (
                    search.edges(self._most_edges) or search.aimed(variant.source) or search.fresh()
                )
        except FragmentError as error:
            return verdicts.trial("failed", detail=str(error))
        checks, measurements = search.compared, search.measurements()
        if finding:
            return verdicts.trial(
                "failed", detail=finding.words, checks=checks, measurements=measurements
            )
        if checks < self._least:
            detail = f"only {checks} fresh inputs could be compared, {self._least} are needed"
            return verdicts.trial("failed", detail=detail, checks=checks)
        return verdicts.trial("passed", checks=checks, measurements=measurements)


def inputs_for(case: Case, *sources: str) -> Inputs:
    """Fresh inputs for the gene of a case, with the constants of these programs as well."""
    if case.memory.literals is None:
        case.memory.literals = literals(*(reached.node for reached in reach(case.gene)))
    own = [literals(syntax_tree(source)) for source in sources]
    calls = [call_of(call) for call in dict.fromkeys(case.calls)]
    return Inputs(case.gene.source, calls, literals=merged(*own, case.memory.literals))


class _Search:
    def __init__(self, duel: Duel, case: Case, inputs: Inputs) -> None:
        self._duel, self._case, self._inputs = duel, case, inputs
        self._deadline = time.monotonic() + case.budget_s
        self._largest = max((_magnitude(call_of(call)) for call in set(case.calls)), default=0)
        self._tried: set[bytes] = set()
        self._counts: Counter[str] = Counter()

    @property
    def compared(self) -> int:
        return self._counts["same"] + self._counts["differs"]

    def measurements(self) -> dict[str, float]:
        """Counts of inputs by what became of them."""
        names = ("excluded", "raised", "edges", "suspects", "aimed", "skipped")
        counts = {name: float(self._counts[name]) for name in names}
        return {**counts, "deviation": self._duel.deviation}

    def edges(self, most: int) -> Finding | None:
        """Edge cases, each once."""
        return self._each(self._inputs.edges(), "edges", most)

    def aimed(self, source: str) -> Finding | None:
        """Calls aimed at what the two programs compare, and at what only the variant mentions."""
        bases = self._inputs.bases(_BASES)
        watched = self._inputs.bases(_MOST_WATCHED)
        suspects = at_new_constants(self._case.gene.source, source, bases)
        known = self._case.memory.literals or Literals()
        sources: tuple[tuple[Iterable[Call], str, int], ...] = (
            (suspects, "suspects", _MOST_AIMED),
            (aimed(self._case, source, watched), "aimed", _MOST_AIMED),
            (self._at_original(watched), "aimed", 2 * _MOST_AIMED),
            (chain.from_iterable(map(halved, self._inputs.bases(_MOST_HALVES))), "halves", 96),
            (chain.from_iterable(map(scaled, bases[:2])), "scales", 120),
            (coined(bases[0], known), "coined", 150),
            (joined(watched, known), "joined", 200),
            (chain.from_iterable(map(lengthened, bases[:2])), "long", _MOST_LONG),
        )
        found = (self._each(calls, name, most) for calls, name, most in sources)
        return next(filter(None, found), None)

    def _at_original(self, bases: Sequence[Call]) -> Iterator[Call]:
        """The same for all variants of a case, so it is worked out once."""
        known = self._case.memory.aimed
        if known is None:
            known = list(islice(aimed(self._case, self._case.gene.source, bases), _MOST_AIMED))
            self._case.memory.aimed = known
        return iter(known)

    def _each(self, calls: Iterable[Call], name: str, most: int) -> Finding | None:
        share = _EDGES_SHARE if name == "edges" else _STAGE_SHARE
        until = min(self._deadline, time.monotonic() + share * self._case.budget_s)
        for call in calls:
            if self._counts[name] >= most or time.monotonic() > until:
                break
            try:
                data = data_of(call)
            except WireError:
                continue
            self._counts[name] += data not in self._tried
            if words := self._check(data, call):
                return Finding(data, words)
        return None

    def fresh(self) -> Finding | None:
        return explore(
            self._inputs.fresh(),
            self._check,
            n=self._case.fresh,
            seed_=self._case.seed,
            budget_s=self._deadline - time.monotonic(),
            shrink_s=self._case.shrink_s,
        )

    def _check(self, data: bytes, call: Call) -> str:
        """Words for a difference. Inputs of a size that kills the original are not tried."""
        if data in self._tried:
            return ""
        self._tried.add(data)
        if _magnitude(call) >= self._case.memory.ceiling:
            self._counts["skipped"] += 1
            return ""
        expected = self._duel.original(data)
        self._learn(call, expected)
        round_ = self._duel.meet(data, expected=expected, familiar=self._inputs.familiar(call))
        self._counts.update({round_.status: 1, "raised": int(round_.raised)})
        return round_.words

    def _learn(self, call: Call, expected: Outcome) -> None:
        """A death is seconds of waiting: come down towards what traffic showed, in big steps."""
        size = _magnitude(call)
        if expected.kind == "died" and size > self._largest:
            self._case.memory.ceiling = self._largest + (size - self._largest) // 8 + 1


def _magnitude(value: object) -> int:
    """The largest integer in a value: what loops and recursions usually count to."""
    if type(value) is int:
        return abs(value)
    inner: tuple[object, ...] = ()
    if isinstance(value, list | tuple | set | frozenset):
        inner = tuple(value)
    elif isinstance(value, dict):
        inner = (*value.keys(), *value.values())
    elif isinstance(value, Instance):
        inner = value.state
    return max(map(_magnitude, inner), default=0)
