"""What a bank is watched for: a column that is wanted, halves of it, and pieces that cover it.

Three ways lead from a bank to a column that is not in it. *Halves*: for every `a` the `b` that
would make `a + b` the result is looked up, which doubles the depth reached. *Masks*: conditions
that hold wherever the result is true meet in `and`s and `or`s. *Decision lists*: expressions that
are right on some rows are put behind conditions (divide and conquer: Alur et al., EUSolver,
TACAS 2017). Rather than grow a tree by information gain, the cheapest list is found: with ten
examples there are at most a thousand sets of rows still to be explained, so Dijkstra's algorithm
over them is exact and fast.
"""

from __future__ import annotations

import heapq
import operator as op
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, count
from typing import Any, NamedTuple

from codegenesis.arena.comparing import meets
from codegenesis.arena.synthesis import safe
from codegenesis.arena.synthesis.bank import Bank, Entry, Part, apply
from codegenesis.arena.synthesis.text import spelled
from codegenesis.arena.synthesis.values import ERR, key

CHOICE = Part("({1} if {0} else {2})", safe.chosen, ("bool", "any", "any"), cost=2)
_MOST_STATES = 400
_MOST_PREDICATES = 250
_MOST_TERMS = 300
_PLUS = Part("({0} + {1})", op.add)
_MINUS = Part("({0} - {1})", op.sub)
_TIMES = Part("({0} * {1})", safe.mul)
_BY = Part("({0} / {1})", op.truediv)
_AND = Part("({0} and {1})", lambda a, b: a and b)
_OR = Part("({0} or {1})", lambda a, b: a or b)
_NOT = Part("(not {0})", op.not_, cost=1)
_MOST_LISTS = 3000
_JOINING = 2  # of what was looked up: any two of thousands may fit together


class Term(NamedTuple):
    """An expression with the rows it is right on, as bits."""

    mask: int
    entry: Entry


class Condition(NamedTuple):
    """A condition with the rows it holds on and those it fails on, as bits."""

    mask: int
    errs: int
    entry: Entry


