"""Races: verdicts on gross differences only, never on a clock's reading."""

import math
import os
from random import Random

import pytest

from codegenesis.compiler import Terms, harm, race
from codegenesis.compiler.pin import follow, on_core
from codegenesis.compiler.race import SET_UP_ALLOWANCE_NS as FREE_NS
from codegenesis.compiler.race import _charge_ns
from codegenesis.compiler.statistics import interval, looks, t_quantile
from codegenesis.compiler.track import Block, Lap, Pair
from codegenesis.compiler.workload import plan, remembers, size_classes

QUICK = Terms(pairs=3, most_pairs=6)


def busy(factor):
    """`busy` with its work times `factor`; the same answers."""
    return (
        "def busy(n):\n    total = 0\n    for number in range(400 * n):\n"
        f"        for _ in range({factor}):\n            pass\n"
        "        total += number\n    return total\n"
    )


FORMULA = "def busy(n):\n    return 400 * n * (400 * n - 1) // 2\n"


@pytest.fixture
def calls(bench):
    return bench.calls(*[(n,) for n in (3, 5, 2, 8, 3, 1)])


def test_much_less_work_is_faster(bench, calls):
    ended = race(bench.sandbox, "busy", FORMULA, calls, terms=QUICK)
    assert ended.verdict == "faster"
    assert ended.gain.low > 1
    assert ended.gain.before_ns > ended.gain.after_ns > 0
    assert ended.gain.n in (3, 6)


def test_much_more_work_is_not_faster(bench, calls):
    ended = race(bench.sandbox, "busy", busy(50), calls, terms=QUICK)
    assert ended.verdict == "not faster"
    assert ended.gain.high < 0.5
    assert "is asked for" in ended.reason


def test_a_race_against_a_fragment_instead_of_the_function(bench, calls):
    ended = race(
        bench.sandbox, "busy", bench.gene("busy").source, calls, original=busy(50), terms=QUICK
    )
    assert ended.verdict == "faster"


def test_work_hidden_in_the_set_up_is_charged(bench, calls):
    """The calls alone would be hundreds of times faster."""
    liar = "_TABLE = [number * number for number in range(250_000)]\n\n\n" + FORMULA
    ended = race(bench.sandbox, "busy", liar, calls, terms=QUICK)
    assert ended.verdict == "not faster"
    assert ended.measurements["charged_ns"] > 0
    assert "outside the calls" in ended.reason


def pairs(set_up_ns, old_ns, new_ns):
    """Ten pairs of one lap each, with these overheads and a little wobble."""
    return [
        Pair(
            [Lap(Block(5_000_000, old_ns - wobble), Block(1_000_000, new_ns + wobble))],
            set_up_ns,
        )
        for wobble in range(-5000, 5000, 1000)
    ]


def test_work_hidden_in_decoding_or_encoding_is_charged_when_it_is_clear():
    assert _charge_ns(pairs(0, 2_000_000, 2_000_000), 0.99, FREE_NS) == 0
    assert _charge_ns(pairs(0, 2_000_000, 6_000_000), 0.99, FREE_NS) == pytest.approx(4e6, rel=0.01)
    assert _charge_ns(pairs(0, 6_000_000, 2_000_000), 0.99, FREE_NS) == 0
    late = pairs(3 * FREE_NS, 2_000_000, 2_000_000)
    assert _charge_ns(late, 0.99, FREE_NS) == 2 * FREE_NS


def test_a_variant_that_dies_has_lost(bench, calls):
    source = "def busy(n):\n    while True: pass\n"
    ended = race(bench.sandbox, "busy", source, calls, terms=QUICK)
    assert ended.verdict == "failed"
    assert ended.trial(bench.variant("busy", source)).verdict == "failed"
    assert "the variant dies" in ended.reason


def test_a_fragment_that_does_not_fit_has_lost(bench, calls):
    ended = race(bench.sandbox, "busy", "def busy(m):\n    return 1\n", calls, terms=QUICK)
    assert ended.verdict == "failed"


def test_an_original_that_dies_gives_no_verdict(bench):
    ended = race(bench.sandbox, "busy", FORMULA, bench.calls((10**9,)), terms=QUICK)
    assert ended.verdict == "failed"
    assert "original dies" in ended.reason


def test_the_trial_carries_the_figures(bench, calls):
    ended = race(bench.sandbox, "busy", FORMULA, calls, terms=QUICK)
    trial = ended.trial(bench.variant("busy", FORMULA))
    assert (trial.gate, trial.verdict, trial.checks) == ("race", "passed", ended.gain.n)
    assert trial.detail == ended.reason
    assert trial.measurements["calls"] >= len(calls)


def test_a_cache_is_worth_its_real_repeats_only(bench):
    """Eight different calls, long enough each: a cache must not gain from our repeating them."""
    cached = (
        "import functools\n\n\n@functools.cache\ndef busy(n):\n    total = 0\n"
        "    for number in range(400 * n):\n        total += number\n    return total\n"
    )
    different = bench.calls(*[(n,) for n in range(1, 9)])
    ended = race(bench.sandbox, "busy", cached, different, terms=QUICK)
    assert ended.gain.low < 1.5
    repeating = bench.calls(*[(7,)] * 60)
    assert race(bench.sandbox, "busy", cached, repeating, terms=QUICK).verdict == "faster"


