"""Equal but for the last digits of floats, where the owner allows that.

A sum in another order is another float. By default that is a difference like any other; an owner
who does not care sets `Case.rtol`, and everything that is not a float stays exact: types,
structure, NaN, infinities and the signs of zeros, what became of the arguments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from codegenesis.errors import WireError
from codegenesis.evidence.arrays import Array, is_float, items_of
from codegenesis.evidence.plain import Built, Instance, call_of, data_of, value_of
from codegenesis.model import Outcome


def deviation(expected: Outcome, got: Outcome) -> float:
    """Largest relative deviation between floats of two answers; infinite where they differ in
    anything else."""
    if expected.same_as(got):
        return 0.0
    if expected.kind != "returned" or got.kind != "returned":
        return math.inf
    try:
        pairs = (
            (value_of(expected.value), value_of(got.value)),
            (call_of(expected.after), call_of(got.after)),
        )
        return max(_apart(*pair) for pair in pairs)
    except WireError:
        return math.inf


def _apart(one: Any, other: Any) -> float:
    if type(one) is not type(other):
        return math.inf
    if isinstance(one, float):
        return _relative(one, other)
    mine, theirs = _opened(one), _opened(other)
    if mine is None or theirs is None:
        return 0.0 if data_of(one) == data_of(other) else math.inf
    if mine[0] != theirs[0] or len(mine[1]) != len(theirs[1]):
        return math.inf
    return max(map(_apart, mine[1], theirs[1]), default=0.0)


def _opened(value: Any) -> tuple[object, Sequence[Any]] | None:
    """What must be the same of something, and what is in it; None for what has no parts."""
    opened: tuple[object, Sequence[Any]] | None = None
    if isinstance(value, list | tuple):
        opened = (), value
    elif isinstance(value, dict):
        opened = (), [*value.keys(), *value.values()]
    elif isinstance(value, complex):
        opened = (), (value.real, value.imag)
    elif isinstance(value, Instance):
        opened = (value.tag, value.type_name, value.slots, value.names), value.state
    elif isinstance(value, Built):
        opened = value.type_name, value.parts
    elif isinstance(value, Array) and (value.dtype == "|O" or is_float(value.dtype)):
        opened = (value.kind, value.dtype, value.shape, value.flags), items_of(value)
    return opened


def _relative(one: float, other: float) -> float:
    if one == other:
        return 0.0 if math.copysign(1.0, one) == math.copysign(1.0, other) else math.inf
    if math.isnan(one) and math.isnan(other):
        return 0.0
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.inf
    return abs(one - other) / max(abs(one), abs(other))
