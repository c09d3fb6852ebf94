"""The wire format: what goes in comes out, one value is one run of bytes, nothing else gets in."""

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import random
import sys
import threading
import types
import typing
import uuid
import zoneinfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegenesis import wire
from codegenesis.errors import WireError


class Colour(enum.Enum):
    RED = 1
    GREEN = "g"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Level(enum.IntEnum):
    LOW = 1


class Point(typing.NamedTuple):
    x: int
    y: object


@dataclasses.dataclass
class Line:
    sku: str
    tags: list


@dataclasses.dataclass(frozen=True, slots=True)
class Price:
    cents: int
    parts: tuple


class Plain:
    def __init__(self, value):
        self.value = value


class Base:
    __slots__ = ("first",)


class Slotted(Base):
    __slots__ = ("__dict__", "second")


def resolve(name):
    module, _, qualname = name.partition(":")
    found = sys.modules[module]
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def trip(value):
    return wire.decode(wire.encode(value), resolve=resolve)


def slotted(**state):
    made = Slotted()
    for name, value in state.items():
        setattr(made, name, value)
    return made


VALUES = [
    None,
    True,
    0,
    -(2**63) - 1,
    2**64,
    -(10**50),
    1.5,
    -0.0,
    math.inf,
    "ä\U0001f600",
    "lone \ud800",
    b"\x00\xff",
    bytearray(b"x"),
    [1, [2, "three", None]],
    (1, (2, [3])),
    {"b": 1, "a": (2,), 3: None, (4, 5): {}},
    {1, "a", None, (1, 2)},
    frozenset({frozenset({1})}),
    1 + 2j,
    range(3, 2**70, 7),
    slice(1, None, "x"),
    datetime.datetime(2024, 2, 29, 1, 2, 3, 4, fold=1),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=-3), "X")),
    datetime.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")),
    datetime.date(1, 1, 1),
    datetime.time(23, 59, 59, 999_999),
    datetime.timedelta(days=-1, microseconds=1),
    decimal.Decimal("1.10"),
    decimal.Decimal("-Infinity"),
    fractions.Fraction(-1, 3),
    uuid.UUID(int=2**127 + 5),
    Colour.GREEN,
    Rights.READ | Rights.WRITE,
    Level.LOW,
    Point(1, [2]),
    Line("a", ["b"]),
    Price(5, (1, 2)),
    collections.deque([1, 2], maxlen=5),
    collections.OrderedDict(b=1, a=2),
    collections.Counter("abca"),
    collections.defaultdict(list, {"a": [1]}),
    collections.defaultdict(None, {}),
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_comes_back_with_its_exact_type(value):
    back = trip(value)
    assert back == value
    assert type(back) is type(value)
    if type(value) is not set:  # whose order depends on its history
        assert repr(back) == repr(value)
    assert wire.encode(back) == wire.encode(value)


def test_instances_come_back_with_their_state_and_without_init():
    back = trip([Plain([1]), slotted(first=1, second=2, loose=3), slotted(first=None)])
    assert type(back[0]) is Plain
    assert back[0].value == [1]
    assert (back[1].first, back[1].second, back[1].loose) == (1, 2, 3)
    assert back[2].first is None
    assert not hasattr(back[2], "second")


def test_without_resolve_instances_stay_plain_data():
    name = Line.__module__
    assert wire.decode(wire.encode(Line("a", [1]))) == wire.Opaque(
        f"{name}:Line", (("sku", "a"), ("tags", [1]))
    )
    assert wire.decode(wire.encode(Colour.RED)) == wire.Opaque(f"{name}:Colour", ("RED",))
    assert wire.decode(wire.encode(Point(1, 2))) == wire.Opaque(f"{name}:Point", (1, 2))
    assert (
        len({wire.decode(wire.encode(Price(5, (1,)))), wire.decode(wire.encode(Colour.RED))}) == 2
    )


def test_every_nan_is_the_same_value():
    quiet, other = float("nan"), -(math.inf - math.inf)
    assert wire.encode([quiet]) == wire.encode([other])
    assert math.isnan(trip(quiet))
    assert len(trip({float("nan"): 1, float("nan"): 2})) == 2


