"""Inputs made up from those of the examples: on them alternatives show whether they agree.

They stay within the ranges, types and shapes that were seen: what a function is to do beyond
nobody has said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from codegenesis.arena.synthesis.values import key

_TRIES = 40


def probes(rows: Sequence[tuple[Any, ...]], *, count: int, rng: Random) -> list[tuple[Any, ...]]:
    """Up to `count` rows that differ from all that are given."""
    if not rows or not rows[0]:
        return []
    seen = {key(row) for row in rows}
    pools = [list(column) for column in zip(*rows, strict=True)]
    made: list[tuple[Any, ...]] = []
    for attempt in range(_TRIES * count):
        row = list(rng.choice(rows))
        for _ in range(1 + attempt % 2):
            place = rng.randrange(len(row))
            row[place] = vary(row[place], pools[place], rng)
        mark = key(row)
        if mark not in seen:
            seen.add(mark)
            made.append(tuple(row))
        if len(made) == count:
            break
    return made


def vary(value: Any, pool: Sequence[Any], rng: Random) -> Any:
    """A value like those of the pool."""
    kind = type(value)
    change = _CHANGES.get(kind)
    if change is None or rng.random() < 0.2:
        return rng.choice(pool)
    return change(value, [item for item in pool if type(item) is kind], rng)


def _float(value: float, _pool: Sequence[float], rng: Random) -> float:
    return round(value * rng.choice((0.5, 0.9, 1.1, 1.5)), 3)


def _tuple(value: tuple[Any, ...], pool: Sequence[tuple[Any, ...]], rng: Random) -> Any:
    if not value:
        return rng.choice(pool)
    place = rng.randrange(len(value))
    peers = [item[place] for item in pool if len(item) > place]
    return (*value[:place], vary(value[place], peers, rng), *value[place + 1 :])


def _set(_value: set[Any], pool: Sequence[set[Any]], rng: Random) -> set[Any]:
    every = sorted(set().union(*pool), key=repr)
    return {item for item in every if rng.random() < 0.5}


def _number(value: int, pool: Sequence[int], rng: Random) -> int:
    low, high = min(pool), max(pool)
    near = value + rng.choice((-1, 1, -2, 2))
    drawn = near if rng.random() < 0.5 else rng.randint(low, min(high, low + 400))
    return drawn if low < 0 or drawn >= min(low, 1) else low


def _text(value: str, pool: Sequence[str], rng: Random) -> str:
    other = rng.choice(pool)
    words = value.split(" ")
    choice = rng.randrange(5)
    if choice == 0 and len(words) > 1:
        rng.shuffle(words)
        return " ".join(words)
    if choice == 1 and value:
        place = rng.randrange(len(value))
        return value[:place] + value[place + 1 :]
    if choice == 2 and value:
        place = rng.randrange(len(value))
        return value[: place + 1] + value[place:]
    if choice == 3:
        return other.swapcase() if value.lower() != value else other
    half, rest = value[: len(value) // 2], other[len(other) // 2 :]
    return half + rest


def _items(value: list[Any], pool: Sequence[list[Any]], rng: Random) -> list[Any]:
    made = list(value)
    every = [item for items in pool for item in items]
    choice = rng.randrange(5)
    if choice == 0 and made:
        del made[rng.randrange(len(made))]
    elif choice == 1 and made:
        rng.shuffle(made)
    elif choice == 2 and every:
        made.insert(rng.randint(0, len(made)), rng.choice(every))
    elif choice == 3 and made and not isinstance(made[0], list):
        place = rng.randrange(len(made))
        made[place] = vary(made[place], every, rng)
    elif made:
        made.insert(rng.randint(0, len(made)), rng.choice(made))
    return made


def _table(value: dict[Any, Any], pool: Sequence[dict[Any, Any]], rng: Random) -> dict[Any, Any]:
    made = dict(value)
    every = [item for items in pool for item in items.items()]
    if made and rng.random() < 0.5:
        del made[rng.choice(list(made))]
    elif every:
        name, cell = rng.choice(every)
        made[name] = vary(cell, [item for _, item in every], rng)
    return made


_CHANGES: dict[type, Callable[[Any, Any, Random], Any]] = {
    int: _number,
    float: _float,
    str: _text,
    list: _items,
    tuple: _tuple,
    dict: _table,
    set: _set,
}
