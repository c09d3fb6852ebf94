"""The owner's promises: declared at no cost, judged where the variant is not."""

import msgspec
import pytest
from gate_bench import project

import codegenesis
from codegenesis.errors import UsageError
from codegenesis.evidence import InvariantsGate

TARGET = '''
"""What the tests hold to its promises."""

import functools

import icontract

from codegenesis import invariant


@invariant(lambda result, items: len(result) <= len(items))
@invariant(lambda items, old: items == old.items, says="leaves its argument alone")
def unique(items):
    found = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


@invariant(lambda result: 0 <= result <= 1, says="is a share")
def share(part, whole):
    return part / whole


@invariant(lambda result, **args: result == sum(args["numbers"]))
@invariant(lambda result: result > 100, says="is large")
@invariant(lambda result, bias=0: result.missing, says="is odd")
def total(numbers):
    return sum(numbers)


def span(start, stop):
    assert start <= stop, "backwards"
    return stop - start


def booked(day, seats):
    assert len(seats) <= day["capacity"]
    return day["capacity"] - len(seats)


@invariant(lambda result, n: len(result) == n)
def countdown(n):
    while n > 0:
        yield n
        n -= 1


def plain(x):
    return x + 1


@icontract.require(lambda amount: amount >= 0)
@icontract.snapshot(lambda items: len(items), name="count")
@icontract.ensure(lambda result, items, OLD: len(items) == OLD.count, "keeps the number of items")
@icontract.ensure(lambda result: result >= 0)
def spread(amount, items):
    return amount / len(items)


@icontract.invariant(lambda self: self.level >= 0)
class Tank:
    def __init__(self, level):
        self.level = level

    @property
    @invariant(lambda result: result >= 0, says="is no debt")
    def share(self):
        return abs(self.level) / 10

    def drain(self, amount):
        taken = self.level if amount > self.level else amount
        self.level -= taken
        return taken


def taxed(rate):
    @invariant(lambda result, x: result >= x)
    def with_tax(x):
        return x * rate

    return with_tax


@functools.lru_cache
@invariant(lambda result, x: result > x)
def doubled(x):
    return abs(x) * 2 + 1


@invariant(lambda self, result: result == self.level)
@invariant(lambda self, old, amount: self.level <= old.self.level + amount)
def fill(self, amount):
    self.level += amount
    return self.level
'''


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    directory = tmp_path_factory.mktemp("invariants")
    with project(directory, "cg_promising", {"cg_promising.py": TARGET}) as found:
        yield found


def judged(shop, qualname, calls, source, **options):
    case = shop.case(qualname, *calls, **options)
    return InvariantsGate().run(shop.variant(qualname, source), case)


WORDS = (["a", "b", "a"],), (["x"],), ([],)


def test_the_decorator_gives_back_the_same_function_and_only_takes_notes():
    def double(x):
        return 2 * x

    code = double.__code__
    decorated = codegenesis.invariant(lambda result, x: result > x)(double)
    assert decorated is double
    assert decorated.__code__ is code
    assert decorated(-3) == -6


def test_a_predicate_that_asks_for_no_parameter_is_refused_at_once():
    with pytest.raises(UsageError, match=r"asks for y.*no parameter"):

        @codegenesis.invariant(lambda result, y: result > y)
        def double(x):
            return 2 * x


def test_a_variant_that_keeps_the_promises_passes(shop):
    trial = judged(shop, "unique", WORDS, "def unique(items): return list(dict.fromkeys(items))")
    assert (trial.verdict, trial.detail) == ("passed", "")
    assert trial.checks > 50
    assert trial.measurements["promises"] == 2


def test_a_broken_promise_is_told_with_the_call_and_the_promise(shop):
    trial = judged(shop, "unique", WORDS, "def unique(items): return [*items, *items]")
    assert trial.verdict == "failed"
    assert "unique(['a', 'b', 'a'])" in trial.detail
    assert "breaks `len(result) <= len(items)`" in trial.detail


def test_old_is_what_the_arguments_were_before_the_call(shop):
    source = """
    def unique(items):
        found = list(dict.fromkeys(items))
        items.sort(key=str)
        return found
    """
    trial = judged(shop, "unique", WORDS, source)
    assert trial.verdict == "failed"
    assert "leaves its argument alone" in trial.detail


def test_what_the_original_does_not_keep_is_left_out_with_a_word(shop):
    trial = judged(shop, "total", [([1, 2],), ([],)], "def total(numbers): return sum(numbers)")
    assert trial.verdict == "passed"
    assert "`is large` does not hold for the original itself: total([1, 2])" in trial.detail
    assert "`is odd` cannot be evaluated for total([1, 2]) (AttributeError" in trial.detail
    assert trial.measurements["promises"] == 1


def test_what_a_generator_gives_is_its_result(shop):
    trial = judged(shop, "countdown", [(3,), (0,)], "def countdown(n): yield from range(n, 0, -1)")
    assert trial.verdict == "passed", trial.detail
    trial = judged(shop, "countdown", [(3,), (0,)], "def countdown(n): yield from range(n, -1, -1)")
    assert "breaks `len(result) == n`" in trial.detail


def test_what_a_property_or_a_cached_function_promises_is_judged_behind_them(shop):
    tank = shop.load().Tank
    trial = judged(shop, "Tank.share", [(tank(4),)], "def share(self): return -abs(self.level)")
    assert "breaks `is no debt`" in trial.detail
    trial = judged(shop, "doubled", [(4,)], "def doubled(x): return x")
    assert "breaks `result > x`" in trial.detail


