"""Budgets: what may be spent, and when it is spent."""

from __future__ import annotations

import math

import pytest

from codegenesis.core.budget import Budget, Meter
from codegenesis.errors import UsageError


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("10min", Budget(seconds=600)),
        ("90 s", Budget(seconds=90)),
        ("1.5h", Budget(seconds=5400)),
        ("500trials", Budget(trials=500)),
        ("2usd", Budget(usd=2)),
        ("1h, 2USD,10 trials", Budget(seconds=3600, usd=2, trials=10)),
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
    both = Budget(seconds=5, trials=9).within(Budget(seconds=7, usd=1))
    assert both == Budget(seconds=5, trials=9, usd=1)


def test_money_alone_ends_nothing_where_nothing_is_paid_for() -> None:
    minute = Budget(seconds=60)
    assert Budget(usd=2).ended_by(minute) == Budget(seconds=60, usd=2)
    assert Budget(trials=5).ended_by(minute) == Budget(trials=5)
    assert Budget(seconds=5).ended_by(minute) == Budget(seconds=5)
