"""From values to bytes, without running any code of the values' classes.

This runs in other people's processes, in the burst that samples them, so it is built for small
values: one dictionary look-up by exact type per node, and whole runs of numbers or strings handed
to msgspec as they are. That bulk path is optimistic; integers beyond 64 bits and lone surrogates
make msgspec object, and only then is the value walked again with care.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Collection
from typing import Any

import msgspec

from codegenesis.errors import WireError
from codegenesis.wire import tags
from codegenesis.wire.shapes import Shape, shape_of, type_name

_pack = msgspec.msgpack.Encoder().encode
_NUMBERS = frozenset({int, bool, float, type(None)})
_TEXTS = ({str}, {bytes})
_NAN = float("nan")

#: Factories of a `defaultdict` that may travel, by name.
FACTORIES = (list, dict, set, int, float, str, tuple, bool)

_read_args = BaseException.__dict__["args"].__get__


def encode(value: object, *, max_bytes: int = 1 << 20) -> bytes:
    """Encode one value; equal bytes mean equal exact types and values.

    Raises:
        WireError: a type is not on the allow-list, or the value is cyclic, nested deeper than
            100 levels or larger than `max_bytes`.
    """
    try:
        try:
            data = _pack(_node(_Walk(max_bytes), value))
        except (OverflowError, UnicodeEncodeError):
            data = _pack(_node(_Walk(max_bytes, careful=True), value))
    except RecursionError:
        raise WireError("cannot be encoded: nested too deeply") from None
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    return data


def encode_call(
    args: tuple[object, ...], kwargs: dict[str, object], *, max_bytes: int = 1 << 20
) -> bytes:
    """Encode the arguments of one call; raises like `encode`."""
    return encode((args, kwargs), max_bytes=max_bytes)


def encode_exception(exc: BaseException, *, max_bytes: int = 1 << 20) -> bytes:
    """Encode an exception as type and arguments; what cannot travel is named by its type."""
    args = [_argument(arg, max_bytes) for arg in _read_args(exc)[:100]]
    data = _pack({tags.EXCEPTION: [_printable(type_name(type(exc))), args]})
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    return data


def _argument(value: object, max_bytes: int) -> msgspec.Raw:
    try:
        return msgspec.Raw(encode(value, max_bytes=max_bytes))
    except WireError:
        return msgspec.Raw(_pack({tags.UNENCODABLE: _printable(type_name(type(value)))}))


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


class _Walk:
    """One walk over one value: what is left of the budget and which containers are open."""

    __slots__ = ("careful", "left", "limit", "open")

    def __init__(self, limit: int, *, careful: bool = False) -> None:
        self.limit = self.left = limit
        self.careful = careful
        self.open: set[int] = set()

    def spend(self, n: int) -> None:
        """Every node takes a byte at least, so the budget holds before anything is copied."""
        self.left -= n
        if self.left < 0:
            raise _too_large(self.limit)


def _too_large(limit: int) -> WireError:
    return WireError(f"cannot be encoded: more than {limit} bytes")


def _node(walk: _Walk, value: object) -> object:
    handler = _HANDLERS.get(type(value))
    if handler is None:
        handler = _handler(type(value))
    return handler(walk, value)


def _items(walk: _Walk, owner: object, items: Collection[object]) -> Collection[object]:
    """The nodes of a container, given as a copy that nobody else can change; already paid for."""
    if not items or (not walk.careful and _travels_as_is(walk, items)):
        return items
    if id(owner) in walk.open:
        raise WireError("cannot be encoded: contains itself")
    if len(walk.open) >= tags.MAX_DEPTH:
        raise WireError("cannot be encoded: nested too deeply")
    walk.open.add(id(owner))
    nodes = [_node(walk, item) for item in items]
    walk.open.remove(id(owner))
    return nodes


def _travels_as_is(walk: _Walk, items: Collection[object]) -> bool:
    kinds = set(map(type, items))
    if kinds <= _NUMBERS:
        return float not in kinds or not any(map(operator.ne, items, items))
    if kinds in _TEXTS:
        walk.spend(sum(map(len, items)))  # type: ignore[arg-type]
        return True
    return False


def _same(_walk: _Walk, value: object) -> object:
    return value


def _int(walk: _Walk, value: int) -> object:
    if not walk.careful or tags.SMALLEST_INT <= value <= tags.LARGEST_INT:
        return value
    size = value.bit_length() // 8 + 1
    walk.spend(size)
    return {tags.BIG_INT: value.to_bytes(size, "little", signed=True)}


def _float(_walk: _Walk, value: float) -> object:
    return value if value == value else _NAN  # noqa: PLR0124 (all NaN look alike)


def _str(walk: _Walk, value: str) -> object:
    walk.spend(len(value))
    if not walk.careful:
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return {tags.ODD_STR: value.encode("utf-8", "surrogatepass")}
    return value


def _bytes(walk: _Walk, value: bytes) -> object:
    walk.spend(len(value))
    return value


def _bytearray(walk: _Walk, value: bytearray) -> object:
    walk.spend(len(value))
    return {tags.BYTEARRAY: bytes(value)}


def _list(walk: _Walk, value: list[object]) -> object:
    walk.spend(len(value) + 1)
    return _items(walk, value, value[:])


def _tuple(walk: _Walk, value: tuple[object, ...]) -> object:
    walk.spend(len(value) + 1)
    return {tags.TUPLE: _items(walk, value, value)}


def _pairs(walk: _Walk, owner: object, value: dict[Any, object]) -> list[Collection[object]]:
    """Keys and values apart, so that each can take the bulk path."""
    walk.spend(2 * len(value) + 1)
    keys, values = tuple(zip(*value.items(), strict=True)) or ((), ())
    return [_items(walk, owner, keys), _items(walk, owner, values)]


def _dict(walk: _Walk, value: dict[object, object]) -> object:
    return {tags.DICT: _pairs(walk, value, value)}


def _members(walk: _Walk, value: Collection[object]) -> list[msgspec.Raw]:
    """Sorted by what they encode to: the order of a set depends on its history."""
    walk.spend(len(value) + 1)
    nodes = _items(walk, value, list(value))
    return [msgspec.Raw(data) for data in sorted(map(_pack, nodes))]


def _set(walk: _Walk, value: set[object]) -> object:
    return {tags.SET: _members(walk, value)}


def _frozenset(walk: _Walk, value: frozenset[object]) -> object:
    return {tags.FROZENSET: _members(walk, value)}


def _complex(walk: _Walk, value: complex) -> object:
    return {tags.COMPLEX: [_node(walk, value.real), _node(walk, value.imag)]}


def _range(walk: _Walk, value: range) -> object:
    return {tags.RANGE: [_int(walk, n) for n in (value.start, value.stop, value.step)]}


def _slice(walk: _Walk, value: slice) -> object:
    walk.spend(3)
    return {tags.SLICE: _items(walk, value, (value.start, value.stop, value.step))}


def _date(_walk: _Walk, value: Any) -> object:
    return {tags.DATE: [value.year, value.month, value.day]}


def _time(walk: _Walk, value: Any) -> object:
    clock = [value.hour, value.minute, value.second, value.microsecond, value.fold]
    return {tags.TIME: [*clock, _node(walk, value.tzinfo)]}


def _datetime(walk: _Walk, value: Any) -> object:
    day = [value.year, value.month, value.day]
    clock = [value.hour, value.minute, value.second, value.microsecond, value.fold]
    return {tags.DATETIME: [*day, *clock, _node(walk, value.tzinfo)]}


def _timedelta(_walk: _Walk, value: Any) -> object:
    return {tags.TIMEDELTA: [value.days, value.seconds, value.microseconds]}


def _timezone(walk: _Walk, value: Any) -> object:
    return {tags.TIMEZONE: [_node(walk, part) for part in value.__getinitargs__()]}


def _zoneinfo(_walk: _Walk, value: Any) -> object:
    if type(value.key) is not str:
        raise WireError("cannot be encoded: a ZoneInfo without a key")
    return {tags.ZONEINFO: value.key}


def _decimal(walk: _Walk, value: Any) -> object:
    return {tags.DECIMAL: _str(walk, str(value))}


def _fraction(walk: _Walk, value: Any) -> object:
    return {tags.FRACTION: [_node(walk, value._numerator), _node(walk, value._denominator)]}


def _uuid(_walk: _Walk, value: Any) -> object:
    return {tags.UUID: value.bytes}


def _deque(walk: _Walk, value: Any) -> object:
    walk.spend(len(value) + 1)
    return {tags.DEQUE: [value.maxlen, _items(walk, value, list(value))]}


def _ordered_dict(walk: _Walk, value: Any) -> object:
    return {tags.ORDERED_DICT: _pairs(walk, value, value)}


def _counter(walk: _Walk, value: Any) -> object:
    return {tags.COUNTER: _pairs(walk, value, value)}


def _defaultdict(walk: _Walk, value: Any) -> object:
    factory = value.default_factory
    if factory is not None and (type(factory) is not type or factory not in FACTORIES):
        raise WireError("cannot be encoded: a defaultdict whose factory is not a builtin type")
    name = None if factory is None else factory.__name__
    return {tags.DEFAULTDICT: [name, *_pairs(walk, value, value)]}


def _object(walk: _Walk, value: object) -> object:
    shape = shape_of(type(value))
    walk.spend(len(shape.name))
    if shape.kind == "instance":
        return _instance(walk, value, shape)
    if shape.kind == "namedtuple":
        return _namedtuple(walk, value, shape)
    state = object.__getattribute__(value, "__dict__")
    return {tags.ENUM: [shape.name, _node(walk, state[f"_{shape.member_by}_"])]}


def _instance(walk: _Walk, value: object, shape: Shape) -> object:
    names, values = [], []
    for name, descriptor in shape.slots:
        try:
            values.append(descriptor.__get__(value))
        except AttributeError:
            continue
        names.append(name)
    walk.spend(len(names))
    state = shape.state.__get__(value) if shape.state else {}
    pairs = _pairs(walk, value, state)
    return {tags.INSTANCE: [shape.name, names, _items(walk, value, values), *pairs]}


def _namedtuple(walk: _Walk, value: Any, shape: Shape) -> object:
    if shape.state and shape.state.__get__(value):
        raise WireError(f"cannot be encoded: {shape.name} with attributes beside its items")
    items = tuple.__getitem__(value, slice(None))
    walk.spend(len(items))
    return {tags.NAMEDTUPLE: [shape.name, _items(walk, value, items)]}


_HANDLERS: dict[type, Callable[[_Walk, Any], object]] = {
    type(None): _same,
    bool: _same,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
    list: _list,
    tuple: _tuple,
    dict: _dict,
    set: _set,
    frozenset: _frozenset,
    complex: _complex,
    bytearray: _bytearray,
    range: _range,
    slice: _slice,
}

#: Types of modules that are not worth importing in a process that does not use them.
_BY_NAME: dict[tuple[str, str], Callable[[_Walk, Any], object]] = {
    ("datetime", "date"): _date,
    ("datetime", "time"): _time,
    ("datetime", "datetime"): _datetime,
    ("datetime", "timedelta"): _timedelta,
    ("datetime", "timezone"): _timezone,
    ("zoneinfo", "ZoneInfo"): _zoneinfo,
    ("decimal", "Decimal"): _decimal,
    ("fractions", "Fraction"): _fraction,
    ("uuid", "UUID"): _uuid,
    ("collections", "deque"): _deque,
    ("collections", "OrderedDict"): _ordered_dict,
    ("collections", "Counter"): _counter,
    ("collections", "defaultdict"): _defaultdict,
}


def _handler(cls: type) -> Callable[[_Walk, Any], object]:
    """For a type that is met the first time, or that is not on the list."""
    name = (cls.__module__, cls.__qualname__)
    handler = _BY_NAME.get(name)
    if handler is None or vars(sys.modules[name[0]]).get(name[1]) is not cls:
        return _object
    _HANDLERS[cls] = handler
    return handler
