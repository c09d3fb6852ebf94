"""One walk over one value: dispatch, budget, depth, and which objects were met before.

Whatever can be changed (a list, an instance, an array, …) gets a number when it is first met, in
the order of the bytes; met again, it is written as that number (`tags.REF`). So a value without
sharing looks as if nobody counted, a cycle ends, and two values that differ only in what *is* the
same object have different bytes. What cannot be changed is written out each time.

The members of a set are counted each by itself: their order is only known once they are bytes.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from codegenesis.errors import WireError
from codegenesis.wire import tags

Handler = Callable[["Walk", Any], object]

pack = msgspec.msgpack.Encoder().encode
_PLAIN_NUMBERS = frozenset({int, bool, float, type(None)})
_PLAIN = _PLAIN_NUMBERS | {str, bytes}
_NOBODY: Mapping[int, int] = {}

#: By exact type; filled by the modules that know how, and by `handler` as types are met.
HANDLERS: dict[type, Handler] = {}

#: By module and qualified name: types of modules that are not worth importing here.
BY_NAME: dict[tuple[str, str], Handler] = {}


class Walk:
    """The state of a walk.

    Args:
        limit: bytes that may come out of it.
        seen: numbers, by `id`, of what was met; empty at first.
        careful: integers beyond 64 bits and lone surrogates are looked for.
        outer: numbers, by `id`, of objects in another value that this one may share.
        layout: whether the memory order of arrays counts, as it does in arguments.
    """

    __slots__ = ("_first", "_kept", "careful", "depth", "layout", "left", "limit", "outer", "seen")

    def __init__(
        self,
        limit: int,
        *,
        seen: dict[int, int] | None = None,
        careful: bool = False,
        outer: Mapping[int, int] = _NOBODY,
        layout: bool = False,
    ) -> None:
        self.limit = self.left = limit
        self.careful = careful
        self.outer = outer
        self.layout = layout
        self.depth = 0
        self.seen: dict[int, int] = {} if seen is None else seen
        self._kept: list[object] | None = None
        self._first: dict[int, int] | None = None

    def spend(self, n: int) -> None:
        """Every node takes a byte at least, so the budget holds before anything is copied."""
        self.left -= n
        if self.left < 0:
            raise too_large(self.limit)

    def count(self) -> None:
        """Take a number that nothing will refer to."""
        self.seen[~len(self.seen)] = 0  # no `id` is negative

    def keep(self, made: object) -> None:
        """Hold what was made on the way: its `id` must not be used again."""
        if self._kept is None:
            self._kept = []
        self._kept.append(made)

    @property
    def first(self) -> dict[int, int]:
        """For roots of arrays that were seen: which array it was."""
        if self._first is None:
            self._first = {}
        return self._first

    def again(self, value: object, body: Handler) -> object:
        """The node of an object that this value or the outer one has met before."""
        key = id(value)
        if key in self.seen:
            self.spend(3)
            return {tags.REF: self.seen[key]}
        self.seen[key] = len(self.seen)
        return {tags.ARGUMENT: [self.outer[key], body(self, value)]}


class Forgetful(dict[int, int]):
    """Numbers of a walk that takes nothing for something met before."""

    def __contains__(self, key: object) -> bool:
        return False


def too_large(limit: int) -> WireError:
    """More than was allowed."""
    return WireError(f"cannot be encoded: more than {limit} bytes")


def tracked(body: Handler) -> Handler:
    """The handler of a type whose objects can be changed, and so count by identity."""

    def handle(walk: Walk, value: object) -> object:
        key = id(value)
        if key in walk.seen or key in walk.outer:
            return walk.again(value, body)
        walk.seen[key] = len(walk.seen)
        return body(walk, value)

    return handle


def node(walk: Walk, value: object) -> object:
    """What msgspec is given for `value`."""
    return (HANDLERS.get(type(value)) or handler(type(value)))(walk, value)


def items(walk: Walk, values: Collection[object]) -> Collection[object]:
    """The nodes of a container, given as a copy that nobody else can change; already paid for."""
    if not values or (not walk.careful and travels_as_is(walk, values)):
        return values
    if walk.depth >= tags.MAX_DEPTH:
        raise WireError("cannot be encoded: nested too deeply")
    walk.depth += 1
    known = HANDLERS.get
    nodes = [(known(type(value)) or handler(type(value)))(walk, value) for value in values]
    walk.depth -= 1
    return nodes


def travels_as_is(walk: Walk, values: Collection[object]) -> bool:
    """Whether msgspec can be given all of them unseen, unless they are very long or odd."""
    kinds = set(map(type, values))
    if kinds <= _PLAIN_NUMBERS:
        return float not in kinds or not any(map(operator.ne, values, values))
    if not kinds <= _PLAIN or (float in kinds and any(map(operator.ne, values, values))):
        return False
    if len(kinds) == 1:
        size = sum(map(len, values))  # type: ignore[arg-type]
    else:
        size = 0
        for value in values:
            kind = type(value)
            if kind is str or kind is bytes:
                size += len(value)  # type: ignore[arg-type]
    walk.spend(size)
    return True


def members(walk: Walk, value: Collection[object]) -> list[msgspec.Raw]:
    """Nodes of a set's members, sorted by their bytes: the order of a set is its history."""
    walk.spend(len(value) + 1)
    values = list(value)
    seen = walk.seen
    try:
        if walk.careful or not travels_as_is(walk, values):
            values = [_alone(walk, each) for each in values]
    finally:
        walk.seen = seen
    return [msgspec.Raw(data) for data in sorted(map(pack, values))]


def _alone(walk: Walk, value: object) -> object:
    walk.seen = type(walk.seen)()
    (made,) = items(walk, (value,))
    return made


def handler(cls: type) -> Handler:
    """For a type that is met the first time, or that is not on the list."""
    module, name = cls.__module__, cls.__qualname__
    found = BY_NAME.get((module, name)) or BY_NAME.get((_package(module), name))
    if found is None or vars(sys.modules[module]).get(name) is not cls:
        return HANDLERS[object]
    HANDLERS[cls] = found
    return found


def _package(module: str) -> str:
    """pandas 2 says where its classes are written, pandas 3 where they are found."""
    return "pandas" if module.startswith("pandas.") else module
