"""Segments and rewards in the life of a release."""

from __future__ import annotations

from canary_data import calls, sample
from release_house import SECOND, House

from codegenesis.delivery.canary import LATE_NS
from codegenesis.model import Arm, Release, Reward


def rewarded(house: House, release: Release, arm: Arm, count: int, **fields: object) -> None:
    """So many uses that met the canary in this arm were rewarded with 1."""
    known = {"service": "shop", "process": "p", "value": 1.0, "at_ns": house.now_ns, **fields}
    reward = Reward(**{"arms": {release.id: arm}, **known})  # type: ignore[arg-type]
    house.store.rewards.add([reward] * count)


def test_a_release_whose_uses_are_worth_less_is_rolled_back_however_fast_it_is(
    house: House,
) -> None:
    release = house.in_canary()
    house.store.add_samples(calls(2000, cost=0.3, release=release.id))
    rewarded(house, release, "control", 100)
    rewarded(house, release, "variant", 20)
    release = house.step(release)
    assert release.stage == "rolled_back"
    assert release.reason.startswith("its uses are worth less: reward is good in 20")
    assert "times as fast" in release.reason
    assert house.record("event")[-1]["name"] == "rolled_back"


def test_rewards_of_another_service_and_of_another_release_do_not_matter(house: House) -> None:
    release = house.in_canary()
    house.store.add_samples(calls(2000, cost=0.3, release=release.id))
    rewarded(house, release, "control", 300, service="other")
    rewarded(house, release, "control", 300, arms={"another": "control"})
    rewarded(house, release, "control", 300, arms={"another": "control"})
    assert house.step(release).stage == "live"


def test_a_promotion_waits_for_rewards_where_there_are_some(house: House) -> None:
    release = house.in_canary()
    house.store.add_samples(calls(2000, cost=0.3, release=release.id))
    rewarded(house, release, "control", 10)
    rewarded(house, release, "variant", 10)
    assert house.step(release).stage == "canary"
    judgement = house.delivery.judgement(release.id)
    assert judgement is not None
    assert judgement.reason.startswith("40 more pairs of rewarded uses are waited for; better")
    rewarded(house, release, "control", 40)
    rewarded(house, release, "variant", 40)
    assert house.step(release).stage == "live"


def test_it_does_not_wait_for_rewards_for_ever(house: House) -> None:
    release = house.in_canary()
    house.store.add_samples(calls(2000, cost=0.3, release=release.id))
    rewarded(house, release, "control", 10)
    assert house.step(release).stage == "canary"
    house.now_ns += int(house.config.canary_s * 0.6 * SECOND)
    assert house.step(release).stage == "live"


def test_rewards_that_come_late_still_count_against_it(house: House) -> None:
    release = house.in_canary()
    house.store.add_samples(calls(2000, cost=0.3, release=release.id))
    release = house.step(release)
    assert release.stage == "live"
    rewarded(house, release, "control", 100)
    release = house.step(release)
    assert release.stage == "rolled_back"
    assert release.reason.startswith("its uses are worth less")


def test_rewards_of_long_ago_are_not_looked_at_any_more(house: House) -> None:
    release = house.live()
    house.now_ns += LATE_NS + SECOND
    rewarded(house, release, "control", 100)
    assert house.step(release).stage == "live"


def test_what_was_rewarded_is_counted_again_after_a_restart(house: House) -> None:
    release = house.in_canary()
    rewarded(house, release, "control", 15)
    assert house.step(release).stage == "canary"
    house.configure()
    rewarded(house, release, "control", 15)
    assert house.step(release).stage == "rolled_back"


def test_what_uses_were_worth_is_a_trait_of_the_variant(house: House) -> None:
    release = house.in_canary()
    rewarded(house, release, "control", 10, name="checkout")
    rewarded(house, release, "variant", 10, name="checkout", value=2.0)
    house.step(release)
    traits = house.store.traits(release.gene, variant=release.variant)
    (trait,) = (each for each in traits if each.name == "canary_reward:checkout")
    assert (trait.value, trait.n) == (1.0, 10)
    assert trait.low <= 1.0 <= trait.high


def test_a_segment_that_it_is_slower_for_is_named_with_the_promotion(house: House) -> None:
    release = house.in_canary()
    slow = [
        sample(arm, cpu, release=release.id, segment="pro")
        for _ in range(150)
        for arm, cpu in (("control", 1_000_000), ("variant", 3_000_000 + _ * 1000))
    ]
    house.store.add_samples(slow)
    house.store.add_samples(calls(6000, cost=0.2, release=release.id))
    release = house.step(release)
    assert release.stage == "live"
    assert "; worse for segment pro: slower: 0.3" in release.reason


def test_a_canary_of_sticky_keys_counts_keys(house: House) -> None:
    release = house.in_canary()
    few = [
        sample(arm, cpu, release=release.id, key=f"{arm}{n % 20}")
        for n in range(1000)
        for arm, cpu in (("control", 3000), ("variant", 1000 + n))
    ]
    house.store.add_samples(few)
    assert house.step(release).stage == "canary"
    judgement = house.delivery.judgement(release.id)
    assert judgement is not None
    assert judgement.pairs == 20