class Aim:
    """A wanted column, and what is known on the way to it.

    Args:
        wanted: values of the first rows.
        report: is told of expressions that have them, with the name of the method.
        lenient: JSON's view of values.
    """

    def __init__(
        self, wanted: Sequence[Any], report: Callable[[Entry, str], None], *, lenient: bool = False
    ) -> None:
        self.wanted = tuple(wanted)
        self.rows = len(self.wanted)
        self.full = (1 << self.rows) - 1
        self.terms: dict[int, Entry] = {}
        self.conditions: dict[tuple[int, int], Entry] = {}
        self._tell = report
        self._told: dict[int, int] = {}
        self._lenient = lenient
        self._types = set(map(type, self.wanted))
        if lenient and self._types & {list, tuple, set}:
            self._types |= {list, tuple, set}
        if lenient and self._types & {int, float}:
            self._types |= {int, float}
        self._plain = self._types <= {int, str, float} and not lenient and len(self._types) == 1
        self._bits = [1 << row for row in range(self.rows)]
        self._dirty = False

    def _report(self, entry: Entry, method: str) -> None:
        """Tell of the cheapest with a column only."""
        mark = key(entry.values)
        if self._told.get(mark, entry.cost + 1) > entry.cost:
            self._told[mark] = entry.cost
            self._tell(entry, method)

    def see(self, entry: Entry) -> None:
        """Take note of a new entry of the bank."""
        if entry.kinds[:1] == ("bool",):
            self._condition(entry)
        if not any(type(value) in self._types for value in entry.values[: self.rows]):
            return
        mask = self.mask(entry)
        if mask == self.full:
            self._report(entry, "expression")
        if mask:
            old = self.terms.get(mask)
            if old is None or old.cost > entry.cost:
                self.terms[mask] = entry
                self._dirty = True

    def mask(self, entry: Entry) -> int:
        """The rows on which it is right, as bits."""
        triples = zip(self._bits, entry.values, self.wanted, strict=False)
        if self._plain:
            (kind,) = self._types
            return sum(bit for bit, came, want in triples if came == want and type(came) is kind)
        lenient = self._lenient
        return sum(
            bit
            for bit, came, want in triples
            if came is not ERR and meets(came, want, lenient=lenient)
        )

    def _condition(self, entry: Entry) -> None:
        mask = errs = 0
        for bit, value in zip(self._bits, entry.values, strict=False):
            if value is ERR:
                errs |= bit
            elif value:
                mask |= bit
        if mask in (0, self.full & ~errs):
            return
        old = self.conditions.get((mask, errs))
        if old is None or old.cost > entry.cost:
            self.conditions[mask, errs] = entry
            self._dirty = True

    # --- what can be put together --------------------------------------------------------------

    def combine(self, bank: Bank) -> Iterator[None]:
        """Look for what two or more entries make together."""
        yield from self._halves(bank)
        if self._types == {bool}:
            yield from self._masks()
        elif self._dirty:
            self._dirty = False
            yield from self._lists()

    def _halves(self, bank: Bank) -> Iterator[None]:
        if self._types <= {int, float}:
            yield from self._numbers(bank)
        elif self._types == {list}:
            yield from self._rows(bank)
        elif self._types == {str}:
            for made in spelled(self.wanted, bank):
                if made is not None and self.mask(made) == self.full:
                    self._report(made, "text")
                yield

    def _numbers(self, bank: Bank) -> Iterator[None]:
        rows, wanted = self.rows, self.wanted
        numbers = [e for e in bank.by_kind["num"] if e.whole or ERR not in e.values[:rows]]
        index: dict[Any, Entry] = {}
        for entry in reversed(numbers):
            index[entry.values[:rows]] = entry
        for turn, entry in enumerate(numbers):
            for part, need in _needs(wanted, entry.values[:rows]):
                if other := index.get(need):
                    self._pair(part, entry, other)
            if turn % 500 == 499:
                yield

    def _rows(self, bank: Bank) -> Iterator[None]:
        rows = self.rows
        every = bank.by_kind["list"][:_MOST_LISTS]
        lists = [e for e in every if all(type(value) is list for value in e.values[:rows])]
        index = {repr(entry.values[:rows]): entry for entry in reversed(lists)}
        for entry in lists:
            heads = list(zip(entry.values, self.wanted, strict=False))
            if all(want[: len(head)] == head for head, want in heads):
                need = tuple(want[len(head) :] for head, want in heads)
                if other := index.get(repr(need)):
                    self._pair(_PLUS, entry, other)
        yield

    def _pair(self, part: Part, *kids: Entry) -> None:
        made = apply(part._replace(cost=_JOINING), kids)
        if made and self.mask(made) == self.full:
            self._report(made, "expression")

    def _masks(self) -> Iterator[None]:
        truth = sum(bit for bit, want in zip(self._bits, self.wanted, strict=True) if want)
        every = self._predicates()
        for wider, part in ((True, _AND), (False, _OR)):
            some = [c for c in every if not c.errs and _covers(c.mask, truth, wider=wider)][:160]
            for one, two in combinations(some, 2):
                both = one.mask & two.mask if wider else one.mask | two.mask
                if both == truth:
                    self._pair(part, one.entry, two.entry)
            yield
            yield from self._triples(some[:40], part, truth, wider=wider)
        yield from self._lists()

    def _triples(
        self, some: Sequence[Condition], part: Part, truth: int, *, wider: bool
    ) -> Iterator[None]:
        for number, (one, two, three) in enumerate(combinations(some, 3)):
            masks = (one.mask, two.mask, three.mask)
            both = masks[0] & masks[1] & masks[2] if wider else masks[0] | masks[1] | masks[2]
            if both == truth:
                inner = apply(part, (one.entry, two.entry))
                if inner:
                    self._pair(part, inner, three.entry)
            if number % 4000 == 3999:
                yield

    def _predicates(self) -> list[Condition]:
        """Conditions and their opposites, the cheapest of each mask."""
        best: dict[tuple[int, int], Entry] = dict(self.conditions)
        for (mask, errs), entry in self.conditions.items():
            turned = (self.full & ~mask & ~errs, errs)
            if turned in best and best[turned].cost <= entry.cost + 1:
                continue
            if opposite := apply(_NOT, (entry,)):
                best[turned] = opposite
        made = [Condition(mask, errs, entry) for (mask, errs), entry in best.items()]
        return sorted(made, key=lambda c: c.entry.cost + 3 * _fails(c.entry))[:_MOST_PREDICATES]

    def _lists(self) -> Iterator[None]:
        terms = [Term(mask, entry) for mask, entry in self.terms.items()]
        union = 0
        for term in terms:
            union |= term.mask
        if union != self.full or self.rows < 2:
            return
        terms.sort(key=lambda term: _price(term.entry) - term.mask.bit_count())
        yield from self._dijkstra(_Lists(terms[:_MOST_TERMS], self._predicates()))

    def _dijkstra(self, lists: _Lists) -> Iterator[None]:
        order, longest = count(), max(2, self.rows // 2 + 1)
        heap: list[tuple[float, int, int, tuple[tuple[Entry, Entry], ...]]] = [
            (0.0, next(order), self.full, ())
        ]
        best: dict[int, float] = {self.full: 0.0}
        for _ in range(_MOST_STATES):
            if not heap:
                return
            cost, _, left, path = heapq.heappop(heap)
            if left == 0:
                self._report(_joined(path), "conditional" if len(path) > 1 else "expression")
                return
            if len(path) >= longest:
                continue
            for price, rest, step in lists.steps(left):
                if cost + price < best.get(rest, 1e9):
                    best[rest] = cost + price
                    heapq.heappush(heap, (cost + price, next(order), rest, (*path, step)))
            yield


class _Lists:
    """Steps of a decision list: a condition, and the cheapest term for the rows it holds on."""

    def __init__(self, terms: Sequence[Term], conditions: Sequence[Condition]) -> None:
        self._terms = sorted(terms, key=lambda term: _price(term.entry))
        self._conditions = conditions
        self._best: dict[int, Entry | None] = {}

    def steps(self, left: int) -> Iterator[tuple[float, int, tuple[Entry, Entry]]]:
        """Price, the rows that are left then, and the step; the last has itself as condition."""
        if last := self._term(left):
            yield _price(last), 0, (last, last)
        for mask, errs, entry in self._conditions:
            here = mask & left
            if errs & left or not here or here == left:
                continue
            if term := self._term(here):
                yield 2.0 + entry.cost + _price(term) + _fails(entry), left & ~here, (entry, term)

    def _term(self, rows: int) -> Entry | None:
        if rows not in self._best:
            fitting = (t.entry for t in self._terms if t.mask & rows == rows)
            self._best[rows] = next(fitting, None)
        return self._best[rows]


def choice(condition: Entry, yes: Entry, no: Entry) -> Entry:
    """`yes if condition else no`; only what is chosen must have a value."""
    triples = zip(condition.values, yes.values, no.values, strict=True)
    values = tuple(ERR if c is ERR else (a if c else b) for c, a, b in triples)
    cost = CHOICE.cost + condition.cost + yes.cost + no.cost
    return Entry(values, cost, CHOICE, (condition, yes, no), whole=ERR not in map(_mark, values))


def _mark(value: Any) -> Any:
    return ERR if value is ERR else None


def _joined(path: Sequence[tuple[Entry, Entry]]) -> Entry:
    made = path[-1][1]
    for condition, term in reversed(path[:-1]):
        made = choice(condition, term, made)
    return made


def _price(entry: Entry) -> float:
    return entry.cost + 0.5 * _fails(entry)


def _fails(entry: Entry) -> float:
    """How often it raises, 0..1."""
    if entry.whole:
        return 0.0
    return sum(1 for value in entry.values if value is ERR) / len(entry.values)


def _covers(mask: int, truth: int, *, wider: bool) -> bool:
    return mask & truth == truth if wider else mask & ~truth == 0


def _needs(wanted: Sequence[Any], have: Sequence[Any]) -> Iterator[tuple[Part, tuple[Any, ...]]]:
    """What the other operand would have to be."""
    pairs = list(zip(wanted, have, strict=True))
    try:
        yield _PLUS, tuple(want - a for want, a in pairs)
        yield _MINUS, tuple(a - want for want, a in pairs)
        if all(a and want % a == 0 for want, a in pairs):
            yield _TIMES, tuple(want // a for want, a in pairs)
        if type(wanted[0]) is float and all(want for want in wanted):
            yield _BY, tuple(a / want for want, a in pairs)
    except (ArithmeticError, TypeError):
        return
