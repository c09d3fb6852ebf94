"""From bytes to values, built to be fed by an enemy: whatever comes, a value or a `WireError`.

msgspec checks lengths against what is really there before it allocates, and refuses trailing
bytes; here only known tags with the right content pass. Without `resolve`, instances, enum members
and exceptions come out as `Opaque` records, so the parent never builds what a candidate sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from codegenesis.errors import WireError
from codegenesis.wire import tags
from codegenesis.wire.encoding import FACTORIES
from codegenesis.wire.shapes import shape_of

Resolve = Callable[[str], type]

_unpack = msgspec.msgpack.Decoder().decode
_PLAIN = frozenset({type(None), bool, int, float, str, bytes})
_FACTORY_BY_NAME = {factory.__name__: factory for factory in FACTORIES}

#: What malformed content makes constructors raise.
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.DecodeError,
)


class Opaque(msgspec.Struct, frozen=True):
    """An instance, enum member or exception as plain data.

    Attributes:
        type_name: `module:qualname`; `module.qualname` for an exception.
        state: pairs of attribute name and value; items of a namedtuple; arguments of an exception.
    """

    type_name: str
    state: tuple[Any, ...] = ()


def decode(data: bytes, *, resolve: Resolve | None = None) -> object:
    """Decode one value.

    Args:
        data: what `encode` made, or what somebody claims that it made.
        resolve: finds the class for `module:qualname`. Instances are then made by `__new__` and
            given their state, without `__init__`; only for use inside the jail.

    Raises:
        WireError: not exactly one well-formed value.
    """
    try:
        return _Build(resolve).value(_unpack(data), tags.MAX_DEPTH)
    except _MALFORMED as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise WireError(f"expected one encoded value, came {len(data)} bytes ({reason})") from None


def decode_call(
    data: bytes, *, resolve: Resolve | None = None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Decode the arguments of one call; raises like `decode`."""
    match decode(data, resolve=resolve):
        case (tuple() as args, dict() as kwargs) if all(type(key) is str for key in kwargs):
            return args, kwargs
    raise WireError("expected encoded arguments of a call, came another value")


class _Build:
    """Builds values from the tree that msgspec read."""

    def __init__(self, resolve: Resolve | None) -> None:
        self.resolve = resolve

    def value(self, node: Any, depth: int) -> Any:
        kind = type(node)
        if kind in _PLAIN:
            return node
        if kind is list:
            return self.items(node, depth)
        if kind is dict and len(node) == 1:
            ((tag, content),) = node.items()
            if type(tag) is int:
                return _BUILDERS[tag](self, content, depth - 1)
        raise WireError(f"expected an encoded value, came {kind.__name__}")

    def items(self, nodes: Any, depth: int) -> list[Any]:
        if type(nodes) is not list:
            raise WireError(f"expected items, came {type(nodes).__name__}")
        if depth <= 0:
            raise WireError("nested too deeply")
        if _PLAIN.issuperset(map(type, nodes)):
            return nodes
        return [self.value(node, depth - 1) for node in nodes]

    def pairs(self, keys: Any, values: Any, depth: int) -> Iterable[tuple[Any, Any]]:
        return zip(self.items(keys, depth), self.items(values, depth), strict=True)

    def cls(self, name: Any) -> type | None:
        return self.resolve(_text(name)) if self.resolve else None


def _text(node: Any) -> str:
    if type(node) is not str:
        raise WireError(f"expected text, came {type(node).__name__}")
    return node


def _whole(value: Any, size: int) -> Any:
    """Refuse members that fell together: equal keys cannot have come from one container."""
    if len(value) != size:
        raise WireError("expected distinct members")
    return value


def _mapping(make: Callable[[Any], Any]) -> _Builder:
    def build(b: _Build, content: Any, depth: int) -> Any:
        keys, values = content
        return _whole(make(b.pairs(keys, values, depth)), len(keys))

    return build


def _members(make: Callable[[Any], Any]) -> _Builder:
    def build(b: _Build, content: Any, depth: int) -> Any:
        return _whole(make(b.items(content, depth)), len(content))

    return build


def _plain(make: Callable[..., Any]) -> _Builder:
    """For a constructor that takes the items and checks them itself."""

    def build(b: _Build, content: Any, depth: int) -> Any:
        return make(*b.items(content, depth))

    return build


def _leaf(make: Callable[[Any], Any]) -> _Builder:
    return lambda _build, content, _depth: make(content)


def _counter(pairs: Any) -> Any:
    from collections import Counter

    return Counter(dict(pairs))


def _ordered_dict(pairs: Any) -> Any:
    from collections import OrderedDict

    return OrderedDict(pairs)


def _defaultdict(b: _Build, content: Any, depth: int) -> Any:
    from collections import defaultdict

    name, keys, values = content
    factory = None if name is None else _FACTORY_BY_NAME[_text(name)]
    return _whole(defaultdict(factory, b.pairs(keys, values, depth)), len(keys))


def _deque(b: _Build, content: Any, depth: int) -> Any:
    from collections import deque

    maxlen, items = content
    return _whole(deque(b.items(items, depth), maxlen), len(items))


