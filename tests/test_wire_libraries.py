"""Values of libraries on the wire: arrays, frames, models, and what the standard library has."""

import array
import collections
import datetime
import functools
import importlib
import ipaddress
import math
import pathlib
import re
import struct
import subprocess
import sys
import types

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegenesis import wire
from codegenesis.errors import WireError
from codegenesis.wire import tags

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pydantic = pytest.importorskip("pydantic")
attrs = pytest.importorskip("attrs")


class Order(pydantic.BaseModel):
    model_config = {"extra": "allow"}

    sku: str
    lines: list[int] = []
    _seen: int = 0

    @pydantic.field_validator("sku")
    @classmethod
    def _known(cls, value):
        if value == "unknown":
            raise ValueError("unknown")
        return value


@attrs.define
class Box:
    width: int
    inner: list = attrs.field(factory=list)


@attrs.frozen
class Size:
    width: int


class ShopError(LookupError):
    def __init__(self, sku, *, code):
        super().__init__(sku)
        self.code = code


def helper():
    pass


def resolve(name):
    module, _, qualname = name.partition(":")
    found = importlib.import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def trip(value):
    data = wire.encode(value)
    made = wire.decode(data, resolve=resolve)
    assert type(made) is type(value)
    assert wire.encode(made) == data
    wire.decode(data)
    call = wire.encode_call((value,), {"k": [value]})
    assert wire.encode_call(*wire.decode_call(call, resolve=resolve)) == call
    return made


STANDARD = [
    pathlib.PurePosixPath("/a/../b"),
    pathlib.Path("x"),
    pathlib.PureWindowsPath("c:/x"),
    re.compile("a+", re.IGNORECASE),
    re.compile(rb"\d"),
    ipaddress.ip_address("::1"),
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_interface("10.0.0.1/8"),
    collections.ChainMap({"a": 1}, {"b": [2]}),
    types.SimpleNamespace(a=[1]),
    array.array("d", [1.5, -0.0]),
    array.array("b", b"xy"),
    int,
    datetime.datetime,
    collections.OrderedDict,
    len,
    math.sqrt,
    helper,
    Order,
]


@pytest.mark.parametrize("value", STANDARD)
def test_a_value_of_the_standard_library_comes_back(value):
    assert trip(value) == value


def test_views_proxies_and_partials_come_back():
    assert trip(types.MappingProxyType({"a": 1})) == {"a": 1}
    assert trip(memoryview(b"abc")) == b"abc"
    made = trip(functools.partial(len, "ab"))
    assert (made.func, made()) == (len, 2)
    space, back_of_it = {"a": 1}, bytearray(b"x")
    for shown, behind in (
        (types.MappingProxyType(space), space),
        (memoryview(back_of_it), back_of_it),
    ):
        one, other = wire.decode(wire.encode([shown, behind]), resolve=resolve)
        if isinstance(one, memoryview):
            assert one.obj is other
        else:
            other["b"] = 2
            assert one["b"] == 2


def test_exceptions_travel_as_values_without_their_init():
    for value in (
        ValueError("x", 3),
        KeyError(),
        OSError(2, "no"),
        UnicodeDecodeError("utf8", b"a", 0, 1, "why"),
        ShopError("sku", code=7),
    ):
        made = trip(value)
        assert made.args == value.args
        assert vars(made) == vars(value)
    (inner,) = trip(ExceptionGroup("g", [ValueError(1)])).exceptions
    assert inner.args == (1,)
    noted = ValueError("x")
    noted.add_note("look here")
    assert trip(noted).__notes__ == ["look here"]


def test_models_come_back_without_their_validators():
    order = Order(sku="a", lines=[1], extra="e")
    order.__dict__["sku"] = "unknown"
    order._seen = 5
    made = trip(order)
    assert made == order
    assert (made._seen, made.extra, made.model_fields_set) == (5, "e", {"sku", "lines", "extra"})
    assert wire.encode(order) != wire.encode(order.model_copy(update={"lines": [2]}))


