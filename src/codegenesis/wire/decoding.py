"""From bytes to values, built to be fed by an enemy: whatever comes, a value or a `WireError`.

msgspec checks lengths against what is really there before it allocates, and refuses trailing
bytes; here only known tags with the right content pass. Without `resolve`, instances, enum members,
exceptions, arrays and the like come out as `Opaque` records, so the parent never builds what a
candidate sent; and what was met before as `Opaque(SHARED, (its number,))`, so that a value is a
tree: nothing that walks it can be sent in circles or into 2**60 branches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from codegenesis.errors import WireError
from codegenesis.wire import leaves, tags
from codegenesis.wire.builtin import FACTORIES
from codegenesis.wire.kinds import CHECKS, REFERENCE
from codegenesis.wire.library import KINDS
from codegenesis.wire.shapes import shape_of

Resolve = Callable[[str], Any]

#: `type_name` of what stands for an object that was met before; the state is its number.
SHARED = "codegenesis:shared"

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
    """An instance, enum member, exception or whatever else is not plain, as plain data.

    Attributes:
        type_name: `module:qualname`; `module.qualname` for an exception.
        state: pairs of attribute name and value; items of a namedtuple; arguments of an exception;
            parts of what `codegenesis.wire.library` lists.
    """

    type_name: str
    state: tuple[Any, ...] = ()


def decode(data: bytes, *, resolve: Resolve | None = None) -> object:
    """Decode one value.

    Args:
        data: what `encode` made, or what somebody claims that it made.
        resolve: finds the class or function for `module:qualname`. Instances are then made by
            `__new__` and given their state, without `__init__`; only for use inside the jail.

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


_Fill = Callable[[Any], Any]


class _Build:
    """Builds values from the tree that msgspec read.

    `known` holds what can be met again, in the order of the bytes; with `resolve` the objects
    themselves, entered before their content so that they can contain themselves.
    """

    def __init__(self, resolve: Resolve | None) -> None:
        self.resolve = resolve
        self.known: list[Any] = []

    def value(self, node: Any, depth: int) -> Any:
        kind = type(node)
        if kind in _PLAIN:
            return node
        if kind is list:
            return self.row(node, depth)
        if kind is dict and len(node) == 1:
            ((tag, content),) = node.items()
            if type(tag) is int:
                return _BUILDERS[tag](self, content, depth - 1)
        raise WireError(f"expected an encoded value, came {kind.__name__}")

    def row(self, nodes: Any, depth: int) -> Any:
        made: list[Any] = []
        self.known.append(made)
        made += self.items(nodes, depth)
        return made

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

    def found(self, name: Any) -> Any:
        return self.resolve(leaves.text(name)) if self.resolve else None

    def cls(self, name: Any) -> type | None:
        found = self.found(name)
        if found is not None and not isinstance(found, type):
            raise WireError(f"{name} is not a class")
        return found

    def again(self, number: Any) -> Any:
        if type(number) is not int or not 0 <= number < len(self.known):
            raise WireError("expected the number of something met before")
        if self.resolve is None:
            return Opaque(SHARED, (number,))
        if self.known[number] is None:
            raise WireError("expected something that is complete, came a part of it first")
        return self.known[number]


def _whole(value: Any, size: int) -> Any:
    """Refuse members that fell together: equal keys cannot have come from one container."""
    if len(value) != size:
        raise WireError("expected distinct members")
    return value


def _mapping(make: Callable[[], Any]) -> _Builder:
    def build(b: _Build, content: Any, depth: int) -> Any:
        keys, values = content
        made = make()
        b.known.append(made)
        for key, value in b.pairs(keys, values, depth):
            made[key] = value
        return _whole(made, len(keys))

    return build


def _members(b: _Build, nodes: Any, depth: int) -> list[Any]:
    """Each counts by itself: see `codegenesis.wire.walk`."""
    if type(nodes) is not list or _PLAIN.issuperset(map(type, nodes)):
        return b.items(nodes, depth)
    known, made = b.known, list[Any]()
    for node in nodes:
        b.known = []
        made += b.items([node], depth)
    b.known = known
    return made


def _set(b: _Build, content: Any, depth: int) -> Any:
    made: set[Any] = set()
    b.known.append(made)
    made.update(_members(b, content, depth))
    return _whole(made, len(content))


def _frozenset(b: _Build, content: Any, depth: int) -> Any:
    return _whole(frozenset(_members(b, content, depth)), len(content))


def _plain(make: Callable[..., Any]) -> _Builder:
    """For a constructor that takes the items and checks them itself."""

    def build(b: _Build, content: Any, depth: int) -> Any:
        return make(*b.items(content, depth))

    return build


def _leaf(make: Callable[[Any], Any]) -> _Builder:
    return lambda _build, content, _depth: make(content)


def _again(b: _Build, content: Any, _depth: int) -> Any:
    return b.again(content)


def _shared(b: _Build, content: Any, depth: int) -> Any:
    """A value that is also an argument, or a view into an array met before: as if it were not."""
    number, node = content
    if type(number) is not int or number < 0:
        raise WireError("expected the number of an argument")
    return b.value(node, depth)


