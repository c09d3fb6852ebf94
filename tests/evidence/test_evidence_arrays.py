"""Arrays, frames and models as inputs: varied without numpy, and judged in the real sandbox."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegenesis import fragment, wire
from codegenesis.evidence import baseline, case, run_gates
from codegenesis.evidence.arrays import Array, bounds, cast, items_of, with_items
from codegenesis.evidence.differential import DifferentialGate
from codegenesis.evidence.explore import explore
from codegenesis.evidence.frame_inputs import frame_edges, length, rows
from codegenesis.evidence.inputs import Inputs
from codegenesis.evidence.literals import literals
from codegenesis.evidence.plain import call_of, data_of, value_of
from codegenesis.model import Gene, Observation, Variant
from codegenesis.parsing import syntax_tree
from codegenesis.sandbox import Environment, Limits, Sandbox
from codegenesis.wire import encode, encode_call

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pydantic = pytest.importorskip("pydantic")


class Line(pydantic.BaseModel):
    sku: str
    prices: list[float]


def resolve(name):
    module, _, qualname = name.partition(":")
    return {"Line": Line}.get(qualname) or __import__(module)


def inputs(source, *calls):
    decoded = [call_of(encode_call(args, {})) for args in calls]
    return Inputs(source, decoded, literals=literals(syntax_tree(source)))


def edge_values(*args, source="def f(x): pass"):
    """First arguments of all edge cases, as the jail gets them."""
    for call in inputs(source, args).edges():
        yield wire.decode_call(data_of(call), resolve=resolve)[0][0]


VALUES = [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(6).reshape(2, 3)),
    np.array(["a", "bc"]),
    np.array([1, "x", None], dtype=object),
    np.float32(2.5),
    np.array([1 + 2j]),
    pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=pd.Index(["r", "s"])),
    pd.Series([1.5, None], index=pd.date_range("2020", periods=2)),
    pd.Timestamp("2020-01-01", tz="UTC"),
    Line(sku="a", prices=[1.5]),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_of_libraries_come_back_as_the_same_bytes(value):
    for data in (encode(value), encode({"k": [value, (1, 2)]})):
        assert data_of(value_of(data)) == data


def test_elements_fit_their_dtype():
    for dtype in ("<f8", "<f4", "<f2", "|b1", "|i1", "<u2", "<i8", "<u8", ">i4", "<c16", "<c8"):
        made = with_items(Array(dtype=dtype), [0, 1, 1e300, float("inf"), -(10**30), True])
        back = wire.decode(data_of(made), resolve=resolve)
        assert back.dtype == np.dtype(dtype)
        assert items_of(value_of(encode(back))) == items_of(made)
    assert bounds("|i1") == (-128, 127)
    assert bounds("<u2") == (0, 65535)
    assert items_of(cast(with_items(Array(dtype="<f8"), [1.7, -2.0]), "<i8")) == (1, -2)


def test_edges_of_arrays_hold_what_breaks_numeric_code():
    seen = list(edge_values(np.array([1.0, 2.0, 3.0])))
    assert any(array.size == 0 for array in seen)
    assert any(array.size == 1 for array in seen)
    assert any(np.isnan(array).all() and array.size > 1 for array in seen)
    assert any(np.isnan(array).sum() == 1 for array in seen)
    assert any(np.isinf(array).any() for array in seen)
    assert any(np.signbit(array[array == 0]).any() for array in seen)
    assert any(not array.flags.c_contiguous for array in seen)
    assert any(not array.flags.writeable for array in seen)
    assert {str(array.dtype) for array in seen} == {"float64", "float32", "int64"}
    whole = list(edge_values(np.array([[1, 2], [3, 4]], dtype="i2")))
    assert any(array.shape[0] != array.shape[1] for array in whole)
    assert any(array.size and array.max() == 32767 for array in whole)
    assert any(array.size and array.min() == -32768 for array in whole)


def test_constants_of_the_program_get_into_arrays():
    source = "def f(x):\n    return x > 1234"
    assert any(1234 in array for array in edge_values(np.array([1, 2]), source=source))


def test_edges_of_frames_hold_what_breaks_joins_and_groups():
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"], "c": pd.Categorical(["u", "v"])})
    seen = list(edge_values(frame))
    assert all(isinstance(each, pd.DataFrame) for each in seen)
    assert any(each.empty and list(each.columns) == ["a", "b", "c"] for each in seen)
    assert any(each.index.has_duplicates for each in seen)
    assert any(not isinstance(each.index, pd.RangeIndex) for each in seen)
    assert any("b" not in each.columns for each in seen)
    assert any(list(each.columns) == ["c", "b", "a"] for each in seen)
    assert any("a" in each and each["a"].isna().any() for each in seen)
    assert any("b" in each and each["b"].isna().any() for each in seen)


FRAMES = [
    pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "d": pd.to_datetime(["2020", None])}),
    pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
    pd.Series(["x", "y"], index=pd.date_range("2020", periods=2)),
    pd.RangeIndex(4),
    pd.Index(["a", "b"]),
    pd.DataFrame({"p": pd.period_range("2020", periods=2, freq="D")}),
    pd.DataFrame({"i": pd.interval_range(0, 2)}),
    pd.DataFrame(),
]


@pytest.mark.parametrize("value", FRAMES, ids=repr)
def test_rows_are_taken_as_pandas_takes_them(value):
    plain = value_of(encode(value))
    for edge in frame_edges(plain, literals()):
        wire.decode(data_of(edge), resolve=resolve)
    if length(plain) and "interval" not in str(getattr(value, "dtypes", "")):
        cut = wire.decode(data_of(rows(plain, [1, 0, 1])), resolve=resolve)
        wanted = value.take([1, 0, 1])
        assert cut.equals(wanted)


def test_models_are_varied_in_their_fields_only():
    seen = list(edge_values(Line(sku="a", prices=[1.5])))
    assert any(line.prices == [] for line in seen)
    assert {frozenset(line.model_fields_set) for line in seen} == {frozenset({"sku", "prices"})}


arrays = st.builds(
    lambda dtype, shape: np.ones(shape, dtype),
    st.sampled_from(["f8", "f4", "i8", "u1", "?", "c16", "U3", "M8[D]", "O", "i4,f8"]),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
)


@settings(max_examples=40, deadline=None, database=None, derandomize=True)
@given(st.lists(arrays, min_size=1, max_size=3), st.data())
def test_whatever_array_was_recorded_can_be_varied_and_sent(recorded, data):
    made = inputs("def f(x): pass", *((each,) for each in recorded))
    for call in [*made.edges(), *(data.draw(made.fresh()) for _ in range(5))]:
        args, _ = wire.decode_call(data_of(call), resolve=resolve)
        assert isinstance(args[0], np.ndarray)


def test_fresh_frames_are_of_the_recorded_columns():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    found = []
    made = inputs("def f(x): pass", (frame,))
    explore(made.fresh(), lambda data, _: found.append(data) or "", n=60, seed_=1, budget_s=20.0)
    seen = [wire.decode_call(data, resolve=resolve)[0][0] for data in found]
    assert len(seen) > 20
    assert all(set(each.columns) <= {"a", "b"} for each in seen)
    assert len({len(each) for each in seen}) > 3


# --- judged ---------------------------------------------------------------------------------------

TARGET = """
import numpy as np
import pandas as pd


