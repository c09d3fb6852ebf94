"""Calls that stick to a key are one piece of evidence."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from canary_data import sample
from hypothesis import given
from hypothesis import strategies as st

from codegenesis.delivery import Rule, Tally, judge
from codegenesis.delivery.joining import CALLS, PATIENCE, Joiner
from codegenesis.model import Arm, Sample


def joined(*keys: str, **limits: int) -> list[list[int]]:
    """What a joiner makes of calls numbered 0, 1, ... with these keys."""
    joiner: Joiner[int] = Joiner(**limits)
    return [items for number, key in enumerate(keys) for items in joiner.add(key, number)]


def test_a_key_is_complete_with_its_last_call_and_heard_no_more() -> None:
    assert joined(*"ababaaab", calls=3) == [[0, 2, 4], [1, 3, 7]]


def test_a_key_that_has_gone_is_closed_when_so_many_others_came() -> None:
    assert joined(*"abcbdb", calls=3, patience=4) == [[0], [1, 3, 5]]
    assert joined(*"abcdeab", patience=3) == [[0], [1], [2], [3]]


def test_keys_are_remembered_up_to_a_limit_and_then_none_is_taken_in() -> None:
    assert joined(*"abcabc", calls=1, keys=2) == [[0], [1]]


@given(st.lists(st.sampled_from("abcdef"), max_size=60), st.integers(1, 4), st.integers(1, 9))
def test_every_key_is_evidence_once_and_by_its_first_calls(
    keys: list[str], calls: int, patience: int
) -> None:
    done = joined(*keys, calls=calls, patience=patience)
    assert max(Counter(keys[items[0]] for items in done).values(), default=0) <= 1
    for items in done:
        of_key = [number for number, key in enumerate(keys) if key == keys[items[0]]]
        assert items == of_key[: len(items)]
        assert len(items) <= calls


def keyed(arm: Arm, key: str, *cpu_ns: int, **fields: object) -> list[Sample]:
    return [sample(arm, each, key=key, **fields) for each in cpu_ns]


def test_calls_of_a_key_make_one_pair_with_those_of_another() -> None:
    tally = Tally(warm_up=100)
    tally.extend(keyed("control", "a", *[400] * CALLS))
    tally.extend(keyed("variant", "b", *[100] * CALLS))
    assert tally.pairs == 1
    assert tally.log_ratio.mean == pytest.approx(math.log(4))
    assert tally.calls == {"control": CALLS, "variant": CALLS}
    assert tally.cpu_ns == {"control": 400, "variant": 100}


def test_more_calls_of_the_same_keys_are_no_more_evidence_but_their_errors_are_seen() -> None:
    tally = Tally(warm_up=100)
    for _ in range(50):
        tally.extend(keyed("control", "a", *[400] * CALLS))
        tally.extend(keyed("variant", "b", *[100] * CALLS))
    tally.add(sample("variant", key="b", error="builtins.KeyError", regression=True))
    assert tally.pairs == 1
    assert tally.new_errors() == {"builtins.KeyError"}
    assert judge(tally, rule=Rule()).verdict == "roll_back"


def test_a_unit_has_failed_when_one_of_its_calls_did_and_is_timed_by_the_others() -> None:
    tally = Tally(warm_up=100)
    tally.extend(keyed("control", "a", *[400] * CALLS))
    tally.extend(keyed("variant", "b", *[100] * (CALLS - 1)))
    tally.add(sample("variant", 1, key="b", error="builtins.KeyError"))
    assert tally.failed == {(False, True): 1}
    assert tally.log_ratio.mean == pytest.approx(math.log(4))


def test_slow_calls_count_by_their_share_of_a_key() -> None:
    tally = Tally(warm_up=1)
    tally.extend([sample("control", 100), sample("variant", 100)])
    tally.extend(keyed("control", "a", *[100] * (CALLS // 2), *[200] * (CALLS // 2)))
    tally.extend(keyed("variant", "b", *[200] * CALLS))
    assert tally.slow == {(0.5, 1.0): 1}
    assert (tally.share_of_slow("control"), tally.share_of_slow("variant")) == (0.5, 1.0)


def test_keys_with_a_single_call_are_paired_once_they_have_gone() -> None:
    tally = Tally(warm_up=100)
    for number in range(PATIENCE + 100):
        tally.add(sample("variant" if number % 2 else "control", key=str(number)))
    assert tally.pairs == 50


def sticky(calls: int, *, seed: int, cost: float = 1.0, keys: bool = True) -> Iterator[Sample]:
    """Few users make most of the calls, each with a basket of his own, all in one arm."""
    chance = random.Random(seed)
    users = 3000
    arms: list[Arm] = [chance.choice(("control", "variant")) for _ in range(users)]
    baskets = [chance.lognormvariate(0.0, 0.7) for _ in range(users)]
    activity = [chance.paretovariate(1.1) for _ in range(users)]
    for user in chance.choices(range(users), weights=activity, k=calls):
        cpu = 1e6 * baskets[user] * chance.lognormvariate(0.0, 0.4)
        cpu *= cost if arms[user] == "variant" else 1.0
        yield sample(arms[user], int(cpu), key=str(user) if keys else "")


def verdict(samples: Iterator[Sample]) -> str:
    tally, found = Tally(warm_up=100), "wait"
    for number, each in enumerate(samples):
        tally.add(each)
        if found == "wait" and number % 100 == 0:
            found = judge(tally, rule=Rule(retried=True)).verdict
    return found


def test_sticky_users_who_meet_no_change_decide_nothing() -> None:
    assert {verdict(sticky(4000, seed=seed)) for seed in range(10)} == {"wait"}


def test_taken_as_single_calls_the_same_users_would_decide_by_chance() -> None:
    """What joining is there for; the test above would not notice if it had nothing to do."""
    assert {verdict(sticky(4000, seed=seed, keys=False)) for seed in range(10)} > {"wait"}


def test_sticky_users_still_show_a_gain_and_a_loss() -> None:
    assert verdict(sticky(8000, seed=1, cost=0.4)) == "promote"
    assert verdict(sticky(4000, seed=1, cost=2.5)) == "roll_back"
