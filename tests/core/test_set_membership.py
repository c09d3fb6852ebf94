"""Lists that are searched again and again are searched as sets."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

LOOPS = [
    """
    def keep(items, allowed):
        kept = []
        for item in items:
            if item in allowed:
                kept.append(item)
        return kept
    """,
    """
    def keep(items, allowed):
        return [each for each in items if each not in allowed]
    """,
    """
    def keep(items, allowed):
        kept = 0
        position = 0
        while position < len(items):
            current = items[position]
            position += 1
            if not current or (current in allowed and current != 3):
                continue
            kept += 1
        return kept
    """,
    """
    def keep(items, allowed):
        for item in items:
            if item == 5:
                return "early"
            else:
                if item not in allowed or item == 7:
                    return item
        return None
    """,
    """
    def keep(items, allowed):
        # the same list in two conditions
        return {i: i in allowed for i in items if i in allowed or i == 2}
    """,
    """
    def keep(items, allowed):
        first = list(filter(lambda item: item in allowed, items))
        return first
    """,
    """
    def keep(items, allowed):
        wanted = [a for a in allowed if a]
        return sum(1 for i in items if i in wanted)
    """,
]
CALLS = [([], []), ([1, 2, 3, 5], [3, 4]), ([7, 0, 2, 2], [2, 0]), ([1], []), ([True, 1.0], [1])]


@pytest.mark.parametrize("source", LOOPS)
def test_an_unchanging_sequence_becomes_a_set_before_the_loop(bench, source):
    bench.agree("set_membership", source, CALLS)


@pytest.mark.parametrize("source", [LOOPS[0], LOOPS[1], LOOPS[5]])
def test_lookups_no_longer_compare_with_every_element(bench, source):
    original, variant = bench.agree("set_membership", source, [])
    items = [bench.Counted(n) for n in range(200)]
    allowed = [bench.Counted(n) for n in range(1000, 1200)]
    assert bench.comparisons(original, items, allowed) == 200 * 200
    assert bench.comparisons(variant, items, allowed) < 200


GROWING = [
    """
    def distinct(values):
        seen = []
        for value in values:
            if value not in seen:
                seen.append(value)
        return seen
    """,
    """
    def distinct(values):
        known, repeats = [], []
        for v in values:
            if v in known:
                if v not in repeats: repeats.append(v)
            else:
                known.append(v)
        return repeats
    """,
    """
    def distinct(values):
        visited = list()
        steps = 0
        stack = list(values)
        while stack:
            node = stack.pop()
            if node in visited:
                continue
            visited.append(node)
            steps += 1
        return steps
    """,
    """
    def distinct(values):
        done: list[int] = []
        for value in values:
            if not (value in done):
                done += [value]
        return len(done), done[:2]
    """,
]


@pytest.mark.parametrize("source", GROWING)
def test_a_growing_list_gets_a_companion_or_becomes_a_set(bench, source):
    calls = [([],), ([1, 2, 1, 3, 3],), ([4],), (["b", "a", "b"],)]
    original, variant = bench.agree("set_membership", source, calls)
    values = [bench.Counted(n) for n in range(150)]
    before = bench.comparisons(original, values)
    assert before >= 150 * 149 / 2
    assert bench.comparisons(variant, values) < before / 20


def test_a_list_used_for_nothing_else_is_replaced(bench):
    (variant,) = bench.write(
        "set_membership",
        """
        def count(values):
            seen = []
            n = 0
            for value in values:
                if value not in seen:
                    seen.append(value)
                    n += 1
            return n
        """,
    )
    assert "seen = set()" in variant.source
    assert "seen.add(value)" in variant.source
    assert "append" not in variant.source


def test_attributes_are_places_too(bench):
    source = """
    def blocked(self, orders):
        return [o for o in orders if o in self.blacklist]
    """
    owner = SimpleNamespace(blacklist=[3, 4])
    bench.agree("set_membership", source, [(owner, [1, 3, 4])], kind="method")


def test_the_set_is_built_inside_the_loop_that_changes_the_sequence(bench):
    source = """
    def shared(orders, allowed):
        found = []
        for order in orders:
            skus = order["skus"]
            for sku in order["wanted"]:
                if sku in skus:
                    found.append(sku)
        return found
    """
    (variant,) = bench.write("set_membership", source)
    lines = variant.source.splitlines()
    assert lines.index("        skus_set = set(skus)") == 4
    orders = [{"skus": [1, 2], "wanted": [2, 3]}, {"skus": [3], "wanted": [3]}]
    bench.agree("set_membership", source, [(orders, [])])


def test_a_constant_of_the_module_becomes_a_constant_set(bench):
    source = """
    def valid(code):
        return code in CODES and code not in ("a", "b", "c", "d")
    """
    module = "CODES = ['a', 'x', 'y', 'z']"
    bench.agree("set_membership", source, [("x",), ("a",), ("q",)], module=module)


QUIET = [
    # the sequence changes while it is searched
    """
    def f(items, pool):
        for item in items:
            if item in pool:
                pool.remove(item)
        return pool
    """,
    # not a sequence
    """
    def f(items):
        known = {1: 2}
        return [i for i in items if i in known]
    """,
    """
    def f(words, text: str):
        return [w for w in words if w in text]
    """,
    # searched once
    """
    def f(item, pool):
        return item in pool
    """,
    # another list each time
    """
    def f(rows):
        return [r for r in rows if r["id"] in r["ids"]]
    """,
    # the list is handed to a function that may change it, and rebound
    """
    def f(items):
        pool = []
        for item in items:
            if item not in pool:
                pool.append(item)
                pool.sort()
                pool.pop()
        return pool
    """,
]


@pytest.mark.parametrize("source", QUIET)
def test_it_keeps_quiet(bench, source):
    bench.silent("set_membership", source)


def test_recorded_types_outrank_guesses(bench):
    source = LOOPS[0]
    calls = (([1], {1: 2}), {})
    bench.silent("set_membership", source, calls=(calls,))
    assert bench.write("set_membership", source, calls=((([1], [2]), {}),))


def test_formatting_and_comments_of_other_lines_stay(bench):
    source = '''
    def keep(items,   allowed):
        """Doc."""
        kept = []      # aligned

        # why
        for item in items:
            if item in allowed: kept.append( item )
        return kept
    '''
    (variant,) = bench.write("set_membership", source)
    assert "def keep(items,   allowed):\n" in variant.source
    assert "kept = []      # aligned\n" in variant.source
    assert "    # why\n    for item in items:\n" in variant.source
    assert "kept.append( item )" in variant.source


def test_indentation_of_two_spaces_stays(bench):
    source = "def f(xs, ys):\n  n = 0\n  for x in xs:\n    if x in ys:\n      n += 1\n  return n\n"
    (variant,) = bench.write("set_membership", source)
    assert (
        "\n  ys_set = set(ys)\n  for x in xs:\n    if x in ys_set:\n      n += 1\n"
        in variant.source
    )
