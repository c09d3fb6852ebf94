"""What can be looped over: parameters and cheap expressions, ranges, pairs, neighbours.

A source gives the elements of every row, so that a body over its loop variable is searched for like
any other expression: each element is a row of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from codegenesis.arena.synthesis.bank import Bank, Entry
from codegenesis.arena.synthesis.problem import Problem
from codegenesis.arena.synthesis.values import ERR, kinds_of

_MOST_ELEMENTS = 700
_LONGEST = 400
_MOST_SOURCES = 22
_DEAREST = 3


class Source(NamedTuple):
    """A loop.

    Attributes:
        names: of its variables.
        loop: what stands after `for`.
        items: of each row: tuples, one value for each name; None where it cannot be made.
        cost: of the iterable.
        text: of the iterable, where it is one.
        imports: statements that it needs.
    """

    names: tuple[str, ...]
    loop: str
    items: tuple[list[tuple[Any, ...]] | None, ...]
    cost: int
    text: str = ""
    imports: tuple[str, ...] = ()


def sources(problem: Problem, bank: Bank) -> list[Source]:
    """All loops worth a bank of their own, the most likely first."""
    made: dict[str, Source] = {}
    for source in _all(problem, bank):
        if source.loop not in made and _fits(source, problem):
            made[source.loop] = source
    return sorted(made.values(), key=lambda source: source.cost)[:_MOST_SOURCES]


def _fits(source: Source, problem: Problem) -> bool:
    """Complete where results are known, long enough to loop over, and not too long."""
    known = source.items[: problem.known]
    if any(items is None or len(items) > _LONGEST for items in known):
        return False
    sizes = [len(items) for items in source.items if items is not None]
    return sum(sizes) <= _MOST_ELEMENTS and max(sizes, default=0) > 1


def _all(problem: Problem, bank: Bank) -> Iterator[Source]:
    taken = {*problem.names}
    for entry in bank.entries:
        if entry.constant or entry.cost > _DEAREST:
            continue
        yield from _of_entry(entry, taken)
    yield from _of_pairs(bank, taken)


def _of_entry(entry: Entry, taken: set[str]) -> Iterator[Source]:
    kinds = entry.kinds
    if "pairs" in kinds:
        yield _plain(entry, ("left", "right"), taken)
    if "lists" in kinds and entry.cost <= 1:
        yield _nested(entry, taken)
    if "iter" in kinds:
        yield _plain(entry, (_singular(entry, kinds),), taken)
    if "seq" in kinds and entry.cost <= 1:
        yield from _indexed(entry, kinds, taken)
    if "dict" in kinds and entry.cost <= 2:
        yield _made(entry, ("key", "value"), "{0}.items()", lambda d: list(d.items()), taken)
        yield _made(entry, ("key",), "{0}", lambda d: [(k,) for k in d], taken)
    if "int" in kinds and entry.cost <= 2:
        yield from _ranges(entry, taken)


def _plain(entry: Entry, names: tuple[str, ...], taken: set[str]) -> Source:
    if len(names) == 1:
        return _made(entry, names, "{0}", lambda items: [(item,) for item in items], taken)
    return _made(entry, names, "{0}", lambda items: [tuple(item) for item in items], taken)


def _nested(entry: Entry, taken: set[str]) -> Source:
    (row,) = _free(("row",), taken)
    (item,) = _free(("item",), taken)
    items = _items(entry, lambda rows: [(item,) for row in rows for item in row])
    loop = f"{item} in {entry.render()} for {item} in {row}".replace(f"{item} in", f"{row} in", 1)
    return Source((item,), loop, items, entry.cost + 2)


def _indexed(entry: Entry, kinds: Sequence[str], taken: set[str]) -> Iterator[Source]:
    one = _singular(entry, kinds)
    numbered = _made(entry, ("i", one), "enumerate({0})", lambda v: list(enumerate(v)), taken)
    yield numbered._replace(cost=entry.cost + 1)
    pairs = _made(entry, ("a", "b"), "zip({0}, {0}[1:])", lambda v: list(pairwise(v)), taken)
    yield pairs._replace(cost=entry.cost + 1)
    places = _made(entry, ("i",), "range(len({0}))", lambda v: [(i,) for i in range(len(v))], taken)
    yield places._replace(cost=entry.cost + 2)


_RANGES: tuple[tuple[str, Callable[[int], range], int], ...] = (
    ("range({0})", range, 1),
    ("range(1, {0} + 1)", lambda n: range(1, n + 1), 1),
    ("range(2, {0})", lambda n: range(2, n), 1),
    ("range(1, {0})", lambda n: range(1, n), 2),
    ("range({0} + 1)", lambda n: range(n + 1), 2),
    ("range(2, {0} + 1)", lambda n: range(2, n + 1), 3),
    ("range({0}, 0, -1)", lambda n: range(n, 0, -1), 3),
)


def _ranges(entry: Entry, taken: set[str]) -> Iterator[Source]:
    for text, make, cost in _RANGES:
        if entry.cost + cost <= _DEAREST:
            yield _made(entry, ("i",), text, _counted(make), taken)._replace(cost=entry.cost + cost)


def _counted(make: Callable[[int], range]) -> Callable[[Any], list[tuple[Any, ...]]]:
    def items(n: int) -> list[tuple[Any, ...]]:
        numbers = make(n)
        if len(numbers) > _LONGEST:
            raise OverflowError
        return [(i,) for i in numbers]

    return items


def _of_pairs(bank: Bank, taken: set[str]) -> Iterator[Source]:
    """Two parameters side by side, and each with each."""
    some = [e for e in bank.entries if e.part.slot >= 0 and "iter" in e.kinds and e.cost == 1]
    for one in some:
        for two in some:
            if one is not two:
                yield _two(one, two, "zip({0}, {1})", taken, crossed=False)
                yield _two(one, two, "", taken, crossed=True)


def _two(one: Entry, two: Entry, text: str, taken: set[str], *, crossed: bool) -> Source:
    a, b = _free(("a", "b"), taken)
    rows = []
    for left, right in zip(one.values, two.values, strict=True):
        if crossed:
            rows.append([(x, y) for x in left for y in right])
        else:
            rows.append(list(zip(left, right, strict=False)))
    plain = text.format(one.render(), two.render())
    loop = f"{a} in {one.render()} for {b} in {two.render()}" if crossed else f"{a}, {b} in {plain}"
    return Source((a, b), loop, tuple(rows), 4 if crossed else 2, plain)


def _made(
    entry: Entry,
    names: tuple[str, ...],
    text: str,
    make: Callable[[Any], list[tuple[Any, ...]]],
    taken: set[str],
) -> Source:
    names = _free(names, taken)
    plain = text.format(entry.render())
    loop = f"{', '.join(names)} in {plain}"
    return Source(names, loop, _items(entry, make), entry.cost, plain, entry.imports())


def _items(
    entry: Entry, make: Callable[[Any], list[tuple[Any, ...]]]
) -> tuple[list[tuple[Any, ...]] | None, ...]:
    return tuple(_or_none(make, value) for value in entry.values)


def _or_none(make: Callable[[Any], list[tuple[Any, ...]]], value: Any) -> Any:
    if value is ERR:
        return None
    try:
        return make(value)
    except Exception:  # noqa: BLE001 (whatever a value of the user's makes of being looped over)
        return None


def _free(names: tuple[str, ...], taken: set[str]) -> tuple[str, ...]:
    return tuple(name if name not in taken else f"{name}_" for name in names)


def _singular(entry: Entry, kinds: Sequence[str]) -> str:
    """`word` of `words`, `number` of `numbers`, `char` of a text."""
    text = entry.part.text if entry.part.slot >= 0 else ""
    if "str" in kinds:
        return "char"
    if text.endswith("s") and len(text) > 3 and text.isidentifier():
        return text[:-1]
    inner = kinds_of([item for items in entry.values if items is not ERR for item in items])
    return {"str": "word", "int": "x", "num": "x", "float": "x", "list": "row"}.get(
        next((kind for kind in inner if kind in ("str", "int", "num", "float", "list")), ""), "item"
    )
