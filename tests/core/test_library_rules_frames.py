"""Loops over data frames, said with columns: every version against the real pandas."""

from __future__ import annotations

import copy
import math

import numpy as np
import pandas as pd
import pytest

MODULE = "import math\nimport numpy as np\nimport pandas as pd"


def frames() -> list[pd.DataFrame]:
    mixed = pd.DataFrame(
        {"a": [1, 5, 3, 0], "b": [0.5, 2.25, -1.0, 4.0], "kind": ["x", "y", "x", "z"]}
    )
    floats = pd.DataFrame({"a": [1.5, math.nan, 2.0], "b": [1.0, 2.0, math.nan]})
    floats["kind"] = ["x", "x", "y"]
    return [mixed, floats, mixed.set_index("kind", drop=False), mixed.iloc[:1], pd.DataFrame()]


def result(function, args):
    mine = copy.deepcopy(args)
    try:
        return function(*mine), mine
    except Exception as error:
        return type(error).__name__, None


def alike(one, other) -> bool:
    """Equal as values; floats to the last bits but few, whatever their types."""
    if isinstance(one, pd.DataFrame | pd.Series):
        return len(one) == len(other) and alike(one.to_numpy().tolist(), other.to_numpy().tolist())
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and alike(one.tolist(), list(other))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return alike(list(one.items()), list(other.items()))
    if isinstance(one, float | np.floating) or isinstance(other, float | np.floating):
        return bool(np.isclose(one, other, rtol=1e-12, equal_nan=True))
    return bool(one == other)


def exactly(one, other) -> bool:
    return repr(one) == repr(other)


def agree(bench, make_function, name, source, calls, *, some_exact=True, module=MODULE):
    """Every version gives the same values; one of them to the bit and type."""
    variants = bench.write(name, source, module_source=module)
    assert variants, f"{name} does not fire on {source}"
    word = source.partition("def ")[2].partition("(")[0]
    original = make_function(_text(source), module=module, name=word)
    exact = [True] * len(variants)
    for args in calls:
        wanted = result(original, args)
        for number, variant in enumerate(variants):
            got = result(make_function(variant.source, module=module, name=word), args)
            assert alike(wanted[0], got[0]), f"{variant.source}\n{wanted}\n{got}"
            exact[number] &= exactly(wanted[0], got[0])
    assert any(exact) or not some_exact
    return variants


def _text(source: str) -> str:
    import textwrap

    return textwrap.dedent(source).strip() + "\n"


LOOPS = [
    """
    def f(df, rate):
        total = 0
        for _, row in df.iterrows():
            total += row["a"] * row["b"] * (1 - rate)
        return total
    """,
    """
    def f(df, rate):
        total, n = 0.0, 0
        for i, row in df.iterrows():
            if row["kind"] == "x" and row["a"] > 1:
                value = row["a"] / 2
                total += value + rate
        for i, row in df.iterrows():
            if row["b"] < 1:
                continue
            n += 1
        return total, n
    """,
    """
    def f(df, rate):
        out = []
        for index, row in df.iterrows():
            out.append(row["a"] + rate)
        return out
    """,
    """
    def f(df, rate):
        out = []
        for row in df.itertuples():
            if row.kind in ("x", "y"):
                out.append(row.a * rate)
        return out
    """,
    """
    def f(df, rate):
        best = -1
        for row in df.itertuples(index=False):
            best = max(best, row.a)
        labels = [(row.Index, row.kind) for row in df.itertuples()]
        return labels, [r["kind"].upper() for r in df.to_dict("records")]
    """,
    """
    def f(df, rate):
        prices = {}
        for _, row in df.iterrows():
            prices[row["kind"]] = row["b"]
        return prices
    """,
]


@pytest.mark.parametrize("source", LOOPS)
def test_a_loop_over_rows_is_said_with_columns(bench, make_function, source):
    calls = [(frame, 0.25) for frame in frames()]
    agree(bench, make_function, "dataframe_loops", source, calls, some_exact=False)


