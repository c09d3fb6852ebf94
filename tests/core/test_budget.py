"""Budgets: what may be spent, and when it is spent."""

from __future__ import annotations

import math
import random
import threading

import pytest

from codegenesis.core.budget import Budget, Meter
from codegenesis.errors import BudgetSpentError, UsageError


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("10min", Budget(seconds=600)),
        ("90 s", Budget(seconds=90)),
        ("1.5h", Budget(seconds=5400)),
        ("500trials", Budget(trials=500)),
        ("2usd", Budget(usd=2)),
        ("1h, 2USD,10 trials", Budget(seconds=3600, usd=2, trials=10)),
        ("50ktokens", Budget(tokens=50_000)),
        ("1.5mtokens,1call", Budget(tokens=1_500_000, calls=1)),
        ("300 tokens, 100calls", Budget(tokens=300, calls=100)),
    ],
)
def test_budgets_are_written_as_people_say_them(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget


@pytest.mark.parametrize("text", ["", "10", "min", "0s", "-3s", "10min,5s", "3 apples", "1e3s"])
def test_what_is_no_budget_says_how_one_looks(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Budget.parse(text)
    assert "--budget" in caught.value.remedy


def test_a_meter_says_which_limit_ended_the_run() -> None:
    now = [0.0]
    meter = Meter(Budget(seconds=10, trials=3, usd=1), clock=lambda: now[0])
    assert meter.over == ""
    meter.spend(trials=3)
    assert "trials" in meter.over
    assert meter.left_trials == 0
    meter = Meter(Budget(seconds=10), clock=lambda: now[0])
    now[0] = 10.0
    assert "10 s" in meter.over
    assert meter.left_s == 0
    assert math.isinf(meter.left_trials)
    meter = Meter(Budget(usd=1), clock=lambda: now[0])
    meter.spend(usd=1.5)
    assert "USD" in meter.over
    meter = Meter(Budget(), clock=lambda: now[0])
    meter.cancel("interrupted")
    assert meter.over == "interrupted"


def test_the_smaller_of_two_budgets_holds() -> None:
    both = Budget(seconds=5, trials=9, calls=2).within(Budget(seconds=7, usd=1, tokens=3))
    assert both == Budget(seconds=5, trials=9, usd=1, tokens=3, calls=2)


def test_money_alone_ends_nothing_where_nothing_is_paid_for() -> None:
    minute = Budget(seconds=60)
    assert Budget(usd=2).ended_by(minute) == Budget(seconds=60, usd=2)
    assert Budget(trials=5).ended_by(minute) == Budget(trials=5)
    assert Budget(seconds=5).ended_by(minute) == Budget(seconds=5)


def test_what_is_held_counts_until_it_is_settled() -> None:
    meter = Meter(Budget(usd=1, tokens=100))
    hold = meter.reserve(usd=0.6, tokens=60)
    assert (meter.usd, meter.tokens, meter.calls) == (0, 0, 0)
    hold.settle(usd=0.2, tokens=30)
    hold.settle(usd=0.6, tokens=60)  # only the first time counts
    assert (meter.usd, meter.tokens, meter.calls) == (0.2, 30, 1)
    with meter.reserve(usd=0.8, tokens=70):
        pass  # not settled: nothing was spent
    assert (meter.usd, meter.tokens, meter.calls) == (0.2, 30, 1)
    meter.reserve(usd=0.8, tokens=70).settle(usd=9, tokens=999)
    assert (meter.usd, meter.tokens) == (1.0, 100)  # no more than was held
    assert "USD" in meter.over


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"usd": 1.1}, "1 of its 1 USD"),
        ({"tokens": 101}, "100 of its 100 tokens"),
        ({"calls": 3}, "2 calls"),
    ],
)
def test_what_never_fits_is_refused_at_once(asked: dict[str, int], words: str) -> None:
    meter = Meter(Budget(usd=1, tokens=100, calls=2))
    with pytest.raises(BudgetSpentError, match=words):
        meter.reserve(**asked)
    assert meter.over == ""
    meter.exhaust("too little is left")
    assert meter.over == "too little is left"


def test_what_fits_only_later_waits_for_others() -> None:
    meter = Meter(Budget(tokens=100))
    first = meter.reserve(tokens=80)
    got: list[float] = []

    def second() -> None:
        with meter.reserve(tokens=50):
            got.append(meter.tokens)

    waiting = threading.Thread(target=second)
    waiting.start()
    first.settle(tokens=20)
    waiting.join()
    assert got == [20]


def test_whoever_waits_can_be_called_off_and_ends_with_the_budget() -> None:
    meter = Meter(Budget(tokens=100))
    meter.reserve(tokens=80)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(BudgetSpentError, match="cancelled"):
        meter.reserve(tokens=50, cancelled=cancelled)
    meter.cancel("interrupted")
    with pytest.raises(BudgetSpentError, match="interrupted"):
        meter.reserve(tokens=50)


def test_parallel_calls_never_spend_more_than_there_is() -> None:
    meter = Meter(Budget(usd=2, tokens=5000, calls=400))
    lock, spent = threading.Lock(), {"tokens": 0, "calls": 0}

    def work(seed: int) -> None:
        rng = random.Random(seed)
        while not meter.over:
            worst = rng.randrange(1, 60)
            try:
                hold = meter.reserve(usd=worst / 1000, tokens=worst)
            except BudgetSpentError as error:
                meter.exhaust(str(error))
                return
            real = rng.randrange(worst + 1)
            with lock:
                spent["tokens"] += real
                spent["calls"] += 1
            hold.settle(usd=real / 1000, tokens=real)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert meter.over
    assert (meter.tokens, meter.calls) == (spent["tokens"], spent["calls"])
    assert meter.tokens <= 5000
    assert meter.calls <= 400
    assert meter.usd <= 2 + 1e-9
