"""Recorded calls as values that can be changed and sent back.

`wire.decode` gives instances as `Opaque`, which is right for looking but cannot be encoded
again. Fresh inputs need both directions: take a recorded `Cart`, change one attribute, send it
into the jail. So instances become `Instance` here, arrays `Array`, frames and other things of
libraries `Built`; everything else is left to `wire`. No class of the project is ever imported or
built in this process, and neither is numpy.

What a recorded call shares is written out here, and what a fresh input shares is chance and does
not travel: only replayed calls, which are sent as they came, have the same object twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from codegenesis.errors import WireError
from codegenesis.evidence.arrays import ARRAY_KINDS, Array, described
from codegenesis.evidence.unfold import unfolded
from codegenesis.model import Record
from codegenesis.wire import decode, encode, tags

Call = tuple[tuple[Any, ...], dict[str, Any]]

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode
_WITH_CLASS = frozenset({tags.INSTANCE, tags.NAMEDTUPLE, tags.ENUM, tags.BUILT})


class Instance(Record, frozen=True, kw_only=True):
    """An object of a project class: what `wire` says of it, hashable where its state is.

    Attributes:
        tag: `INSTANCE`, `NAMEDTUPLE` or `ENUM` of `wire.tags`.
        type_name: `module:qualname`.
        slots: names of the slots that are filled; they come first in `state`.
        names: names of the attributes in `__dict__`.
        state: values in the order of `slots`, then `names`; the items of a namedtuple; the member.
    """

    tag: int
    type_name: str
    slots: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    state: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        labels = [f"{name}=" for name in self.slots + self.names] or [""] * len(self.state)
        parts = [f"{label}{value!r}" for label, value in zip(labels, self.state, strict=True)]
        return f"{self.type_name.rpartition(':')[2]}({', '.join(parts)})"


class Built(Record, frozen=True, kw_only=True):
    """Something of a library that travels in parts: a data frame, a path, a pattern.

    Attributes:
        type_name: one of the kinds of `codegenesis.wire.library`.
    """

    type_name: str
    parts: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        return f"{self.type_name.rpartition(':')[2]}({', '.join(map(repr, self.parts))})"


class Sealed(Record, frozen=True, kw_only=True):
    """A container of instances that is sent back as it came."""

    data: bytes

    def __repr__(self) -> str:
        return repr(decode(self.data))


def value_of(data: bytes) -> Any:
    """Decode one value; raises `WireError` like `wire.decode`, which has seen it first."""
    decode(data)
    return _build(unfolded(_unpack(data)))


def call_of(data: bytes) -> Call:
    """Decode the arguments of one call; raises like `value_of`."""
    value = value_of(data)
    if type(value) is not tuple or len(value) != 2:
        raise WireError("expected encoded arguments of a call, came another value")
    return value


def data_of(value: Any, *, max_bytes: int = 1 << 20) -> bytes:
    """Encode a value, instances included; raises `WireError` like `wire.encode`."""
    data = _pack(_node(value, max_bytes))
    if len(data) > max_bytes:
        raise WireError(f"cannot be encoded: more than {max_bytes} bytes")
    return data


def _build(node: Any) -> Any:
    if not _has_class(node):
        return decode(_pack(node))
    if type(node) is list:
        return [_build(item) for item in node]
    ((tag, content),) = node.items()
    build = _BUILDERS.get(tag)
    return build(content) if build else Sealed(data=_pack(node))


def _has_class(node: Any) -> bool:
    if type(node) is list:
        return any(map(_has_class, node))
    if type(node) is dict:
        return any(tag in _WITH_CLASS or _has_class(content) for tag, content in node.items())
    return False


def _items(nodes: list[Any]) -> tuple[Any, ...]:
    return tuple(_build(node) for node in nodes)


def _instance(content: list[Any]) -> Instance:
    name, slots, filled, names, values = content
    return Instance(
        tag=tags.INSTANCE,
        type_name=name,
        slots=tuple(slots),
        names=tuple(names),
        state=_items(filled) + _items(values),
    )


def _built(content: list[Any]) -> Array | Built:
    name, parts = content[0], _items(content[1:])
    if name in ARRAY_KINDS and type(parts[0]) is str and parts[0] not in ("U", "S"):
        return described(name, parts)
    return Built(type_name=name, parts=parts)


_BUILDERS: dict[int, Callable[[Any], Any]] = {
    tags.TUPLE: _items,
    tags.DICT: lambda content: dict(zip(*map(_items, content), strict=True)),
    tags.SET: lambda content: set(_items(content)),
    tags.FROZENSET: lambda content: frozenset(_items(content)),
    tags.INSTANCE: _instance,
    tags.NAMEDTUPLE: lambda content: Instance(
        tag=tags.NAMEDTUPLE, type_name=content[0], state=_items(content[1])
    ),
    tags.ENUM: lambda content: Instance(
        tag=tags.ENUM, type_name=content[0], state=(_build(content[1]),)
    ),
    tags.BUILT: _built,
}


def _node(value: Any, limit: int) -> Any:
    make = _NODES.get(type(value))
    if make and _holds_instance(value):
        return make(value, limit)
    if type(value) is Sealed:
        return msgspec.Raw(value.data)
    return msgspec.Raw(encode(value, max_bytes=limit, sharing=False))


def _holds_instance(value: Any) -> bool:
    if type(value) is dict:
        return any(map(_holds_instance, value)) or any(map(_holds_instance, value.values()))
    if type(value) in (list, tuple, set, frozenset):
        return any(map(_holds_instance, value))
    return type(value) in (Instance, Sealed, Array, Built)


def _nodes(values: Any, limit: int) -> list[Any]:
    return [_node(value, limit) for value in values]


def _instance_node(value: Instance, limit: int) -> Any:
    state = _nodes(value.state, limit)
    if value.tag == tags.NAMEDTUPLE:
        return {value.tag: [value.type_name, state]}
    if value.tag == tags.ENUM:
        return {value.tag: [value.type_name, state[0]]}
    cut = len(value.slots)
    return {value.tag: [value.type_name, value.slots, state[:cut], value.names, state[cut:]]}


def _members(values: Any, limit: int) -> list[Any]:
    return [msgspec.Raw(data) for data in sorted(map(_pack, _nodes(values, limit)))]


_NODES: dict[type, Callable[[Any, int], Any]] = {
    list: _nodes,
    tuple: lambda value, limit: {tags.TUPLE: _nodes(value, limit)},
    dict: lambda value, limit: {tags.DICT: [_nodes(value, limit), _nodes(value.values(), limit)]},
    set: lambda value, limit: {tags.SET: _members(value, limit)},
    frozenset: lambda value, limit: {tags.FROZENSET: _members(value, limit)},
    Instance: _instance_node,
    Array: lambda value, limit: {tags.BUILT: [value.kind, *_nodes(value.parts(), limit)]},
    Built: lambda value, limit: {tags.BUILT: [value.type_name, *_nodes(value.parts, limit)]},
}
