"""Which scores are believed: those that a program could not have written itself.

Most problems are scored in a jail of the evaluator's own and there is nothing to ask. A program of
kind `run` carries its scoring with it, so what it says of itself is a claim: before it becomes the
best of all, or an elite that travels, it is evaluated once more apart from its scorer. A score that
does not hold disqualifies; how far two honest scores may differ is seen on the program that was
given, which nobody wrote to deceive.
"""

from __future__ import annotations

from msgspec.structs import replace

from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.problem import Problem

#: How the error of a program begins whose score did not hold.
DISQUALIFIED = "disqualified: "

_RELATIVE = 1e-6
_NOISES = 4.0


class Judgement:
    """How the scores of one problem are believed.

    Args:
        noise: difference of two evaluations of the program that was given.
    """

    def __init__(self, problem: Problem, *, noise: float = 0.0) -> None:
        self.claims_only = problem.kind == "run"
        self._noise = noise

    def holds(self, claimed: Evaluation, confirmed: Evaluation) -> bool:
        """Whether both say the same."""
        if claimed.score is None or confirmed.score is None:
            return False
        allowed = _RELATIVE * max(1.0, abs(confirmed.score)) + _NOISES * self._noise
        return abs(claimed.score - confirmed.score) <= allowed

    def verdict(self, claimed: Evaluation, confirmed: Evaluation) -> Evaluation:
        """What is believed in the end: the confirmed evaluation, without a score if it lied."""
        if self.holds(claimed, confirmed):
            return confirmed
        found = "none" if confirmed.score is None else f"{confirmed.score:.9g}"
        said = "none" if claimed.score is None else f"{claimed.score:.9g}"
        why = f"{DISQUALIFIED}its score was {said}, and {found} where it could not reach it"
        return replace(confirmed, score=None, error=f"{why} {confirmed.error}".strip())