def _overlap(b: _Build, content: Any, depth: int) -> Any:
    number, node = content
    b.again(number)
    return b.value(node, depth)


def _built(b: _Build, content: Any, depth: int) -> Any:
    name = leaves.text(content[0])
    kind = KINDS.get(name)
    slot = len(b.known)
    if kind.mutable if kind else name == "builtins:exception":
        b.known.append(None)
    parts = b.items(content[1:], depth)
    (kind.check if kind else CHECKS[name])(*parts)
    if b.resolve is None:
        return Opaque(name, tuple(parts))
    made = kind.make(*parts) if kind else _MAKERS[name](b, *parts)
    if slot < len(b.known) and b.known[slot] is None:
        b.known[slot] = made
    return made


def _raised(b: _Build, name: str, args: Any, state: Any) -> Any:
    cls: Any = b.cls(name)
    if not issubclass(cls, BaseException):
        raise WireError(f"{name} is not an exception")
    made = cls.__new__(cls, *args)
    made.args = args
    vars(made).update(state)
    return made


_MAKERS: dict[str, Callable[..., Any]] = {
    REFERENCE: _Build.found,
    "builtins:exception": _raised,
}


def _counter() -> Any:
    from collections import Counter

    return Counter()


def _ordered_dict() -> Any:
    from collections import OrderedDict

    return OrderedDict()


def _defaultdict(b: _Build, content: Any, depth: int) -> Any:
    from collections import defaultdict

    name, keys, values = content
    made: Any = defaultdict(None if name is None else _FACTORY_BY_NAME[leaves.text(name)])
    b.known.append(made)
    made.update(b.pairs(keys, values, depth))
    return _whole(made, len(keys))


def _deque(b: _Build, content: Any, depth: int) -> Any:
    from collections import deque

    maxlen, items = content
    made: Any = deque(maxlen=maxlen)
    b.known.append(made)
    made.extend(b.items(items, depth))
    return _whole(made, len(items))


def _bytearray(b: _Build, content: Any, _depth: int) -> bytearray:
    if type(content) is not bytes:
        raise WireError("expected bytes")
    b.known.append(bytearray(content))
    made: bytearray = b.known[-1]
    return made


def _enum(b: _Build, content: Any, depth: int) -> Any:
    name, member = content
    cls: Any = b.cls(name)
    if cls is None:
        return Opaque(leaves.text(name), (b.value(member, depth),))
    return cls[member] if shape_of(cls).member_by == "name" else cls(b.value(member, depth))


def _namedtuple(b: _Build, content: Any, depth: int) -> Any:
    name, items = content
    values = b.items(items, depth)
    cls: Any = b.cls(name)
    return Opaque(leaves.text(name), tuple(values)) if cls is None else tuple.__new__(cls, values)


def _instance(b: _Build, content: Any, depth: int) -> Any:
    name, slots, slot_values, names, values = content
    cls = b.cls(name)
    if cls is None:
        return _looked_at(b, content, depth)
    value: Any = object.__new__(cls)
    shape = shape_of(cls)
    b.known.append(value)
    descriptors = dict(shape.slots)
    for slot, part in b.pairs(slots, slot_values, depth):
        descriptors[slot].__set__(value, part)
    if state := dict(b.pairs(names, values, depth)):
        shape.state.__get__(value).update(state)
    return value


def _looked_at(b: _Build, content: Any, depth: int) -> Opaque:
    name, slots, slot_values, names, values = content
    b.known.append(None)
    filled = tuple(b.pairs(slots, slot_values, depth))
    return Opaque(leaves.text(name), (*filled, *b.pairs(names, values, depth)))


def _exception(b: _Build, content: Any, depth: int) -> Opaque:
    name, args = content
    return Opaque(leaves.text(name), tuple(b.items(args, depth)))


def _unencodable(content: Any) -> Opaque:
    return Opaque(leaves.text(content))


def _tuple(b: _Build, content: Any, depth: int) -> tuple[Any, ...]:
    return tuple(b.items(content, depth))


_Builder = Callable[[_Build, Any, int], Any]

_BUILDERS: dict[int, _Builder] = {
    **{tag: _leaf(make) for tag, make in leaves.OF_CONTENT.items()},
    **{tag: _plain(make) for tag, make in leaves.OF_ITEMS.items()},
    tags.TUPLE: _tuple,
    tags.DICT: _mapping(dict),
    tags.SET: _set,
    tags.FROZENSET: _frozenset,
    tags.BYTEARRAY: _bytearray,
    tags.ENUM: _enum,
    tags.INSTANCE: _instance,
    tags.NAMEDTUPLE: _namedtuple,
    tags.EXCEPTION: _exception,
    tags.UNENCODABLE: _leaf(_unencodable),
    tags.DEQUE: _deque,
    tags.ORDERED_DICT: _mapping(_ordered_dict),
    tags.DEFAULTDICT: _defaultdict,
    tags.COUNTER: _mapping(_counter),
    tags.REF: _again,
    tags.ARGUMENT: _shared,
    tags.OVERLAP: _overlap,
    tags.BUILT: _built,
}
