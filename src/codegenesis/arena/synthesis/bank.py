"""All expressions over some variables, smallest first, each column of values kept once.

Bottom-up enumeration with observational equivalence (Albarghouthi et al., CAV 2013; TRANSIT, PLDI
2013). Rows are the examples and, after them, *probes*: inputs made up from the examples, whose
results nobody knows. They keep apart what differs on inputs yet to come, so that the
alternatives survive among which the final ranking chooses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple

from codegenesis.arena.synthesis.values import ERR, Column, key, kinds_of

_WORK = 4000  # values computed between two yields


class Part(NamedTuple):
    """What expressions are made of.

    Attributes:
        text: template with a place for each operand; a leaf's is its whole text.
        fn: computes it; never for long, and never anything large.
        kinds: of the operands.
        cost: of this part alone; what people write often costs 1.
        commutes: operands of one kind may change places.
        imports: statements that the text needs.
        slot: position of a variable in the environment; -1 for what is no variable.
        tail: statements instead of an expression, for what can only stand at the end.
        value: of a constant.
        divides: cost that the second operand has at most; 0 for no limit.
        starts: a constant may be the first operand.
    """

    text: str
    fn: Callable[..., Any] | None = None
    kinds: tuple[str, ...] = ()
    cost: int = 1
    commutes: bool = False
    imports: tuple[str, ...] = ()
    slot: int = -1
    tail: str = ""
    value: Any = None
    divides: int = 0
    starts: bool = True


class Entry:
    """One expression: its column, its cost, and how it is made."""

    __slots__ = ("constant", "cost", "kids", "kinds", "part", "values", "whole")

    def __init__(
        self, values: Column, cost: int, part: Part, kids: tuple[Entry, ...] = (), *, whole: bool
    ) -> None:
        self.values, self.cost, self.part, self.kids = values, cost, part, kids
        self.whole = whole
        self.kinds: tuple[str, ...] = ()
        self.constant: bool = part.slot < 0 and all(kid.constant for kid in kids)

    def render(self) -> str:
        """As Python text, with more parentheses than needed."""
        if not self.kids:
            return self.part.text
        return self.part.text.format(*(kid.render() for kid in self.kids))

    def imports(self) -> tuple[str, ...]:
        """Import statements it needs."""
        inner = [line for kid in self.kids for line in kid.imports()]
        return tuple(dict.fromkeys([*self.part.imports, *inner]))

    def closure(self) -> Callable[[tuple[Any, ...]], Any]:
        """A function of the environment: for values that are not in the column."""
        part, fn = self.part, self.part.fn
        if part.slot >= 0:
            return itemgetter(part.slot)
        if not self.kids or fn is None:
            return lambda _, value=part.value: value  # type: ignore[misc]
        kids = [kid.closure() for kid in self.kids]
        if len(kids) == 1:
            (one,) = kids
            return lambda env: fn(one(env))
        if len(kids) == 2:
            one, two = kids
            return lambda env: fn(one(env), two(env))
        return lambda env: fn(*(kid(env) for kid in kids))


def leaf(text: str, values: Sequence[Any], *, cost: int = 1, slot: int = -1) -> Entry:
    """A variable (with a slot), or a value that is computed elsewhere."""
    column = tuple(values)
    part = Part(text, cost=cost, slot=slot if slot >= 0 else 1000)
    return Entry(column, cost, part, whole=ERR not in map(_only_err, column))


def constant(text: str, value: Any, rows: int, *, cost: int = 1) -> Entry:
    """A constant."""
    return Entry((value,) * rows, cost, Part(text, cost=cost, value=value), whole=True)


def _only_err(value: Any) -> Any:
    return ERR if value is ERR else None


def apply(part: Part, kids: tuple[Entry, ...]) -> Entry | None:
    """The expression made of a part and its operands; None when it raises in every row."""
    fn = part.fn
    assert fn is not None
    cost = part.cost
    whole = True
    for kid in kids:
        cost += kid.cost
        whole = whole and kid.whole
    columns = [kid.values for kid in kids]
    if whole:
        try:
            return Entry(tuple(map(fn, *columns)), cost, part, kids, whole=True)
        except Exception:  # noqa: BLE001, S110 (odd operands: row by row, then)
            pass
    values = tuple(_cell(fn, cells) for cells in zip(*columns, strict=True))
    failed = sum(1 for value in values if value is ERR)
    if failed == len(values):
        return None
    return Entry(values, cost, part, kids, whole=not failed)


def _cell(fn: Callable[..., Any], cells: tuple[Any, ...]) -> Any:
    for cell in cells:
        if cell is ERR:
            return ERR
    try:
        return fn(*cells)
    except Exception:  # noqa: BLE001 (whatever an operation makes of odd operands)
        return ERR


class Bank:
    """Expressions over some leaves, by kind and cost.

    Args:
        parts: what they are made of.
        known: how many rows, from the first, have a known result.
        most: entries at which it stops growing.
        largest: cost at which it stops growing.
        watch: is told of each new entry.
    """

    def __init__(
        self,
        leaves: Sequence[Entry],
        parts: Sequence[Part],
        *,
        known: int,
        most: int = 300_000,
        largest: int = 9,
        watch: Callable[[Entry], None] | None = None,
    ) -> None:
        self.entries: list[Entry] = []
        self.by_kind: defaultdict[str, list[Entry]] = defaultdict(list)
        self.known = known
        self.trials = 0
        self.cost = 0
        self._parts = parts
        self._most, self._largest = most, largest
        self._levels: defaultdict[tuple[str, int], list[Entry]] = defaultdict(list)
        self._waiting: defaultdict[int, list[tuple[Entry, bool]]] = defaultdict(list)
        self._seen: set[int] = set()
        self._watch = watch
        self._late = max(8, _WORK // max([len(entry.values) for entry in leaves], default=1))
        for entry in leaves:
            self.offer(entry)

    @property
    def full(self) -> bool:
        """It grows no more."""
        return self.cost >= self._largest or len(self.entries) >= self._most

    def offer(self, entry: Entry) -> bool:
        """Have something from elsewhere take part; False when its column is known."""
        self.trials += 1
        mark = key(entry.values)
        if mark in self._seen or not self._is_useful(entry):
            return False
        self._seen.add(mark)
        entry.kinds = kinds_of(entry.values)
        growing = self.cost > 0
        self._waiting[max(entry.cost, self.cost + 1)].append((entry, growing))
        if self._watch and growing:
            self._watch(entry)
        return True

    def grow(self) -> Iterator[None]:
        """Enumerate, a little at a time, until it is full."""
        while not self.full:
            cost = self.cost + 1
            for entry, told in self._waiting.pop(cost, ()):
                self._keep(entry, cost, told=told)
            for part in self._parts:
                yield from self._level(part, cost)
            for entry, told in self._waiting.pop(cost, ()):
                self._keep(entry, cost, told=told)
            self.cost = cost

    def _level(self, part: Part, cost: int) -> Iterator[None]:
        left = cost - part.cost
        if left < len(part.kinds):
            return
        for costs in _splits(left, len(part.kinds)):
            pools = [self._levels[pair] for pair in zip(part.kinds, costs, strict=True)]
            if not all(pools) or (part.commutes and list(costs) != sorted(costs)):
                continue
            for number, kids in enumerate(product(*pools)):
                self._try(part, kids, cost)
                if number % self._late == self._late - 1:
                    yield
                    if len(self.entries) >= self._most:
                        return

    def _try(self, part: Part, kids: tuple[Entry, ...], cost: int) -> None:
        if all(kid.constant for kid in kids):
            return
        if part.divides and kids[1].cost > part.divides:
            return
        if not part.starts and kids[0].constant:
            return
        self.trials += 1
        entry = apply(part, kids)
        if entry is None or not self._is_useful(entry):
            return
        mark = key(entry.values)
        if mark not in self._seen:
            self._seen.add(mark)
            self._keep(entry, cost)

    def _keep(self, entry: Entry, cost: int, *, told: bool = False) -> None:
        entry.kinds = kinds = kinds_of(entry.values)
        for kind in kinds:
            self._levels[kind, cost].append(entry)
            self.by_kind[kind].append(entry)
        self.entries.append(entry)
        if self._watch and not told:
            self._watch(entry)

    def _is_useful(self, entry: Entry) -> bool:
        if entry.whole:
            return True
        head = entry.values[: self.known]
        failed = sum(1 for value in head if value is ERR)
        return 2 * failed <= len(head)


def _splits(total: int, count: int) -> Iterator[tuple[int, ...]]:
    if count == 1:
        yield (total,)
        return
    for first in range(1, total - count + 2):
        for rest in _splits(total - first, count - 1):
            yield (first, *rest)
