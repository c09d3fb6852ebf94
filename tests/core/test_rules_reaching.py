"""How loops reach what they work on, orders, and functions that call themselves."""

from __future__ import annotations

import pytest

from codegenesis.core import operators

GRIDS = [[], [[1]], [[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[0, -1], [2, 2]]]
NUMBERS = [[], [3], [5, 1, 4, 1, 5, 9, 2, 6], [2, 2, -1, 2], [0, -5, 7, 7]]

CHANGED = [
    (
        "row_hoist",
        """
        def f(xs):
            total = 0
            for i in range(len(xs)):
                for j in range(len(xs[i])):
                    xs[i][j] += xs[i - 1][j - 1]
                    total += xs[i][j]
            return total
        """,
        GRIDS,
    ),
    (
        "row_hoist",
        """
        def f(xs):
            out = []
            for i in range(len(xs)):
                out.append(sum(xs[i][k] * k for k in range(len(xs[i]))))
            return out
        """,
        GRIDS,
    ),
    (
        "direct_iteration",
        """
        def f(xs):
            out = []
            for i in range(len(xs)):
                if xs[i] != xs[0]:
                    out.append((i, xs[i]))
            return out, [xs[n] for n in range(len(xs))]
        """,
        GRIDS + NUMBERS,
    ),
    (
        "direct_iteration",
        """
        def f(xs):
            for i in range(len(xs)):
                for j in range(len(xs[i])):
                    xs[i][j] = -xs[i][j]
        """,
        GRIDS,
    ),
    (
        "dict_items",
        """
        def f(xs):
            d = {n: x for n, x in enumerate(xs)}
            out = [d[k] for k in d]
            for k in d.keys():
                if d[k] != 1:
                    out.append((k, d[k]))
            return out
        """,
        NUMBERS,
    ),
    (
        "dict_items",
        "def f(xs):\n    d = dict(enumerate(xs))\n    return {k: d[k] + 1 for k in d if d[k]}\n",
        NUMBERS,
    ),
    (
        "dict_get",
        """
        def f(xs):
            names, out = {1: "one", 2: None}, []
            for x in xs:
                try:
                    name = names[x]
                except KeyError:
                    name = "?"
                out.append(name)
            return out
        """,
        NUMBERS,
    ),
    (
        "dict_get",
        """
        def f(xs):
            names = {3: 1}
            try:
                return names[len(xs)]
            except KeyError:
                return None
        """,
        NUMBERS,
    ),
    (
        "unneeded_copy",
        """
        def f(xs):
            d = dict(enumerate(xs))
            out = [x for x in list(xs)]
            for x in list(xs):
                out.append(x in list(xs))
            return out, sorted(list(xs)), 3 in d.keys(), max(tuple(xs), default=0)
        """,
        NUMBERS,
    ),
    ("unneeded_copy", "def f(xs): return set(sorted(xs)), sum(list(xs)), list(list(xs))", NUMBERS),
    (
        "shallow_copies",
        """
        def f(xs):
            import copy
            mine = copy.deepcopy(xs)
            for row in mine:
                row.append(1)
            return mine, len(xs)
        """,
        [],
    ),
    ("shallow_copies", "def f(xs):\n    ys = deepcopy(xs)\n    ys[0] = 1\n    return ys\n", []),
    (
        "slice_fill",
        """
        def f(xs):
            n = len(xs) * 5
            sieve = [True] * (n + 1)
            for i in range(2, 6):
                for k in range(i * i, n + 1, i):
                    sieve[k] = False
            return sieve
        """,
        NUMBERS,
    ),
    (
        "slice_fill",
        """
        def f(xs):
            out, n = list(xs), len(xs)
            i = 0
            while i < n:
                out[i] = 0
                i += 1
            return out
        """,
        NUMBERS,
    ),
    (
        "counted_loop",
        """
        def f(xs):
            i = 0
            total = 0
            while i < len(xs):
                total += xs[i] * i
                i += 1
            return total
        """,
        NUMBERS,
    ),
    (
        "counted_loop",
        """
        def f(xs):
            k = 1
            while k < len(xs):
                if xs[k] == 4:
                    return xs[k - 1]
                k = k + 1
            return None
        """,
        NUMBERS,
    ),
    (
        "sorted_count",
        """
        def f(xs):
            return [
                (sum(1 for y in xs if y < x), len([y for y in xs if x < y])) for x in xs
            ]
        """,
        NUMBERS,
    ),
    (
        "sorted_count",
        """
        def f(xs):
            out = []
            for x in xs:
                n = 0
                for y in xs:
                    if x - 1 <= y < x + 2:
                        n += 1
                out.append(n)
            return out
        """,
        NUMBERS,
    ),
    (
        "sorted_insert",
        """
        def f(xs):
            done = []
            for x in xs:
                for i, old in enumerate(done):
                    if old > x:
                        done.insert(i, x)
                        break
                else:
                    done.append(x)
            return done
        """,
        NUMBERS,
    ),
    (
        "sorted_insert",
        """
        def f(xs):
            done = []
            for x in xs:
                for k in range(len(done)):
                    if x <= done[k]:
                        done.insert(k, x)
                        break
                else:
                    done.append(x)
            return done
        """,
        NUMBERS,
    ),
    (
        "heap",
        """
        def f(xs):
            queue, out = list(xs), []
            queue = list(xs)
            while queue:
                queue.sort()
                first = queue.pop(0)
                out.append(first)
                if first > 4 and len(out) < 20:
                    queue.append(first - 3)
            return out, sorted(xs)[:3], sorted(xs, key=abs, reverse=True)[:2]
        """,
        NUMBERS,
    ),
    (
        "heap",
        """
        def f(xs):
            out = []
            left = [x for x in xs]
            while len(left) > 1:
                low = min(left)
                left.remove(low)
                out.append(low)
            return out
        """,
        NUMBERS,
    ),
    (
        "key_getter",
        """
        def f(xs):
            pairs = [(x, n, str(x)) for n, x in enumerate(xs)]
            pairs.sort(key=lambda p: (p[2], p[-2]))
            return pairs, sorted(pairs, key=lambda p: p[0], reverse=True)
        """,
        NUMBERS,
    ),
    ("key_getter", "def f(xs): return sorted(xs, key=lambda x: x.real)", NUMBERS),
    (
        "recursion_memo",
        """
        def f(xs, i=0, room=7):
            "Best sum of what fits."
            if i == len(xs):
                return 0
            best = f(xs, i + 1, room)
            if abs(xs[i]) <= room:
                best = max(best, xs[i] + f(xs, i + 1, room - abs(xs[i])))
            return best
        """,
        NUMBERS,
    ),
    (
        "recursion_memo",
        "def f(n): return n if n < 2 else f(n - 1) + f(n=f(1) * n - 2)",
        [0, 1, -3, 12],
    ),
    (
        "tail_recursion",
        """
        def f(xs, i=0, total=0):
            if i >= len(xs):
                return total, xs
            if xs[i] < 0:
                return f(xs, i + 1, total)
            elif xs[i] == 7:
                return total
            else:
                return f(xs, total=total + xs[i], i=i + 1)
        """,
        NUMBERS,
    ),
    (
        "tail_recursion",
        "def f(a, b=48):\n    if b == 0:\n        return abs(a)\n    return f(b, a % b)\n",
        [0, 1, -36, 84],
    ),
    (
        "repeated_call",
        """
        def f(n, a=3):
            if n <= 0:
                return 1
            if n % 2 == 0:
                return f(n // 2) * f(n // 2)
            return a * f(n // 2) * f(n // 2)
        """,
        [0, 1, 2, 5, 16, -1],
    ),
    (
        "repeated_call",
        "def f(xs): return [(max(xs) - x) / (max(xs) - min(xs) + 1) for x in xs]",
        None,
    ),
    ("repeated_call", "def f(xs):\n    y = (max(xs), -max(xs), sum(xs))\n    return y\n", NUMBERS),
]


@pytest.mark.parametrize(
    ("rule", "source", "values"), [case for case in CHANGED if case[2] is not None]
)
def test_what_is_reached_otherwise_is_the_same(bench, rule, source, values):
    module = "from copy import deepcopy" if "= deepcopy" in source else ""
    bench.agree(rule, source, [(value,) for value in values], module=module)


ALONE = [
    # rows are replaced, may be, or are looked up once
    (
        "row_hoist",
        """
        def f(xs):
            for i in range(3):
                for j in range(3):
                    xs[i] = list(xs[i])
                    xs[i][j] = 1
        """,
    ),
    (
        "row_hoist",
        "def f(xs, i):\n    for j in range(3):\n        change(xs)\n        xs[i][j] = 1\n",
    ),
    ("row_hoist", "def f(xs, i, j): return xs[i][j]"),
    ("direct_iteration", "def f(xs):\n    for i in range(len(xs)):\n        xs[i] += xs[i]\n"),
    (
        "direct_iteration",
        "def f(xs):\n    for i in range(len(xs)):\n        print(xs[i], i)\n    return i\n",
    ),
    ("direct_iteration", "def f(xs): return [xs[i - 1] for i in range(len(xs))]"),
    ("dict_items", "def f(d):\n    for k in d:\n        d[k] = d[k] + 1\n"),
    ("dict_items", "def f(xs: list): return [xs[x] for x in xs]"),
    (
        "dict_get",
        "def f(d):\n    try:\n        v = d[1]\n    except KeyError:\n        v = g()",
    ),
    (
        "dict_get",
        "def f(d, k):\n    try:\n        return g(d[k])\n    except KeyError:\n        return 0\n",
    ),
    ("unneeded_copy", "def f(xs):\n    for x in list(xs):\n        xs.remove(x)\n"),
    ("unneeded_copy", "def f(xs): return list(sorted(xs)), enumerate(list(xs)), len(list(xs))"),
    ("shallow_copies", "def f(xs): return copy.copy(xs)"),
    ("slice_fill", "def f(d):\n    for k in range(3):\n        d[k] = 0\n"),
    (
        "slice_fill",
        "def f(n):\n    xs = [0] * n\n    for k in range(n):\n        xs[k] = k\n    return xs\n",
    ),
    (
        "counted_loop",
        "def f(n):\n    i = 0\n    while i < n:\n        i += 1\n        i += 1\n    return 0\n",
    ),
    ("counted_loop", "def f(n):\n    i = 0\n    while i < n:\n        i += 1\n    return i\n"),
    ("sorted_count", "def f(xs, x): return sum(1 for y in xs if y < x)"),
    ("sorted_count", "def f(xs): return [sum(1 for y in xs if y < y * x) for x in xs]"),
    (
        "sorted_insert",
        """
        def f(done, x):
            for i, old in enumerate(done):
                if old != x:
                    done.insert(i, x)
                    break
            else:
                done.append(x)
        """,
    ),
    ("heap", "def f(q):\n    while q:\n        q.sort()\n        q.pop(0)\n"),
    ("heap", "def f(xs): return sorted(xs)[-3:], sorted(xs)[1:3]"),
    ("key_getter", "def f(xs): return sorted(xs, key=lambda x: x[0] + 1)"),
    ("key_getter", "def f(xs, i): return sorted(xs, key=lambda x: x[i])"),
    # one call on each way, trees, halves, effects
    ("recursion_memo", "def f(n): return n if n < 1 else f(n - 1) + 1"),
    (
        "recursion_memo",
        """
        def f(n, k):
            if n % 2:
                return k * f(n - 1, k)
            return 1 if not n else f(n // 2, k) + 1
        """,
    ),
    ("recursion_memo", "def f(t): return 0 if t is None else f(t.left) + f(t.right)"),
    ("recursion_memo", "def f(xs, m): return f(xs[:m], 1) + f(xs[m:], 1) if xs else 0"),
    (
        "recursion_memo",
        "def f(n, out):\n    out.append(n)\n    return n and f(n - 1, out) + f(n - 2, out)\n",
    ),
    ("tail_recursion", "def f(n): return 1 if n < 1 else n * f(n - 1)"),
    (
        "tail_recursion",
        "def f(n):\n    try:\n        return f(n - 1)\n    except ValueError:\n        return n\n",
    ),
    ("repeated_call", "def f(n): return n > 0 and (f(n - 1) or f(n - 1))"),
    ("repeated_call", "def f(xs): return next(xs) + next(xs)"),
    # part of a longer literal
    ("hoist", "def f(xs, n):\n    for x in xs:\n        show(f'{n} and ' f'{n}')\n"),
]


@pytest.mark.parametrize(("rule", "source"), ALONE)
def test_what_is_needed_as_it_is_is_left_alone(bench, rule, source):
    bench.silent(rule, source)


def test_a_recursion_solves_each_sub_problem_once(bench):
    source = """
    def f(n, seen):
        if n < 2:
            return n
        return f(n - 1, seen) + f(n - 2, seen) + note(seen)
    """
    module = "def note(seen):\n    seen.append(1)\n    return 0\n"
    (variant,) = bench.write("recursion_memo", source, module_source=module)
    space: dict[str, object] = {}
    exec(module + variant.source, space)
    seen: list[int] = []
    assert space["f"](20, seen) == 6765
    assert len(seen) == 19


def test_a_method_that_calls_itself_remembers_too(bench):
    source = """
    def ways(self, n):
        if n < 1:
            return n == 0
        return sum(self.ways(n - coin) for coin in self.coins)
    """
    (variant,) = bench.write("recursion_memo", source, kind="method")
    space: dict[str, object] = {}
    exec(variant.source, space)
    owner = type("Owner", (), {"coins": (1, 2, 5)})()
    assert space["ways"](owner, 60) == space["ways"](owner, 59) + space["ways"](owner, 58) + space[
        "ways"
    ](owner, 55)


def test_a_row_behind_a_condition_may_be_left_where_it_is(bench):
    source = """
    def f(xs):
        total = 0
        for i in range(len(xs)):
            for j in range(len(xs)):
                total += xs[i][j]
                if i + 1 < len(xs):
                    total += xs[i + 1][j]
        return total
    """
    first, safest = bench.write("row_hoist", source)
    assert "xs[i + 1]" in safest.source.partition("for j")[2]
    assert "xs[i + 1]" not in first.source.partition("for j")[2]


def test_copies_are_as_deep_as_they_are_told(bench):
    source = "def f(xs):\n    ys = deepcopy(xs)\n    return ys, ys[0] is xs[0], ys is xs\n"
    nested, flat = bench.write("shallow_copies", source)
    spaces: list[dict[str, object]] = [{}, {}]
    for variant, space in zip((nested, flat), spaces, strict=True):
        exec(variant.source, space)
    assert spaces[0]["f"]([[1], [2]]) == ([[1], [2]], False, False)
    assert spaces[1]["f"]([7, 2]) == ([7, 2], True, False)


def test_there_are_forty_rules_and_more_each_with_a_name_of_its_own():
    rules = [operator for operator in operators() if getattr(operator, "gain", 0) > 1]
    assert len({rule.name for rule in rules}) == len(rules) >= 40
    assert all(rule.hypothesis and rule.risk for rule in rules if hasattr(rule, "risk"))
