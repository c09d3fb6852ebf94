"""A tally holds what a canary has shown, without holding the canary."""

from __future__ import annotations

import math
import random
import sys

import pytest
from canary_data import calls, sample

from codegenesis.delivery import Tally
from codegenesis.delivery.tally import CANCELLED, QUEUE


def tally_of(*samples: object, warm_up: int = 100) -> Tally:
    tally = Tally(warm_up=warm_up)
    tally.extend(samples)  # type: ignore[arg-type]
    return tally


def test_the_kth_control_is_paired_with_the_kth_variant_in_whatever_order_they_come() -> None:
    tally = tally_of(
        sample("control", 100),
        sample("control", 400),
        sample("variant", 50),
        sample("variant", 100),
    )
    assert tally.pairs == 2
    assert tally.log_ratio.mean == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_calls_of_different_processes_are_never_paired() -> None:
    tally = tally_of(sample("control", process="a"), sample("variant", process="b"))
    assert tally.pairs == 0
    tally.add(sample("variant", process="a"))
    assert tally.pairs == 1


def test_unpaired_calls_of_a_small_canary_are_let_go_not_collected() -> None:
    tally = tally_of(*(sample("control", n) for n in range(1, 10 * QUEUE + 1)))
    tally.extend([sample("variant", 1)] * (2 * QUEUE))
    assert tally.pairs == QUEUE
    assert tally.calls == {"control": 10 * QUEUE, "variant": 2 * QUEUE}
    assert tally.cpu_ns["control"] == sum(range(9 * QUEUE + 1, 10 * QUEUE + 1))


def test_a_pair_with_an_error_counts_as_error_and_not_as_time() -> None:
    tally = tally_of(sample("control", 9), sample("variant", 1, error="builtins.KeyError"))
    assert tally.pairs == 1
    assert tally.log_ratio.n == 0
    assert tally.failed == {(False, True): 1}
    assert tally.share_of_errors("variant") == 1.0
    assert tally.share_of_errors("control") == 0.0
    assert tally.new_errors() == {"builtins.KeyError"}


def test_a_cancelled_call_counts_but_is_nothing_new() -> None:
    tally = tally_of(sample("control", 9), sample("variant", 1, error=CANCELLED))
    assert tally.share_of_errors("variant") == 1.0
    assert not tally.new_errors()


def test_slow_is_what_is_above_the_95th_percentile_of_the_controls_warm_up() -> None:
    costs = list(range(1, 101))
    random.Random(0).shuffle(costs)
    tally = Tally(warm_up=100)
    for cost in costs:
        tally.extend([sample("control", cost), sample("variant", 1)])
    assert tally.slow_above_ns == 95
    assert tally.slow.total() == 0
    tally.extend([sample("control", 95), sample("variant", 96)])
    assert tally.slow == {(False, True): 1}
    assert (tally.share_of_slow("control"), tally.share_of_slow("variant")) == (0.0, 1.0)


def test_a_call_of_zero_ns_is_a_time_like_any_other() -> None:
    assert tally_of(sample("control", 0), sample("variant", 0)).log_ratio.mean == 0.0


def test_its_size_does_not_grow_with_the_canary() -> None:
    def size(tally: Tally) -> int:
        waiting = sum(sys.getsizeof(queue) for queue in tally._waiting.values())
        return waiting + sys.getsizeof(tally._warm_up) + sys.getsizeof(tally.slow)

    short, long = Tally(warm_up=100), Tally(warm_up=100)
    short.extend(calls(1000))
    long.extend(calls(20_000))
    assert long.pairs > 9000
    assert size(long) <= size(short) + 1024