def _big_int(content: Any) -> int:
    value = int.from_bytes(content, "little", signed=True)
    if type(content) is not bytes or tags.SMALLEST_INT <= value <= tags.LARGEST_INT:
        raise WireError("expected an integer beyond 64 bits")
    return value


def _complex(real: float, imag: float) -> complex:
    if type(real) is not float or type(imag) is not float:
        raise WireError("expected two floats")
    return complex(real, imag)


def _datetime(*parts: Any) -> Any:
    from datetime import datetime

    *clock, fold, zone = _exactly(9, parts)
    return datetime(*clock).replace(fold=fold, tzinfo=zone)


def _time(*parts: Any) -> Any:
    from datetime import time

    *clock, fold, zone = _exactly(6, parts)
    return time(*clock).replace(fold=fold, tzinfo=zone)


def _date(*parts: Any) -> Any:
    from datetime import date

    return date(*_exactly(3, parts))


def _exactly(count: int, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """With fewer arguments, the constructors of `datetime` read their own pickles."""
    if len(parts) != count:
        raise WireError(f"expected {count} parts, came {len(parts)}")
    return parts


def _timedelta(days: int, seconds: int, microseconds: int) -> Any:
    from datetime import timedelta

    if not all(type(part) is int for part in (days, seconds, microseconds)):
        raise WireError("expected whole days, seconds and microseconds")
    return timedelta(days, seconds, microseconds)


def _timezone(*parts: Any) -> Any:
    from datetime import timezone

    return timezone(*parts)


def _zoneinfo(content: Any) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(_text(content))


def _decimal(content: Any) -> Any:
    from decimal import Decimal

    return Decimal(_text(content))


def _fraction(numerator: int, denominator: int) -> Any:
    from fractions import Fraction

    if type(numerator) is not int or type(denominator) is not int:
        raise WireError("expected two integers")
    return Fraction(numerator, denominator)


def _uuid(content: Any) -> Any:
    from uuid import UUID

    return UUID(bytes=content)


def _odd_str(content: Any) -> str:
    return str(content, "utf-8", "surrogatepass")


def _bytearray(content: Any) -> bytearray:
    if type(content) is not bytes:
        raise WireError("expected bytes")
    return bytearray(content)


def _enum(b: _Build, content: Any, depth: int) -> Any:
    name, member = content
    cls: Any = b.cls(name)
    if cls is None:
        return Opaque(_text(name), (b.value(member, depth),))
    return cls[member] if shape_of(cls).member_by == "name" else cls(b.value(member, depth))


def _namedtuple(b: _Build, content: Any, depth: int) -> Any:
    name, items = content
    values = b.items(items, depth)
    cls: Any = b.cls(name)
    return Opaque(_text(name), tuple(values)) if cls is None else tuple.__new__(cls, values)


def _instance(b: _Build, content: Any, depth: int) -> Any:
    name, slots, slot_values, names, values = content
    filled = list(b.pairs(slots, slot_values, depth))
    state = list(b.pairs(names, values, depth))
    cls = b.cls(name)
    if cls is None:
        return Opaque(_text(name), (*filled, *state))
    value: Any = object.__new__(cls)
    shape = shape_of(cls)
    descriptors = dict(shape.slots)
    for slot, part in filled:
        descriptors[slot].__set__(value, part)
    if state:
        shape.state.__get__(value).update(state)
    return value


def _exception(b: _Build, content: Any, depth: int) -> Opaque:
    name, args = content
    return Opaque(_text(name), tuple(b.items(args, depth)))


def _unencodable(content: Any) -> Opaque:
    return Opaque(_text(content))


def _tuple(b: _Build, content: Any, depth: int) -> tuple[Any, ...]:
    return tuple(b.items(content, depth))


_Builder = Callable[[_Build, Any, int], Any]

_BUILDERS: dict[int, _Builder] = {
    tags.TUPLE: _tuple,
    tags.DICT: _mapping(dict),
    tags.SET: _members(set),
    tags.FROZENSET: _members(frozenset),
    tags.BIG_INT: _leaf(_big_int),
    tags.COMPLEX: _plain(_complex),
    tags.ODD_STR: _leaf(_odd_str),
    tags.BYTEARRAY: _leaf(_bytearray),
    tags.RANGE: _plain(range),
    tags.SLICE: _plain(slice),
    tags.DATETIME: _plain(_datetime),
    tags.DATE: _plain(_date),
    tags.TIME: _plain(_time),
    tags.TIMEDELTA: _plain(_timedelta),
    tags.DECIMAL: _leaf(_decimal),
    tags.FRACTION: _plain(_fraction),
    tags.UUID: _leaf(_uuid),
    tags.ENUM: _enum,
    tags.INSTANCE: _instance,
    tags.NAMEDTUPLE: _namedtuple,
    tags.EXCEPTION: _exception,
    tags.UNENCODABLE: _leaf(_unencodable),
    tags.TIMEZONE: _plain(_timezone),
    tags.ZONEINFO: _leaf(_zoneinfo),
    tags.DEQUE: _deque,
    tags.ORDERED_DICT: _mapping(_ordered_dict),
    tags.DEFAULTDICT: _defaultdict,
    tags.COUNTER: _mapping(_counter),
}
