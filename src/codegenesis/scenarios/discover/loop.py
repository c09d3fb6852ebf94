"""The loop: choose, write, look whether it is known, evaluate, learn; all decisions in one thread.

A window of evaluations is kept under way, one more than there are threads for, so that a jail never
waits for a decision. What ends is taken in one at a time. With one evaluation at a time and nobody
who waits for a model, the order of all this depends on the seed alone, and a run repeats to the
letter; with more, it depends on what ends first.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from random import Random

from msgspec.structs import replace

from codegenesis.core.budget import Meter
from codegenesis.model import Record, digest
from codegenesis.scenarios.discover.archive import Elite
from codegenesis.scenarios.discover.books import Books
from codegenesis.scenarios.discover.credit import BEST, KEPT, NOTHING, Credit
from codegenesis.scenarios.discover.crew import Crew, Evaluated, Ticket, Traveller, Written
from codegenesis.scenarios.discover.frame import Frame
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.judging import DISQUALIFIED, Judgement, mean_of
from codegenesis.scenarios.discover.keeping import Journal
from codegenesis.scenarios.discover.outcome import Standing, Step
from codegenesis.scenarios.discover.population import Population
from codegenesis.scenarios.discover.proposer import Draft, Proposer, Task, Waiting
from codegenesis.scenarios.discover.shape import Reader

#: Why a run ends that could go on.
EXHAUSTED = "nobody has anything new to propose"

_TICK_S = 0.1
_GRACE_S = 1.0
#: Proposals in a row without anything new after which a proposer rests until something improves.
_PATIENCE = 400
_PATIENCE_WAITING = 25


class Parts(Record, frozen=True, kw_only=True):
    """What the loop works with.

    Attributes:
        run: `Run.id`, or anything that tells its programs from another run's.
        journal: where it is kept; None where it is not.
        tell: gets what happens, in words.
        watch: gets how the run stands, several times a second.
    """

    run: str
    seed: int
    jobs: int
    proposers: Sequence[Proposer]
    population: Population
    reader: Reader
    frame: Frame
    judgement: Judgement
    meter: Meter
    journal: Journal | None
    tell: Callable[[str], None]
    watch: Callable[[Standing], None]


class Loop:
    """One sitting of a run, after its first program is in the population."""

    def __init__(self, parts: Parts, crew: Crew) -> None:
        self._parts, self._crew = parts, crew
        self._population, self._meter = parts.population, parts.meter
        self._proposers = {each.name: each for each in parts.proposers}
        self._waiting = {each.name for each in parts.proposers if isinstance(each, Waiting)}
        names = list(self._proposers)
        self.credit = Credit(names, timed=parts.jobs > 1 or bool(self._waiting))
        self.books = Books(names)
        self._barren = dict.fromkeys(names, 0)
        self._drafts: deque[Ticket] = deque()
        self._step = self._population.count << 20  # another sitting, other chances
        self._over_since = math.inf
        self._watched = -math.inf

    def through(self) -> str:
        """Go on until something ends it; what that was."""
        while True:
            self._fill()
            if why := self._ending():
                return why
            done = self._crew.next(timeout_s=_TICK_S)
            if isinstance(done, Written):
                self._receive(done.proposer, done.parent, done.task, done.drafts, done.seconds)
            elif done is not None:
                self._take(done)
            self._tick()

    def _fill(self) -> None:
        """Keep the window full."""
        while self._crew.evaluating <= self._parts.jobs:
            over = self._meter.over
            if self._drafts and (not over or self._only_models_are_over):
                self._meter.spend(trials=1)
                self._crew.evaluate(self._drafts.popleft())
            elif over or not self._propose():
                return

    def _ending(self) -> str:
        """Why nothing more is to be waited for; empty while something is."""
        why, evaluating = self._meter.over, bool(self._crew.evaluating)
        under_way = evaluating or bool(self._crew.waiting or self._drafts)
        if not why:
            return "" if under_way else EXHAUSTED
        self._over_since = min(self._over_since, self._meter.seconds)
        if self._only_models_are_over:  # what was paid for is evaluated
            return "" if under_way else why
        counted = self._meter.left_s > 0 and not self._meter.cancelled
        patient = counted or self._meter.seconds - self._over_since < _GRACE_S
        return "" if evaluating and patient else why

    @property
    def _only_models_are_over(self) -> bool:
        """Whether money, tokens or calls ended the run, and there is time for what they bought."""
        meter = self._meter
        return meter.left_s > 0 and meter.left_trials > 0 and not meter.cancelled

    def _propose(self) -> bool:
        """Have somebody write; False when nobody has a free hand."""
        free = [name for name in self._proposers if self._is_free(name)]
        if not free:
            return False
        self._step += 1
        name = self.credit.pick(free, Random(f"{self._parts.seed} {self._step} who"))
        proposer, choice = self._proposers[name], self._population.choose(self._step)
        if name in self._waiting:
            self._crew.propose(proposer, choice.task, choice.parent)
        else:
            began = self._meter.seconds
            drafts = proposer.propose(choice.task)
            seconds = self._meter.seconds - began
            self._receive(name, choice.parent, choice.task, drafts, seconds)
        return True

    def _is_free(self, name: str) -> bool:
        if name in self._waiting:
            return self._barren[name] < _PATIENCE_WAITING and self._crew.is_free(name)
        return self._barren[name] < _PATIENCE

    def _receive(
        self, name: str, parent: Elite, task: Task, drafts: Sequence[Draft], seconds: float
    ) -> None:
        """Look drafts through: what is known, broken or out of bounds goes no further."""
        self._barren[name] += 1
        self.credit.wrote(name, len(drafts))
        each_s = seconds / max(1, len(drafts))
        if not drafts:
            self.credit.earn(name, NOTHING, seconds=seconds)
        for draft in drafts:
            shape = self._parts.reader.read(draft.program)
            if shape is None or not self._parts.frame.holds(draft.program):
                self.books.wrote(name, usd=draft.usd, unfit=True)
            elif not self._population.novelty.meet(shape):
                self.books.wrote(name, usd=draft.usd, known=True)
            else:
                self.books.wrote(name, usd=draft.usd)
                self._barren[name] = 0
                ticket = Ticket(
                    draft=draft,
                    shape=shape,
                    parent=parent.line,
                    island=task.island,
                    proposer=name,
                    wrote_s=each_s,
                )
                self._drafts.append(ticket)
                continue
            self.credit.earn(name, NOTHING, seconds=each_s)

    def _take(self, done: Evaluated) -> None:
        if isinstance(done.subject, Traveller):
            self._let_go(done.subject, done.evaluation)
            return
        judgement, times = self._parts.judgement, done.subject.times + 1
        known = self._known(done.subject, done.evaluation)
        if self._is_record(known) and not judgement.is_settled(times):
            self._crew.confirm(replace(done.subject, claimed=known, times=times))
        else:
            confirmed = times > 1 or not judgement.claims_only
            self._settle(done.subject, known, confirmed=confirmed)

    def _known(self, ticket: Ticket, evaluation: Evaluation) -> Evaluation:
        """What all evaluations of a program say together."""
        if ticket.claimed is None:
            return evaluation
        if self._parts.judgement.claims_only:
            return self._parts.judgement.verdict(ticket.claimed, evaluation)
        return mean_of(ticket.claimed, evaluation, times=ticket.times + 1)

    def _is_record(self, evaluation: Evaluation) -> bool:
        best = self._population.best.individual.score
        return evaluation.score is not None and evaluation.score > best

    def _settle(self, ticket: Ticket, evaluation: Evaluation, *, confirmed: bool) -> None:
        """Take in a program whose evaluation is all there."""
        individual = self._individual(ticket, evaluation)
        if evaluation.error.startswith(DISQUALIFIED):
            self._parts.tell(f"program {individual.number}: {evaluation.error}")
        place = self._population.absorb(
            individual, ticket.shape, ticket.parent, confirmed=confirmed
        )
        parent = ticket.parent.individual
        self._proposers[ticket.proposer].learn(ticket.draft, evaluation, parent=parent)
        seconds = ticket.wrote_s + evaluation.seconds
        self.credit.earn(ticket.proposer, place.worth, seconds=seconds)
        self.books.scored(ticket.proposer, valid=evaluation.score is not None, worth=place.worth)
        self._note(individual, ticket, confirmed=confirmed)
        if place.worth >= BEST:
            self._say_best(individual)
        if place.worth > KEPT:
            self._barren = dict.fromkeys(self._barren, 0)
        for elite in place.leaving:
            self._send(Traveller(elite, individual.island))

    def _individual(self, ticket: Ticket, evaluation: Evaluation) -> Individual:
        draft, parent = ticket.draft, ticket.parent.individual
        return Individual(
            id=digest(self._parts.run, draft.program)[:16],
            number=self._population.count,
            program=draft.program,
            evaluation=evaluation,
            island=ticket.island,
            generation=parent.generation + 1,
            parents=draft.parents or (parent.id,),
            operator=draft.operator,
            model=draft.model,
            words=draft.words,
        )

    def _note(self, individual: Individual, ticket: Ticket, *, confirmed: bool) -> None:
        if self._parts.journal:
            claimed = ticket.claimed.score if ticket.claimed else None
            self._parts.journal.note(
                individual, ticket.shape, confirmed=confirmed, claimed=claimed, usd=ticket.draft.usd
            )

    def _say_best(self, individual: Individual) -> None:
        step = Step(
            number=individual.number,
            seconds=self.books.seconds,
            score=individual.score,
            operator=individual.operator,
        )
        self.books.steps.append(step)
        words = f": {individual.words}" if individual.words else ""
        self._parts.tell(
            f"best {individual.score:.6g} (program {individual.number}, island "
            f"{individual.island + 1}, {individual.operator}{words})"
        )

    def _send(self, traveller: Traveller) -> None:
        """Let an elite travel, once its score is believed."""
        if traveller.elite.confirmed:
            self._population.travel(traveller.elite, island=traveller.island)
        else:
            self._crew.confirm(traveller)

    def _let_go(self, traveller: Traveller, evaluation: Evaluation) -> None:
        elite = traveller.elite
        individual = elite.individual
        if self._parts.judgement.holds(individual.evaluation, evaluation):
            self._population.travel(elite, island=traveller.island)
            verdict = individual.evaluation
        else:
            verdict = self._parts.judgement.verdict(individual.evaluation, evaluation)
            self._population.disqualify(elite)
            self._parts.tell(f"program {individual.number}: {verdict.error}")
        if self._parts.journal:
            self._parts.journal.amend(individual, verdict, meter=self._meter)

    def _tick(self) -> None:
        if self._parts.journal:
            self._parts.journal.flush(self._meter)
        if self._meter.seconds - self._watched >= _TICK_S:
            self._watched = self._meter.seconds
            self._parts.watch(self.books.standing(self._population))
