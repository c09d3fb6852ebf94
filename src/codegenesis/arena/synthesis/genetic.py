"""What enumeration cannot reach, by variation and selection of what it has reached.

Trees are the bank's own expressions; variation puts one subtree in the place of another of its
kind, so results stay typed. Selection is lexicase (Spector, 2012; Helmuth et al., 2015): each
parent is the best on some order of the examples, so those that solve a hard example alone are kept,
where an average would lose them. Credit is partial: how far a value is from the wanted one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from codegenesis.arena.synthesis.aims import CHOICE, Aim, choice
from codegenesis.arena.synthesis.bank import Bank, Entry, apply
from codegenesis.arena.synthesis.values import distance, key, kinds_of

_POPULATION = 240
_CHILDREN = 160
_LARGEST = 26
_POOL = 4000
_TURN = 16
_RESTART_AFTER = 25


class Individual(NamedTuple):
    """An expression and its distance on every example."""

    entry: Entry
    errors: tuple[float, ...]

    @property
    def total(self) -> float:
        """Lower is better; size breaks ties."""
        return sum(self.errors) + 0.002 * self.entry.cost


class Genetic:
    """Generations over the entries of a bank.

    Args:
        aim: what is wanted; is shown every child, so that parts of it can meet in conditions.
        rng: the only source of chance.
    """

    def __init__(self, bank: Bank, aim: Aim, report: Callable[[Entry, str], None], rng: Random):
        self._bank, self._aim, self._report, self._rng = bank, aim, report, rng
        self._pools: dict[str, list[Entry]] = {}
        self._seen: set[int] = set()
        self.trials = 0

    def run(self) -> Iterator[None]:
        """Evolve, and begin anew where nothing gets better."""
        while True:
            self._pools = {
                kind: [e for e in entries[:_POOL] if e.cost <= 6 and not e.part.tail]
                for kind, entries in self._bank.by_kind.items()
            }
            self._seen.clear()
            people = self._first()
            best, since = 1e9, 0
            if len(people) < 2:
                return
            while since < _RESTART_AFTER:
                children: list[Individual] = []
                for turn in range(_CHILDREN):
                    if child := self._child(people):
                        children.append(child)
                    if turn % _TURN == _TURN - 1:
                        yield
                people = sorted([*people, *children], key=lambda each: each.total)[:_POPULATION]
                since = 0 if people[0].total < best - 1e-6 else since + 1
                best = min(best, people[0].total)
            yield from self._aim.combine(self._bank)

    def _first(self) -> list[Individual]:
        kinds = kinds_of(self._aim.wanted)
        some = self._pools.get(kinds[0], []) or self._pools.get("any", [])
        drawn = [*some[:600], *self._rng.sample(some, min(len(some), 400))]
        people = {id(entry): self._individual(entry) for entry in drawn}
        return sorted(people.values(), key=lambda each: each.total)[:_POPULATION]

    def _individual(self, entry: Entry) -> Individual:
        pairs = zip(entry.values, self._aim.wanted, strict=False)
        return Individual(entry, tuple(distance(came, wanted) for came, wanted in pairs))

    def _child(self, people: Sequence[Individual]) -> Individual | None:
        self.trials += 1
        parent = self._selected(people).entry
        other = self._selected(people).entry if self._rng.random() < 0.5 else None
        made = self._varied(parent, other)
        if made is None or made.cost > _LARGEST:
            return None
        mark = key(made.values)
        if mark in self._seen:
            return None
        self._seen.add(mark)
        made.kinds = kinds_of(made.values)
        if self._aim.mask(made) == self._aim.full:
            self._report(made, "genetic")
        self._aim.see(made)
        return self._individual(made)

    def _selected(self, people: Sequence[Individual]) -> Individual:
        """Lexicase among a random few."""
        left = self._rng.sample(people, min(len(people), 24))
        cases = list(range(self._aim.rows))
        self._rng.shuffle(cases)
        for case in cases:
            least = min(each.errors[case] for each in left)
            left = [each for each in left if each.errors[case] <= least]
            if len(left) == 1:
                break
        return left[0]

    def _varied(self, parent: Entry, other: Entry | None) -> Entry | None:
        path = self._path(parent)
        place = path[-1] if path else parent
        donor = self._donor(place, other)
        return self._replaced(parent, place, donor) if donor else None

    def _path(self, entry: Entry) -> list[Entry]:
        """From the root down to a random node."""
        path, node = list[Entry](), entry
        while _operands(node) and self._rng.random() < 0.75:
            node = self._rng.choice(node.kids)
            path.append(node)
        return path

    def _donor(self, place: Entry, other: Entry | None) -> Entry | None:
        kinds = place.kinds or kinds_of(place.values)
        if other is not None:
            some = [e for e in _nodes(other) if (e.kinds or kinds_of(e.values))[:1] == kinds[:1]]
            if some:
                return self._rng.choice(some)
        pool = self._pools.get(kinds[0], ())
        if not pool:
            return None
        reach = int(len(pool) * self._rng.random() ** 2) + 1
        return pool[self._rng.randrange(reach)] if reach <= len(pool) else pool[-1]

    def _replaced(self, entry: Entry, place: Entry, donor: Entry) -> Entry | None:
        if entry is place:
            return self._grown(donor)
        if not _operands(entry):
            return entry
        kids = []
        for kid in entry.kids:
            made = donor if kid is place else self._replaced(kid, place, donor)
            if made is None:
                return None
            kids.append(made)
        if all(a is b for a, b in zip(kids, entry.kids, strict=True)):
            return entry
        if entry.part is CHOICE:
            return choice(*kids)
        return apply(entry.part, tuple(kids))

    def _grown(self, donor: Entry) -> Entry | None:
        """Sometimes behind a condition."""
        conditions = self._pools.get("bool", ())
        if not conditions or self._rng.random() < 0.6:
            return donor
        kind = (donor.kinds or kinds_of(donor.values))[0]
        others = self._pools.get(kind, ())
        if not others:
            return donor
        return choice(self._rng.choice(conditions), donor, self._rng.choice(others))


def _nodes(entry: Entry) -> Iterator[Entry]:
    yield entry
    for kid in _operands(entry):
        yield from _nodes(kid)


def _operands(entry: Entry) -> tuple[Entry, ...]:
    """What can be exchanged: the body of a comprehension has rows of its own."""
    return entry.kids if entry.part.fn else ()
