"""Nested loops over equal keys become look-ups; a search for duplicates is one with itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

JOINS = [
    """
    def join(lefts, rights):
        found = []
        for left in lefts:
            for right in rights:
                if left["k"] == right["k"]:
                    found.append((left["v"], right["v"]))
        return found
    """,
    """
    def join(lefts, rights):
        return [(a["v"], b["v"]) for a in lefts for b in rights if b["k"] == a["k"] and b["v"] != 2]
    """,
    """
    def join(lefts, rights):
        total = 0
        for i in range(len(lefts)):
            for j in range(len(rights)):
                if lefts[i]["k"] != rights[j]["k"] or lefts[i]["v"] == 0:
                    continue
                total += rights[j]["v"]
                break
        return total
    """,
    """
    def join(lefts, rights):
        missing = []
        for one in lefts:
            for other in rights:
                if other["k"] == one["k"]:
                    if other["v"] > 1:
                        break
            else:
                missing.append(one["k"])
        return missing
    """,
    """
    def join(lefts, rights):
        matched = []
        for one in lefts:
            hit = False
            for n, other in enumerate(rights):
                key = other["k"]
                if key == one["k"]:
                    hit = True
                    matched.append(n)
            if not hit:
                return matched
        return matched
    """,
    """
    def join(lefts, rights):
        return [any(r["k"] == left["k"] for r in rights) for left in lefts]
    """,
    """
    def join(lefts, rights):
        found = 0
        i = 0
        while i < len(lefts):
            j = 0
            while j < len(rights):
                if lefts[i]["k"] == rights[j]["k"] and lefts[i]["v"] <= rights[j]["v"]:
                    found += 1
                j += 1
            i += 1
        return found
    """,
    """
    def join(lefts, rights):
        kept = []
        for row in lefts + rights:
            if not any(old["k"] == row["k"] for old in kept):
                kept.append(row)
        return kept
    """,
    """
    def join(lefts, rights):
        kept = []
        for row in lefts:
            for old in kept:
                if old["k"] == row["k"]:
                    old["v"] += row["v"]
                    break
            else:
                kept.append(row)
        return kept
    """,
]


def rows(*pairs):
    return [{"k": k, "v": v} for k, v in pairs]


EXAMPLES = [
    ([], []),
    (rows((1, 1)), []),
    (rows((1, 1), (2, 0), (1, 3)), rows((1, 2), (3, 1), (1, 5), (2, 2))),
    (rows(("a", 1), ("b", 2)), rows(("b", 2), ("a", 0), ("b", 9))),
    (rows((float("nan"), 1)), rows((float("nan"), 1), (1, 1))),
]


@pytest.mark.parametrize("source", JOINS)
def test_a_nested_search_by_key_becomes_a_lookup(bench, source):
    bench.agree("hash_join", source, EXAMPLES)


@pytest.mark.parametrize("source", JOINS)
def test_a_join_compares_only_what_matches(bench, source):
    original, variant = bench.agree("hash_join", source, [])
    lefts = [{"k": bench.Counted(n), "v": 1} for n in range(100)]
    rights = [{"k": bench.Counted(n), "v": 1} for n in range(99, -1, -1)]
    before = bench.comparisons(original, lefts, rights)
    assert before >= 100 * 99 / 2
    assert bench.comparisons(variant, lefts, rights) < before / 8


DUPLICATES = [
    """
    def repeated(values):
        for i in range(len(values)):
            for j in range(i + 1, len(values)):
                if values[i] == values[j]:
                    return True
        return False
    """,
    """
    def repeated(values):
        n = len(values)
        pairs = []
        for a in range(n):
            for b in range(n):
                if a != b and values[a] == values[b]:
                    pairs.append((a, b))
        return pairs
    """,
    """
    def repeated(values):
        found = []
        for at, one in enumerate(values):
            for other in values[at + 1:]:
                if one == other and not (one in found):
                    found.append(one)
        return found
    """,
    """
    def repeated(values):
        count = 0
        for i, x in enumerate(values):
            for j, y in enumerate(values[i + 1:], i + 1):
                if x == y:
                    count += j - i
        return count
    """,
    """
    def repeated(values):
        i, hits = 0, []
        while i < len(values):
            j = i + 1
            while j < len(values):
                if values[j] == values[i]:
                    hits.append(j)
                j = j + 1
            i += 1
        return hits
    """,
    """
    def repeated(values):
        for later in range(len(values)):
            for earlier in range(later):
                if values[earlier] != values[later]:
                    continue
                return earlier, later
        return None
    """,
    """
    def repeated(values):
        return any(one == other for one, other in combinations(values, 2))
    """,
    """
    def repeated(values):
        found = set()
        for first, second in itertools.combinations(values, 2):
            if first == second:
                found.add(first)
        return len(found)
    """,
    "def repeated(values): return [v for v in values if values.count(v) > 1]",
    "def repeated(values): return [v for i, v in enumerate(values) if v in values[i + 1:]]",
    """
    def repeated(values):
        out = []
        for i in range(len(values)):
            if values[i] in values[:i] + values[i + 1:]:
                out.append(values[i])
        return out
    """,
    "def repeated(values): return [values.index(v) for v in values]",
    """
    def repeated(values):
        unique = []
        for i, v in enumerate(values):
            if v not in values[:i]:
                unique.append((i, v))
        return unique
    """,
]
MODULE = "import itertools\nfrom itertools import combinations\n"
LISTS = [([],), ([1],), ([1, 2, 1, 1],), ([3, 3],), (["a", "b", "c", "b"],), ([1, True, 1.0],)]


@pytest.mark.parametrize("source", DUPLICATES)
def test_a_search_for_duplicates_uses_hashes(bench, source):
    bench.agree("quadratic_duplicates", source, LISTS, module=MODULE)


@pytest.mark.parametrize("source", DUPLICATES)
def test_a_search_for_duplicates_is_no_longer_quadratic(bench, source):
    original, *_, variant = bench.agree("quadratic_duplicates", source, [], module=MODULE)
    values = [bench.Counted(n) for n in range(120)]
    before = bench.comparisons(original, values)
    assert before >= 119 * 118 / 2
    assert bench.comparisons(variant, values) < before / 8


@pytest.mark.parametrize("number", range(len(DUPLICATES)))
def test_any_list_of_small_numbers_gives_the_same(bench, number):
    source = DUPLICATES[number]
    original, *variants = bench.agree("quadratic_duplicates", source, [], module=MODULE)

    @settings(max_examples=60, derandomize=True, deadline=None, database=None)
    @given(st.lists(st.integers(0, 4), max_size=7))
    def same(values):
        for variant in variants:
            assert variant(list(values)) == original(list(values))

    same()


QUIET = [
    # compares in order, not for equality
    """
    def f(xs, ys):
        return [(x, y) for x in xs for y in ys if x < y]
    """,
    # does something for pairs that differ
    """
    def f(xs, ys):
        n = 0
        for x in xs:
            for y in ys:
                if x == y:
                    n += 1
                else:
                    n -= 1
        return n
    """,
    # and before it compares
    """
    def f(xs, ys):
        n = 0
        for x in xs:
            for y in ys:
                n += 1
                if x == y:
                    return n
        return n
    """,
    # the inner sequence changes
    """
    def f(xs, ys):
        for x in xs:
            for y in ys:
                if x == y:
                    ys.append(x)
                    break
        return ys
    """,
    # the inner sequence belongs to the outer item
    """
    def f(orders):
        return [l for o in orders for l in o["lines"] if l == o["first"]]
    """,
    # the key is a constant
    """
    def f(xs, ys):
        return [(x, y) for x in xs for y in ys if y == 3]
    """,
    # the variable of the inner loop is read afterwards
    """
    def f(xs, ys):
        for x in xs:
            for y in ys:
                if x == y:
                    pass
        return y
    """,
    # only once
    """
    def f(xs, wanted):
        return [x for x in xs if x == wanted]
    """,
    "def f(text): return sum(1 for c in 'abc' if text.count('x') == len(c))",
]


@pytest.mark.parametrize("source", QUIET)
def test_it_keeps_quiet(bench, source):
    bench.silent("hash_join", source)
    if "count" not in source:
        bench.silent("quadratic_duplicates", source)


def test_counting_characters_of_a_text_is_left_alone(bench):
    source = "def f(words, text: str): return [text.count(w) for w in words]"
    bench.silent("quadratic_duplicates", source)


def test_methods_join_over_attributes(bench):
    from types import SimpleNamespace as Row

    source = """
    def match(self):
        hits = []
        for payment in self.payments:
            for invoice in self.invoices:
                if invoice.number == payment.reference and not invoice.paid:
                    hits.append(payment.reference)
        return hits
    """
    owner = Row(
        payments=[Row(reference=2), Row(reference=9)],
        invoices=[Row(number=2, paid=False), Row(number=2, paid=True), Row(number=3, paid=False)],
    )
    (variant,) = bench.write("hash_join", source, kind="method")
    assert "self_invoices_by_number" in variant.source
    bench.agree("hash_join", source, [(owner,)], kind="method")