def test_attrs_classes_come_back():
    assert trip([Box(1, [2]), Size(3)]) == [Box(1, [2]), Size(3)]


@pytest.mark.parametrize("sub", [type("Own", (np.ndarray,), {}), np.matrix, np.recarray])
def test_subclasses_of_arrays_are_refused(sub):
    with pytest.raises(WireError, match=sub.__name__):
        wire.encode(np.zeros((1, 1)).view(sub))


# --- numpy ----------------------------------------------------------------------------------------

ARRAYS = [
    np.arange(6).reshape(2, 3),
    np.array(3.5),
    np.zeros((0, 3), "f4"),
    np.array([True, False]),
    np.array([1 + 2j, complex("nan")]),
    np.arange(3, dtype=">i4"),
    np.array(["a", "bcd"]),
    np.array([b"x", b""]),
    np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
    np.array([1, 2], dtype="m8[25s]"),
    np.array([(1, 2.5, [1, 2])], dtype=[("a", "i2"), ("b", "f8"), ("c", "u1", (2,))]),
    np.zeros(2, np.dtype([("a", "u1"), ("b", [("x", "f4"), ("y", "?")])], align=True)),
    np.array([1, "a", None, [1]], dtype=object),
    np.array([1.5, np.nan], dtype="f2"),
]


@pytest.mark.parametrize("value", ARRAYS, ids=lambda value: str(value.dtype))
def test_an_array_comes_back(value):
    made = trip(value)
    assert (made.dtype, made.shape) == (value.dtype, value.shape)
    assert repr(made) == repr(value)


SCALARS = [
    np.float32(1.5), np.float64("nan"), np.int64(3), np.uint8(255), np.bool_(True), np.str_("a\0"),
    np.bytes_(b"a\0"), np.datetime64("2020"), np.datetime64("NaT"), np.timedelta64(3, "s"),
    np.complex64(1j), np.zeros(1, [("a", "i4"), ("b", "f4")])[0],
]  # fmt: skip


@pytest.mark.parametrize("value", SCALARS, ids=lambda value: type(value).__name__)
def test_a_scalar_comes_back_and_is_no_plain_number(value):
    made = trip(value)
    assert str(made) == str(value)
    assert made.dtype == value.dtype
    assert wire.encode(np.int64(3)) != wire.encode(3) != wire.encode(np.int32(3))


def test_equal_arrays_are_equal_bytes_and_others_are_not():
    base = np.array([[1.0, np.nan], [-0.0, 2.0]])
    odd_nan = np.frombuffer(struct.pack("<d", np.nan)[:-2] + b"\xf9\xff")
    same = base.copy()
    same[0, 1] = odd_nan[0]
    assert np.isnan(same[0, 1])
    assert wire.encode(same) == wire.encode(base) == wire.encode(np.asfortranarray(base))
    assert wire.encode(base.T) == wire.encode(base.T.copy())
    read_only = base.copy()
    read_only.flags.writeable = False
    others = [
        base.astype("f4"), base.reshape(4), base[None], base.T, base.astype(">f8"), base + 0.0,
        base.tolist(), read_only, base.astype(object),
    ]  # fmt: skip
    assert len({wire.encode(other) for other in [base, *others]}) == len(others) + 1
    assert wire.decode(wire.encode(read_only), resolve=resolve).flags.writeable is False


def test_memory_order_is_kept_for_arguments():
    grid = np.arange(6.0).reshape(2, 3)
    wide = np.arange(20.0).reshape(4, 5)[::2, ::2]
    args, _ = wire.decode_call(
        wire.encode_call((grid, np.asfortranarray(grid), wide), {}), resolve=resolve
    )
    assert args[0].flags.c_contiguous
    assert args[1].flags.f_contiguous
    assert not args[2].flags.c_contiguous
    assert not args[2].flags.f_contiguous
    assert args[2].tolist() == wide.tolist()