def scaled(x):
    low, high = np.nanmin(x), np.nanmax(x)
    return (x - low) / (high - low)


def clip_in_place(x, most):
    x[x > most] = most
    return x


def row_sums(grid):
    return np.array([row.sum() for row in grid])


def totals(frame):
    found = {}
    for _, row in frame.iterrows():
        found[row["sku"]] = found.get(row["sku"], 0.0) + row["price"]
    return pd.Series(found, dtype=float)


def discounted(frame, share):
    frame = frame.copy()
    frame["price"] = frame["price"] * (1 - share)
    return frame
"""

GRIDS = [(np.arange(4.0).reshape(2, 2),), (np.eye(3),)]
ROWS = [(np.array([1.0, 5.0, 3.0]),), (np.array([2.0, 4.0, np.nan]),)]
CLIPS = [(np.array([1.0, 9.0]), 5.0), (np.array([7.0]), 5.0)]
SHOP = pd.DataFrame({"sku": ["a", "b", "a"], "price": [1.0, 2.0, 3.5]})
SHOPS = [(SHOP,), (SHOP.iloc[:2],)]
SALES = [(SHOP, 0.5), (SHOP.iloc[:1], 0.1)]


@pytest.fixture(scope="module")
def numeric(tmp_path_factory):
    root = tmp_path_factory.mktemp("numeric")
    (root / "cg_numeric.py").write_text(TARGET)
    environment = Environment(root=str(root), module="cg_numeric", path=str(root / "cg_numeric.py"))
    with Sandbox(environment, limits=Limits(cpu_s=2.0, memory_bytes=2 << 30)) as sandbox:
        yield root, sandbox


@pytest.fixture
def judged(numeric):
    root, sandbox = numeric

    def judge(qualname, calls, body):
        found = fragment.find(TARGET, qualname)
        gene = Gene(
            service="test", module="cg_numeric", qualname=qualname, kind="function",
            path=str(root / "cg_numeric.py"), root=str(root), line=found.line, source=found.source,
        )  # fmt: skip
        recorded = [
            Observation(
                gene=gene.id, process="p", at_ns=0, wall_ns=1, cpu_ns=1, call=encode_call(args, {})
            )
            for args in calls
        ]
        original = baseline(gene, sandbox, recorded)
        assert original.usable, original.reason
        header = found.source[: found.source.index("\n") + 1]
        variant = Variant(
            gene=gene.id, base=gene.base, source=f"{header}    {body}\n", operator="test"
        )
        made = case(gene, sandbox, original, fresh=60)
        last = run_gates([DifferentialGate()], variant, made)[-1]
        return "" if last.verdict == "passed" else last.detail

    return judge


HONEST = [
    ("scaled", ROWS, "low = np.nanmin(x)\n    return (x - low) / (np.nanmax(x) - low)"),
    ("clip_in_place", CLIPS, "over = x > most\n    x[over] = most\n    return x"),
    ("row_sums", GRIDS, "return np.array([r.sum() for r in iter(grid)])"),
    ("discounted", SALES, "made = frame.copy()\n    made['price'] = made['price'] * (1 - share)\n"
     "    return made"),
]  # fmt: skip


@pytest.mark.parametrize(("qualname", "calls", "body"), HONEST, ids=[each[0] for each in HONEST])
def test_an_honest_numeric_variant_survives(judged, qualname, calls, body):
    assert judged(qualname, calls, body) == ""


WRONG = {
    "ignores NaN": ("scaled", ROWS[:1], "return (x - x.min()) / (x.max() - x.min())"),
    "another dtype": (
        "scaled", ROWS, "y = x.astype(np.float32)\n    low, high = np.nanmin(y), np.nanmax(y)\n"
        "    return (y - low) / (high - low)"
    ),
    "loses the change": ("clip_in_place", CLIPS, "return np.minimum(x, most)"),
    "a copy instead": ("clip_in_place", CLIPS, "x[x > most] = most\n    return x.copy()"),
    "wrong axis": ("row_sums", [(np.ones((2, 2)),)], "return np.array([c.sum() for c in grid.T])"),
    "sorts the groups": (
        "totals", SHOPS, "found = frame.groupby('sku')['price'].sum()\n"
        "    return pd.Series(dict(found), dtype=float)"
    ),
    "changes the frame": (
        "discounted", SALES, "frame['price'] = frame['price'] * (1 - share)\n    return frame"
    ),
    "loses the index": (
        "discounted", SALES, "frame = frame.reset_index(drop=True)\n"
        "    frame['price'] = frame['price'] * (1 - share)\n    return frame"
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_numeric_variant_dies(judged, wrong):
    assert "the variant" in judged(*WRONG[wrong])
