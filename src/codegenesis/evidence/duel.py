"""Original and variant side by side: two processes, the same encoded calls, compared out here.

Equality is strict (`Outcome.same_as`): exact types, NaN, order of dicts, exceptions by type and
arguments, what became of the arguments. Two exceptions, both deliberate:

- *heal*: where the original raises one of the gene's crashes, the variant must return a value
  of a type that the original returns elsewhere.
- *unfamiliar* inputs, that is types and shapes which traffic never showed at that place: if the
  original raises there, the variant may word it differently and leave half-changed arguments
  behind differently, as long as the exception has the same type.
  `"".join` and `+=` reject a None with other words, and nobody relies on which.

Floats may be off by `Case.rtol`, zero unless the owner allows more.

Where the original does not repeat itself (`codegenesis.evidence.noise`), both get the same chance
and clock before each call, and what varies even so is compared as far as the original fixes it.

Inputs on which the original dies, or runs into the limits of the machine (RecursionError,
MemoryError), say nothing about the variant and are left out.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Self

from codegenesis.errors import WireError
from codegenesis.evidence.case import Case
from codegenesis.evidence.plain import Built, Instance, value_of
from codegenesis.evidence.steady import steady
from codegenesis.evidence.tolerance import deviation
from codegenesis.evidence.words import broken_off, difference, exception_type
from codegenesis.model import Outcome
from codegenesis.sandbox import OUT_OF_CPU, Candidate, Executor

Status = Literal["same", "differs", "excluded"]

#: The original met a limit of the machine here, not a rule of its own.
LIMITS_OF_THE_MACHINE = frozenset({"builtins.RecursionError", "builtins.MemoryError"})


#: Under which the original is asked as well where it varies.
OTHER_SEEDS = (1, 2, 3)


class Subject:
    """One program under test: started when first asked, and anew after it died.

    Args:
        source: the variant's fragment; None for the original.
    """

    def __init__(self, executor: Executor, qualname: str, source: str | None) -> None:
        self._executor, self._qualname, self._source = executor, qualname, source
        self._candidate: Candidate | None = None

    def ask(self, call: bytes) -> Outcome:
        """Run one call; raises FragmentError when the fragment does not fit."""
        if self._candidate is None:
            self._candidate = self._executor.candidate(self._qualname, self._source)
        outcome = self._candidate.call(call)
        if outcome.kind == "died":
            self.close()
        return outcome

    def close(self) -> None:
        """End the process; idempotent."""
        if self._candidate is not None:
            self._candidate.close()
            self._candidate = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def subject(case: Case, source: str | None, *, seed: int = 0) -> Subject:
    """A program of the case, with chance and clock given where the original needs that.

    Args:
        source: the variant's fragment; None for the original.
    """
    if case.noise.seeded:
        source = steady(source or case.gene.source, seed=seed, free=case.gene.free)
    return Subject(case.executor, case.gene.qualname, source)


class Round(NamedTuple):
    """What one call showed; `words` for a difference."""

    status: Status
    words: str = ""
    raised: bool = False


class Duel:
    """Puts the same calls to the original and to a variant.

    Args:
        source: the variant's fragment.

    Attributes:
        deviation: largest relative deviation of floats that was let pass.
    """

    def __init__(self, case: Case, source: str) -> None:
        self.deviation = 0.0
        self._case = case
        self._original = subject(case, None)
        self._variant = subject(case, source)
        self._normal = normal_kinds(case)
        self._others: list[Subject] = []

    def original(self, call: bytes) -> Outcome:
        """What the original makes of it; asked once per case."""
        answers = self._case.memory.answers
        if call not in answers:
            answers[call] = self._original.ask(call)
        return answers[call]

    def meet(self, call: bytes, *, expected: Outcome | None = None, familiar: bool = True) -> Round:
        """Put one call to both.

        Args:
            expected: what the original makes of it, where that is known already.

        Raises:
            FragmentError: the variant does not fit the function.
        """
        expected = expected or self.original(call)
        crash = self._is_crash(expected)
        if is_excluded(expected) and not crash:
            return Round("excluded")
        got = self._variant.ask(call)
        if near_the_limit(expected, got):
            return Round("excluded")
        raised = expected.kind == "raised"
        agree = self._handled if crash else self._alike
        if agree(expected, got, familiar=familiar) or self._is_allowed(call, expected, got):
            return Round("same", raised=raised)
        return Round("differs", difference(self._case.gene.name, call, expected, got), raised)

    def _is_allowed(self, call: bytes, expected: Outcome, got: Outcome) -> bool:
        """Is it noise of the original, or within what the owner lets floats be off?"""
        if not expected.waits_as(got):
            return False
        if self._case.rtol and got.kind != "died":
            apart = deviation(expected, got)
            if apart <= self._case.rtol:
                self.deviation = max(self.deviation, apart)
                return True
        return self._is_noise(call, expected, got)

    def _is_noise(self, call: bytes, expected: Outcome, got: Outcome) -> bool:
        """Do they differ only as answers of the original differ from each other?"""
        if not self._case.noise.spots or got.kind == "died":
            return False
        return self._case.noise.explains((expected, *self.samples(call)), got)

    def samples(self, call: bytes) -> tuple[Outcome, ...]:
        """What the original makes of it under other seeds; asked once per case."""
        known = self._case.memory.samples
        if call not in known:
            if not self._others:
                self._others = [subject(self._case, None, seed=seed) for seed in OTHER_SEEDS]
            known[call] = tuple(other.ask(call) for other in self._others)
        return known[call]

    def _is_crash(self, expected: Outcome) -> bool:
        healing = self._case.objective == "heal"
        return healing and exception_type(expected) in self._case.crashes

    def _handled(self, expected: Outcome, got: Outcome, *, familiar: bool) -> bool:
        if got.kind == "returned":
            return result_kind(got) in self._normal
        return not familiar and _same_exception(expected, got)

    def _alike(self, expected: Outcome, got: Outcome, *, familiar: bool) -> bool:
        if got.kind == "died":
            return False
        return expected.same_as(got) or (not familiar and _same_exception(expected, got))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._original, self._variant, *self._others):
            each.close()


def _same_exception(expected: Outcome, got: Outcome) -> bool:
    kind = exception_type(expected)
    if kind:
        return exception_type(got) == kind
    broken = broken_off(expected)  # a generator raises after some items
    return broken is not None and broken_off(got) == broken


def near_the_limit(expected: Outcome, got: Outcome) -> bool:
    """Did the original, too, need most of the CPU that there is? Which is faster, the race says."""
    return got.detail == OUT_OF_CPU and got.kind == "died" and 2 * expected.cpu_ns > got.cpu_ns > 0


def is_excluded(expected: Outcome) -> bool:
    """Does what the original did there say nothing about a variant?"""
    return expected.kind == "died" or exception_type(expected) in LIMITS_OF_THE_MACHINE


def normal_kinds(case: Case) -> frozenset[str]:
    """Types that the original returns."""
    return frozenset(result_kind(each) for each in case.expected if each.kind == "returned")


def result_kind(outcome: Outcome) -> str:
    """Type of the returned value; the class for an instance."""
    try:
        value = value_of(outcome.value)
    except WireError:  # what a candidate says need not be a value
        return ""
    return value.type_name if isinstance(value, Instance | Built) else type(value).__name__
