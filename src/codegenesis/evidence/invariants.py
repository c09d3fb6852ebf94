"""Gate: does the variant keep what the owner promised: `@invariant`, icontract, `assert`?

Equality says nothing where the original gives no answer (it crashes and is to be healed, it runs
out of stack, it is not deterministic): promises do. They are judged on what the variant returned,
in a process of the original (`Judge`). And an `assert` is a promise as well: where the original
raises AssertionError, so must the variant, whatever it is to heal.

Inputs: the recorded calls; then those that aim at asserted bounds (`Aim`); then fresh ones. What
the original itself does not keep on recorded calls is excluded, with a word.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from codegenesis.errors import FragmentError
from codegenesis.evidence.aim import Aim, asserts, encoded, leaves, watched
from codegenesis.evidence.case import Case, Verdicts
from codegenesis.evidence.classes import classes, known_classes
from codegenesis.evidence.differential import inputs_for
from codegenesis.evidence.duel import Duel, Subject, is_excluded, subject
from codegenesis.evidence.explore import Finding, explore
from codegenesis.evidence.inputs import Inputs
from codegenesis.evidence.plain import Call, call_of
from codegenesis.evidence.promises import Judge
from codegenesis.evidence.words import exception_type, show, show_call
from codegenesis.fragment import LOCALS
from codegenesis.model import Outcome, Trial, Variant

_ASSERTION = "builtins.AssertionError"
#: Decorators that promise something; on a function inside a function they are made with it.
_PROMISING = re.compile(r"@([\w.]+\.)?(invariant|require|ensure|snapshot)\b")
_OUT_OF_REACH = (
    "what is promised of it exists only while the function around it runs, so no version of it can "
    "be held to that"
)


class InvariantsGate:
    """Promises on recorded, aimed and fresh inputs.

    Args:
        fresh: fresh inputs tried; those of the case when None.
        most_edges: edge cases that are looked at to aim from.
    """

    name = "invariants"

    def __init__(self, *, fresh: int | None = None, most_edges: int = 150) -> None:
        self._fresh, self._most_edges = fresh, most_edges

    def run(self, variant: Variant, case: Case) -> Trial:
        """See `Gate.run`."""
        verdicts = Verdicts(self, variant)
        if LOCALS in case.gene.qualname and _PROMISING.search(case.gene.decorated):
            return verdicts.trial("failed", detail=_OUT_OF_REACH)
        asserted = len(asserts(case.gene.source))
        with Judge(case.executor, case.gene) as judge:
            if not judge.promises and not asserted:
                detail = "nothing is promised of it: no invariant, no contract, no assert"
                return verdicts.trial("skipped", detail=detail)
            judge.exclude(case)
            excluded = [each for each in judge.promises if each.excluded]
            words = "; ".join(f"left out: `{each.words}` {each.excluded}" for each in excluded)
            used = len(judge.promises) - len(excluded)
            if not used and not asserted:
                return verdicts.trial("skipped", detail=words)
            try:
                with _Search(case, variant, judge) as search:
                    finding = search.run(self._fresh or case.fresh, self._most_edges)
            except FragmentError as error:
                return verdicts.trial("failed", detail=str(error))
        counts = {**search.counts, "promises": used, "asserts": asserted}
        return verdicts.trial(
            "failed" if finding else "passed" if search.counts["checked"] else "skipped",
            detail=finding.words if finding else words,
            checks=search.counts["checked"],
            measurements={**_COUNTS, **{key: float(count) for key, count in counts.items()}},
        )


_COUNTS = {"checked": 0.0, "aimed": 0.0, "asserted": 0.0, "excluded": 0.0}


class _Search:
    """Puts inputs to both programs and what comes of them to the judge."""

    def __init__(self, case: Case, variant: Variant, judge: Judge) -> None:
        self.counts: Counter[str] = Counter()
        self._case, self._judge = case, judge
        self._inputs = inputs_for(case, variant.source)
        self._duel = Duel(case, variant.source)
        self._variant = subject(case, variant.source)
        self._watched = Subject(
            case.executor, case.gene.qualname, watched(case.gene.source, free=case.gene.free)
        )
        self._classes = known_classes(case)
        self._deadline = time.monotonic() + case.budget_s
        self._tried: set[bytes] = set()

    def run(self, fresh: int, most_edges: int) -> Finding | None:
        """Recorded, aimed, fresh: the first input on which a promise is broken."""
        recorded = ((data, call_of(data)) for data in dict.fromkeys(self._case.calls))
        finding = self._first(recorded) or self._first(self._aimed(self._inputs, most_edges))
        return finding or explore(
            self._inputs.fresh(),
            self._check,
            n=fresh,
            seed_=self._case.seed,
            budget_s=self._deadline - time.monotonic(),
        )

    def _aimed(self, inputs: Inputs, most_edges: int) -> Iterator[tuple[bytes, Call]]:
        """Edge cases, then twice what lies at the bounds that were come near to."""
        aim = Aim(self._watched.ask)
        for data, call in islice(encoded(inputs.edges()), most_edges):
            if not self._is_too_large(call):
                aim.learn(data, call)
                yield data, call
        for _ in range(2 if asserts(self._case.gene.source) else 0):
            for data, call in encoded(aim.calls()):
                self.counts["aimed"] += data not in self._tried
                yield data, call
                aim.learn(data, call)

    def _first(self, calls: Iterator[tuple[bytes, Call]]) -> Finding | None:
        for data, call in calls:
            if time.monotonic() > self._deadline:
                return None
            if words := self._check(data, call):
                return Finding(data, words)
        return None

    def _check(self, data: bytes, call: Call) -> str:
        """Words for a broken promise."""
        if data in self._tried or self._is_too_large(call):
            return ""
        self._tried.add(data)
        expected = self._duel.original(data)
        got = self._variant.ask(data)
        self.counts["asserted"] += exception_type(expected) == _ASSERTION
        familiar = self._inputs.familiar(call)
        words = self._asserts(expected, got, familiar) or self._breaks(data, expected, got)
        return f"{show_call(self._case.gene.name, data)}: {words}" if words else ""

    def _asserts(self, expected: Outcome, got: Outcome, familiar: bool) -> str:
        """An assertion that was dropped, or that the original does not make. About types that
        traffic never showed, the variant may complain otherwise."""
        if is_excluded(expected):
            return ""
        if got.kind == "died":
            return f"the original {show(expected)}, the variant {show(got)}"
        before, after = exception_type(expected) == _ASSERTION, exception_type(got) == _ASSERTION
        self.counts["checked"] += before
        if before and not after and (familiar or got.kind != "raised"):
            return f"the original {show(expected)}, the variant drops the assertion: {show(got)}"
        if after and expected.kind == "returned":
            return f"the original {show(expected)}, the variant {show(got)}"
        return ""

    def _breaks(self, data: bytes, expected: Outcome, got: Outcome) -> str:
        """A promise broken here by the variant, and not by the original as well."""
        if got.kind != "returned" or not self._judge.promises:
            return ""
        self.counts["checked"] += 1
        if foreign := classes(got) - self._classes - classes(expected):
            return f"the variant returns a {min(foreign)}, which the original never did"
        broken = self._judge.violated(data, got)
        if broken and expected.kind == "returned":
            self.counts["excluded"] += 1
            broken -= self._judge.violated(data, expected)
        if not broken:
            return ""
        promise = self._judge.promises[min(broken)]
        return f"the variant {show(got)}, which breaks `{promise.words}`"

    def _is_too_large(self, call: Call) -> bool:
        """A number of a size that the original was seen to die of?"""
        ceiling = self._case.memory.ceiling
        return any(abs(number) >= ceiling for number, _ in leaves(call))

    def __enter__(self) -> _Search:
        self._duel.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._duel.__exit__()
        self._variant.close()
        self._watched.close()
