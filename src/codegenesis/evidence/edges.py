"""Edge values: few, known to break things, tried before anything random.

They stay within the *kind* of what was recorded, with one exception: the scalars that compare
equal across types (`1`, `True`, `1.0`) and `None` inside containers, because hashing, sorting
and joining treat them differently and rewrites love to change exactly that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Any

from codegenesis.evidence.array_inputs import array_edges
from codegenesis.evidence.arrays import Array
from codegenesis.evidence.frame_inputs import frame_edges, is_tabular
from codegenesis.evidence.infer import hashable, is_enum, is_kept, with_state
from codegenesis.evidence.literals import Literals
from codegenesis.evidence.plain import Instance

_SCALARS: dict[type, tuple[Any, ...]] = {
    bool: (True, False),
    int: (0, 1, -1, 2, -2, 10, -10, 100, 2**31, -(2**63) - 1, 2**64, 10**30, True, 2.5),
    float: (0.0, -0.0, 1.0, -1.5, 0.1, 1e308, 5e-324, float("inf"), float("-inf"), float("nan")),
    str: (
        "",
        " ",
        "a",
        "A",
        "0",
        "\n",
        "é",
        "ß",
        "İ",
        "中文",
        "😀",
        "\x00",
        "a b\tc",
        "\u0301",
        "a\ud800",
    ),
    bytes: (b"", b"\x00", b"\xff", b"a"),
    complex: (0j, complex("nan"), -1j),
    Decimal: (Decimal(0), Decimal("-0"), Decimal("NaN"), Decimal("1E+3"), Decimal("0.10")),
    dt.date: (dt.date(1, 1, 1), dt.date(2024, 2, 29), dt.date(9999, 12, 31)),
    dt.timedelta: (dt.timedelta(0), dt.timedelta(days=-1), dt.timedelta(microseconds=1)),
}

#: Equal to each other, or orderable with nothing: what containers must tell apart.
_CONFUSABLE: dict[type, tuple[Any, ...]] = {
    int: (True, 1.0, float("nan"), None),
    float: (1, True, float("nan"), -0.0, None),
    bool: (1, 1.0, None),
    str: ("", None),
}


def edges(value: Any, literals: Literals, *, depth: int = 0) -> Iterator[Any]:
    """Edge values to put in the place of `value`, the program's own constants first."""
    if depth > 3:
        return
    kind = type(value)
    if kind is Instance:
        yield from _instances(value, literals, depth)
    elif kind is Array:
        yield from array_edges(value, literals)
    elif is_tabular(value):
        yield from frame_edges(value, literals)
    elif kind in (list, tuple):
        yield from map(kind, _sequences(list(value), literals, depth))
    elif kind in (set, frozenset):
        rows = _sequences(sorted(value, key=repr), literals, depth)
        yield from (kind(row) for row in rows if all(map(hashable, row)))
    elif kind is dict:
        yield from _dicts(value, literals, depth)
    else:
        yield from _written(kind, literals)
        yield from _SCALARS.get(kind, ())


def _written(kind: type, literals: Literals) -> tuple[Any, ...]:
    if kind is int:
        return literals.ints
    if kind is float:
        return (*literals.floats, *map(float, literals.ints))
    return literals.texts if kind is str else literals.blobs if kind is bytes else ()


def together(values: Sequence[Any], literals: Literals, *, most: int = 60) -> Iterator[list[Any]]:
    """Constants of the program in several places at once: branches that need two of them.

    Drawn by chance with a fixed seed, since the product of all is too large.
    """
    options = [[value, *_written(type(value), literals)] for value in values]
    if sum(len(each) > 1 for each in options) > 1:
        chance = Random(0)
        for _ in range(most):
            yield [chance.choice(each) for each in options]


def _sequences(items: list[Any], literals: Literals, depth: int) -> Iterator[list[Any]]:
    yield []
    if not items:  # nothing is known of what may be in it
        yield from ([0], ["a", "b", "a"], [1.5, True], [None])
        return
    first, last = items[0], items[-1]
    yield [first]
    yield [first, first]
    yield [*items, first]
    yield [last, *items]
    yield items[::-1]
    yield items * 2
    yield sorted(items * 3, key=_order)
    yield [first] * 6
    for odd in _CONFUSABLE.get(type(first), ()):
        yield [first, odd, first]
        yield [*items, odd]
    if type(first) is int:
        yield [1, True, 1.0, 0, False, -0.0]
        yield [3, 1, 2, 10, 7, 5]
    if type(first) is float:
        yield [0.0, -0.0, float("nan"), float("nan"), 1e16, 1.0, -1e16]
    for odd in edges(first, literals, depth=depth + 1):
        yield [odd, *items[1:]]
    if isinstance(first, list):
        yield [nested(first, 20)]


def _order(value: Any) -> tuple[str, Any]:
    """Numbers by size, the rest by how it looks: mixed lists have no order of their own."""
    if isinstance(value, int | float):
        return "", value
    return type(value).__name__, value if isinstance(value, str | bytes) else repr(value)


def nested(value: list[Any], levels: int) -> list[Any]:
    """`value` inside that many lists."""
    for _ in range(levels):
        value = [value]
    return value


def _dicts(value: dict[Any, Any], literals: Literals, depth: int) -> Iterator[dict[Any, Any]]:
    yield {}
    for key, cell in list(value.items())[:12]:
        yield {name: other for name, other in value.items() if name != key}
        for odd in edges(cell, literals, depth=depth + 1):
            yield {**value, key: odd}
    for row in together(list(value.values()), literals):
        yield dict(zip(value, row, strict=True))
    if value:
        yield dict(reversed(value.items()))


def _instances(value: Instance, literals: Literals, depth: int) -> Iterator[Instance]:
    if is_enum(value):
        return
    names = (*value.slots, *value.names) or ("",) * len(value.state)
    for index, part in enumerate(value.state):
        if is_kept(names[index]):
            continue
        for odd in edges(part, literals, depth=depth + 1):
            yield with_state(value, (*value.state[:index], odd, *value.state[index + 1 :]))
    for row in together(value.state, literals):
        yield with_state(value, tuple(row))
