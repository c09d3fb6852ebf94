"""The statistics behind a canary hold at every look, not only at the last."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegenesis.delivery.anytime import (
    Moments,
    confidence_sequence,
    log_capital,
    log_capital_fair_coin,
)

STAKES = (0.1, 0.5, 0.9)


def moments_of(values: list[float]) -> Moments:
    moments = Moments()
    for value in values:
        moments.add(value)
    return moments


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_running_moments_are_those_of_the_whole_list(values: list[float]) -> None:
    moments = moments_of(values)
    assert moments.n == len(values)
    assert moments.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-6)
    assert moments.deviation == pytest.approx(statistics.pstdev(values), rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("values", [[], [3.0]])
def test_nothing_is_known_before_the_second_value(values: list[float]) -> None:
    interval = confidence_sequence(moments_of(values), alpha=0.05, tuned_for=400)
    assert interval == (-math.inf, math.inf)


def test_the_interval_has_the_width_of_the_published_theorem() -> None:
    moments = moments_of([-1.0, 1.0] * 200)
    low, high = confidence_sequence(moments, alpha=0.05, tuned_for=400)
    # Theorem 2.2 with t = 400, sigma = 1 and rho^2 = (-2 log a + log(-2 log a) + 1) / t.
    rho2 = (-2 * math.log(0.05) + math.log(-2 * math.log(0.05)) + 1) / 400
    t = 400
    radius = math.sqrt(
        2 * (t * rho2 + 1) / (t**2 * rho2) * math.log(math.sqrt(t * rho2 + 1) / 0.05)
    )
    assert (low, high) == (pytest.approx(-radius), pytest.approx(radius))


def test_the_true_mean_stays_inside_at_every_look_as_often_as_promised() -> None:
    chance = random.Random(1)
    left = 0
    for _ in range(300):
        moments = Moments()
        for n in range(1, 601):
            moments.add(chance.lognormvariate(0.0, 0.4) - math.exp(0.08) + 1.0)
            if n >= 50:
                low, high = confidence_sequence(moments, alpha=0.05, tuned_for=200)
                if not low <= 1.0 <= high:
                    left += 1
                    break
    assert left <= 300 * 0.05


def test_capital_does_not_grow_when_the_bet_is_fair() -> None:
    chance = random.Random(2)
    ruined_null = 0
    for _ in range(400):
        counts = {1.0: 0, -0.25: 0}
        for _ in range(400):
            counts[1.0 if chance.random() < 0.2 else -0.25] += 1
            if log_capital(counts.items(), STAKES) > math.log(20):
                ruined_null += 1
                break
    assert ruined_null <= 400 * 0.05


def test_capital_grows_when_the_mean_is_above_zero() -> None:
    assert log_capital([(1.0, 90), (-0.25, 110)], STAKES) > math.log(1000)
    assert log_capital([(1.0, 20), (-0.25, 180)], STAKES) < 0


def test_no_evidence_is_no_capital() -> None:
    assert log_capital([(1.0, 0), (-1.0, 0)], STAKES) == pytest.approx(0.0)
    assert log_capital_fair_coin(0, 0) == pytest.approx(0.0)


def test_betting_on_everything_never_loses_it_all() -> None:
    assert math.isfinite(log_capital([(1.0, 0), (-1.0, 10_000)], STAKES))


def test_a_coin_that_only_shows_heads_is_soon_not_fair() -> None:
    assert log_capital_fair_coin(12, 0) == pytest.approx(math.log(2**12 / 13))
    assert log_capital_fair_coin(12, 0) == log_capital_fair_coin(0, 12)
    assert log_capital_fair_coin(50, 50) < 0
