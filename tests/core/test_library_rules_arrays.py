"""Loops over arrays, said with whole arrays: every version against the real numpy."""

from __future__ import annotations

import copy
import textwrap

import numpy as np
import pytest

MODULE = "import math\nimport numpy as np"


def agree(bench, make_function, name, source, calls):
    """Every version gives the same values; returns the versions."""
    text = textwrap.dedent(source).strip() + "\n"
    variants = bench.write(name, source, module_source=MODULE)
    assert variants, f"{name} does not fire on {source}"
    original = make_function(text, module=MODULE, name="f")
    for args in calls:
        wanted = _outcome(original, args)
        for variant in variants:
            got = _outcome(make_function(variant.source, module=MODULE, name="f"), args)
            same = type(wanted) is type(got) and np.shape(wanted) == np.shape(got)
            assert same, f"{variant.source}\n{wanted!r} {got!r}"
            if not isinstance(wanted, str):
                np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=1e-12)
    return variants


def _outcome(function, args):
    try:
        return function(*copy.deepcopy(args))
    except Exception as error:
        return type(error).__name__


ARRAYS = [
    (np.array([0.1, 2.5, -3.0, 4.25]), np.array([1.0, 0.2, 0.3, 2.0])),
    (np.array([1, 2, 3], dtype=np.int64), np.array([4, -5, 6], dtype=np.int64)),
    (np.array([2.5]), np.array([1.5])),
    (np.array([]), np.array([])),
]

REDUCTIONS = [
    """
    def f(a: np.ndarray, b: np.ndarray):
        total = 0
        for i in range(len(a)):
            total += a[i] * b[i]
        return total
    """,
    """
    def f(a: np.ndarray, b: np.ndarray):
        count = 0
        for i in range(1, len(a)):
            if a[i] > a[i - 1] and b[i] > 0:
                count += 1
        return count
    """,
    """
    def f(a: np.ndarray, b: np.ndarray):
        total = 1.5
        for x, y in zip(a, b):
            if x < y:
                continue
            total += (x - y) ** 2
        return total
    """,
    """
    def f(a: np.ndarray, b: np.ndarray):
        best = -100.0
        for x in a:
            if x > best:
                best = x
        low = 100.0
        for i, x in enumerate(b):
            low = min(low, abs(x) + i)
        return float(best) + float(low)
    """,
    """
    def f(a: np.ndarray, b: np.ndarray):
        product = 1
        for x in a:
            product *= x
        return product
    """,
]


@pytest.mark.parametrize("source", REDUCTIONS)
def test_a_loop_that_reduces_arrays_is_one_call(bench, make_function, source):
    agree(bench, make_function, "array_reduction", source, ARRAYS)


def test_one_version_adds_in_the_order_of_the_loop(bench, make_function):
    source = REDUCTIONS[0].replace("total = 0", "total = 0.0")
    *_, last = agree(bench, make_function, "array_reduction", source, ARRAYS)
    values = np.random.default_rng(7).normal(size=(2, 1000)) * 1e6
    original = make_function(textwrap.dedent(source).strip(), module=MODULE, name="f")
    variant = make_function(last.source, module=MODULE, name="f")
    assert variant(*values) == original(*values)


ELEMENTWISE = [
    """
    def f(a: np.ndarray, b: np.ndarray):
        out = np.zeros(len(a))
        for i in range(len(a)):
            out[i] = math.sqrt(abs(a[i])) + b[i] * 2
        return out
    """,
    """
    def f(a: np.ndarray, b: np.ndarray):
        out = np.zeros(len(a))
        for i in range(1, len(a) - 1):
            out[i] = (a[i - 1] + a[i] + a[i + 1]) / 3 if b[i] > 0 else -1
        return out
    """,
    """
    def f(a: np.ndarray, b: np.ndarray):
        for i in range(len(a)):
            if a[i] < 1:
                a[i] = 0
        for i in range(len(b)):
            b[i] *= 2
        return a + b
    """,
    """
    def f(a: np.ndarray, b: np.ndarray):
        gaps = np.zeros((len(a), len(b)))
        for i in range(len(a)):
            for j in range(len(b)):
                gaps[i, j] = abs(a[i] - b[j])
        return gaps
    """,
    """
    def f(a: np.ndarray, b: np.ndarray):
        out = []
        for x in a:
            if x > 0:
                out.append(x * 2 + 1)
        return out
    """,
]


@pytest.mark.parametrize("source", ELEMENTWISE)
def test_a_loop_that_computes_elements_is_one_expression(bench, make_function, source):
    agree(bench, make_function, "array_elementwise", source, ARRAYS)


@pytest.mark.parametrize("name", ["array_reduction", "array_elementwise"])
@pytest.mark.parametrize(
    "source",
    [
        "def f(a: list):\n    t = 0\n    for i in range(len(a)):\n        t += a[i]\n    return t",
        """
        def f(a: np.ndarray):
            for i in range(1, len(a)):
                a[i] = a[i - 1] + a[i]
            return a
        """,
        """
        def f(a: np.ndarray):
            total = 0
            for x in a:
                total += cost(x)
            return total
        """,
        """
        def f(a: np.ndarray):
            total = 0
            for i in range(len(a)):
                total += a[i - 1]
            return total, i
        """,
        """
        def f(a: np.ndarray):
            out = np.zeros((3, 3))
            for i in range(3):
                for j in range(i):
                    out[i, j] = a[j]
            return out
        """,
    ],
)
def test_lists_recurrences_and_unknown_calls_are_left_alone(bench, name, source):
    bench.silent(name, source, module_source=MODULE)


GROWING = [
    """
    def f(xs):
        a = np.array([])
        for x in xs:
            a = np.append(a, x * 2)
        return a
    """,
    """
    def f(xs):
        rows = np.zeros((1, 2))
        for x in xs:
            rows = np.vstack([rows, np.array([x, x])])
        return rows
    """,
    """
    def f(xs):
        a = np.arange(2)
        for x in xs:
            a = np.concatenate((a, np.array([x])))
        return a
    """,
]


@pytest.mark.parametrize("source", GROWING)
def test_arrays_are_put_together_once(bench, make_function, source):
    agree(bench, make_function, "concatenation", source, [([],), ([1],), ([1.5, 2, 3],)])


@pytest.mark.parametrize(
    "source",
    [
        "def f(a, x):\n    a = np.append(a, x)\n    return a",
        """
        def f(xs):
            a = np.array([0])
            for x in xs:
                a = np.append(a, a[-1] + x)
            return a
        """,
    ],
)
def test_growth_that_is_looked_at_is_left_alone(bench, source):
    bench.silent("concatenation", source)