def test_what_a_closure_promises_cannot_be_held_to(shop):
    case = shop.case("taxed.<locals>.with_tax", (2,))
    gene = msgspec.structs.replace(case.gene, decorated="@invariant(lambda result: result > 0)")
    case = msgspec.structs.replace(case, gene=gene)
    variant = shop.variant("taxed.<locals>.with_tax", "def with_tax(x): return rate * x")
    trial = InvariantsGate().run(variant, case)
    assert trial.verdict == "failed"
    assert "only while the function around it runs" in trial.detail


def test_a_function_that_promises_nothing_is_skipped(shop):
    trial = judged(shop, "plain", [(1,)], "def plain(x): return x + 1")
    assert (trial.verdict, trial.checks) == ("skipped", 0)
    assert "nothing is promised" in trial.detail


def test_healed_results_are_held_to_the_promises(shop):
    calls = [(1, 2), (0, 1), (3, 0)]
    crash = {"objective": "heal", "crashes": ["builtins.ZeroDivisionError"]}
    healed = "def share(part, whole): return part / whole if whole else {}"
    trial = judged(shop, "share", calls, healed.format("-1.0"), **crash)
    assert trial.verdict == "failed"
    assert "share(3, 0): the variant returns -1.0, which breaks `is a share`" in trial.detail
    assert judged(shop, "share", calls, healed.format("0.0"), **crash).verdict == "passed"


@pytest.mark.parametrize(
    "source",
    [
        "def span(start, stop): return stop - start",
        "def span(start, stop):\n    assert start < stop + 1.5\n    return stop - start",
        "def span(start, stop):\n    assert start < stop, 'backwards'\n    return stop - start",
    ],
)
def test_a_dropped_or_moved_assertion_is_found_at_its_bound(shop, source):
    trial = judged(shop, "span", [(1000, 5000), (70, 90)], source)
    assert trial.verdict == "failed"
    assert "AssertionError" in trial.detail


def test_a_bound_between_a_length_and_a_number_inside_is_aimed_at(shop):
    calls = [({"capacity": 40}, ["a", "b"]), ({"capacity": 90}, ["c"])]
    source = """
    def booked(day, seats):
        assert len(seats) <= day["capacity"] + 1
        return day["capacity"] - len(seats)
    """
    trial = judged(shop, "booked", calls, source)
    assert trial.verdict == "failed"
    assert "drops the assertion" in trial.detail
    same = source.replace(" + 1", "")
    trial = judged(shop, "booked", calls, same)
    assert trial.verdict == "passed"
    assert trial.measurements["aimed"] > 10
    assert trial.measurements["asserted"] > 0


def test_an_assertion_is_no_crash_to_be_healed(shop):
    source = """
    def span(start, stop):
        assert True
        return abs(stop - start)
    """
    crash = {"objective": "heal", "crashes": ["builtins.AssertionError"]}
    trial = judged(shop, "span", [(1, 5), (9, 3), (2, 2)], source, **crash)
    assert trial.verdict == "failed"
    assert "drops the assertion" in trial.detail


def test_icontract_conditions_on_functions_are_read(shop):
    calls = [(6, [1, 2, 3]), (1, [1])]
    assert judged(shop, "spread", calls, "def spread(amount, items): return amount / len(items)")
    source = "def spread(amount, items):\n    items.append(0)\n    return amount / (len(items) - 1)"
    trial = judged(shop, "spread", calls, source)
    assert trial.verdict == "failed"
    assert "breaks `keeps the number of items`" in trial.detail
    source = "def spread(amount, items): return amount / len(items) if amount >= 0 else -7"
    assert judged(shop, "spread", calls, source).verdict == "passed"


def test_icontract_invariants_of_classes_are_read(shop):
    tank = shop.load().Tank
    calls = [(tank(5), 2), (tank(3), 7)]
    source = "def drain(self, amount):\n    self.level -= amount\n    return amount"
    trial = judged(shop, "Tank.drain", calls, source)
    assert trial.verdict == "failed"
    assert "breaks `self.level >= 0`" in trial.detail
    source = """
    def drain(self, amount):
        taken = min(amount, self.level)
        self.level -= taken
        return taken
    """
    assert judged(shop, "Tank.drain", [(tank(5), 2)], source).verdict == "passed"


HOSTILE = [
    # takes the machinery of assertions and predicates apart, in its own process
    """
    import builtins, sys

    def unique(items):
        builtins.len = lambda value: 0
        builtins.AssertionError = ValueError
        for module in list(sys.modules.values()):
            for name in ("judge", "declared"):
                if hasattr(module, name):
                    setattr(module, name, lambda *args: [["holds", ""], ["holds", ""]])
        return [*items, *items]
    """,
    # takes the notes off
    """
    import cg_promising

    def unique(items):
        cg_promising.unique.__codegenesis_invariants__ = ()
        return [*items, *items]
    """,
    # answers with an object that compares as one likes
    """
    def unique(items):
        class Agreeable(list):
            def __len__(self):
                return 0
        return Agreeable([*items, *items])
    """,
]


def test_an_object_that_agrees_with_everything_is_not_put_before_the_judge(shop):
    source = """
    import unittest.mock

    def share(part, whole): return part / whole if whole else unittest.mock.ANY
    """
    crash = {"objective": "heal", "crashes": ["builtins.ZeroDivisionError"]}
    trial = judged(shop, "share", [(1, 2), (0, 1), (3, 0)], source, **crash)
    assert trial.verdict == "failed"
    assert "returns a unittest.mock:_ANY" in trial.detail


@pytest.mark.parametrize("source", HOSTILE)
def test_a_variant_cannot_reach_its_judge(shop, source):
    assert judged(shop, "unique", WORDS, source).verdict == "failed"
