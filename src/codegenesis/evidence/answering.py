"""Answers the calls that the user's tests make: each goes to a jailed candidate.

Each test has a fresh candidate, so that none depends on what another left behind. What comes back
is passed on only where it holds nothing that the original never answered with: an object of a
foreign class could agree with every assertion, and `pytest.skip` is an exception like any other.
"""

from __future__ import annotations

import time

from codegenesis.evidence.classes import classes, classes_of
from codegenesis.evidence.duel import Subject
from codegenesis.evidence.words import clip, exception_type, show_call
from codegenesis.hosted.messages import Answer
from codegenesis.model import Gene, Outcome, Record
from codegenesis.sandbox import Executor

#: Exceptions by which a test runner is told that all is well, or that all is over.
_ENDS = frozenset({"builtins.SystemExit", "builtins.KeyboardInterrupt", "builtins.GeneratorExit"})


class Known(Record, frozen=True, kw_only=True):
    """What the original answered with: classes of values, and types of exceptions."""

    classes: frozenset[str] = frozenset()
    exceptions: frozenset[str] = frozenset()


class Answering:
    """One program that answers.

    Args:
        source: the variant's fragment; None for the original.
        known: what may be answered with; None to learn it, for the original.
        allowed_s: by test, seconds after which its calls are not answered any more.

    Attributes:
        trouble: by test, why it is lost whatever its assertions say.
        asked: calls that were answered by this program.
    """

    def __init__(
        self,
        executor: Executor,
        gene: Gene,
        source: str | None,
        *,
        known: Known | None = None,
        allowed_s: dict[str, float] | None = None,
    ) -> None:
        self._name, self._known, self._allowed = gene.name, known, allowed_s or {}
        self._program = Subject(executor, gene.qualname, source)
        self._original = Subject(executor, gene.qualname, None)
        self._learnt: tuple[set[str], set[str]] = (set(), set())
        self._test, self._ends = "", float("inf")
        self.trouble: dict[str, str] = {}
        self.asked = 0

    @property
    def learnt(self) -> Known:
        """What was answered with so far."""
        return Known(classes=frozenset(self._learnt[0]), exceptions=frozenset(self._learnt[1]))

    def begin(self, test: str) -> None:
        """The calls that follow are this test's."""
        self._program.close()
        self._test = test
        self._ends = time.monotonic() + self._allowed.get(test, float("inf"))

    def ask(self, call: bytes) -> Answer:
        """Have one call answered; raises FragmentError when the variant does not fit."""
        if time.monotonic() > self._ends:
            return self._lost(f"takes more than {self._allowed[self._test]:.1f} s")
        got = self._program.ask(call)
        if got.kind == "died":
            if self._original.ask(call).kind == "died":
                return Answer("unable")
            return self._lost(f"{show_call(self._name, call)} dies ({clip(got.detail, 150)})")
        self.asked += 1
        if self._known is None:
            self._learn(call, got)
        elif foreign := self._foreign(call, got, self._known):
            return self._lost(f"{show_call(self._name, call)} answers with a {foreign}")
        return Answer(got.kind, got.value, got.after)

    def close(self) -> None:
        """End the processes; idempotent."""
        self._program.close()
        self._original.close()

    def _lost(self, words: str) -> Answer:
        self.trouble.setdefault(self._test, words)
        return Answer("died", detail=words)

    def _learn(self, call: bytes, got: Outcome) -> None:
        self._learnt[0].update(classes(got), classes_of([call]))
        self._learnt[1].update(filter(None, [exception_type(got)]))

    def _foreign(self, call: bytes, got: Outcome, known: Known) -> str:
        """A class or an exception that the original did not answer with."""
        raised = exception_type(got)
        ordinary = raised.startswith("builtins.") and raised not in _ENDS
        if raised and not ordinary and raised not in known.exceptions:
            return f"{raised}, which the original never raises here"
        found = classes(got) - known.classes - classes_of([call])
        return f"{min(found)}, which the original never does" if found else ""
