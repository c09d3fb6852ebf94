"""Results that are parcels of others: tuples, short lists and dictionaries with the same keys.

Each place is wanted for itself, and the parcel is complete when all are found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from codegenesis.arena.synthesis.aims import Aim
from codegenesis.arena.synthesis.bank import Entry, Part
from codegenesis.arena.synthesis.values import ERR

_MOST = 5
_FEWEST_ROWS = 2


class Parcels:
    """Watches for what goes into each place."""

    def __init__(
        self, wanted: Sequence[Any], solved: Callable[[Entry, str], None], *, lenient: bool
    ) -> None:
        self._solved, self._lenient = solved, lenient
        self._template, self._make, self._columns = _shape(wanted)
        self._found: dict[int, Entry] = {}

    def aims(self) -> list[Aim]:
        """One for each place; none where results are no parcels."""
        return [
            Aim(column, self._reporter(place), lenient=self._lenient)
            for place, column in enumerate(self._columns)
        ]

    def _reporter(self, place: int) -> Callable[[Entry, str], None]:
        def report(entry: Entry, _: str) -> None:
            old = self._found.get(place)
            if entry.part.tail or (old and old.cost <= entry.cost):
                return
            self._found[place] = entry
            if len(self._found) == len(self._columns):
                self._solved(self._entry(), "expression")

        return report

    def _entry(self) -> Entry:
        kids = tuple(self._found[place] for place in range(len(self._columns)))
        rows = zip(*(kid.values for kid in kids), strict=True)
        values = tuple(ERR if any(v is ERR for v in row) else self._make(row) for row in rows)
        part = Part(self._template, lambda *cells: self._make(cells), cost=1)
        whole = all(kid.whole for kid in kids)
        return Entry(values, 1 + sum(kid.cost for kid in kids), part, kids, whole=whole)


def _shape(
    wanted: Sequence[Any],
) -> tuple[str, Callable[[Sequence[Any]], Any], list[tuple[Any, ...]]]:
    nothing: tuple[str, Callable[[Sequence[Any]], Any], list[tuple[Any, ...]]] = ("", tuple, [])
    kinds = set(map(type, wanted))
    if len(wanted) < _FEWEST_ROWS or len(kinds) != 1:
        return nothing
    (kind,) = kinds
    if kind in (tuple, list):
        sizes = set(map(len, wanted))
        if len(sizes) != 1 or not 1 <= len(wanted[0]) <= _MOST:
            return nothing
        places = ", ".join(f"{{{place}}}" for place in range(len(wanted[0])))
        text = f"[{places}]" if kind is list else f"({places},)"
        return text, kind, list(zip(*wanted, strict=True))
    if kind is dict and len({tuple(value) for value in wanted}) == 1 and wanted[0]:
        names = tuple(wanted[0])
        if len(names) > _MOST or not all(isinstance(name, str) for name in names):
            return nothing
        inner = ", ".join(f"{name!r}: {{{place}}}" for place, name in enumerate(names))
        columns = [tuple(value[name] for value in wanted) for name in names]
        return f"{{{{{inner}}}}}", lambda cells: dict(zip(names, cells, strict=True)), columns
    return nothing
