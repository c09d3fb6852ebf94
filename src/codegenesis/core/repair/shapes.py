"""What holds for every recorded call, and should hold for calls made up like them.

A repair is judged on inputs that nobody recorded. Made up carelessly they break what the function
takes for granted (a sorted list, an index inside it, a tree whose rows are equally long), and then
right versions disagree about nonsense. So: what was true of all recorded calls stays true. Few
recorded calls make many accidental truths; that costs variety, never a wrong verdict.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from codegenesis.evidence.plain import Call
from codegenesis.model import Record

#: Where a value is: argument number or keyword, then `*` for each step into a container.
Path = tuple[int | str, ...]

_SMALL = 2


class Facts(Record, frozen=True, kw_only=True):
    """What was true of all values at one place.

    Attributes:
        low, high: of numbers, and of lengths of containers.
        ascending, descending, distinct: of the members of sequences.
        fixed: all of the same length; square: members that are rows have the same length.
        unique: columns of members that are rows, in which no value comes twice.
        letters: characters of strings.
        pool: values seen, without repeats.
    """

    low: float = 0
    high: float = 0
    shortest: int = 0
    longest: int = 0
    ascending: bool = False
    descending: bool = False
    distinct: bool = False
    fixed: bool = False
    square: bool = False
    unique: tuple[int, ...] = ()
    letters: str = ""
    pool: tuple[Any, ...] = ()


class Shape:
    """Facts of all places, and of pairs of arguments.

    Args:
        calls: recorded, at least one.
    """

    def __init__(self, calls: Sequence[Call]) -> None:
        values: dict[Path, list[Any]] = {}
        for args, kwargs in calls:
            named: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
            for name, value in named:
                for path, part in _parts((name,), value):
                    values.setdefault(path, []).append(part)
        self._facts = {path: _facts(seen) for path, seen in values.items()}
        self.relations = [r for r in _RELATIONS if _informative(r, calls)]

    def at(self, path: Path) -> Facts:
        """Facts of one place; of nothing when it was never seen."""
        return self._facts.get(path, Facts())

    def holds(self, call: Call) -> bool:
        """Do the facts about pairs of arguments hold?"""
        return all(relation(call) for relation in self.relations)


def _parts(path: Path, value: Any, depth: int = 0) -> Iterator[tuple[Path, Any]]:
    yield path, value
    if depth > 5:
        return
    if isinstance(value, list | set | frozenset):
        for item in value:
            yield from _parts((*path, "*"), item, depth + 1)
    elif isinstance(value, tuple):
        for at, item in enumerate(value):
            yield from _parts((*path, at if len(value) < 5 else "*"), item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _parts((*path, "key"), key, depth + 1)
            yield from _parts((*path, "*"), item, depth + 1)


def _facts(seen: list[Any]) -> Facts:
    numbers = [v for v in seen if isinstance(v, int | float) and not isinstance(v, bool)]
    rows = [list(v) for v in seen if isinstance(v, list | tuple)]
    lengths = [len(v) for v in seen if isinstance(v, list | tuple | set | dict | str | frozenset)]
    long = [row for row in rows if len(row) > _SMALL]
    return Facts(
        low=min(numbers, default=0),
        high=max(numbers, default=0),
        shortest=min(lengths, default=0),
        longest=max(lengths, default=0),
        ascending=bool(long) and all(_ordered(row, 1) for row in rows),
        descending=bool(long) and all(_ordered(row, -1) for row in rows),
        distinct=len(long) > 1 and all(_distinct(row) for row in rows),
        fixed=bool(lengths) and len(set(lengths)) == 1 and len(lengths) > 1,
        square=bool(rows) and all(map(_square, rows)),
        unique=tuple(at for at in range(4) if long and all(_unique(row, at) for row in rows)),
        letters="".join(sorted({c for v in seen if isinstance(v, str) for c in v})),
        pool=tuple({repr(v): v for v in seen[:400]}.values())[:60],
    )


def _ordered(row: list[Any], direction: int) -> bool:
    try:
        if direction > 0:
            return all(a <= b for a, b in itertools.pairwise(row))
        return all(a >= b for a, b in itertools.pairwise(row))
    except TypeError:
        return False


def _distinct(row: list[Any]) -> bool:
    return len({repr(value) for value in row}) == len(row)


def _unique(row: list[Any], at: int) -> bool:
    """Are all members records, whose fields at this place differ?"""
    if not all(isinstance(member, tuple) and len(member) > at for member in row):
        return False
    return len({repr(member[at]) for member in row}) == len(row)


def _square(row: list[Any]) -> bool:
    inner = [len(value) if isinstance(value, list) else -1 for value in row]
    return -1 not in inner and len(set(inner)) == 1 and len(inner) > 1


# --- facts about two arguments ------------------------------------------------------------------


def _equal_lengths(call: Call) -> bool:
    return len({len(value) for value in call[0] if isinstance(value, list | str)}) <= 1


def _whole_numbers(call: Call) -> list[int]:
    return [value for value in call[0] if type(value) is int]


def _least_length(call: Call) -> int | None:
    return min((len(v) for v in call[0] if isinstance(v, list | tuple | str)), default=None)


def _within(call: Call) -> bool:
    least = _least_length(call)
    return least is None or all(0 <= number <= least for number in _whole_numbers(call))


def _index(call: Call) -> bool:
    least = _least_length(call)
    return least is None or all(0 <= number < least for number in _whole_numbers(call))


def _growing(call: Call) -> bool:
    numbers = _whole_numbers(call)
    return all(a <= b for a, b in itertools.pairwise(numbers))


def _falling(call: Call) -> bool:
    numbers = _whole_numbers(call)
    return all(a >= b for a, b in itertools.pairwise(numbers))


_RELATIONS: tuple[Callable[[Call], bool], ...] = (
    _equal_lengths,
    _within,
    _index,
    _growing,
    _falling,
)
_NEEDS: dict[Callable[[Call], bool], Callable[[Call], bool]] = {
    _equal_lengths: lambda call: sum(isinstance(v, list | str) for v in call[0]) > 1,
    _within: lambda call: bool(_whole_numbers(call)) and _least_length(call) is not None,
    _index: lambda call: bool(_whole_numbers(call)) and _least_length(call) is not None,
    _growing: lambda call: len(_whole_numbers(call)) > 1,
    _falling: lambda call: len(_whole_numbers(call)) > 1,
}


def _informative(relation: Callable[[Call], bool], calls: Iterable[Call]) -> bool:
    """True of all, and of enough calls that it could have been false of."""
    about = [call for call in calls if _NEEDS[relation](call)]
    return len(about) > 2 and all(map(relation, about))
