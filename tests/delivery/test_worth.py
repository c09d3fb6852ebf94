"""What uses were worth may roll a canary back; chance does not."""

from __future__ import annotations

import random

import pytest

from codegenesis.delivery.sequential import Rule
from codegenesis.delivery.worth import NAMES, PATIENCE, Worth
from codegenesis.model import Arm, Reward

RULE = Rule().for_attempt(1)


def reward(arm: Arm, value: float = 1.0, **fields: object) -> Reward:
    known = {"service": "s", "process": "p", "at_ns": 0, "arms": {"r": arm}, **fields}
    return Reward(value=value, **known)  # type: ignore[arg-type]


def worth_of(*rewards: Reward, weight: float = 0.5) -> Worth:
    worth = Worth("r", weight=weight, rule=RULE)
    for each in rewards:
        worth.add(each)
    return worth


def spent(chance: random.Random, arm: Arm, mean: float, **fields: object) -> Reward:
    return reward(arm, mean * chance.lognormvariate(0.0, 0.8), **fields)


def test_uses_that_are_worth_less_speak_against_it() -> None:
    chance = random.Random(1)
    worth = worth_of(
        *(spent(chance, arm, 10 if arm == "control" else 4) for _ in range(300) for arm in ARMS)
    )
    assert worth.worse().startswith("its uses are worth less: reward ")
    (found,) = worth.comparisons()
    assert found.pairs == 300
    assert found.control > found.variant
    assert found.low < found.difference < found.high < 0


ARMS: tuple[Arm, Arm] = ("control", "variant")


def test_uses_that_are_worth_more_say_nothing() -> None:
    chance = random.Random(1)
    worth = worth_of(
        *(spent(chance, arm, 4 if arm == "control" else 10) for _ in range(300) for arm in ARMS)
    )
    assert worth.worse() == ""
    assert worth.comparisons()[0].low > 0


@pytest.mark.parametrize(
    ("value", "control", "variant", "worse"),
    [(1, 90, 30, True), (1, 30, 90, False), (-1, 30, 90, True), (-1, 90, 30, False)],
)
def test_where_all_rewards_are_alike_their_number_tells(
    value: float, control: int, variant: int, worse: bool
) -> None:
    worth = worth_of(*[reward("control", value)] * control, *[reward("variant", value)] * variant)
    assert bool(worth.worse()) == worse


def test_the_number_is_held_against_the_weight_of_the_canary() -> None:
    rewards = [reward("control")] * 180 + [reward("variant")] * 20
    assert worth_of(*rewards, weight=0.1).worse() == ""
    assert "is good in 20 and bad in 0 of them" in worth_of(*rewards, weight=0.5).worse()


def test_rewards_of_one_user_are_one_piece_of_evidence() -> None:
    heavy = [reward("control", key="a")] * 500
    assert worth_of(*heavy).worse() == ""
    assert worth_of(*heavy, *[reward("control", trace="b")] * 500).worse() == ""
    assert worth_of(*[reward("control")] * 500).worse()


def test_rewards_of_uses_that_did_not_meet_the_canary_are_none_of_its() -> None:
    other = reward("variant", arms={"another": "variant"})
    worth = worth_of(*[other] * 500, reward("control"), reward("variant", float("nan")))
    assert [each.pairs for each in worth.comparisons()] == [0]


def test_each_name_is_judged_by_itself_and_their_number_is_bounded() -> None:
    good = [reward(arm, 1.0, name="visit") for _ in range(200) for arm in ARMS]
    bad = [reward("control", name="checkout")] * 100
    assert (
        worth_of(*good, *bad).worse().startswith("its uses are worth less: checkout is good in 0")
    )
    many = worth_of(*(reward("control", name=f"name{n}") for n in range(10 * NAMES)))
    assert len(many.comparisons()) == NAMES


def test_a_segment_whose_rewards_are_worse_is_named_although_the_whole_is_not() -> None:
    fine = [reward("control", segment="free"), reward("variant", segment="free")] * 300
    poor = [reward("control", segment="pro")] * 40
    better = [reward("variant", segment="team")] * 40
    worth = worth_of(*fine, *poor, *better)
    assert worth.worse() == ""
    assert [segment for segment, _ in worth.regressions()] == ["pro"]


def test_pairs_are_waited_for_only_where_there_are_rewards() -> None:
    assert worth_of().pending == 0
    some = [reward(arm) for _ in range(10) for arm in ARMS]
    assert worth_of(*some).pending == RULE.reward_pairs - 10
    assert worth_of(*some * 10).pending == 0


def test_users_whose_rewards_do_not_differ_roll_nothing_back() -> None:
    """Skewed, sticky, of uneven activity, looked at after every tenth reward."""
    for seed in range(15):
        chance = random.Random(seed)
        arms = [chance.choice(ARMS) for _ in range(500)]
        purses = [chance.lognormvariate(0.0, 1.0) for _ in arms]
        activity = [chance.paretovariate(1.1) for _ in arms]
        worth = worth_of()
        users = chance.choices(range(len(arms)), weights=activity, k=1500)
        for number, user in enumerate(users):
            worth.add(spent(chance, arms[user], purses[user], key=str(user)))
            assert number % 10 or not worth.worse()
        assert worth.comparisons()[0].pairs > PATIENCE
