"""Which scores are believed: those that a program could not have written itself, and no luck.

Most problems are scored in a jail of the evaluator's own and there is nothing to ask. A program of
kind `run` carries its scoring with it, so what it says of itself is a claim: before it becomes the
best of all, or an elite that travels, it is evaluated once more apart from its scorer. A score that
does not hold disqualifies; how far two honest scores may differ is seen on the program that was
given, which nobody wrote to deceive.

Where two evaluations of that program differ although nothing is claimed, scores have chance in
them, and the best of hundreds would be the luckiest. There whoever seems to be the best is
evaluated a few times more, as long as the mean still says so, and the mean is its score.
"""

from __future__ import annotations

from msgspec.structs import replace

from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.problem import Problem

#: How the error of a program begins whose score did not hold.
DISQUALIFIED = "disqualified: "

_RELATIVE = 1e-6
_NOISES = 4.0
#: Evaluations beside the first where scores vary.
_ENOUGH = 4


class Judgement:
    """How the scores of one problem are believed.

    Args:
        noise: difference of two evaluations of the program that was given.
    """

    def __init__(self, problem: Problem, *, noise: float = 0.0) -> None:
        self.claims_only = problem.kind == "run"
        self.varies = not self.claims_only and noise > 0
        self._noise = noise

    def is_settled(self, times: int) -> bool:
        """Whether a record needs no further evaluation.

        Args:
            times: how often it was evaluated.
        """
        return times > (_ENOUGH if self.varies else self.claims_only)

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


def mean_of(before: Evaluation, again: Evaluation, *, times: int) -> Evaluation:
    """What several evaluations say together; no score where one of them had none.

    Args:
        before: what came of all but the last.
        times: how many there were, the last included.
    """
    if before.score is None or again.score is None:
        return replace(again, score=None)
    return replace(again, score=before.score + (again.score - before.score) / times)
