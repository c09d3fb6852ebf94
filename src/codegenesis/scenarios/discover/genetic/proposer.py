"""Genetic programming as a proposer: typed changes of expressions and statements, and mating.

Strongly typed genetic programming (Montana, 1995) with the program itself as the grammar: what can
be put in is what it has (`scope`). Operators that lead to better programs are taken more often.
Past a size nothing is added any more, only taken out (Poli's bloat control, with a limit instead of
a penalty, since scores here have no unit).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from random import Random

from codegenesis.core.genetic.program import Change
from codegenesis.core.genetic.syntax import fit
from codegenesis.scenarios.discover.genetic import mating, statements
from codegenesis.scenarios.discover.genetic.grow import Bed
from codegenesis.scenarios.discover.genetic.mutations import OPERATORS, Mutation
from codegenesis.scenarios.discover.genetic.parts import Part, parts
from codegenesis.scenarios.discover.genetic.pieces import Piece
from codegenesis.scenarios.discover.genetic.scope import Scope, Spot, scope
from codegenesis.scenarios.discover.genetic.simplify import simplified
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.nursery import Newborn, Nursery
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Draft, Task

#: A part may grow to this many times its first size, and by this many expressions in any case.
_GROWTH, _ROOM = 2, 40
_TRIES = 12
#: How often a draft gets one more change.
_AGAIN = 0.3
Way = Callable[["_Try"], str | None]


class Genetic:
    """Writes programs by small changes of one parent, and by mating two.

    Args:
        drafts: programs per task.
        nursery: where programs go that score, and not as their parents do.
    """

    name = "genetic"

    def __init__(self, *, drafts: int = 4, nursery: Nursery | None = None) -> None:
        self._drafts, self._nursery = drafts, nursery
        self._lock = threading.Lock()
        self._tally = {name: [1.0, 0.0] for name in _WAYS}

    def applies(self, problem: Problem) -> bool:
        """Whether a part of the program can be read on its own."""
        found = parts(problem, problem.program)
        return any((s := _read(each, problem)) and s.spots for each in found)

    def propose(self, task: Task) -> Sequence[Draft]:
        """See `Proposer`."""
        rng = Random(task.seed)
        found: dict[str, Draft] = {}
        for _ in range(self._drafts):
            draft = self._draft(task, rng)
            if draft is not None and draft.program != task.parent.program:
                found.setdefault(draft.program, draft)
        return list(found.values())

    def learn(self, draft: Draft, evaluation: Evaluation, *, parent: Individual) -> None:
        """An operator is worth what share of its drafts beat the parent."""
        score = evaluation.score
        won = score is not None and score > parent.score
        if self._nursery and score is not None and score != parent.score:
            self._nursery.put(Newborn(program=draft.program, parent=parent.id, score=score))
        with self._lock:
            for name in draft.operator.removeprefix("genetic:").split("+"):
                tally = self._tally.get(name)
                if tally is not None:
                    tally[0] += 1
                    tally[1] += won

    def _draft(self, task: Task, rng: Random) -> Draft | None:
        program, used, mates = task.parent.program, list[str](), list[str]()
        for _ in range(_TRIES):
            attempt = _opened(task, program, rng)
            if attempt is None:
                return None
            way = self._way(attempt, rng)
            text = _WAYS[way][0](attempt)
            if text is None or text == attempt.part.text or not attempt.allows(text):
                continue
            program = attempt.part.within(program, text)
            used.append(way)
            mates += attempt.mates
            if rng.random() > _AGAIN:
                break
        return _written(task, program, used, mates) if used else None

    def _way(self, attempt: _Try, rng: Random) -> str:
        """Which operator, by what became of its drafts so far."""
        names = [
            name
            for name, (_, _, shorter, mates) in _WAYS.items()
            if (shorter or not attempt.full) and (attempt.task.inspirations or not mates)
        ]
        with self._lock:
            known = {name: tuple(self._tally[name]) for name in names}
        weights = [_WAYS[n][1] * (0.05 + (known[n][1] + 1) / (known[n][0] + 10)) for n in names]
        return rng.choices(names, weights)[0]


class _Try:
    """One part of one program that is to be changed."""

    def __init__(self, task: Task, part: Part, index: int, found: Scope, rng: Random) -> None:
        self.task, self.part, self.index, self.scope, self.rng = task, part, index, found, rng
        self.mates: list[str] = []
        self.full = found.size > _limit(task.problem, index)

    def allows(self, text: str) -> bool:
        """Whether nothing is changed in front of the part."""
        return text[: self.part.locked] == self.part.text[: self.part.locked]

    def spot(self) -> Spot | None:
        """An expression that can change."""
        spots = self.scope.spots
        return self.rng.choices(spots, [each.weight for each in spots])[0] if spots else None

    def other(self) -> Scope | None:
        """The same part of another program that is worth knowing."""
        mate = self.rng.choice(self.task.inspirations)
        found = parts(self.task.problem, mate.program)
        if len(found) <= self.index:
            return None
        self.mates.append(mate.id)
        return _read(found[self.index], self.task.problem)


def _opened(task: Task, program: str, rng: Random) -> _Try | None:
    found = parts(task.problem, program)
    read = [(index, s) for index, p in enumerate(found) if (s := _read(p, task.problem))]
    if not read:
        return None
    index, chosen = rng.choices(read, [1 + len(each.spots) for _, each in read])[0]
    return _Try(task, found[index], index, chosen, rng)


def _read(part: Part, problem: Problem) -> Scope | None:
    """A part; what is imported, the first program tells."""
    return scope(part.text, problem.program, part.locked)


def _limit(problem: Problem, index: int) -> int:
    first = _read(parts(problem, problem.program)[index], problem)
    return max(first.size * _GROWTH, first.size + _ROOM) if first else _ROOM


def _expression(change: Mutation) -> Way:
    def changed(attempt: _Try) -> str | None:
        spot = attempt.spot()
        if spot is None:
            return None
        piece = change(Bed(attempt.scope, spot.expr, attempt.rng), spot)
        return piece and _put(attempt.scope, spot, piece)

    return changed


def _statement(change: Callable[[Bed, Spot], list[Change]]) -> Way:
    def changed(attempt: _Try) -> str | None:
        spot = attempt.spot()
        if spot is None:
            return None
        changes = change(Bed(attempt.scope, spot.expr, attempt.rng), spot)
        text = attempt.part.text
        for each in sorted(changes, key=lambda c: -c.start):
            text = text[: each.start] + each.text + text[each.end :]
        return text if changes else None

    return changed


def _mended(attempt: _Try) -> str | None:
    return statements.mended(attempt.scope, attempt.rng)


def _grafted(attempt: _Try) -> str | None:
    spot, other = attempt.spot(), attempt.other()
    if spot is None or other is None:
        return None
    piece = mating.grafted(Bed(attempt.scope, spot.expr, attempt.rng), spot, other)
    return piece and _put(attempt.scope, spot, piece)


def _merged(attempt: _Try) -> str | None:
    base, other = parts(attempt.task.problem, attempt.task.problem.program), attempt.other()
    if other is None:
        return None
    texts = base[attempt.index].text, attempt.part.text, other.program.text
    return mating.merged(*texts, attempt.rng)


def _simplified(attempt: _Try) -> str | None:
    spot = attempt.spot()
    text = spot and simplified(spot.expr.text)
    return _put(attempt.scope, spot, Piece(text, 0)) if spot and text else None


def _put(found: Scope, spot: Spot, piece: Piece) -> str:
    text, expr = found.program.text, spot.expr
    return text[: expr.start] + fit(*piece, expr.need) + text[expr.end :]


#: By name: how, how often at first, whether programs get shorter, whether it needs a mate.
_WAYS: dict[str, tuple[Way, float, bool, bool]] = {
    **{
        each.name: (_expression(each.change), each.weight, each.shorter, False)
        for each in OPERATORS
    },
    "rework": (_statement(statements.reworked), 1.5, False, False),
    "name": (_statement(statements.named), 0.3, False, False),
    "edit": (_mended, 0.7, True, False),
    "simplify": (_simplified, 0.3, True, False),
    "graft": (_grafted, 1.5, False, True),
    "merge": (_merged, 0.15, True, True),
}


def _written(task: Task, program: str, used: list[str], mates: list[str]) -> Draft:
    return Draft(
        program=program,
        operator=f"genetic:{'+'.join(used)}",
        parents=tuple(dict.fromkeys((task.parent.id, *mates))),
        words=" and ".join(used),
    )
