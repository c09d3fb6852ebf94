"""Which classes a value is made of: what a result may bring with it into another process.

An object of a class whose `__eq__` says yes to everything (`unittest.mock.ANY`) would pass any
comparison. So where a variant's result is given to the owner's predicates or tests, it may hold
instances only of classes that the original was seen with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from codegenesis.errors import WireError
from codegenesis.evidence.case import Case
from codegenesis.evidence.plain import Built, Instance, Sealed, value_of
from codegenesis.evidence.words import exception_type
from codegenesis.model import Outcome
from codegenesis.wire import Opaque, decode
from codegenesis.wire.kinds import REFERENCE

_DRIVEN = "codegenesis:driven"


def classes(outcome: Outcome) -> frozenset[str]:
    """`module:qualname` of every class and function in a result (or in an exception's arguments),
    and in the arguments left."""
    found = classes_of([outcome.value, outcome.after])
    return found - {exception_type(outcome)}


def classes_of(values: Iterable[bytes]) -> frozenset[str]:
    """The same for encoded values or calls."""
    return frozenset(name for data in values for name in _in_data(data))


def known_classes(case: Case) -> frozenset[str]:
    """Those that recorded calls of the original went in and came out with."""
    return classes_of(set(case.calls)).union(*map(classes, case.expected))


def _in_data(data: bytes) -> Iterator[str]:
    try:
        yield from _in(value_of(data))
    except WireError:
        return


def _of_driven(_kind: str, items: Any, ending: str, end: Any, _probes: Any) -> tuple[Any, ...]:
    """The items of a generator, and what it ended with: an exception is in there as bytes."""
    return items, decode(end) if ending == "raised" else end


def _in(value: Any) -> Iterator[str]:
    if isinstance(value, Sealed):
        value = decode(value.data)
    inner: Iterable[Any] = ()
    if isinstance(value, Instance | Opaque):
        yield value.type_name
        inner = value.state
    elif isinstance(value, Built):
        yield value.parts[0] if value.type_name == REFERENCE else value.type_name
        inner = value.parts if value.type_name != _DRIVEN else _of_driven(*value.parts)
    elif isinstance(value, dict):
        inner = chain(value.keys(), value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        inner = value
    for part in inner:
        yield from _in(part)