def test_types_that_compare_equal_are_different_values():
    same = [1, 1.0, True, decimal.Decimal(1), fractions.Fraction(1), 1 + 0j, Level.LOW]
    assert len({wire.encode(value) for value in same}) == len(same)
    assert wire.encode(0.0) != wire.encode(-0.0)
    assert wire.encode(b"") != wire.encode(bytearray()) != wire.encode("")
    assert wire.encode([]) != wire.encode(())
    assert wire.encode({"a": 1, "b": 2}) != wire.encode({"b": 2, "a": 1})
    assert wire.encode(Line("a", [])) != wire.encode(Plain("a"))


def test_a_set_is_the_same_bytes_whatever_its_history():
    words = [f"word {n}" for n in range(200)]
    shuffled = random.Random(7).sample(words, len(words))
    grown = set(words) | set(range(1000))
    grown -= set(range(1000))
    assert wire.encode(set(words)) == wire.encode(set(shuffled)) == wire.encode(grown)


def test_the_main_script_has_one_name(monkeypatch):
    script = types.ModuleType("__mp_main__")
    script.Cart = type("Cart", (), {"__module__": "__mp_main__"})
    monkeypatch.setitem(sys.modules, "__mp_main__", script)
    assert wire.decode(wire.encode(script.Cart())) == wire.Opaque("__main__:Cart")


def touchy(hook):
    """A class whose `hook` must never run."""

    def refuse(*_):
        raise AssertionError(f"{hook} ran")

    return type("Touchy", (), {hook: refuse, "__module__": __name__, "__qualname__": "Touchy"})


@pytest.mark.parametrize(
    "hook",
    ["__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__",
     "__setattr__", "__getattribute__", "__del__"],
)  # fmt: skip
def test_a_class_with_its_own_idea_of_state_is_refused_and_none_of_it_runs(hook, monkeypatch):
    cls = touchy(hook)
    monkeypatch.setitem(globals(), "Touchy", cls)
    if hook == "__del__":
        cls.__del__ = lambda self: None
    with pytest.raises(WireError, match=f"defines its own {hook}"):
        wire.encode(object.__new__(cls))


def test_encoding_runs_no_code_of_the_value(monkeypatch):
    cls = type(
        "Loud",
        (),
        {
            name: property(lambda self: pytest.fail("ran")) if name == "prop" else _fail
            for name in ("__getattr__", "__iter__", "__len__", "__eq__", "__bool__", "__repr__")
        }
        | {"prop": property(_fail), "__hash__": _fail, "__module__": __name__},
    )
    monkeypatch.setitem(globals(), "Loud", cls)
    value = cls()
    value.__dict__["x"] = 1
    assert wire.decode(wire.encode([value])) == [wire.Opaque(f"{__name__}:Loud", (("x", 1),))]


def _fail(*_):
    raise AssertionError("code of the value ran")


class Int(int):
    pass


