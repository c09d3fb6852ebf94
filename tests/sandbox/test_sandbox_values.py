"""Values of the libraries that people use: into the jail, through a function, and out again."""

import datetime
import decimal
import importlib
import pathlib

import pytest
from jail_bench import call, write_project

from codegenesis import wire
from codegenesis.sandbox import Environment, Limits, Sandbox

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pytest.importorskip("pydantic")

TARGET = """
import dataclasses
import datetime
import decimal
import enum
import functools
import pathlib
import types

import numpy as np
import pandas as pd
import pydantic


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Line:
    sku: str
    price: decimal.Decimal
    colour: Colour = Colour.RED


class Order(pydantic.BaseModel):
    lines: list[int]
    when: datetime.date | None = None


def same(x):
    return x


def made():
    return [
        Line("a", decimal.Decimal("1.10")), Order(lines=[1]), np.arange(3.0),
        pd.DataFrame({"a": [1]}), types.SimpleNamespace(a=1), pathlib.PurePosixPath("/x"),
        KeyError("k"), Line, functools.partial(same, 1),
    ]


def total(order):
    order.lines.append(sum(order.lines))
    return order


def product(a, b):
    return a @ b


def by_sku(frame):
    return frame.groupby("sku")["price"].agg(["sum", "mean"])


def aliased(xs, ys):
    xs.append(1)
    return xs is ys, ys


def writes(x):
    x[0] = 5
    return x[1:]


def refused():
    return object()
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    root = write_project(tmp_path_factory.mktemp("values"), {"cg_values.py": TARGET})
    environment = Environment(root=str(root), module="cg_values", path=str(root / "cg_values.py"))
    limits = Limits(cpu_s=5.0, memory_bytes=2 << 30, import_s=60.0)
    with Sandbox(environment, limits=limits) as sandbox:
        yield sandbox


@pytest.fixture
def ask(libraries):
    def outcome(qualname, *args):
        with libraries.candidate(qualname, None) as candidate:
            return candidate.call(call(*args))

    return outcome


def resolve(name):
    module, _, qualname = name.partition(":")
    return getattr(importlib.import_module(module), qualname)


def real(data):
    return wire.decode(data, resolve=resolve)


VALUES = [
    np.arange(6).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(10.0)[::3],
    np.array(2.5),
    np.array([1.0, np.nan, -0.0]),
    np.array([("a", 1.5)], dtype=[("name", "U4"), ("x", "f8")]),
    np.float32(1.5),
    np.datetime64("2020-01-01"),
    pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"])}),
    pd.Series([1.5, None], index=pd.date_range("2020", periods=2, tz="UTC"), name="s"),
    pd.Timestamp("2020-01-01", tz="Europe/Berlin"),
    pd.NA,
    pathlib.PurePosixPath("/a/b"),
    decimal.Decimal("1.10"),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
    ValueError("as a value"),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_of_a_library_goes_in_and_comes_back(ask, value):
    outcome = ask("same", value)
    assert outcome.kind == "returned", outcome
    assert outcome.value == wire.encode_outcome(value, (value,), {})[0]
    assert outcome.after == call(value)


def test_what_the_target_makes_comes_out(ask):
    made = wire.decode(ask("made").value)
    assert [each.type_name for each in made] == [
        "cg_values:Line", "cg_values:Order", "numpy:ndarray", "pandas:DataFrame",
        "types:SimpleNamespace", "pathlib:PurePosixPath", "builtins:exception",
        "builtins:reference", "functools:partial",
    ]  # fmt: skip
    assert made[7].state == ("cg_values:Line",)


def test_a_model_is_real_inside_and_changes_show(libraries):
    source = "def made():\n    return ((Order(lines=[1, 2]),), {})\n"
    with libraries.candidate("made", source) as maker:
        arguments = maker.call(call()).value
    with libraries.candidate("total", None) as candidate:
        outcome = candidate.call(arguments)
    (order,), _ = wire.decode_call(outcome.after)
    assert ("lines", [1, 2, 3]) in order.state
    assert wire.decode(outcome.value) == order


def test_numeric_code_runs_without_its_threads(ask):
    a = np.arange(300.0 * 300).reshape(300, 300) % 7
    assert (real(ask("product", a, a).value) == a @ a).all()


def test_frames_are_grouped_inside(ask):
    frame = pd.DataFrame({"sku": ["a", "b", "a"], "price": [1.0, 2.0, 4.0]})
    found = real(ask("by_sku", frame).value)
    pd.testing.assert_frame_equal(found, frame.groupby("sku")["price"].agg(["sum", "mean"]))


def test_arguments_that_are_one_object_are_one_object_inside(ask):
    xs = [0]
    assert wire.decode(ask("aliased", xs, xs).value) == (True, [0, 1])
    assert wire.decode(ask("aliased", xs, [0]).value) == (False, [0])


def test_a_view_of_an_argument_and_a_copy_are_told_apart(ask, libraries):
    xs = np.arange(4.0)
    original = ask("writes", xs)
    copied = "def writes(x):\n    x[0] = 5\n    return x[1:].copy()\n"
    with libraries.candidate("writes", copied) as candidate:
        variant = candidate.call(call(xs))
    assert original.after == variant.after != call(xs)
    assert real(original.value).tolist() == real(variant.value).tolist()
    assert not original.same_as(variant)


def test_what_cannot_travel_is_named(ask):
    outcome = ask("refused")
    assert (outcome.kind, outcome.detail) == ("died", "cannot be encoded: object")
