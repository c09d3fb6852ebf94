"""Text that is put together: constant pieces and formatted values, found by reading the results.

All results are read at once, from left to right: at each place either a value comes next in every
one of them, or a piece of text that all have (Gulwani, POPL 2011, without its automata). The
cheapest reading becomes an f-string.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import count, takewhile
from typing import Any, NamedTuple

from codegenesis.arena.synthesis import safe
from codegenesis.arena.synthesis.bank import Bank, Entry, Part, apply, constant
from codegenesis.arena.synthesis.values import ERR

_INT_FORMATS = (("", 0), ("02d", 1), ("03d", 2), (",", 1), ("04d", 2), ("b", 2), ("x", 3))
_FLOAT_FORMATS = (
    ("", 0), (".2f", 1), (".1f", 1), (".0f", 2), (",.2f", 1), (".1%", 2), (".0%", 2), (".3f", 2),
)  # fmt: skip
_MOST_TEXTS, _MOST_NUMBERS, _MOST_PIECES = 4000, 90, 200
_MOST_COUNTS = 300
_RUN = Part("({0} * {1})", safe.repeat)
_MOST_STATES = 3000
_LONGEST_RESULT = 300


class Piece(NamedTuple):
    """A value as text, in each of the rows that count."""

    texts: tuple[Any, ...]
    cost: float
    entry: Entry
    form: str


def spelled(wanted: Sequence[str], bank: Bank) -> Iterator[Entry | None]:
    """The cheapest f-string with these results, if there is one; None now and then on the way."""
    if not any(wanted) or max(map(len, wanted)) > _LONGEST_RESULT:
        return
    pieces = _pieces(wanted, bank)
    yield None
    order = count()
    start = (0,) * len(wanted)
    goal = tuple(map(len, wanted))
    heap: list[tuple[float, int, tuple[int, ...], tuple[Piece | str, ...]]] = [
        (0.0, next(order), start, ())
    ]
    best = {start: 0.0}
    for turn in range(_MOST_STATES):
        if not heap:
            return
        cost, _, places, path = heapq.heappop(heap)
        if places == goal:
            if any(isinstance(step, Piece) for step in path):
                yield _entry(path)
            return
        for price, step, then in _steps(wanted, places, path, pieces):
            if cost + price < best.get(then, 1e9):
                best[then] = cost + price
                heapq.heappush(heap, (cost + price, next(order), then, (*path, step)))
        if turn % 50 == 49:
            yield None


def _steps(
    wanted: Sequence[str],
    places: tuple[int, ...],
    path: Sequence[Piece | str],
    pieces: Sequence[Piece],
) -> Iterator[tuple[float, Piece | str, tuple[int, ...]]]:
    for piece in pieces:
        rows = zip(wanted, piece.texts, places, strict=True)
        if all(want.startswith(text, place) for want, text, place in rows):
            then = tuple(p + len(text) for p, text in zip(places, piece.texts, strict=True))
            if then != places:
                yield piece.cost, piece, then
    if path and isinstance(path[-1], str):
        return
    shared = _prefix([want[place:] for want, place in zip(wanted, places, strict=True)])
    for size in range(len(shared), 0, -1):
        literal = shared[:size]
        yield 1.0 + 0.02 * size, literal, tuple(place + size for place in places)


def _prefix(texts: Sequence[str]) -> str:
    """What all of them begin with."""
    shortest, longest = min(texts), max(texts)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(shortest, longest, strict=False))
    return "".join(char for char, _ in same)


def _pieces(wanted: Sequence[str], bank: Bank) -> list[Piece]:
    rows, made = len(wanted), dict[tuple[str, ...], Piece]()
    texts = [entry for entry in bank.by_kind["str"] if not entry.constant][:_MOST_TEXTS]
    for entry in texts:
        _take(made, Piece(entry.values[:rows], entry.cost, entry, ""), wanted)
    numbers = [entry for entry in bank.by_kind["num"] if not entry.constant][:_MOST_NUMBERS]
    for entry in numbers:
        forms = _INT_FORMATS if "int" in entry.kinds else _FLOAT_FORMATS
        for form, price in forms:
            texts_ = _formatted(entry.values[:rows], form)
            if texts_:
                _take(made, Piece(texts_, entry.cost + price, entry, form), wanted)
    for piece in _runs(wanted, bank):
        _take(made, piece, wanted)
    for entry in bank.entries[:200]:
        if entry.kinds[:1] not in (("str",), ("int",), ("float",)) and not entry.constant:
            texts_ = _formatted(entry.values[:rows], "")
            if texts_:
                _take(made, Piece(texts_, entry.cost + 1, entry, ""), wanted)
    return sorted(made.values(), key=lambda piece: piece.cost)[:_MOST_PIECES]


def _runs(wanted: Sequence[str], bank: Bank) -> Iterator[Piece]:
    """One mark, so many times."""
    marks = {mark for want in wanted for mark in want if not mark.isalnum() and mark * 2 in want}
    numbers = [entry for entry in bank.by_kind["int"] if not entry.constant][:_MOST_COUNTS]
    for mark in sorted(marks)[:3]:
        text = constant(repr(mark), mark, len(bank.entries[0].values))
        for entry in numbers:
            if made := apply(_RUN, (text, entry)):
                yield Piece(made.values[: len(wanted)], made.cost, made, "")


def _take(made: dict[tuple[Any, ...], Piece], piece: Piece, wanted: Sequence[str]) -> None:
    """Keep a piece that occurs in all results, unless a cheaper one looks the same."""
    if not all(type(text) is str for text in piece.texts) or not any(piece.texts):
        return
    if all(text in want for text, want in zip(piece.texts, wanted, strict=True)):
        old = made.get(piece.texts)
        if old is None or old.cost > piece.cost:
            made[piece.texts] = piece


def _formatted(values: Sequence[Any], form: str) -> tuple[str, ...] | None:
    if any(value is ERR for value in values):
        return None
    try:
        return tuple(format(value, form) for value in values)
    except Exception:  # noqa: BLE001 (a value of the user's may not be formatted so)
        return None


def _entry(path: Sequence[Piece | str]) -> Entry:
    pieces = [step for step in path if isinstance(step, Piece)]
    places = iter(range(len(pieces)))
    shown = [
        f"({{{next(places)}}}, {step.form!r})" if isinstance(step, Piece) else _literal(step)
        for step in path
    ]
    kids = tuple(piece.entry for piece in pieces)
    make = _maker(path)
    rows = zip(*(kid.values for kid in kids), strict=True)
    values = tuple(_value(make, row) for row in rows)
    cost = 1 + sum(kid.cost for kid in kids) + sum(isinstance(step, str) for step in path)
    part = Part(f"__format__({', '.join(shown)})", make, cost=1, slot=-1)
    return Entry(values, cost, part, kids, whole=ERR not in values)


def _literal(text: str) -> str:
    return repr(text).replace("{", "{{").replace("}", "}}")


def _maker(path: Sequence[Piece | str]) -> Callable[..., str]:
    def make(*values: Any) -> str:
        cells = iter(values)
        return "".join(
            format(next(cells), step.form) if isinstance(step, Piece) else step for step in path
        )

    return make


def _value(make: Callable[..., str], row: tuple[Any, ...]) -> Any:
    if any(value is ERR for value in row):
        return ERR
    try:
        return make(*row)
    except Exception:  # noqa: BLE001 (a value of the user's may not be formatted so)
        return ERR
