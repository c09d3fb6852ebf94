"""Loops that come to one value: what each rule changes, and what it must leave alone."""

from __future__ import annotations

import pytest

NUMBERS = [[], [3], [1, 2, 3, 4, 5], [2, 2, -1, 2], [0, -5, 7, 7], [1.5, -0.25, 2.5]]

CHANGED = [
    (
        "summation",
        """
        def f(xs):
            total = 0
            for x in xs:
                if x > 1:
                    y = x * 3
                    total += y
            return total
        """,
    ),
    ("summation", "def f(xs):\n    n = 5\n    for x in xs:\n        n = n + x\n    return n\n"),
    (
        "summation",
        """
        def f(xs):
            a, total = len(xs), 1.0
            for x in xs:
                for y in xs:
                    total += x - y
            return a, total
        """,
    ),
    ("product", "def f(xs):\n    p = 1\n    for x in xs:\n        p *= x\n    return p\n"),
    (
        "product",
        """
        def f(xs):
            n, result = len(xs), 1
            for i in range(1, n + 1):
                result = result * i
            return result
        """,
    ),
    (
        "linear_search",
        """
        def f(xs):
            for i in range(len(xs)):
                if xs[i] == 2:
                    return i
            return -1
        """,
    ),
    (
        "linear_search",
        """
        def f(xs):
            for x in xs:
                if x == 7:
                    return True
            return False
        """,
    ),
    (
        "linear_search",
        """
        def f(xs):
            found = False
            for n, x in enumerate(xs):
                if 3 == x:
                    found = True
                    break
            return found, any(x == 2 for x in xs), all(x != -5 for x in xs)
        """,
    ),
    (
        "equal_count",
        "def f(xs): return sum(1 for x in xs if x == 2), len([x for x in xs if 7 == x])",
    ),
    (
        "equal_count",
        """
        def f(xs):
            wanted, n = 2, 0
            for x in xs:
                if x == wanted:
                    n += 1
            return n
        """,
    ),
    (
        "early_exit",
        """
        def f(xs):
            found = False
            for x in xs:
                if x < 0:
                    found = True
            return found
        """,
    ),
    (
        "early_exit",
        """
        def f(xs):
            word = "none"
            for x in xs:
                for y in xs:
                    if x != y:
                        word = "some"
            return word
        """,
    ),
    (
        "inline_extremes",
        """
        def f(xs):
            best, worst = 0, 0
            for x in xs:
                best = max(best, x * 2)
                worst = min(x, worst)
            return best, worst, type(best).__name__
        """,
    ),
    (
        "inline_extremes",
        """
        def f(xs):
            out = [0] * (len(xs) + 1)
            for i in range(len(xs)):
                out[i] += max(out[i - 1], xs[i]) + min(xs[i], 3)
                out[i + 1] = max(out[i + 1], out[i])
            return out
        """,
    ),
    (
        "prefix_sums",
        """
        def f(xs):
            out = []
            for i in range(len(xs)):
                out.append(sum(xs[i:i + 3]))
            return out
        """,
    ),
    (
        "prefix_sums",
        """
        def f(xs):
            out = []
            for i in range(len(xs)):
                for j in range(i, len(xs)):
                    total = 0
                    for k in range(i, j):
                        total += xs[k]
                    out.append((total, max(xs[:i + 1]), min(xs[i:])))
            return out
        """,
    ),
]


@pytest.mark.parametrize(("rule", "source"), CHANGED)
def test_a_loop_that_comes_to_one_value_is_said_as_such(bench, rule, source):
    examples = [(xs,) for xs in NUMBERS if rule != "prefix_sums" or 1.5 not in xs]
    bench.agree(rule, source, examples)


ALONE = [
    # what is added up may be lists, or is read meanwhile
    ("summation", "def f(xs, total):\n    for x in xs:\n        total += x\n    return total\n"),
    ("summation", "def f(xs):\n    t = 0\n    for x in xs:\n        t += t + x\n    return t\n"),
    ("summation", "def f(xs):\n    t = 0\n    for x in xs:\n        t += x\n    return t, x\n"),
    ("product", "def f(xs, p):\n    for x in xs:\n        p *= x\n    return p\n"),
    # the value depends on the item; the search goes on
    (
        "linear_search",
        "def f(s):\n    for x in s:\n        if x == x % 3:\n            return 1\n    return 0\n",
    ),
    (
        "linear_search",
        "def f(xs):\n    for i, x in enumerate(xs):\n        if x == 3:\n            print(i)\n",
    ),
    ("equal_count", "def f(xs): return sum(1 for x in xs if x > 2)"),
    # printing must go on, and the last match counts
    (
        "early_exit",
        """
        def f(xs):
            found = False
            for x in xs:
                if check(x):
                    found = True
            return found
        """,
    ),
    (
        "early_exit",
        "def f(xs):\n    a = 0\n    for x in xs:\n        if x:\n            a = x\n    return a\n",
    ),
    # once, with a key, of three
    ("inline_extremes", "def f(a, b): return max(a, b)"),
    ("inline_extremes", "def f(xs): return [max(x, 1, 2) for x in xs]"),
    ("inline_extremes", "def f(xs): return [max(x, g(x)) for x in xs]"),
    # another part each time that the sequence changes
    (
        "prefix_sums",
        """
        def f(xs):
            for i in range(9):
                xs.append(sum(xs[i:i + 2]))
        """,
    ),
    ("prefix_sums", "def f(xs): return [sum(xs[:3]) for x in xs]"),
    ("prefix_sums", "def f(xs): return [sum(xs[-n:]) for n in range(3)]"),
]


@pytest.mark.parametrize(("rule", "source"), ALONE)
def test_what_means_something_else_is_left_alone(bench, rule, source):
    bench.silent(rule, source)


def test_a_chosen_extreme_keeps_the_first_of_equal_values(bench):
    source = """
    def f(xs):
        kept = xs[0]
        for x in xs:
            kept = max(kept, x)
        for x in xs:
            kept = min(x, kept)
        return kept
    """
    original, variant = bench.agree("inline_extremes", source, [([1, 1.0, True],), ([True, 1],)])
    nan = float("nan")
    assert [variant([nan, 1.0]), variant([1.0, nan])] == [
        original([nan, 1.0]),
        original([1.0, nan]),
    ]


def test_a_flag_stops_the_loop_that_sets_it(bench):
    source = """
    def f(xs, wanted):
        found = False
        for x in xs:
            if x == wanted:
                found = True
        return found
    """
    original, variant = bench.agree("early_exit", source, [])
    values = [bench.Counted(1)] + [bench.Counted(2)] * 50
    assert bench.comparisons(original, values, bench.Counted(1)) == 51
    assert bench.comparisons(variant, values, bench.Counted(1)) == 1
