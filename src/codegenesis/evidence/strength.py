"""How much would the evidence notice? Mistakes are put into the original; the gates must see them.

A gate that passes everything proves nothing, and neither does one whose inputs never reach the line
that a variant changed. The mutation score says so in one figure: of the mistakes that can be
noticed at all, the share that was. Some mistakes change nothing (`<` for `<=` where the two sides
are never equal); a survivor is *presumed equivalent* and not counted when a longer search finds no
difference either *and* the evidence went through its place in every way: the statement was run, and
each condition in it came out true and false. A survivor in a place that no input reached counts
against the evidence, whatever the longer search says.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from codegenesis.errors import FragmentError
from codegenesis.evidence.case import Case, Gate, run_gates
from codegenesis.evidence.differential import DifferentialGate
from codegenesis.evidence.mutants import Mutant, mutants
from codegenesis.evidence.probes import conditions
from codegenesis.evidence.sights import Sights
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.model import Outcome, Strength, Variant
from codegenesis.parsing import syntax_tree

#: Gates that judge a program's text: a mistake refused there has not been noticed by any input.
_STATIC = frozenset({"parse", "policy"})
_FRESH = 60
_LONGER = 400
_MOST_TRAILS = 800
_MOST_WORDS = 8
#: Of the seconds: for one gate and one mistake, and for looking longer at those that lived.
_GATE_SHARE, _LONGER_SHARE = 0.1, 0.4


def strength(
    case: Case,
    gates: Sequence[Gate],
    *,
    seed: int = 0,
    budget_s: float = 10.0,
    most: int = 30,
) -> Strength:
    """Mutation score of the gates on the inputs of this case.

    Args:
        gates: what variants of the gene go through; those that only read the text are left out.
        budget_s: seconds; mistakes that are not reached in time are not counted.
        most: mistakes tried at most.

    Raises:
        SandboxError: the sandbox itself has failed.
    """
    return _Trial(case, gates, seed=seed, budget_s=budget_s).of(
        mutants(case.gene.source, most=most, seed=seed)
    )


class _Trial:
    """One measurement."""

    def __init__(self, case: Case, gates: Sequence[Gate], *, seed: int, budget_s: float) -> None:
        self._started = time.monotonic()
        self._budget_s = budget_s
        self._gates = [gate for gate in gates if gate.name not in _STATIC]
        each_s = min(case.budget_s, budget_s * _GATE_SHARE)
        self._case = msgspec.structs.replace(
            case, objective="speed", crashes=frozenset(), fresh=min(case.fresh, _FRESH),
            budget_s=each_s, shrink_s=0.0,
        )  # fmt: skip
        self._longer = msgspec.structs.replace(self._case, fresh=_LONGER, seed=seed + 1)

    def of(self, wrong: Sequence[Mutant]) -> Strength:
        living: list[Mutant] = []
        killed = 0
        gates = self._sound()
        places = _Places.of(self._case)
        for mutant in _spread(wrong):
            if self._spent() > 1 - _LONGER_SHARE:
                break
            if not places.reached(mutant.line):  # no input can notice it
                living.append(mutant)
                continue
            trials = run_gates(gates, self._variant(mutant.source), self._case)
            if any(trial.verdict == "failed" for trial in trials):
                killed += 1
            else:
                living.append(mutant)
        unnoticed = [each for each in living if not self._is_equivalent(each, places)]
        return Strength(
            killed=killed,
            mutants=killed + len(unnoticed),
            survivors=tuple(_words(each, places) for each in unnoticed[:_MOST_WORDS]),
        )

    def _sound(self) -> list[Gate]:
        """Gates that let the original itself through; others would be credited with every death."""
        same = self._variant(self._case.gene.source)
        trials = {gate.name: gate.run(same, self._case) for gate in self._gates}
        return [gate for gate in self._gates if trials[gate.name].verdict != "failed"]

    def _spent(self) -> float:
        return (time.monotonic() - self._started) / self._budget_s

    def _variant(self, source: str) -> Variant:
        gene = self._case.gene
        return Variant(gene=gene.id, base=gene.base, source=source, operator="mistake")

    def _is_equivalent(self, mutant: Mutant, places: _Places) -> bool:
        """Not told apart by a longer search, in a place that was seen from all sides."""
        if not places.explored(mutant.line) or self._spent() > 1:
            return False
        longer = DifferentialGate().run(self._variant(mutant.source), self._longer)
        return longer.verdict == "passed"


class _Places(NamedTuple):
    """Where the inputs of the evidence went in the original."""

    statements: tuple[tuple[int, int], ...]
    lines: frozenset[int]
    halfway: frozenset[int]

    @classmethod
    def of(cls, case: Case) -> _Places:
        """Follow the recorded calls and all inputs that the gates have tried."""
        source = case.gene.source
        answers = case.memory.answers
        known = [*dict.fromkeys(case.calls), *(each for each in answers if _ended(answers[each]))]
        lines: set[int] = set()
        outcomes: set[tuple[int, bool]] = set()
        sights = Sights(case, source)
        until = time.monotonic() + case.budget_s
        try:
            for call in known[:: max(1, len(known) // _MOST_TRAILS)]:
                if time.monotonic() > until:
                    break
                seen = sights.trail(call)
                lines |= seen.lines
                outcomes |= seen.tests
        except FragmentError:  # it cannot be followed: nothing is known to have been reached
            lines, outcomes = set(), set()
        finally:
            sights.close()
        sites = conditions(source)
        halfway = {
            line for site, line in sites.items() if not {(site, True), (site, False)} <= outcomes
        }
        return cls(tuple(_statements(source)), frozenset(lines), frozenset(halfway))

    def explored(self, line: int) -> bool:
        """Was the statement at this line run, and did its conditions go both ways?"""
        first, last = self._statement(line)
        return first in self.lines and not any(first <= each <= last for each in self.halfway)

    def reached(self, line: int) -> bool:
        """Was it run at all?"""
        return self._statement(line)[0] in self.lines

    def _statement(self, line: int) -> tuple[int, int]:
        """First and last line of the innermost statement (its head, where it has a body)."""
        around = [each for each in self.statements if each[0] <= line <= each[1]]
        return min(around, key=lambda each: each[1] - each[0], default=(line, line))


def _ended(outcome: Outcome) -> bool:
    return outcome.kind != "died"


def _statements(source: str) -> Iterator[tuple[int, int]]:
    for node in ast.walk(syntax_tree(source)):
        if isinstance(node, ast.stmt) and not isinstance(node, FunctionNode):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            yield node.lineno, max(node.lineno, last)


def _spread(wrong: Sequence[Mutant]) -> Iterator[Mutant]:
    """Over the whole function, so that a budget that ends early has not seen its head only."""
    step = max(1, len(wrong) // 5)
    for first in range(step):
        yield from islice(wrong, first, None, step)


def _words(mutant: Mutant, places: _Places) -> str:
    end = "not noticed" if places.reached(mutant.line) else "never reached"
    return f"{mutant.words} {end}"