def test_a_view_of_an_argument_is_not_a_copy():
    xs = np.arange(5.0)
    copy, _ = wire.encode_outcome(xs[1:].copy(), (xs,), {})
    view, _ = wire.encode_outcome(xs[1:], (xs,), {})
    assert copy == wire.encode(xs[1:].copy())
    assert len({copy, view, wire.encode_outcome(xs[:-1], (xs,), {})[0]}) == 3
    assert wire.encode([xs, xs[1:]]) != wire.encode([xs, xs[1:].copy()])
    assert wire.encode([xs, xs]) != wire.encode([xs, xs.copy()])
    one, other, third = wire.decode(wire.encode([xs, xs[1:], xs]), resolve=resolve)
    assert one is third
    assert other.tolist() == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    "value",
    [np.zeros(1, "longdouble"), np.zeros(1, "V4"), np.zeros(1, [("a", "O")])],
    ids=lambda value: str(value.dtype),
)
def test_dtypes_that_are_not_on_the_list_are_refused(value):
    with pytest.raises(WireError, match="numpy"):
        wire.encode(value)


def test_a_large_array_is_refused_before_it_is_copied():
    with pytest.raises(WireError, match="more than 1000 bytes"):
        wire.encode(np.broadcast_to(np.zeros(1), (1 << 40,)), max_bytes=1000)


ARRAY = "numpy:ndarray"


@pytest.mark.parametrize(
    "parts",
    [
        ("<f8", (2,), b"x" * 8, 0),
        ("<f8", (1 << 62, 1 << 62), b"", 0),
        ("<f8", (-1,), b"", 0),
        ("<f8", (1,), b"x" * 8, 9),
        ("<f8", (True,), b"x" * 8, 0),
        ("<f9", (1,), b"x" * 9, 0),
        ("|V8", (1,), b"x" * 8, 0),
        ("f8,O", (1,), b"x" * 8, 0),
        ("|O", (2,), (1,), 0),
        ("|O", (1,), b"x", 0),
        ("<f8", (1,) * 99, b"x" * 8, 0),
        ((8, False, (("a", "<f8", (), 4),)), (1,), (b"x" * 8,), 0),
        ((8, False, (("a", "|O", (), 0),)), (1,), ((1,),), 0),
        ((8, False, (("a", "<f8", (), 0),)), (1,), (b"x" * 8, b""), 0),
        ("<f8", (1,), b"x" * 8),
        (),
    ],
    ids=repr,
)
def test_parts_that_make_no_array_are_refused(parts):
    nodes = [msgspec.Raw(wire.encode(part)) for part in parts]
    data = msgspec.msgpack.encode({tags.BUILT: [ARRAY, *nodes]})
    for known in (None, resolve):
        with pytest.raises(WireError):
            wire.decode(data, resolve=known)


# --- pandas ---------------------------------------------------------------------------------------


def frame():
    return pd.DataFrame(
        {
            "whole": [1, 2],
            "text": ["x", None],
            "real": [1.5, float("nan")],
            "zoned": pd.to_datetime(["2020-01-01", "2021-01-01"]).tz_localize("Europe/Berlin"),
            "kind": pd.Categorical(["u", "v"], ordered=True),
            "maybe": pd.array([1, None], dtype="Int64"),
            "string": pd.array(["q", None], dtype="string"),
            "odd": pd.Series([[1], {2}], dtype=object),
            "flag": [True, False],
            "long": pd.to_timedelta([1, 2], unit="s"),
            "day": pd.period_range("2020", periods=2, freq="D"),
            "span": pd.interval_range(0, 2),
        },
        index=pd.Index(["r", "s"], name="n"),
    )


