"""A campaign shares one budget by weight, keeps what each turn came to, and can be gone on with."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from codegenesis.config import Config, load
from codegenesis.core.budget import Budget, Meter
from codegenesis.errors import StoreError, TargetError, UsageError
from codegenesis.lifecycle.campaigns import runs
from codegenesis.lifecycle.campaigns.campaign import LEAST_S, Attempt, Campaign
from codegenesis.lifecycle.campaigns.runs import Keeper
from codegenesis.model import RunStep
from codegenesis.store import Store

FOUND = Attempt(state="found", reason="better", variant="v1", trials=7)
NOTHING = Attempt(state="nothing", reason="as good as it gets", trials=3)


class Clock:
    """Seconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Hands:
    """Does what it is told for each function, and remembers what it was given."""

    def __init__(self, what: Callable[[RunStep], Attempt]) -> None:
        self._what = what
        self.turns: list[str] = []
        self.shares: list[Budget] = []
        self.cancelled = threading.Event()

    def attempt(self, step: RunStep, share: Budget) -> Attempt:
        self.turns.append(step.target)
        self.shares.append(share)
        return self._what(step)

    def cancel(self) -> None:
        self.cancelled.set()


class Eyes:
    """Sees what happens."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def begins(self, step: RunStep, share: Budget) -> None:
        self.seen.append(f"begins {step.target}")

    def ended(self, step: RunStep, attempt: Attempt) -> None:
        self.seen.append(f"{attempt.state} {step.target}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store" / "genesis.db") as opened:
        yield opened


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return settings(tmp_path)


def settings(start: Path, **given: object) -> Config:
    return load(start=start, environ={}, overrides=given)


def begun(store: Store, config: Config, *names: str) -> Keeper:
    keeper = runs.begin(store, config, command="evolve", targets=["m"], options={"inputs": "x"})
    keeper.plan(RunStep(run="", position=n, target=name) for n, name in enumerate(names))
    return keeper


def campaign(keeper, worker, *, meter=None, eyes=None, weights=None) -> Campaign:
    meter = meter or Meter(Budget())
    eyes = eyes or Eyes()
    return Campaign(keeper, meter, worker, eyes, weights=weights or {}, grace_s=0.2)


def test_every_function_has_its_turn_in_order_and_what_came_of_it_is_kept(store, config):
    keeper, eyes = begun(store, config, "a", "b"), Eyes()
    meter = Meter(Budget())
    meter.spend(usd=0.5)  # as whoever asks a paid model does
    hands = Hands(lambda step: FOUND if step.target == "a" else NOTHING)
    campaign(keeper, hands, eyes=eyes, meter=meter).run()
    assert eyes.seen == ["begins a", "found a", "begins b", "nothing b"]
    kept = store.runs.steps(keeper.run.id)
    assert [(s.target, s.state, s.variant, s.trials) for s in kept] == [
        ("a", "found", "v1", 7),
        ("b", "nothing", "", 3),
    ]
    run = store.runs.one(keeper.run.id)
    assert (run.state, run.trials, run.usd) == ("finished", 10, 0.5)
    assert run.ended_ns >= run.started_ns


def test_shares_go_by_weight_and_what_is_not_used_goes_to_the_others(store, config):
    clock = Clock()
    meter = Meter(Budget(seconds=100, trials=300), clock=clock)

    def five_seconds(_step: RunStep) -> Attempt:
        clock.now += 5
        return NOTHING

    hands = Hands(five_seconds)
    keeper = begun(store, config, "a", "b", "c")
    campaign(keeper, hands, meter=meter, weights={0: 3.0, 1: 1.0, 2: 1.0}).run()
    assert [share.seconds for share in hands.shares] == [60, 47.5, 90]
    assert [share.trials for share in hands.shares] == pytest.approx([180, 148.5, 294])
    assert all(math.isinf(share.usd) for share in hands.shares)


def test_no_share_is_too_small_to_prove_anything_while_there_is_that_much(store, config):
    keeper = begun(store, config, *"abcdefghij")
    plenty = campaign(keeper, Hands(lambda _: NOTHING), meter=Meter(Budget(seconds=10)))
    assert plenty.share().seconds == LEAST_S
    little = campaign(keeper, Hands(lambda _: NOTHING), meter=Meter(Budget(seconds=1)))
    assert little.share().seconds <= 1


def test_a_budget_that_is_spent_leaves_the_rest_for_another_sitting(store, tmp_path):
    keeper = begun(store, settings(tmp_path, budget="12trials"), "a", "b", "c")
    first = Hands(lambda _: msgspec.structs.replace(NOTHING, trials=6))
    campaign(keeper, first, meter=Meter(runs.remaining(keeper.run))).run()
    assert first.turns == ["a", "b"]
    assert store.runs.one(keeper.run.id).state == "stopped"

    with pytest.raises(UsageError, match="12trials\\) is spent"):
        runs.resume(store, settings(tmp_path), command="evolve")
    again = runs.resume(store, settings(tmp_path, budget="5trials"), command="evolve")
    assert runs.remaining(again.run).trials == 5
    second = Hands(lambda _: FOUND)
    campaign(again, second, meter=Meter(runs.remaining(again.run))).run()
    assert second.turns == ["c"]
    run = store.runs.one(keeper.run.id)
    assert (run.state, run.trials) == ("finished", 19)


def test_seconds_of_earlier_sittings_count(store, tmp_path):
    keeper = begun(store, settings(tmp_path, budget="1min"), "a", "b")
    clock = Clock()
    meter = Meter(Budget(seconds=60), clock=clock)
    clock.now = 45
    keeper.keep(meter, state="stopped")
    again = runs.resume(store, settings(tmp_path), command="evolve")
    assert runs.remaining(again.run).seconds == 15


def test_stopping_keeps_what_was_found_and_leaves_the_function_under_way(store, config):
    keeper = begun(store, config, "a", "b", "c")
    stop: list[Callable[[], None]] = []

    def stopped_at_b(step: RunStep) -> Attempt:
        if step.target == "b":
            stop[0]()
            return NOTHING
        return FOUND

    hands = Hands(stopped_at_b)
    whole = campaign(keeper, hands)
    stop.append(whole.stop)
    whole.run()
    assert whole.interrupted
    assert hands.cancelled.is_set()
    states = [(step.target, step.state) for step in store.runs.steps(keeper.run.id)]
    assert states == [("a", "found"), ("b", "planned"), ("c", "planned")]

    again = runs.resume(store, config, command="evolve")
    second = Hands(lambda _: NOTHING)
    campaign(again, second).run()
    assert second.turns == ["b", "c"]
    assert store.runs.one(keeper.run.id).state == "finished"


def test_an_attempt_that_does_not_stop_is_left_behind(store, config):
    keeper = begun(store, config, "a", "b")
    forever = threading.Event()
    hands = Hands(lambda _: NOTHING if forever.wait(60) else FOUND)
    whole = campaign(keeper, hands)
    ctrl_c = threading.Timer(0.1, whole.stop)
    ctrl_c.start()
    whole.run()
    ctrl_c.join()
    forever.set()
    assert [step.state for step in keeper.steps] == ["planned", "planned"]


def test_what_ends_a_turn_with_an_error_ends_the_run_and_it_can_be_gone_on_with(store, config):
    keeper = begun(store, config, "a", "b")

    def full_disk(_step: RunStep) -> Attempt:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        campaign(keeper, Hands(full_disk)).run()
    assert store.runs.one(keeper.run.id).state == "stopped"
    assert len(runs.resume(store, config, command="evolve").left) == 2


def test_a_run_whose_process_has_died_is_gone_on_with_and_one_at_work_is_not(store, config):
    keeper = begun(store, config, "a")
    host = keeper.run.process.rpartition("-")[0]
    store.runs.put(msgspec.structs.replace(keeper.run, process=f"{host}-{2**22 + 1}"))
    assert runs.resume(store, config, command="evolve").run.id == keeper.run.id
    store.runs.put(msgspec.structs.replace(keeper.run, process=f"{host}-1"))
    with pytest.raises(UsageError, match="under way"):
        runs.resume(store, config, command="evolve")


def test_going_on_takes_the_settings_of_the_run_unless_told_otherwise(store, tmp_path):
    given = settings(tmp_path, min_gain="1.5", seed="7", tests="a,b", budget="5min")
    keeper = begun(store, given, "a")
    assert keeper.run.settings == {"min_gain": "1.5", "seed": "7", "tests": "a,b"}
    later = settings(tmp_path, seed="9")
    taken = runs.settings_of(keeper.run, later)
    assert (taken.min_gain, taken.seed, taken.tests) == (1.5, 9, ("a", "b"))
    assert taken.directory == later.directory


def test_runs_that_are_not_there_are_told(store, config):
    with pytest.raises(TargetError, match="no run of `evolve`"):
        runs.resume(store, config, command="evolve")
    keeper = begun(store, config, "a")
    with pytest.raises(TargetError, match="a run of evolve"):
        runs.resume(store, config, command="fix", run_id=keeper.run.id)
