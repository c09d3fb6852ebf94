"""The numbers of good programs, sought by several optimisers side by side.

Each skeleton (a program without its numbers) has an optimiser of its own, which goes on whenever
one of its programs is the parent, however many others are asked in between. The most promising are
asked more often: a tournament over what each has reached, so that a form whose numbers lead nowhere
gets a few dozen evaluations and not a few thousand.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from random import Random

from codegenesis.scenarios.discover.constants.literals import Template, template
from codegenesis.scenarios.discover.constants.samplers import Sampler, sampler
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Draft, Task

_SIGMAS = (0.1, 0.3, 0.3, 1.0)
_MOST_STUDIES = 64
_MOST_PENDING = 4096
#: Chance that the parent's own optimiser is asked, rather than a more promising one.
_OWN = 0.3
_LARGEST = 400


class _Study:
    """One optimiser, for one skeleton."""

    def __init__(self, found: Template, parent: Individual, rng: Random) -> None:
        self.template, self.parent = found, parent
        self.best, self.runs = parent.score, 0
        self.again(rng)

    def again(self, rng: Random) -> None:
        """Begin at the best that is known, with another first step."""
        self.runs += 1
        self.sampler: Sampler = sampler(
            len(self.template.values), sigma=rng.choice(_SIGMAS), seed=rng.getrandbits(31)
        )

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
    """

    name = "constants"

    def __init__(self, *, drafts: int = 8) -> None:
        self._drafts = drafts
        self._lock = threading.Lock()
        self._studies: OrderedDict[str, _Study] = OrderedDict()
        self._pending: OrderedDict[str, tuple[_Study, Sampler, list[float]]] = OrderedDict()

    def applies(self, problem: Problem) -> bool:
        """Whether programs of this problem can have numbers: wherever some part may change."""
        return bool(problem.regions)

    def propose(self, task: Task) -> Sequence[Draft]:
        """See `Proposer`."""
        found = template(task.problem, task.parent.program)
        rng = Random(task.seed)
        with self._lock:
            study = self._chosen(found, task.parent, rng)
            return [self._draft(study) for _ in range(self._drafts)] if study else []

    def learn(self, draft: Draft, evaluation: Evaluation, *, parent: Individual) -> None:
        """Tell the optimiser that wrote it."""
        with self._lock:
            study, asked, point = self._pending.pop(draft.program, (None, None, []))
            if study is None or asked is None:
                return
            asked.tell(point, evaluation.score)
            if evaluation.score is not None and evaluation.score > study.best:
                study.best = evaluation.score
                study.parent = parent

    def _draft(self, study: _Study) -> Draft:
        point = study.sampler.ask()
        program = study.program(point)
        self._pending[program] = (study, study.sampler, point)
        while len(self._pending) > _MOST_PENDING:
            self._pending.popitem(last=False)
        return Draft(
            program=program,
            operator="constants",
            parents=(study.parent.id,),
            words=f"{len(point)} numbers",
        )

    def _chosen(self, found: Template | None, parent: Individual, rng: Random) -> _Study | None:
        own = self._own(found, parent, rng) if found else None
        active = [each for each in self._studies.values() if not each.sampler.done]
        if own is not None and (rng.random() < _OWN or not active):
            return own
        if not active:
            return None
        return max(rng.choices(active, k=3), key=lambda each: each.best)

    def _own(self, found: Template, parent: Individual, rng: Random) -> _Study | None:
        """The optimiser of the parent's skeleton; begun anew from this parent when it is done."""
        study = self._studies.get(found.key)
        if study is None:
            if len(found.values) > _LARGEST:
                return None
            study = self._studies[found.key] = _Study(found, parent, rng)
            self._forget()
        elif study.sampler.done:
            study.template, study.parent = found, parent
            study.again(rng)
        return study

    def _forget(self) -> None:
        """Let go of the least promising."""
        while len(self._studies) > _MOST_STUDIES:
            latest = next(reversed(self._studies))
            worst = min(
                (key for key in self._studies if key != latest),
                key=lambda key: (not self._studies[key].sampler.done, self._studies[key].best),
            )
            del self._studies[worst]