FRAMES = [
    frame(),
    pd.DataFrame(),
    pd.DataFrame(
        {"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None])
    ),
    pd.DataFrame([[1, 2.5]], columns=["a", "a"]),
    pd.DataFrame({"a": [1]}, index=pd.DatetimeIndex(["2020"], freq="D")),
]
SERIES = [
    pd.Series([1, 2], name="s", dtype="Int8"),
    pd.Series(["a", "b"]),
    pd.Series([], dtype=object),
    pd.Series([1.5], index=[3], name=("a", 1)),
]
INDEXES = [
    pd.RangeIndex(3, name="r"),
    pd.date_range("2020", periods=3, freq="h"),
    pd.Index([1, "a"]),
    pd.CategoricalIndex(["a", "b"]),
    pd.to_timedelta([1, 2], unit="s"),
]


@pytest.mark.parametrize("value", FRAMES, ids=lambda value: str(value.shape))
def test_a_frame_comes_back(value):
    value.attrs["source"] = ["here"]
    made = trip(value)
    pd.testing.assert_frame_equal(made, value, check_freq=True)
    assert made.attrs == {"source": ["here"]}


@pytest.mark.parametrize("value", SERIES, ids=lambda value: str(value.dtype))
def test_a_series_comes_back(value):
    pd.testing.assert_series_equal(trip(value), value)


@pytest.mark.parametrize("value", INDEXES, ids=lambda value: type(value).__name__)
def test_an_index_comes_back(value):
    pd.testing.assert_index_equal(trip(value), value, exact=True)


def test_scalars_of_pandas_come_back():
    for value in (
        pd.Timestamp("2020-01-01 12:00:00.123456789", tz="Europe/Berlin"),
        pd.Timestamp("2020-01-01").as_unit("s"),
        pd.Timedelta("1D"),
        pd.Period("2020-01"),
        pd.Interval(1, 2),
    ):
        assert trip(value) == value
    assert trip([pd.NaT, pd.NA]) == [pd.NaT, pd.NA]


def test_how_a_frame_keeps_its_columns_does_not_show():
    whole = pd.DataFrame(np.arange(6.0).reshape(2, 3), columns=list("abc"))
    pieces = pd.DataFrame({name: whole[name].to_numpy().copy() for name in "abc"})
    assert wire.encode(whole) == wire.encode(pieces)
    others = [
        whole.astype("f4"), whole[["b", "a", "c"]], whole.rename(columns={"a": "z"}),
        whole.set_index(pd.Index([0.0, 1.0])), whole.astype({"a": object}), whole.iloc[:1],
        whole.rename_axis("n"), whole.rename_axis(columns="n"),
    ]  # fmt: skip
    assert len({wire.encode(other) for other in [whole, *others]}) == len(others) + 1


def test_what_lies_behind_a_mask_does_not_show():
    one = pd.array([1, None], dtype="Int64")
    other = pd.arrays.IntegerArray(np.array([1, 77]), np.array([False, True]))
    assert wire.encode(one) == wire.encode(other)


# --- strangers ------------------------------------------------------------------------------------


def test_a_reader_needs_neither_numpy_nor_pandas():
    values = [frame(), np.arange(3.0), np.float32(1), Order(sku="a")]
    data = wire.encode(values).hex()
    script = (
        "import sys\nfrom codegenesis import wire\n"
        f"data = bytes.fromhex('{data}')\n"
        "print(wire.decode(data)[1].state[0], 'numpy' in sys.modules or 'pandas' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["<f8", "False"]


def test_code_named_like_a_library_does_not_pass_for_it(monkeypatch):
    impostor = type("ndarray", (), {"__module__": "numpy", "__getattr__": lambda *_: 1 / 0})
    with pytest.raises(WireError, match="ndarray"):
        wire.encode(impostor())


ODD = [Order(sku="a"), ShopError("x", code=1), Box(1), types.MappingProxyType({})]
EVERYTHING = [*STANDARD, *ARRAYS, *SCALARS, *FRAMES, *SERIES, *INDEXES, *ODD]


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.sampled_from(range(len(EVERYTHING))), st.data())
def test_damaged_values_of_libraries_are_values_or_wire_errors(which, data):
    whole = bytearray(wire.encode(EVERYTHING[which]))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        wire.decode(bytes(whole))
    except WireError:
        pass
