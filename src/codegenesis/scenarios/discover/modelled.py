"""Programs by language models: what the loop knows of a task, told to a coder, and what came back.

A model that is dead, slow or out of money costs its own proposals and nothing else: the call comes
to no drafts, and the loop goes on with whoever else writes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from codegenesis.core.coders.attempt import Dud
from codegenesis.core.coders.memory import Memory
from codegenesis.core.coders.programs import ProgramAttempt, ProgramBrief, ProgramCoder
from codegenesis.core.models.model import Model
from codegenesis.errors import ModelError
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Draft, Task
from codegenesis.scenarios.discover.regions import regions_of

#: What an answer is worth that runs and scores, but not more than its parent.
_RUNS = 0.3
_REMEMBERED = 512


@runtime_checkable
class Rewarded(Protocol):
    """A model that chooses among several by what came of their answers."""

    def reward(self, model: str, value: float) -> None: ...


class ModelProposer:
    """Asks a model (or a fleet of them) for programs; see `Proposer` and `Waiting`.

    Args:
        parallel: questions at once.
        tell: is told, once each, what is wrong with a model, in words.
        memory: of earlier runs; what this one learns goes there when it stops.
    """

    name = "model"

    def __init__(
        self,
        model: Model,
        *,
        parallel: int = 2,
        tell: Callable[[str], None] = lambda _: None,
        memory: Memory | None = None,
    ) -> None:
        self.parallel = parallel
        self._model, self._tell, self._memory = model, tell, memory
        self._coder = ProgramCoder(model, habits=memory.recall() if memory else None)
        self._attempts: OrderedDict[str, ProgramAttempt] = OrderedDict()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._told: set[str] = set()

    def applies(self, problem: Problem) -> bool:
        """Any text can be rewritten."""
        return bool(problem.program.strip())

    def propose(self, task: Task) -> Sequence[Draft]:
        """One draft, or none when the answer holds no program."""
        stopping = self._stopping
        try:
            found = self._coder.write(brief_of(task), seed=task.seed, cancelled=stopping)
        except ModelError as error:
            self._complain(error, stopping)
            return ()
        if isinstance(found, Dud):
            self._reward(found.model, 0.0)
            return ()
        with self._lock:
            self._attempts[found.program] = found
            if len(self._attempts) > _REMEMBERED:
                self._attempts.popitem(last=False)
        return (self._draft(found, task),)

    def learn(self, draft: Draft, evaluation: Evaluation, *, parent: Individual) -> None:
        """Tell the coder and the fleet what their answer was good for."""
        with self._lock:
            attempt = self._attempts.pop(draft.program, None)
        if attempt is None:
            return
        score = evaluation.score
        value = 0.0 if score is None else 1.0 if score > parent.score else _RUNS
        self._coder.learn(attempt, value)
        self._reward(attempt.model, value)

    def stop(self) -> None:
        """End the calls that are under way, and keep what was learned."""
        self._stopping.set()
        self._stopping = threading.Event()
        if self._memory:
            self._memory.keep(self._coder.habits)

    def _draft(self, attempt: ProgramAttempt, task: Task) -> Draft:
        crossed = attempt.style == "crossover"
        others = task.inspirations[:2] if crossed else ()
        return Draft(
            program=attempt.program,
            operator=f"model:{attempt.style}",
            parents=(task.parent.id, *(each.id for each in others)),
            model=attempt.model,
            words=attempt.words,
            usd=attempt.usage.usd,
        )

    def _reward(self, model: str, value: float) -> None:
        if isinstance(self._model, Rewarded):
            self._model.reward(model, value)

    def _complain(self, error: ModelError, stopping: threading.Event) -> None:
        words = f"{error} {error.remedy}".strip()
        if not stopping.is_set() and words not in self._told:
            self._told.add(words)
            self._tell(words)


def brief_of(task: Task) -> ProgramBrief:
    """A task as a coder is told of it."""
    parent, problem = task.parent, task.problem
    whole = problem.regions and parent.program != problem.program
    regions = regions_of(parent.program) if whole else problem.regions
    return ProgramBrief(
        program=parent.program,
        regions=regions,
        goal=problem.goal,
        score=parent.evaluation.score,
        metrics=parent.evaluation.metrics,
        feedback=parent.evaluation.feedback,
        inspirations=tuple((each.program, each.score) for each in task.inspirations),
        failures=tuple((each.program, _wrong(each)) for each in reversed(task.failures)),
    )


def _wrong(failure: Individual) -> str:
    evaluation = failure.evaluation
    if evaluation.score is None:
        return evaluation.error or evaluation.feedback or "It has no score."
    return f"Its score is only {evaluation.score:.6g}."