def test_one_version_keeps_the_scalars_that_rows_have(bench, make_function):
    source = LOOPS[2]
    numbers = [pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}), pd.DataFrame({"a": [3, 4]})]
    agree(bench, make_function, "dataframe_loops", source, [(one, 1) for one in numbers])


def test_a_column_is_filled_at_once(bench, make_function):
    source = """
    def f(df):
        for i, row in df.iterrows():
            df.loc[i, "c"] = row["a"] + row["b"]
        return df
    """
    frame = pd.DataFrame({"a": [1.0, 2.0, math.nan], "b": [0.5, 1.0, 1.0]})
    first, *_ = agree(bench, make_function, "dataframe_loops", source, [(frame,)])
    assert "df['a'] + df['b']" in first.source


@pytest.mark.parametrize(
    "source",
    [
        "def f(df):\n    return [show(row) for _, row in df.iterrows()]",
        "def f(df, c):\n    t = 0\n    for _, r in df.iterrows():\n        t += r[c]\n    return t",
        "def f(df):\n    for _, r in df.iterrows():\n        r['a'] = 1\n    return df",
        "def f(df):\n    for _, r in df.iterrows():\n        print(r['a'])\n    return r",
        "def f(df):\n    for r in df.itertuples():\n        r.save()",
    ],
)
def test_rows_that_are_used_as_wholes_are_left_alone(bench, source):
    bench.silent("dataframe_loops", source)


APPLIED = [
    'def f(df):\n    return df.apply(lambda row: row["a"] * 2 + row["b"], axis=1)',
    'def f(df):\n    return df.apply(lambda r: r["a"] if r["b"] > 1 else 0, axis=1)',
    """def f(df):\n    return df.apply(lambda r: f"{r['kind']}-{r['b']}", axis=1)""",
]


@pytest.mark.parametrize("source", APPLIED)
def test_apply_over_rows_is_said_with_columns(bench, make_function, source):
    agree(
        bench,
        make_function,
        "dataframe_apply",
        source,
        [(frame,) for frame in frames() if len(frame)],
        some_exact=False,
    )


@pytest.mark.parametrize(
    "source",
    [
        "def f(df):\n    return df.apply(lambda row: row.sum(), axis=1)",
        'def f(df):\n    return df.apply(lambda column: column["a"])',
    ],
)
def test_other_applications_are_left_alone(bench, source):
    bench.silent("dataframe_apply", source)


CELLS = [
    """
    def f(df):
        total = 0
        for i in range(len(df)):
            total += df.loc[i, "a"] * df["b"].iloc[i]
        return total
    """,
    """
    def f(df):
        out = []
        for i in range(1, len(df)):
            out.append(df.iloc[i]["b"] - df.iloc[i - 1]["b"])
        return out
    """,
]


@pytest.mark.parametrize("source", CELLS)
def test_cells_are_read_from_a_column_taken_once(bench, make_function, source):
    calls = [(frame,) for frame in frames() if not isinstance(frame.index[:1].to_list(), str)]
    calls = [call for call in calls if "a" in call[0] and call[0].index.dtype.kind == "i"]
    assert calls
    agree(bench, make_function, "dataframe_cells", source, calls, some_exact=False)


@pytest.mark.parametrize(
    "source",
    [
        'def f(df, i):\n    return df.loc[i, "a"]',
        'def f(df):\n    for i in range(3):\n        df.loc[i, "a"] = i\n    return df',
        "def f(df, c):\n    return [df.loc[i, c] for i in range(3)]",
    ],
)
def test_single_cells_and_stores_are_left_alone(bench, source):
    bench.silent("dataframe_cells", source)


def test_frames_are_put_together_once(bench, make_function):
    source = """
    def f(xs):
        df = pd.DataFrame({"a": [0]})
        for x in xs:
            df = pd.concat([df, pd.DataFrame({"a": [x]})], ignore_index=True)
        return df
    """
    agree(bench, make_function, "concatenation", source, [([],), ([1],), ([1, 2.5, 3],)])