class Items(list):
    pass


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (lambda: 0, "<lambda>"),
        (threading.Lock().acquire, "acquire"),
        (types.MappingProxyType(collections.ChainMap({})), "mappingproxy"),
        ((x for x in ()), "generator"),
        (iter([]), "list_iterator"),
        (object(), "object"),
        (sys, "module"),
        (Int(1), "Int"),
        (Items(), "Items"),
        (type("Local", (ValueError,), {})("x"), "Local"),
        (threading.Lock(), "lock"),
        (random.Random(1), "Random"),
        (collections.defaultdict(lambda: 0), "defaultdict"),
        (type("Local", (), {})(), "Local"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_on_the_list_is_refused_by_name(value, word):
    with pytest.raises(WireError, match=word):
        wire.encode([1, value])


def test_deep_and_large_values_are_refused():
    deep = ()
    for _ in range(5000):
        deep = (deep,)
    with pytest.raises(WireError, match="too deeply"):
        wire.encode(deep)
    many = (1,)
    for _ in range(60):
        many = (many, many)
    for value in (many, "x" * 2000, [b"x" * 600, b"y" * 600], list(range(2000)), 1 << 20_000):
        with pytest.raises(WireError, match="more than 1000 bytes"):
            wire.encode(value, max_bytes=1000)


def test_a_call_travels_as_arguments():
    args, kwargs = ([1], "x"), {"b": 1, "a": {2}}
    assert wire.decode_call(wire.encode_call(args, kwargs)) == (args, kwargs)
    for other in (1, ((), {}, ()), ([], {}), ((), {1: 2})):
        with pytest.raises(WireError, match="arguments of a call"):
            wire.decode_call(wire.encode(other))


def test_an_exception_travels_as_type_and_arguments():
    class Odd(Exception):
        pass

    encoded = wire.encode_exception(KeyError("k", [1]))
    assert wire.decode(encoded) == wire.Opaque("builtins.KeyError", ("k", [1]))
    odd = wire.decode(wire.encode_exception(Odd(sys, 1)))
    assert odd.type_name.endswith("Odd")
    assert odd.state == (wire.Opaque("builtins.module"), 1)
    assert encoded != wire.encode_exception(KeyError("k", (1,)))


def test_trailing_bytes_and_other_dialects_are_refused():
    whole = wire.encode((1, "a"))
    pack = msgspec.msgpack.encode
    for data in (
        whole + b"\xc0",
        whole[:-1],
        b"",
        pack({}),
        pack({"a": 1}),
        pack({1: [], 2: []}),
        pack({True: []}),
        pack({999: []}),
        pack({2: [[1, 1], [2, 3]]}),
        pack({2: [[1], []]}),
        pack({3: [[]]}),
        pack({5: b"\x01"}),
        pack({11: [b"\x07\xe8\x01\x01\x00\x00\x00\x00\x00\x00"]}),
        pack({1: "ab"}),
        pack(msgspec.msgpack.Ext(1, b"")),
        pack(datetime.datetime.now(datetime.UTC)),
        b"\x91" * 500 + b"\xc0",
        b"\xdd\xff\xff\xff\xff",
    ):
        with pytest.raises(WireError):
            wire.decode(data)


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**63, max_value=2**66),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    st.text(st.characters(exclude_categories=())),
    st.binary(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.fractions(),
    st.uuids(),
    st.sampled_from([*Colour, *Rights, Level.LOW]),
)
hashable = st.recursive(
    scalars,
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=4),
    max_leaves=6,
)
values = st.recursive(
    hashable,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.sets(hashable, max_size=4)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.builds(Line, st.text(), st.lists(inner, max_size=2))
        | st.builds(Price, st.integers(), st.tuples(inner))
        | st.builds(Point, st.integers(), inner)
    ),
    max_leaves=12,
)


def identity(value):
    """What makes a value: exact types all the way down, order where it is kept."""
    kind = type(value)
    if kind in (list, tuple, Point):
        return kind, tuple(identity(item) for item in value)
    if kind is dict:
        return kind, tuple((identity(k), identity(v)) for k, v in value.items())
    if kind in (set, frozenset):
        return kind, frozenset(identity(item) for item in value)
    if kind is Line:
        return kind, identity(value.sku), identity(value.tags)
    if kind is Price:
        return kind, value.cents, identity(value.parts)
    return kind, repr(value)


@settings(deadline=None, derandomize=True)
@given(values)
def test_any_value_makes_the_round_trip(value):
    back = trip(value)
    assert identity(back) == identity(value)
    assert wire.encode(back) == wire.encode(value)
    wire.decode(wire.encode(value))


@settings(deadline=None, derandomize=True)
@given(values, values)
def test_equal_bytes_mean_equal_types_and_values(left, right):
    assert (wire.encode(left) == wire.encode(right)) == (identity(left) == identity(right))


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_wire_error(data):
    try:
        wire.decode(data)
    except WireError:
        pass


@settings(deadline=None, derandomize=True, max_examples=300)
@given(values, st.data())
def test_damaged_values_are_values_or_wire_errors(value, data):
    whole = bytearray(wire.encode(value))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    try:
        wire.decode(bytes(whole), resolve=resolve)
    except WireError:
        pass
