"""Operations that end soon and stay small, in place of Python's own.

`10**10**10` is one instruction that no signal can stop, so operations whose result can be much
larger than their operands look first.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

_BITS = 512
_LONGEST = 2000
_RANGE = 600


class TooLargeError(ArithmeticError):
    """The result would be larger than any that is worth looking at."""


def mul(left: Any, right: Any) -> Any:
    """Product of numbers."""
    whole = type(left) is int and type(right) is int
    if whole and left.bit_length() + right.bit_length() > _BITS:
        raise TooLargeError
    return left * right


def power(left: Any, right: Any) -> Any:
    """A real power."""
    if abs(right) > _BITS or (
        type(left) is int and type(right) is int and left.bit_length() * right > _BITS
    ):
        raise TooLargeError
    result = left**right
    if type(result) is complex:
        raise ValueError("a complex number")
    return result


def shift(left: int, right: int) -> int:
    """Shift to the left."""
    if left.bit_length() + right > _BITS:
        raise TooLargeError
    return left << right


def factorial(n: int) -> int:
    """Of small numbers."""
    if n > 90:
        raise TooLargeError
    return math.factorial(n)


def repeat(items: Any, times: int) -> Any:
    """A sequence several times."""
    if len(items) * times > _LONGEST:
        raise TooLargeError
    return items * times


def add(left: Any, right: Any) -> Any:
    """Two sequences one after the other."""
    if len(left) + len(right) > _LONGEST:
        raise TooLargeError
    return left + right


def span(*bounds: int) -> list[int]:
    """A range as a list."""
    made = range(*bounds)
    if len(made) > _RANGE:
        raise TooLargeError
    return list(made)


def replace(text: str, old: str, new: str) -> str:
    """Of one text in another."""
    if not old:
        raise ValueError("nothing to replace")
    return text.replace(old, new)


def total(items: Iterable[Any]) -> Any:
    """Sum of numbers."""
    return sum(items)


def product(items: Sequence[Any]) -> Any:
    """Product of numbers."""
    result: Any = 1
    for item in items:
        result = mul(result, item)
    return result


def zfill(text: str, width: int) -> str:
    """Text padded with zeros."""
    if width > 80:
        raise TooLargeError
    return text.zfill(width)


def rounded(value: float, digits: int) -> float:
    """To few digits."""
    if not 0 <= digits <= 12:
        raise TooLargeError
    return round(value, digits)


def to_int(text: str) -> int:
    """Number from short text."""
    if len(text) > 60:
        raise TooLargeError
    return int(text)


def from_base(text: str, base: int) -> int:
    """Number from short text in a base."""
    if len(text) > 200:
        raise TooLargeError
    return int(text, base)


def merged(left: Mapping[Any, Any], right: Mapping[Any, Any]) -> dict[Any, Any]:
    """Two dictionaries in one."""
    return {**left, **right}


def flat(rows: Iterable[Iterable[Any]]) -> list[Any]:
    """The items of all rows; text counts as an item."""
    made: list[Any] = []
    for row in rows:
        if isinstance(row, str):
            raise TypeError("text is no row")
        made.extend(row)
    return made


def chosen(condition: Any, yes: Any, no: Any) -> Any:
    """`yes if condition else no`."""
    return yes if condition else no


def windows(items: Sequence[Any], size: int) -> list[Any]:
    """Neighbours, `size` at a time."""
    if size < 1:
        raise ValueError("a window of nothing")
    return [items[i : i + size] for i in range(len(items) - size + 1)]


def chunks(items: Sequence[Any], size: int) -> list[Any]:
    """Pieces of `size` items."""
    if size < 1:
        raise ValueError("pieces of nothing")
    return [items[i : i + size] for i in range(0, len(items), size)]


def method(name: str) -> Callable[..., Any]:
    """A method of whatever comes first, by name."""
    caller = operator.methodcaller
    no_operands = caller(name)

    def call(owner: Any, *operands: Any) -> Any:
        return getattr(owner, name)(*operands) if operands else no_operands(owner)

    return call


def combined(items: Sequence[Any], size: int) -> list[Any]:
    """Combinations of few items."""
    if len(items) > 10:
        raise TooLargeError
    return list(itertools.combinations(items, size))


def permuted(items: Sequence[Any]) -> list[Any]:
    """Permutations of very few items."""
    if len(items) > 5:
        raise TooLargeError
    return list(itertools.permutations(items))


def crossed(one: Iterable[Any], two: Iterable[Any]) -> list[Any]:
    """Pairs of each with each."""
    ones, twos = list(one), list(two)
    if len(ones) * len(twos) > _RANGE:
        raise TooLargeError
    return list(itertools.product(ones, twos))
