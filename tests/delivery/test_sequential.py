"""When the rule promotes, when it rolls back, and when it keeps waiting."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from canary_data import calls, sample

from codegenesis.config import Config
from codegenesis.delivery import Judgement, Rule, Tally, judge
from codegenesis.delivery.policy import rule_for
from codegenesis.model import Release

KNOWN = {"builtins.KeyError"}
PURE = Rule(retried=True)
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "canary_simulation.py"


def verdict(
    rule: Rule = PURE, *, objective: str = "speed", count: int = 4000, **what: float
) -> str:
    return judgement(rule, objective=objective, count=count, **what).verdict


def judgement(
    rule: Rule = PURE, *, objective: str = "speed", count: int = 4000, **what: float
) -> Judgement:
    """The first verdict that is not "wait", read every 20 calls; else the last reading."""
    tally = Tally(warm_up=rule.warm_up)
    reading = judge(tally, rule=rule)
    for number, call in enumerate(calls(count, **what), 1):  # type: ignore[arg-type]
        tally.add(call)
        if number % 20 == 0:
            reading = judge(tally, rule=rule, objective=objective, known_errors=KNOWN)  # type: ignore[arg-type]
            if reading.verdict != "wait":
                break
    return reading


def test_a_variant_twice_as_fast_is_promoted_with_its_figures_in_words() -> None:
    reading = judgement(cost=0.5)
    assert reading.verdict == "promote"
    assert reading.pairs >= 400
    assert 1.02 < reading.low < reading.gain < reading.high
    assert reading.gain == pytest.approx(2.0, rel=0.1)
    assert reading.variant_slow < reading.control_slow
    assert f"{reading.gain:.3g} times as fast" in reading.reason
    assert f"{reading.pairs} pairs" in reading.reason


def test_the_figures_can_be_written_as_json() -> None:
    for reading in (judge(Tally(warm_up=10), rule=PURE), judgement(cost=0.5, count=200)):
        assert json.loads(msgspec.json.encode(reading))["verdict"] == "wait"


def test_memoisation_that_hits_most_of_the_time_is_promoted() -> None:
    rule, tally = PURE, Tally(warm_up=PURE.warm_up)
    for number, call in enumerate(calls(2000, spread=1.2)):
        hit = call.arm == "variant" and number % 10
        tally.add(msgspec.structs.replace(call, cpu_ns=200) if hit else call)
    assert judge(tally, rule=rule).verdict == "promote"


def test_no_promotion_before_the_pairs_that_are_asked_for() -> None:
    assert verdict(cost=0.1, count=780) == "wait"
    assert verdict(cost=0.1, count=1500) == "promote"


def test_what_changes_nothing_is_never_promoted() -> None:
    assert {verdict(seed=seed) for seed in range(30)} == {"wait"}


def test_a_gain_below_two_percent_is_not_worth_it() -> None:
    assert verdict(cost=0.99, spread=0.05) == "wait"


def test_a_slower_variant_is_rolled_back_early() -> None:
    reading = judgement(cost=2.0)
    assert reading.verdict == "roll_back"
    assert reading.reason.startswith("slower")
    assert reading.pairs < 200


def test_a_fat_tail_is_not_promoted_though_faster_on_average() -> None:
    reading = judgement(cost=0.6, fat_tail=0.2)
    assert reading.verdict == "roll_back"
    assert reading.reason.startswith("too many slow calls")


def test_faster_on_most_calls_but_dearer_in_total_is_not_promoted() -> None:
    tally = Tally(warm_up=PURE.warm_up)
    for number in range(4000):
        large = number % 50 == 0
        control = 1_000_000 if large else 1000 + number % 7
        variant = 1_900_000 if large else 500 + number % 5
        tally.extend([sample("control", control), sample("variant", variant)])
    reading = judge(tally, rule=PURE)
    assert reading.low > 1.5
    assert reading.verdict == "wait"
    assert "a gain above" in reading.reason


def test_one_call_that_only_the_variant_fails_rolls_it_back() -> None:
    tally = Tally(warm_up=10)
    tally.add(sample("variant", error="builtins.KeyError", regression=True))
    reading = judge(tally, rule=PURE, known_errors=KNOWN)
    assert reading.verdict == "roll_back"
    assert "where the old code returns" in reading.reason


def test_an_exception_type_never_seen_before_rolls_back_a_gene_whose_calls_are_not_retried() -> (
    None
):
    tally = Tally(warm_up=10)
    tally.add(sample("variant", error="builtins.RuntimeError"))
    assert judge(tally, rule=Rule(), known_errors=KNOWN).verdict == "roll_back"
    assert judge(tally, rule=Rule(), known_errors={"builtins.RuntimeError"}).verdict == "wait"
    assert judge(tally, rule=PURE, known_errors=KNOWN).verdict == "wait"
    tally.add(sample("control", error="builtins.RuntimeError"))
    assert judge(tally, rule=Rule(), known_errors=KNOWN).verdict == "wait"


def test_more_errors_of_a_known_type_roll_back() -> None:
    reading = judgement(Rule(), cost=0.8, variant_errors=0.05)
    assert reading.verdict == "roll_back"
    assert "fails more often" in reading.reason


def test_without_retries_400_flawless_pairs_do_not_prove_half_a_point() -> None:
    assert verdict(Rule(), cost=0.3, count=1600) == "wait"
    assert verdict(Rule(), cost=0.3, count=4000) == "promote"
    assert verdict(PURE, cost=0.3, count=1600) == "promote"


def test_healing_is_promoted_when_the_errors_stop() -> None:
    assert verdict(objective="heal", control_errors=0.05, count=2000) == "promote"


def test_healing_is_promoted_when_errors_become_rarer_beyond_doubt() -> None:
    what = {"control_errors": 0.3, "variant_errors": 0.05}
    assert verdict(Rule(), objective="heal", count=2000, **what) == "promote"


def test_healing_is_not_proven_where_the_old_code_does_not_fail_either() -> None:
    assert verdict(objective="heal", count=4000) == "wait"


def test_healing_may_cost_a_little_cpu_but_not_a_quarter() -> None:
    assert verdict(objective="heal", control_errors=0.05, cost=1.1, count=2000) == "promote"
    assert verdict(objective="heal", control_errors=0.05, cost=1.8, count=2000) == "roll_back"


def test_alpha_is_spent_over_the_attempts_of_a_lineage() -> None:
    spent = [Rule().for_attempt(number).alpha for number in range(1, 40)]
    assert spent[0] == Rule().alpha / 2
    assert sum(spent) <= Rule().alpha
    assert Rule(min_pairs=7).for_attempt(3).min_pairs == 7


def test_the_simulation_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    out = tmp_path / "canary.json"
    command = [sys.executable, str(BENCHMARK), "--runs", "4", "--pairs", "450", "--json", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    results = json.loads(out.read_text())["results"]
    assert len(done.stdout.splitlines()) == len(results) + 1
    assert {row["promoted"] for row in results if row["scenario"].startswith("A/A")} == {0.0}


def test_the_owners_number_of_pairs_and_the_purity_of_the_gene_shape_the_rule() -> None:
    def rule(pairs: int, *, pure: bool) -> Rule:
        times = {"created_ns": 0, "updated_ns": 0, "expires_ns": 1}
        names = {"id": "r", "gene": "s/m:f", "variant": "v", "base": "b"}
        release = Release(stage="canary", pure=pure, **names, **times)  # type: ignore[arg-type]
        return rule_for(Config(canary_pairs=pairs), release, attempt=1)

    usual, short = rule(400, pure=True), rule(40, pure=False)
    assert (usual.min_pairs, usual.warm_up, usual.retried) == (400, 100, True)
    assert (short.min_pairs, short.warm_up, short.retried) == (40, 10, False)
    assert rule(1, pure=True).warm_up == 1
