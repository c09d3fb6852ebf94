"""What a run of discovery has come to: while it goes on, and at its end."""

from __future__ import annotations

from codegenesis.model import Record
from codegenesis.scenarios.discover.individual import Evaluation, Individual


class Tally(Record, frozen=True, kw_only=True):
    """What one proposer did.

    Attributes:
        drafts: programs that it wrote.
        known: of these, how many the run had already; they are not evaluated.
        unfit: of these, how many are no Python, or change what may not be changed.
        evaluated: of these, how many came to an evaluation.
        valid: of these, how many got a score.
        better: of these, how many scored more than their parent.
        best: of these, how many were the best of all at the time.
        usd: what writing cost.
        share: of proposals that it is given now.
    """

    name: str
    drafts: int = 0
    known: int = 0
    unfit: int = 0
    evaluated: int = 0
    valid: int = 0
    better: int = 0
    best: int = 0
    usd: float = 0.0
    share: float = 0.0


class Step(Record, frozen=True, kw_only=True):
    """A moment at which the best of all became better.

    Attributes:
        number: `Individual.number`.
        seconds: since this sitting began.
    """

    number: int
    seconds: float
    score: float
    operator: str = ""


class Standing(Record, frozen=True, kw_only=True):
    """How a run stands at a moment.

    Attributes:
        first: score of the program that was given.
        best: score of the best of each island.
        evaluated: programs, those of earlier sittings included.
        valid: of these, how many got a score.
        known: drafts that the run had already, in this sitting.
        rate: evaluations a second, lately.
    """

    first: float
    best: tuple[float, ...]
    evaluated: int
    valid: int
    known: int
    rate: float


class Discovery(Record, frozen=True, kw_only=True):
    """What a run came to.

    Attributes:
        run: `Run.id`; empty when nothing was kept.
        reason: why it ended.
        lineage: from the best program back to the one that was given.
        steps: of this sitting, how the best became better.
        individuals: programs that were evaluated, those of earlier sittings included.
        valid: of these, how many got a score.
        disqualified: of these, how many had scored something else when they were confirmed.
        known: drafts of this sitting that the run had already; none was evaluated.
        again: the best program, evaluated once more at the end; None when it was not.
    """

    run: str = ""
    first: Individual
    best: Individual
    reason: str = ""
    lineage: tuple[Individual, ...] = ()
    steps: tuple[Step, ...] = ()
    tallies: tuple[Tally, ...] = ()
    islands: tuple[float, ...] = ()
    individuals: int = 0
    valid: int = 0
    disqualified: int = 0
    known: int = 0
    seconds: float = 0.0
    usd: float = 0.0
    again: Evaluation | None = None

    @property
    def better(self) -> bool:
        """Whether the best scores more than the program that was given."""
        return self.best.score > self.first.score
