"""The threads of a run: some evaluate, some wait for models; what comes of it is put in one inbox.

Whoever decides takes one thing after the other out of the inbox, whatever it is, so nothing of the
run's state is shared between threads and nothing is looked for among what is under way.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol

from codegenesis.model import Record
from codegenesis.scenarios.discover.archive import Elite, Lineage
from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.proposer import Draft, Proposer, Task, Waiting
from codegenesis.scenarios.discover.shape import Shape


class Evaluating(Protocol):
    """Scores programs; `evaluate` and `confirm` are called from several threads at once."""

    def evaluate(self, program: str) -> Evaluation: ...

    def confirm(self, program: str) -> Evaluation:
        """Score a program where it cannot reach the score; the same where it never can."""


class Ticket(Record, frozen=True, kw_only=True):
    """A draft on its way.

    Attributes:
        proposer: name of whoever wrote it.
        wrote_s: seconds that writing took.
        claimed: the score to be confirmed; None on the first visit.
        times: how often it was evaluated.
    """

    draft: Draft
    shape: Shape
    parent: Lineage
    island: int
    proposer: str
    wrote_s: float = 0.0
    claimed: Evaluation | None = None
    times: int = 0


class Traveller(Record, frozen=True):
    """An elite that has to be confirmed before it leaves its island."""

    elite: Elite
    island: int


class Written(Record, frozen=True):
    """Drafts that a waiting proposer has come to."""

    proposer: str
    task: Task
    parent: Elite
    drafts: Sequence[Draft]
    seconds: float


class Evaluated(Record, frozen=True):
    """An evaluation has ended."""

    subject: Ticket | Traveller
    evaluation: Evaluation


class Crew:
    """Threads at work; close it to let them go.

    Args:
        jobs: evaluations at once.
        waiting: proposers that wait for others.

    Attributes:
        evaluating: evaluations under way or in line.
        waiting: calls of proposers under way.
    """

    def __init__(
        self, evaluators: Evaluating, *, jobs: int, waiting: Mapping[str, Waiting]
    ) -> None:
        self._evaluators = evaluators
        self._inbox: queue.SimpleQueue[Future[Written | Evaluated]] = queue.SimpleQueue()
        self._evaluating = ThreadPoolExecutor(jobs, thread_name_prefix="evaluate")
        self._lanes = {
            name: ThreadPoolExecutor(each.parallel, thread_name_prefix=name)
            for name, each in waiting.items()
        }
        self._free = {name: each.parallel for name, each in waiting.items()}
        self._stops = [each.stop for each in waiting.values()]
        self.evaluating = self.waiting = 0

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for stop in self._stops:
            stop()
        for pool in (self._evaluating, *self._lanes.values()):
            pool.shutdown(wait=False, cancel_futures=True)

    def is_free(self, name: str) -> bool:
        """Whether this waiting proposer can be given another task."""
        return self._free[name] > 0

    def evaluate(self, ticket: Ticket) -> None:
        """Have a draft evaluated."""
        program = ticket.draft.program
        self.evaluating += 1
        self._start(self._evaluating, lambda: Evaluated(ticket, self._evaluators.evaluate(program)))

    def confirm(self, subject: Ticket | Traveller) -> None:
        """Have a score confirmed."""
        if isinstance(subject, Ticket):
            program = subject.draft.program
        else:
            program = subject.elite.individual.program
        self.evaluating += 1
        self._start(self._evaluating, lambda: Evaluated(subject, self._evaluators.confirm(program)))

    def propose(self, proposer: Proposer, task: Task, parent: Elite) -> None:
        """Give a task to a proposer that waits."""
        self._free[proposer.name] -= 1
        self.waiting += 1

        def write() -> Written | Evaluated:
            began = time.monotonic()
            drafts = proposer.propose(task)
            return Written(proposer.name, task, parent, drafts, time.monotonic() - began)

        self._start(self._lanes[proposer.name], write)

    def next(self, *, timeout_s: float) -> Written | Evaluated | None:
        """What ended first; None when nothing did in time. What failed is raised here."""
        try:
            done = self._inbox.get(timeout=timeout_s).result()
        except queue.Empty:
            return None
        if isinstance(done, Written):
            self._free[done.proposer] += 1
            self.waiting -= 1
        else:
            self.evaluating -= 1
        return done

    def _start(self, pool: ThreadPoolExecutor, work: Callable[[], Written | Evaluated]) -> None:
        pool.submit(work).add_done_callback(self._inbox.put)
