"""The seam between the loop of discovery and whatever writes programs: search, models, solvers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from codegenesis.model import Record
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.problem import Problem


class Task(Record, frozen=True, kw_only=True):
    """What a proposer is given.

    Attributes:
        parent: program to start from.
        inspirations: others worth knowing, the best first: elites, neighbours, strangers.
        failures: recent offspring of the parent that got no score, or a lower one.
        seed: of all chance in this proposal.
    """

    problem: Problem
    parent: Individual
    inspirations: tuple[Individual, ...] = ()
    failures: tuple[Individual, ...] = ()
    island: int = 0
    seed: int = 0


class Draft(Record, frozen=True, kw_only=True):
    """A program that somebody wrote; nothing of it was run yet.

    Attributes:
        program: the whole text; outside of the problem's regions it must be the parent's.
        usd: what writing it cost.
    """

    program: str
    operator: str
    parents: tuple[str, ...] = ()
    model: str = ""
    words: str = ""
    usd: float = 0.0


class Proposer(Protocol):
    """Writes programs. `propose` is called from several threads at once, each with its own task."""

    @property
    def name(self) -> str: ...

    def applies(self, problem: Problem) -> bool:
        """Whether it can do anything for this problem at all."""

    def propose(self, task: Task) -> Sequence[Draft]:
        """Drafts, none when nothing comes to mind; never raises for what a program contains."""

    def learn(self, draft: Draft, evaluation: Evaluation, *, parent: Individual) -> None:
        """What became of a draft of its own."""


@runtime_checkable
class Waiting(Protocol):
    """What a proposer has besides, when it mostly waits for somebody else, like a model.

    Its calls get threads of their own, so that nobody else waits.
    """

    @property
    def parallel(self) -> int:
        """Calls that may be under way at once."""

    def stop(self) -> None:
        """End the calls that are under way; what they come to is not waited for."""
