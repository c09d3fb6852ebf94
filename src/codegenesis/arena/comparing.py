"""Is this what was expected, and if not, how far from it?

Two views of equality. Strict: the same types and values, as the wire writes them. Lenient: what
JSON can say of a value: a list stands for a tuple, for a set in any order and for what a generator
gives, an object for a dict whose keys are written like its own; numbers are numbers (but `true` is
not 1), floats agree to nine digits.

The distance is partial credit for a search, 0 (met) to 1 (nothing like it): close numbers, common
members, common beginnings. It is a heuristic and decides nothing.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from codegenesis.wire import Driven

_REL, _ABS = 1e-9, 1e-12
_DEEPEST = 12
#: Longer sequences than this are compared position by position only.
_ALIGNED = 200
#: What the right type is worth when nothing else is right.
_TYPE_CREDIT = 0.1
_WRONG_TYPE, _WORST = 1.0, 1.0 - _TYPE_CREDIT


def meets(got: object, expected: object, *, lenient: bool) -> bool:
    """Whether a value is the expected one."""
    return _alike(got, expected, 0) if lenient else _same(got, expected, 0)


def distance(got: object, expected: object, *, lenient: bool) -> float:
    """0 when `got` meets the expectation, else above 0 and at most 1."""
    if meets(got, expected, lenient=lenient):
        return 0.0
    return min(1.0, max(0.01, _distance(_plain(got), _plain(expected), 0)))


def _plain(value: object) -> object:
    """What a generator gave, as a list."""
    return value.items if isinstance(value, Driven) else value


# --- strict ---------------------------------------------------------------------------------------


def _same(got: object, expected: object, depth: int) -> bool:
    if type(got) is not type(expected) or depth > _DEEPEST:
        return False
    if isinstance(got, float) and isinstance(expected, float):
        return got == expected or (math.isnan(got) and math.isnan(expected))
    if isinstance(got, list | tuple | deque) and isinstance(expected, list | tuple | deque):
        pairs = zip(got, expected, strict=False)
        return len(got) == len(expected) and all(_same(a, b, depth + 1) for a, b in pairs)
    if isinstance(got, dict) and isinstance(expected, dict):
        return _same([*got.items()], [*expected.items()], depth + 1)
    return bool(got == expected)


# --- as JSON would say it -------------------------------------------------------------------------


def _alike(got: object, expected: object, depth: int) -> bool:
    got = _plain(got)
    if depth > _DEEPEST:
        return False
    if isinstance(expected, bool) or isinstance(got, bool) or expected is None:
        return type(got) is type(expected) and got == expected
    if isinstance(expected, int | float):
        return isinstance(got, int | float) and _close(got, expected)
    if isinstance(expected, list):
        return _alike_list(got, expected, depth)
    if isinstance(expected, dict):
        return isinstance(got, dict) and _alike_dict(got, expected, depth)
    return bool(got == expected)


def _close(got: float, expected: float) -> bool:
    if isinstance(got, int) and isinstance(expected, int):
        return got == expected
    both_nan = got != got and expected != expected  # noqa: PLR0124
    try:
        return both_nan or math.isclose(got, expected, rel_tol=_REL, abs_tol=_ABS)
    except OverflowError:
        return got == expected


def _alike_list(got: object, expected: list[object], depth: int) -> bool:
    if isinstance(got, set | frozenset):
        if len(got) != len(expected):
            return False
        left = list(got)
        for item in expected:
            match = next((i for i, own in enumerate(left) if _alike(own, item, depth + 1)), None)
            if match is None:
                return False
            del left[match]
        return True
    if not isinstance(got, list | tuple) or len(got) != len(expected):
        return False
    return all(_alike(a, b, depth + 1) for a, b in zip(got, expected, strict=True))


def _alike_dict(got: dict[object, object], expected: dict[object, object], depth: int) -> bool:
    own = {_key(key): value for key, value in got.items()}
    wanted = {_key(key): value for key, value in expected.items()}
    return own.keys() == wanted.keys() and all(
        _alike(own[key], value, depth + 1) for key, value in wanted.items()
    )


def _key(key: object) -> str:
    """JSON's spelling of a key."""
    words = {True: "true", False: "false", None: "null"}
    if key is None or isinstance(key, bool):
        return words[key]
    return key if isinstance(key, str) else str(key)


# --- how far --------------------------------------------------------------------------------------


def _distance(got: object, expected: object, depth: int) -> float:
    if depth > _DEEPEST or got is None or expected is None:
        return 0.0 if got is expected else _WRONG_TYPE
    if _is_number(got) and _is_number(expected):
        return _numbers(got, expected)  # type: ignore[arg-type]
    if isinstance(got, str) and isinstance(expected, str):
        return _WORST * (1.0 - _overlap(got, expected))
    if _is_row(got) and _is_row(expected):
        return _rows(got, expected, depth)  # type: ignore[arg-type]
    if isinstance(got, dict) and isinstance(expected, dict):
        return _dicts(got, expected, depth)
    return _others(got, expected)


def _others(got: object, expected: object) -> float:
    if isinstance(got, set | frozenset) and isinstance(expected, set | frozenset | list):
        return _bags(list(got), list(expected))
    if type(got) is not type(expected):
        return _WRONG_TYPE
    return 0.0 if got == expected else _WORST


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_row(value: object) -> bool:
    return isinstance(value, list | tuple)


def _numbers(got: float, expected: float) -> float:
    try:
        gap = abs(got - expected)
        if gap == 0:
            return 0.0
        scale = gap / (1.0 + abs(expected))
        closeness = 1.0 / (1.0 + math.log1p(gap) + scale)
    except (OverflowError, ValueError):
        return _WORST
    return _WORST if closeness != closeness else _WORST * (1.0 - 0.7 * closeness)  # noqa: PLR0124


def _rows(got: Sequence[object], expected: Sequence[object], depth: int) -> float:
    """Position by position, by what they have in common in order, and by what they hold."""
    longest = max(len(got), len(expected))
    if not longest:
        return 0.0
    pairs = zip(got, expected, strict=False)
    placed = sum(1.0 - _distance(a, b, depth + 1) for a, b in pairs) / longest
    aligned = _overlap([repr(x) for x in got], [repr(x) for x in expected])
    held = 1.0 - _bags(got, expected) / _WORST
    return _WORST * (1.0 - max(placed, 0.9 * aligned, 0.7 * held))


def _overlap(got: Sequence[str], expected: Sequence[str]) -> float:
    """Share that both have in common in the same order, 0..1."""
    if len(got) > _ALIGNED or len(expected) > _ALIGNED:
        same = sum(a == b for a, b in zip(got, expected, strict=False))
        return same / max(len(got), len(expected))
    return SequenceMatcher(None, got, expected, autojunk=False).ratio()


def _bags(got: Iterable[object], expected: Iterable[object]) -> float:
    one, other = Counter(map(repr, got)), Counter(map(repr, expected))
    total = max(one.total(), other.total())
    return _WORST * (1.0 - (one & other).total() / total) if total else 0.0


def _dicts(got: dict[object, object], expected: dict[object, object], depth: int) -> float:
    own = {_key(key): value for key, value in got.items()}
    wanted = {_key(key): value for key, value in expected.items()}
    every = own.keys() | wanted.keys()
    if not every:
        return 0.0
    shared = own.keys() & wanted.keys()
    right = sum(1.0 - _distance(own[key], wanted[key], depth + 1) for key in shared)
    return _WORST * (1.0 - right / len(every))
