"""Loops that fill a list, a dict or a set."""

from __future__ import annotations

import pytest

ITEMS = [[], [3], [1, 2, 3, 4, 5], ["b", "a", "b", "", "a"], [2, 2, 2], [None, 0, None], [0, -1, 1]]

CHANGED = [
    (
        "list_comprehension",
        """
        def f(xs):
            out: list = []
            for n, x in enumerate(xs):
                if x:
                    y = (x, n)
                    out.append(y)
            return out
        """,
    ),
    (
        "list_comprehension",
        """
        def f(xs):
            out = list()
            for x in xs:
                out.append(x)
            for x in xs:
                for y in xs:
                    if x != y:
                        out += [(y, x)]
            return out
        """,
    ),
    (
        "dict_comprehension",
        """
        def f(xs):
            places = {}
            for n, x in enumerate(xs):
                places[x] = n
            return list(places.items())
        """,
    ),
    (
        "dict_comprehension",
        """
        def f(xs):
            seen = set()
            for x in xs:
                if x:
                    seen.add(str(x))
            return sorted(seen)
        """,
    ),
    (
        "counting",
        """
        def f(xs):
            counts = {}
            for x in xs:
                if x in counts:
                    counts[x] += 1
                else:
                    counts[x] = 1
            return counts
        """,
    ),
    (
        "counting",
        """
        def f(xs):
            counts = dict()
            for x in xs:
                if x:
                    counts[str(x)] = counts.get(str(x), 0) + 1
            return list(counts.items()), type(counts).__name__
        """,
    ),
    (
        "counting",
        """
        def f(xs):
            counts = {}
            for x in xs:
                if x not in counts.keys():
                    counts[x] = 0
                counts[x] += 1
            return counts
        """,
    ),
    (
        "grouping",
        """
        def f(xs):
            groups = {}
            for n, x in enumerate(xs):
                if x not in groups:
                    groups[x] = []
                groups[x].append(n)
            return groups, type(groups).__name__
        """,
    ),
    (
        "grouping",
        """
        def f(xs):
            groups = dict()
            for x in xs:
                for n in range(2):
                    groups.setdefault(str(x), set()).add(n)
            return sorted(groups.items())
        """,
    ),
    (
        "list_growth",
        """
        def f(xs):
            out = [0]
            for x in xs:
                if len(out) < 4 and out[-1] != x:
                    out = out + [x]
                    out = out + [x, out[0]]
            return out
        """,
    ),
    (
        "list_growth",
        """
        def f(xs):
            kept = []
            while len(kept) < len(xs):
                kept = kept + [xs[len(kept)]]
            return kept
        """,
    ),
    (
        "insert_front",
        """
        def f(xs):
            out = []
            for x in xs:
                out.insert(0, x)
                if x == 4:
                    break
            return out[:3]
        """,
    ),
    (
        "insert_front",
        """
        def f(xs):
            both = []
            for x in xs:
                digits = []
                n = len(xs)
                while n:
                    digits.insert(0, n % 2)
                    n //= 2
                both.append((x, digits))
            return both
        """,
    ),
    (
        "comprehension_call",
        "def f(xs): return list(str(x) for x in xs), sorted(set([x for x in map(str, xs)]))",
    ),
    (
        "comprehension_call",
        """
        def f(xs):
            return dict((n, x) for n, x in enumerate(xs) if x), sum(1 for x in xs), ",".join(
                str(x) for x in xs
            )
        """,
    ),
]


@pytest.mark.parametrize(("rule", "source"), CHANGED)
def test_what_is_built_is_the_same(bench, rule, source):
    bench.agree(rule, source, [(xs,) for xs in ITEMS])


ALONE = [
    ("list_comprehension", "def f(xs, out):\n    for x in xs:\n        out.append(x)\n"),
    (
        "list_comprehension",
        """
        def f(xs):
            out = []
            for x in xs:
                out.append(len(out))
            return out
        """,
    ),
    (
        "list_comprehension",
        """
        def f(xs):
            out = []
            for x in xs:
                out.append(x)
                if x > 3:
                    break
            return out
        """,
    ),
    (
        "dict_comprehension",
        "def f(xs):\n    d = {}\n    for x in xs:\n        d[x] = len(d)\n    return d\n",
    ),
    (
        "dict_comprehension",
        "def f(xs):\n    d = {0: 1}\n    for x in xs:\n        d[x] = x\n    return d\n",
    ),
    (
        "counting",
        "def f(xs):\n    d = {}\n    for x in xs:\n        d[x] = d.get(x, 1) + 1\n    return d\n",
    ),
    (
        "counting",
        """
        def f(xs, d):
            for x in xs:
                d[x] = d.get(x, 0) + 1
            return d
        """,
    ),
    (
        "grouping",
        """
        def f(xs):
            groups = {}
            for x in xs:
                groups.setdefault(x, [0]).append(x)
            return groups
        """,
    ),
    (
        "grouping",
        """
        def f(xs):
            groups = {}
            for x in xs:
                groups.setdefault(x, []).append(x)
                if 3 in groups:
                    break
            return groups
        """,
    ),
    # somebody else may hold the earlier list
    (
        "list_growth",
        """
        def f(xs):
            out, paths = [], []
            for x in xs:
                paths.append(out)
                out = out + [x]
            return paths
        """,
    ),
    ("list_growth", "def f(xs, out):\n    for x in xs:\n        out = out + [x]\n    return out\n"),
    (
        "insert_front",
        "def f(xs):\n    out = [9]\n    for x in xs:\n        out.insert(0, x)\n    return out\n",
    ),
    (
        "insert_front",
        "def f(xs):\n    o = []\n    for x in xs:\n        o.insert(0, len(o))\n    return o\n",
    ),
    ("comprehension_call", "def f(xs): return any(x for x in xs), all(x for x in xs)"),
    ("comprehension_call", "def f(xs): return dict(pair for pair in xs)"),
]


@pytest.mark.parametrize(("rule", "source"), ALONE)
def test_what_is_built_otherwise_is_left_alone(bench, rule, source):
    bench.silent(rule, source)
