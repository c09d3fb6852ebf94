"""A program in the population, and what its evaluation came to."""

from __future__ import annotations

from codegenesis.model import Record


class Evaluation(Record, frozen=True, kw_only=True):
    """What the evaluator made of one program. Everything here comes from the evaluator's jail.

    Attributes:
        score: higher is better, always finite; None when the program is not to be bred from.
        metrics: finite numbers by name.
        feedback: text for whoever writes the next version (artifacts, messages, tracebacks).
        error: why there is no score; empty when there is one.
        stage: of a cascade, the last one that was entered, from 1.
        seconds: on the wall clock.
        behaviour: digest of what the program answered when it was called; empty when unknown.
    """

    score: float | None = None
    metrics: dict[str, float] = {}
    feedback: str = ""
    error: str = ""
    stage: int = 1
    seconds: float = 0.0
    behaviour: str = ""


class Individual(Record, frozen=True, kw_only=True):
    """One program of a run.

    Attributes:
        id: digest of run and program.
        number: in the order of evaluation, from 0 (the program that was given).
        generation: one more than that of its first parent.
        operator: who wrote it, like `model:rewrite` or `genetic:mutate`.
        model: language model that wrote it, if one did.
        words: what was changed, for people.
    """

    id: str
    number: int
    program: str
    evaluation: Evaluation
    island: int = 0
    generation: int = 0
    parents: tuple[str, ...] = ()
    operator: str = ""
    model: str = ""
    words: str = ""

    @property
    def score(self) -> float:
        """Its score; minus infinity where it has none."""
        score = self.evaluation.score
        return float("-inf") if score is None else score
