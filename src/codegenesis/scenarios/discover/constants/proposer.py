"""The numbers of good programs, sought by several optimisers side by side.

Each skeleton (a program without its numbers) has an optimiser of its own, which goes on whenever
one of its programs is the parent, however many others are asked in between. The most promising are
asked more often, by where they would be if they went on as they lately did: a new form begins with
numbers that are worse than none, and a form whose numbers lead nowhere gets a few dozen evaluations
and not a few thousand.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from random import Random

from codegenesis.scenarios.discover.constants.literals import Template, template
from codegenesis.scenarios.discover.constants.samplers import Sampler, sampler
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.nursery import Nursery
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Draft, Task

_SIGMAS = (0.03, 0.1, 0.3, 1.0)
_MOST_STUDIES = 64
_MOST_PENDING = 4096
#: Chance that the parent's own optimiser is asked, or begun, rather than one that is there.
_OWN = 0.5
#: Chance to begin with a new form rather than with the parent; the best of so many.
_NEWBORN, _AMONG = 0.7, 3
#: Numbers with which a new form is worth a try.
_FEWEST = 2
#: Each is heard for so many questions, a few of those at a time; then the promising are.
_YOUTH, _MOST_YOUNG, _FOR_THE_YOUNG = 32, 4, 0.5
#: Answers after which it is looked how far one has come.
_WINDOW = 16
#: Chance that the best is asked; that the next one is, when it is not; and so on.
_GREED = 0.4
_LARGEST = 400


class _Study:
    """One optimiser, for one skeleton.

    Args:
        parent: `Individual.id` that its programs name as theirs.
        score: of what it begins with.
    """

    def __init__(self, found: Template, *, parent: str, score: float, rng: Random) -> None:
        self.template, self.parent = found, parent
        self.best = self._mark = score
        self.asked, self._told, self._gain = 0, 0, 0.0
        self.again(found, rng)

    def again(self, found: Template, rng: Random) -> None:
        """Begin at these numbers, with another first step."""
        self.template = found
        self.sampler: Sampler = sampler(
            len(found.values), sigma=rng.choice(_SIGMAS), seed=rng.getrandbits(31)
        )

    @property
    def promise(self) -> float:
        """Where it would be if it went on as it lately did."""
        return self.best + self._gain

    def note(self, score: float | None) -> None:
        """One of its programs was scored."""
        self.best = max(self.best, self.best if score is None else score)
        self._told += 1
        if self._told % _WINDOW == 0:
            self._gain, self._mark = self.best - self._mark, self.best

    def program(self, point: Sequence[float]) -> str:
        """The program at a point."""
        start, scales = self.template.values, self.template.scales
        return self.template.filled(
            [v + s * x for v, s, x in zip(start, scales, point, strict=True)]
        )


class Constants:
    """Proposes the same programs with other numbers.

    Args:
        drafts: programs per task.
        nursery: of new forms; without it only parents' numbers are sought.
    """

    name = "constants"

    def __init__(self, *, drafts: int = 8, nursery: Nursery | None = None) -> None:
        self._drafts, self._nursery = drafts, nursery
        self._lock = threading.Lock()
        self._studies: OrderedDict[str, _Study] = OrderedDict()
        self._pending: OrderedDict[str, tuple[_Study, Sampler, list[float]]] = OrderedDict()

    def applies(self, problem: Problem) -> bool:
        """Whether programs of this problem can have numbers: wherever some part may change."""
        return bool(problem.regions)

    def propose(self, task: Task) -> Sequence[Draft]:
        """See `Proposer`."""
        rng = Random(task.seed)
        with self._lock:
            study = self._chosen(task, rng)
            return [self._draft(study) for _ in range(self._drafts)] if study else []

    def learn(self, draft: Draft, evaluation: Evaluation, *, parent: Individual) -> None:  # noqa: ARG002
        """Tell the optimiser that wrote it."""
        with self._lock:
            study, asked, point = self._pending.pop(draft.program, (None, None, []))
            if study is not None and asked is not None:
                asked.tell(point, evaluation.score)
                study.note(evaluation.score)

    def _draft(self, study: _Study) -> Draft:
        point = study.sampler.ask()
        study.asked += 1
        program = study.program(point)
        self._pending[program] = (study, study.sampler, point)
        while len(self._pending) > _MOST_PENDING:
            self._pending.popitem(last=False)
        return Draft(
            program=program,
            operator="constants",
            parents=(study.parent,),
            words=f"{len(point)} numbers",
        )

    def _chosen(self, task: Task, rng: Random) -> _Study | None:
        active = [each for each in self._studies.values() if not each.sampler.done]
        young = [each for each in active if each.asked < _YOUTH]
        if not active or (len(young) < _MOST_YOUNG and rng.random() < _OWN):
            begun = self._newborn(task.problem, rng) if rng.random() < _NEWBORN else None
            if begun := begun or self._own(task.problem, task.parent, rng):
                return begun
        if young and rng.random() < _FOR_THE_YOUNG:
            return rng.choice(young)
        active.sort(key=lambda each: each.promise, reverse=True)
        best = active[0] if active else None
        return next((each for each in active if rng.random() < _GREED), best)

    def _newborn(self, problem: Problem, rng: Random) -> _Study | None:
        """A new optimiser, for a form that has none."""
        given = self._nursery.take(rng, among=_AMONG) if self._nursery else None
        found = template(problem, given.program) if given else None
        if not given or not found or found.key in self._studies:
            return None
        if not _FEWEST <= len(found.values) <= _LARGEST:
            return None
        return self._begun(found, _Study(found, parent=given.parent, score=given.score, rng=rng))

    def _own(self, problem: Problem, parent: Individual, rng: Random) -> _Study | None:
        """The optimiser of the parent's skeleton; begun anew from this parent when it is done."""
        found = template(problem, parent.program)
        if found is None or len(found.values) > _LARGEST:
            return None
        study = self._studies.get(found.key)
        if study is None:
            begun = _Study(found, parent=parent.id, score=parent.score, rng=rng)
            return self._begun(found, begun)
        if study.sampler.done:
            if parent.score < study.best:
                return None  # it has come further already
            study.parent = parent.id
            study.again(found, rng)
        return study

    def _begun(self, found: Template, study: _Study) -> _Study:
        """Keep it, and let go of the least promising when there are too many."""
        self._studies[found.key] = study
        others = [key for key in self._studies if key != found.key]
        if len(others) >= _MOST_STUDIES:
            del self._studies[min(others, key=lambda key: self._worth(self._studies[key]))]
        return study

    @staticmethod
    def _worth(study: _Study) -> tuple[bool, float]:
        return not study.sampler.done, study.promise
