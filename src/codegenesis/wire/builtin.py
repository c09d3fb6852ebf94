"""How builtin types, the collections of the standard library and plain instances become nodes."""

from __future__ import annotations

from collections.abc import Collection
from types import BuiltinFunctionType, FunctionType
from typing import Any

from codegenesis.errors import WireError
from codegenesis.wire import tags
from codegenesis.wire.kinds import BY_TYPE, reference
from codegenesis.wire.shapes import Shape, read_dict, shape_of
from codegenesis.wire.walk import Handler, Walk, items, members, node, too_large, tracked

_NAN = float("nan")
_read_args = BaseException.__dict__["args"].__get__

#: Factories of a `defaultdict` that may travel, by name.
FACTORIES = (list, dict, set, int, float, str, tuple, bool)


def _same(_walk: Walk, value: object) -> object:
    return value


def int_(walk: Walk, value: int) -> object:
    """Beyond 64 bits, MessagePack has no integers."""
    if not walk.careful or tags.SMALLEST_INT <= value <= tags.LARGEST_INT:
        return value
    size = value.bit_length() // 8 + 1
    walk.spend(size)
    return {tags.BIG_INT: value.to_bytes(size, "little", signed=True)}


def _float(_walk: Walk, value: float) -> object:
    return value if value == value else _NAN  # noqa: PLR0124 (all NaN look alike)


def str_(walk: Walk, value: str) -> object:
    """UTF-8 has no lone surrogates."""
    walk.spend(len(value))
    if not walk.careful:
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return {tags.ODD_STR: value.encode("utf-8", "surrogatepass")}
    return value


def _bytes(walk: Walk, value: bytes) -> object:
    walk.spend(len(value))
    return value


def _bytearray(walk: Walk, value: bytearray) -> object:
    walk.spend(len(value))
    return {tags.BYTEARRAY: bytes(value)}


def _list(walk: Walk, value: list[object]) -> object:
    key = id(value)
    if key in walk.seen or key in walk.outer:
        return walk.again(value, _list_items)
    walk.seen[key] = len(walk.seen)
    return _list_items(walk, value)


def _list_items(walk: Walk, value: list[object]) -> object:
    walk.left -= len(value) + 1
    if walk.left < 0:
        raise too_large(walk.limit)
    return items(walk, value[:])


def _tuple(walk: Walk, value: tuple[object, ...]) -> object:
    walk.left -= len(value) + 1
    if walk.left < 0:
        raise too_large(walk.limit)
    return {tags.TUPLE: items(walk, value)}


def pairs(walk: Walk, value: dict[Any, object]) -> list[Collection[object]]:
    """Keys and values apart, so that each can take the bulk path."""
    walk.left -= 2 * len(value) + 1
    if walk.left < 0:
        raise too_large(walk.limit)
    keys, values = tuple(zip(*value.items(), strict=True)) or ((), ())
    return [items(walk, keys), items(walk, values)]


def _dict(walk: Walk, value: dict[object, object]) -> object:
    key = id(value)
    if key in walk.seen or key in walk.outer:
        return walk.again(value, _dict_pairs)
    walk.seen[key] = len(walk.seen)
    return {tags.DICT: pairs(walk, value) if value else [(), ()]}


def _dict_pairs(walk: Walk, value: dict[object, object]) -> object:
    return {tags.DICT: pairs(walk, value)}


def _set(walk: Walk, value: set[object]) -> object:
    return {tags.SET: members(walk, value)}


def _frozenset(walk: Walk, value: frozenset[object]) -> object:
    return {tags.FROZENSET: members(walk, value)}


def _complex(walk: Walk, value: complex) -> object:
    return {tags.COMPLEX: [node(walk, value.real), node(walk, value.imag)]}


def _range(walk: Walk, value: range) -> object:
    return {tags.RANGE: [int_(walk, n) for n in (value.start, value.stop, value.step)]}


def _slice(walk: Walk, value: slice) -> object:
    walk.spend(3)
    return {tags.SLICE: items(walk, (value.start, value.stop, value.step))}


def _object(walk: Walk, value: object) -> object:
    shape = shape_of(type(value))
    walk.spend(len(shape.name))
    if shape.kind == "instance":
        return _record(walk, value) if shape.frozen else _instance(walk, value)
    if shape.kind == "namedtuple":
        return _namedtuple(walk, value, shape)
    if shape.kind == "exception":
        return _exception(walk, value)
    if shape.kind == "class":
        return reference(walk, value)
    state = read_dict(value)
    return {tags.ENUM: [shape.name, node(walk, state[f"_{shape.member_by}_"])]}


def _record(walk: Walk, value: object) -> object:
    """A frozen instance: never referred to, but counted, as the bytes do not say that it is one."""
    walk.count()
    return _state(walk, value)


def _state(walk: Walk, value: object) -> object:
    shape = shape_of(type(value))
    names, values = [], []
    for name, descriptor in shape.slots:
        try:
            values.append(descriptor.__get__(value))
        except AttributeError:
            continue
        names.append(name)
    walk.spend(len(names))
    state = shape.state.__get__(value) if shape.state else {}
    return {tags.INSTANCE: [shape.name, names, items(walk, values), *pairs(walk, state)]}


_instance = tracked(_state)


def _namedtuple(walk: Walk, value: Any, shape: Shape) -> object:
    if shape.state and shape.state.__get__(value):
        raise WireError(f"cannot be encoded: {shape.name} with attributes beside its items")
    values = tuple.__getitem__(value, slice(None))
    walk.spend(len(values))
    return {tags.NAMEDTUPLE: [shape.name, items(walk, values)]}


@tracked
def _exception(walk: Walk, value: BaseException) -> object:
    """As a value, with its class; one that was raised is encoded by `encode_exception`."""
    shape = shape_of(type(value))
    state = {**shape.state.__get__(value)}
    parts = [shape.name, *items(walk, (_read_args(value), state))]
    walk.keep(state)
    return {tags.BUILT: ["builtins:exception", *parts]}


HANDLERS: dict[type, Handler] = {
    type(None): _same,
    bool: _same,
    int: int_,
    float: _float,
    str: str_,
    bytes: _bytes,
    list: _list,
    tuple: _tuple,
    dict: _dict,
    set: tracked(_set),
    frozenset: _frozenset,
    complex: _complex,
    bytearray: tracked(_bytearray),
    range: _range,
    slice: _slice,
    **BY_TYPE,
    type: reference,
    FunctionType: reference,
    BuiltinFunctionType: reference,
    object: _object,
}