def test_a_loss_on_one_size_class_is_harm(bench):
    source = """def busy(n):
    total = 0
    for number in range(400 * n if n > 3 else 40000):
        total += number
    return 0 if n <= 3 else total
"""
    calls = bench.calls(*[(n,) for n in (1, 2, 3, 40, 50, 60)])
    done = harm(bench.sandbox, "busy", source, calls)
    assert "as long (class 1 of 2, cheapest first)" in done.words
    assert harm(bench.sandbox, "busy", FORMULA, calls).words == ""


def test_size_classes_follow_the_cost_and_keep_order_and_repeats(bench):
    calls = bench.calls(*[(n,) for n in (40, 1, 2, 50, 60, 3, 40, 1)])
    load = plan(bench.sandbox, "busy", calls)
    small, large = size_classes(load)
    assert small == tuple(bench.calls((1,), (2,), (3,), (1,)))
    assert large == tuple(bench.calls((40,), (50,), (60,), (40,)))


def test_tiny_workloads_are_repeated_and_slow_ones_are_cut(bench):
    assert plan(bench.sandbox, "fib", bench.calls((3,), (4,))).passes > 10
    slow = plan(bench.sandbox, "busy", bench.calls(*[(4000,)] * 50))
    assert slow.passes == 1
    assert 1 <= len(slow.calls) < 50


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("def f(x):\n    return x\n", False),
        ("import re\n_X = 3\n_S = frozenset((1, 2))\ndef f(x):\n    return x\n", False),
        ("import functools\n@functools.cache\ndef f(x):\n    return x\n", True),
        ("_C = {}\ndef f(x):\n    return x\n", True),
        ("def f(x, known={}):\n    return x\n", True),
        ("def f(x, *, known=[]):\n    return x\n", True),
        ("def f(x, n=3):\n    return x\n", False),
        ("def f(self):\n    self.x = 1\n", True),
    ],
)
def test_what_may_remember(source, answer):
    assert remembers(source) is answer


@pytest.mark.parametrize(
    ("freedom", "value"), [(1, 63.657), (2, 9.925), (3, 5.841), (4, 4.604), (23, 2.807)]
)
def test_the_quantile_of_student(freedom, value):
    assert t_quantile(0.995, freedom) == pytest.approx(value, abs=6e-4)


def test_the_interval_of_a_centre_holds_it():
    values = [1.0, 1.1, 0.9, 1.05, 0.95, 5.0]
    middle, low, high = interval(values)
    assert low <= middle <= high
    assert interval([2.0]) == (2.0, -math.inf, math.inf)
    assert interval([2.0] * 12) == (2.0, 2.0, 2.0)


def test_an_outlier_does_not_widen_an_interval():
    values = [0.01 * wobble for wobble in range(-12, 12)]
    middle, low, high = interval([*values[:-1], 50.0])
    assert -0.12 <= low < middle < high < 0.12


@pytest.mark.parametrize("draw", ["normal", "heavy", "outliers"])
@pytest.mark.parametrize("count", [3, 6, 9, 10, 12, 24])
def test_an_interval_misses_no_more_often_than_it_says(draw, count):
    """Of 2000 at 99 %, twenty are expected; 37 or more would be one chance in 4000."""
    chance = Random(count)
    tails = {
        "normal": lambda: chance.gauss(0, 1),
        "heavy": lambda: chance.gauss(0, 1) / max(0.05, abs(chance.gauss(0, 1))),
        "outliers": lambda: chance.gauss(0, 20 if chance.random() < 0.1 else 1),
    }[draw]
    found = [interval([tails() for _ in range(count)]) for _ in range(2000)]
    assert sum(not low <= 0 <= high for _, low, high in found) < 37


def test_looks_share_the_error_between_them():
    assert [look.pairs for look in looks(6, 24)] == [6, 12, 24]
    assert sum(1 - look.confidence for look in looks(6, 24)) == pytest.approx(0.01)
    assert [look.pairs for look in looks(5, 12)] == [5, 10, 12]
    assert looks(4, 4) == ((4, 0.99),)


def test_a_block_that_was_read_wrong_does_not_move_a_pair():
    laps = [Lap(Block(500_000, 0), Block(250_000, 0)) for _ in range(5)]
    laps.append(Lap(Block(1, 0), Block(250_000, 0)))
    assert Pair(laps, 0).ratio(0.0) == 2.0


def test_what_a_request_costs_is_taken_off_both_sides():
    laps = [Lap(Block(510_000, 0), Block(60_000, 0))] * 6
    assert Pair(laps, 0).ratio(0.0, idle_ns=10_000) == 10.0
    assert Pair(laps, 0).ratio(50_000.0, idle_ns=10_000) == 5.0


def test_a_candidate_runs_where_its_race_is_and_this_thread_returns(bench, calls):
    before = os.sched_getaffinity(0)
    with on_core(min(before)), bench.sandbox.candidate("busy", None) as candidate:
        follow(candidate)
        assert os.sched_getaffinity(0) == os.sched_getaffinity(candidate.pid) == {min(before)}
        assert candidate.call(calls[0]).kind == "returned"
    assert os.sched_getaffinity(0) == before


def test_a_race_without_time_is_never_won_on_one_pair(bench, calls):
    """The first pairs may take longer than the budget, or there would be nothing to judge by."""
    ended = race(bench.sandbox, "busy", FORMULA, calls, terms=Terms(budget_s=1e-9))
    assert ended.verdict == "undecided"
    assert ended.gain.low == 0.0
    patient = race(bench.sandbox, "busy", FORMULA, calls, terms=Terms(budget_s=1.0))
    assert patient.gain.n >= 2
