"""Dates of fixed width, selections without sorting, and results that are remembered."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegenesis.model import Trait

DATES = [
    ("%Y-%m-%d", "2024-02-29", "from datetime import datetime", "datetime"),
    ("%Y-%m-%dT%H:%M:%S", "2024-02-29T23:59:01", "import datetime as dt", "dt.datetime"),
    ("%d.%m.%Y", "29.02.2024", "from datetime import datetime", "datetime"),
    ("%Y%m%d%H%M", "202402291201", "import datetime", "datetime.datetime"),
    ("%m/%d/%Y %H:%M", "02/29/2024 08:30", "from datetime import datetime as D", "D"),
    ("%Y-%m-%d %H:%M:%S.%f", "2024-02-29 08:30:00.123456", "import datetime", "datetime.datetime"),
]
ODD = [
    "",
    "2024-2-9",
    "2023-02-29",
    "2024-W01-1",
    "29.2.2024",
    "31.02.2024",
    "2024-02-29 extra",
    " 2024-02-29",
    "0000-01-01",
    "２０２４-02-29",
    "2024-02-29T23:59:60",
    "2024-02-29T10:00+01",
    None,
    20240229,
]


@pytest.mark.parametrize(("form", "text", "module", "word"), DATES)
def test_dates_of_fixed_width_are_read_by_position(bench, form, text, module, word):
    source = f"def read(text):\n    return {word}.strptime(text, {form!r})\n"
    bench.agree("dates", source, [(value,) for value in [text, *ODD]], module=module)


@pytest.mark.parametrize(("form", "text", "module", "word"), DATES)
def test_whatever_is_near_a_date_is_read_as_strptime_reads_it(bench, form, text, module, word):
    source = f"def read(text):\n    return {word}.strptime(text, {form!r})\n"
    original, variant = bench.agree("dates", source, [], module=module)

    @settings(max_examples=80, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, len(text) - 1), st.sampled_from("0123456789-+:.TWZ /"), st.integers(0, 2))
    def same(position, char, width):
        near = text[:position] + char + text[position + width :]
        results = []
        for function in (original, variant):
            try:
                results.append(function(near))
            except ValueError as error:
                results.append(error.args)
        assert results[0] == results[1]

    same()


def test_strptime_is_not_called_for_proper_dates(bench, make_function):
    source = """
    def read(rows):
        out = []
        for row in rows:
            when = datetime.strptime(row["when"], "%d.%m.%Y")
            until = datetime.strptime(row["until"], "%d.%m.%Y")
            out.append((until - when).days)
        return out
    """
    module = "from datetime import datetime"
    rows = [{"when": "01.02.2024", "until": "03.02.2024"}]
    bench.agree("dates", source, [(rows,), ([],)], module=module)
    (variant,) = bench.write("dates", source, module_source=module)
    assert variant.source.count("def _read_date") == 1

    class Strict(datetime):
        @classmethod
        def strptime(cls, text, form):
            raise AssertionError("strptime was called")

    function = make_function(variant.source, module=module, name="read")
    function.__globals__["datetime"] = Strict
    assert function(rows) == [2]


@pytest.mark.parametrize(
    "source",
    [
        "def f(t, form): return datetime.strptime(t, form)",
        "def f(t): return datetime.strptime(t, '%d %B %Y')",
        "def f(t): return time.strptime(t, '%Y-%m-%d')",
        "def f(t): return datetime.strptime(t, '%H:%M')",
        "def f(t): return datetime.strptime(t, '%y-%m-%d')",
    ],
)
def test_other_formats_are_left_alone(bench, source):
    bench.silent("dates", source)


SELECTIONS = [
    "def pick(xs): return sorted(xs)[0]",
    "def pick(xs): return sorted(xs, key=lambda x: -x)[0]",
    "def pick(xs: list): return sorted(xs, key=lambda x: x % 3)[-1]",
    "def pick(xs): return sorted(xs, reverse=True)[0], sorted(xs)[-1]",
    "def pick(xs): return any([x > 3 for x in xs]) or all([x < 2 for x in xs if x])",
    """
    def pick(xs):
        ranked = []
        for x in xs:
            ranked.append(x)
            ranked.sort()
        return ranked
    """,
    """
    def pick(xs):
        ranked, tops = [], []
        for x in xs:
            ranked.append((x, "a"))
            ranked.sort(key=lambda pair: pair[0])
            tops.append(ranked[0])
        return tops
    """,
]


@pytest.mark.parametrize("source", SELECTIONS)
def test_less_is_done_for_the_same_answer(bench, source):
    bench.agree(
        "selection", source, [([3, 1, 2],), ([],), ([5, 5, -1, 4, 2, 8],), ([1.0, 1, True],)]
    )


def test_sorting_is_gone(bench):
    for source in SELECTIONS[:4]:
        (variant,) = bench.write("selection", source)
        assert "min(" in variant.source or "max(" in variant.source


@pytest.mark.parametrize(
    "source",
    [
        "def f(xs): return sorted(xs)[1]",
        "def f(xs): return sorted(xs)[:2]",
        "def f(xs, k): return sorted(xs, key=k)[-1]",
        "def f(xs): return any([save(x) for x in xs])",
        "def f(xs, x):\n    xs.append(x)\n    xs.sort()\n",
        "def f(xs, o):\n    for x in xs:\n        o.append(x)\n        o.sort(reverse=True)\n",
    ],
)
def test_selection_keeps_quiet(bench, source):
    bench.silent("selection", source)


RECURSIONS = [
    "def ways(n):\n    return 1 if n < 2 else ways(n - 1) + ways(n - 2)\n",
    """
    def ways(n):
        if n <= 0:
            return 0
        return min(cost + ways(n - size) for size, cost in SIZES)
    """,
    """
    def ways(n, m=1):
        if n == 0 or m == 0:
            return 1
        best = 0
        for k in (1, 2):
            best = max(best, ways(n - 1, m) + k)
        return best
    """,
    """
    def ways(n, kind="a"):
        return 1 if n < 2 else ways(n - 1, kind) + ways(n - 2, kind=kind)
    """,
]
MEASURED = {"pure": True, "deterministic": True, "calls": (((3,), {}),), "results": (4,)}


@pytest.mark.parametrize("source", RECURSIONS)
def test_a_branching_recursion_remembers_its_results(bench, source):
    module = "SIZES = ((1, 3), (2, 5))"
    _, variant = bench.agree("memoise", source, [(n,) for n in range(8)], module=module, **MEASURED)
    variant(40)
    assert variant.cache_info().misses < 200
    assert variant.cache_info().maxsize is not None


def trait(name: str, value: float) -> Trait:
    return Trait(
        gene="g", name=name, value=value, unit="", low=value, high=value, n=99, method="test"
    )


PLAIN = "def total(price, rate): return round(price * rate, 2)"


def test_repeated_calls_are_remembered(bench):
    facts = {**MEASURED, "calls": (((3, 0.5), {}),), "traits": (trait("repeat_rate", 0.6),)}
    bench.agree("memoise", PLAIN, [(3, 0.5), (3, 1), (True, 1.0)], **facts)
    bench.silent("memoise", PLAIN, **{**facts, "traits": (trait("repeat_rate", 0.05),)})


@pytest.mark.parametrize(
    "change",
    [
        {"pure": False},
        {"deterministic": False},
        {"calls": ()},
        {"results": ()},
        {"calls": ((([1],), {}),)},
        {"calls": (((1,), {"n": (1, 2)}),)},
        {"results": ([1],)},
        {"results": ((1, [2]),)},
    ],
)
def test_what_was_not_measured_to_be_safe_is_not_remembered(bench, change):
    assert bench.write("memoise", RECURSIONS[0], **MEASURED)
    bench.silent("memoise", RECURSIONS[0], **{**MEASURED, **change})


def test_a_simple_recursion_and_methods_are_not_remembered(bench):
    bench.silent("memoise", "def f(n): return n and n + f(n - 1)", **MEASURED)
    source = "def f(self, n): return n and self.f(n - 1) + self.f(n - 2)"
    assert not bench.write("memoise", source, kind="method", **MEASURED)
