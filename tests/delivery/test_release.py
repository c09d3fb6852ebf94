"""The life of a release, on a real store with a real ledger."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from canary_data import calls, sample
from release_house import HEALED, ORIGINAL, SECOND, WRONG, House

from codegenesis import wire
from codegenesis.config import Config
from codegenesis.delivery import Delivery, policy_digest
from codegenesis.errors import PolicyRefusedError, SandboxUnavailableError, UsageError
from codegenesis.model import (
    Gene,
    Release,
    Stage,
    Strength,
)
from codegenesis.sandbox import Environment, Sandbox


def test_a_champion_goes_from_shadow_over_canary_to_live_by_signed_decisions(
    house: House,
) -> None:
    release = house.open()
    assert (release.stage, release.weight) == ("shadow", 0.0)
    house.admitted(release)
    for values in ([1, 2], [3, 4, 5], [2.5]):
        house.live_call(values)
    release = house.step(release)
    assert (release.stage, release.weight) == ("canary", house.config.canary_weight)
    house.admitted(release)
    assert house.step(release).stage == "canary"
    house.store.add_samples(calls(2000, cost=0.3, release=release.id))
    release = house.step(release)
    assert (release.stage, release.weight) == ("live", 1.0)
    assert "times as fast" in release.reason
    house.admitted(release)
    decisions = house.record("decision")
    assert [each["stage"] for each in decisions] == ["shadow", "canary", "live"]
    assert {each["policy"] for each in decisions} == {policy_digest(house.config)}
    assert len(house.record("evidence")) == 1


def test_a_tampered_weight_is_not_what_was_decided(house: House) -> None:
    release = house.in_canary()
    with pytest.raises(Exception, match="weight"):
        house.admitted(msgspec.structs.replace(release, weight=0.9))


def test_only_calls_after_the_opening_are_fresh(house: House) -> None:
    for _ in range(10):
        house.live_call([1, 2])
    release = house.open()
    assert house.step(release).stage == "shadow"


def test_calls_without_kept_values_and_calls_of_variants_do_not_count(house: House) -> None:
    release = house.open()
    for _ in range(5):
        house.live_call([1, 2], call=None)
        house.live_call([1, 2], outcome=None)
        house.live_call([1, 2], variant="other")
    assert house.step(release).stage == "shadow"


def test_a_mismatch_in_shadow_rejects(house: House) -> None:
    release = house.open(WRONG)
    house.live_call([2, 4])
    house.live_call([1, 2])
    release = house.step(release)
    assert release.stage == "rejected"
    assert "returned something else than the live process" in release.reason
    assert release.decision == ""
    assert house.record("event")[-1]["name"] == "rejected"


def test_a_call_that_the_original_does_not_repeat_either_says_nothing(house: House) -> None:
    release = house.open()
    house.live_call([1, 2], answer=wire.encode(99.0))
    for _ in range(3):
        house.live_call([1, 2])
    release = house.step(release)
    assert release.stage == "canary"
    assert "1 are not repeatable" in release.reason


def test_a_gene_that_never_repeats_itself_is_rejected(house: House) -> None:
    release = house.open()
    for _ in range(24):
        house.live_call([1, 2], answer=wire.encode(99.0))
    assert house.step(release).stage == "rejected"


def test_code_that_does_not_assemble_is_rejected_in_shadow(house: House) -> None:
    release = house.open("def average(values):\n    return 0\n")
    house.live_call([1, 2])
    release = house.step(release)
    assert release.stage == "rejected"
    assert "cannot be run in the sandbox" in release.reason


def test_a_shadow_without_traffic_ends_at_the_deadline(house: House) -> None:
    release = house.open()
    house.now_ns += int((house.config.canary_s + 1) * SECOND)
    assert house.step(release).stage == "rejected"


def test_healing_may_differ_where_the_original_crashed_and_nowhere_else(house: House) -> None:
    house.configure(heal="auto")
    release = house.open(HEALED, objective="heal")
    house.live_call([])
    for _ in range(2):
        house.live_call([1, 2])
    assert house.step(release).stage == "canary"


def test_the_same_difference_is_a_mismatch_when_the_aim_was_speed(house: House) -> None:
    release = house.open(HEALED)
    house.live_call([])
    release = house.step(release)
    assert release.stage == "rejected"
    assert "returned" in release.reason
    assert "raised" in release.reason


def test_a_healing_variant_goes_live_when_the_errors_stop(house: House) -> None:
    house.configure(heal="auto")
    release = house.in_canary(HEALED, objective="heal")
    house.store.add_samples(calls(1000, control_errors=0.1, release=release.id))
    release = house.step(release)
    assert release.stage == "live"
    assert release.reason.startswith("healed")


def test_a_slower_variant_is_rolled_back_and_that_is_on_record(house: House) -> None:
    release = house.in_canary()
    house.store.add_samples(calls(1000, cost=3.0, release=release.id))
    release = house.step(release)
    assert release.stage == "rolled_back"
    assert release.reason.startswith("slower")
    assert house.record("event")[-1]["name"] == "rolled_back"


def test_a_single_regression_rolls_back(house: House) -> None:
    release = house.in_canary()
    failed = sample("variant", release=release.id, error="builtins.TypeError", regression=True)
    house.store.add_samples([failed])
    assert house.step(release).stage == "rolled_back"


def test_an_error_that_the_original_was_seen_to_raise_is_no_alarm(house: House) -> None:
    release = house.in_canary(pure=False)
    house.observe(error="builtins.ValueError")
    house.store.add_samples([sample("variant", release=release.id, error="builtins.ValueError")])
    assert house.step(release).stage == "canary"
    house.store.add_samples([sample("variant", release=release.id, error="builtins.TypeError")])
    assert house.step(release).stage == "rolled_back"


def test_an_undecided_canary_keeps_the_old_code(house: House) -> None:
    release = house.in_canary()
    house.store.add_samples(calls(1000, release=release.id))
    assert house.step(release).stage == "canary"
    house.now_ns += int((house.config.canary_s + 1) * SECOND)
    release = house.step(release)
    assert release.stage == "rejected"
    assert release.reason.startswith("undecided")


def test_a_restarted_engine_comes_to_the_same_judgement_from_the_store(house: House) -> None:
    release = house.in_canary()
    first, second = list(calls(300, cost=0.9, release=release.id)), calls(90, release=release.id)
    house.store.add_samples(first)
    house.step(release)
    house.store.add_samples(second)
    house.step(release)
    before = house.delivery.judgement(release.id)
    house.configure()
    assert house.delivery.judgement(release.id) is None
    house.step(release)
    assert house.delivery.judgement(release.id) == before


def test_another_attempt_on_the_same_gene_has_to_prove_more(house: House) -> None:
    def width(release: Release) -> float:
        house.store.add_samples(calls(200, spread=0.5, release=release.id))
        house.step(release)
        judgement = house.delivery.judgement(release.id)
        assert judgement is not None
        house.delivery.rollback(release.id, "next")
        return judgement.high / judgement.low

    widths = [width(house.in_canary()) for _ in range(3)]
    assert widths == sorted(widths)
    assert len(set(widths)) == 3


@pytest.mark.parametrize(
    ("settings", "fields", "why"),
    [
        ({"autonomy": "approve"}, {}, "every change"),
        ({"heal": "approve"}, {"objective": "heal"}, "the original fails"),
        ({"min_strength": 0.9}, {}, "not measured"),
        ({"min_strength": 0.9}, {"strength": Strength(killed=0, mutants=0)}, "not measured"),
        ({"min_strength": 0.9}, {"strength": Strength(killed=8, mutants=10)}, "8 of 10 wrong"),
    ],
)
def test_where_a_person_must_approve_the_release_waits(
    house: House, settings: dict[str, object], fields: dict[str, object], why: str
) -> None:
    house.configure(**settings)
    release = house.open(**fields)
    assert (release.stage, release.decision) == ("proposed", "")
    assert release.reason.startswith("waits for approval")
    assert why in release.reason
    assert house.step(release).stage == "proposed"
    release = house.delivery.approve(release.id[:6], by="Ada")
    assert release.stage == "shadow"
    assert "Ada" in str(house.record("decision")[-1])
    with pytest.raises(UsageError, match="only a proposed one"):
        house.delivery.approve(release.id)


def test_evidence_that_notices_enough_needs_nobody(house: House) -> None:
    house.configure(min_strength=0.9)
    release = house.open(strength=Strength(killed=9, mutants=10))
    assert release.stage == "shadow"


@pytest.mark.parametrize(("native", "stage"), [("approve", "proposed"), ("auto", "shadow")])
def test_compiled_code_waits_for_a_person_unless_the_owner_says_otherwise(
    house: House, native: str, stage: str
) -> None:
    house.configure(native=native)
    variant = msgspec.structs.replace(house.champion().variant, backend="cython")
    champion = msgspec.structs.replace(house.champion(), variant=variant)
    assert house.delivery.open(champion, house.gene).stage == stage


def test_healing_that_is_off_is_refused(house: House) -> None:
    house.configure(heal="off")
    with pytest.raises(PolicyRefusedError, match="healing is off"):
        house.open(objective="heal")


def test_one_gene_has_one_release_under_way(house: House) -> None:
    release = house.open()
    with pytest.raises(PolicyRefusedError, match=release.id):
        house.open(HEALED)
    house.delivery.rollback(release.id, "make room")
    assert house.open(HEALED).stage == "shadow"


def test_a_champion_for_an_older_source_is_refused(house: House) -> None:
    champion = house.champion()
    newer = msgspec.structs.replace(house.gene, source=ORIGINAL + "\n")
    with pytest.raises(PolicyRefusedError, match="older source"):
        house.delivery.open(champion, newer)


def test_while_frozen_nothing_moves_forward_but_everything_may_move_back(house: House) -> None:
    house.configure(autonomy="approve")
    release = house.open()
    house.store.freeze("audit")
    with pytest.raises(PolicyRefusedError, match="audit"):
        house.delivery.approve(release.id)
    house.store.thaw()
    house.delivery.approve(release.id)
    house.store.freeze("audit")
    for _ in range(4):
        house.live_call([1, 2])
    assert house.step(release).stage == "shadow"
    house.store.thaw()
    assert house.step(release).stage == "canary"
    house.store.freeze("audit")
    house.store.add_samples(calls(1000, cost=3.0, release=release.id))
    assert house.step(release).stage == "rolled_back"


def test_what_was_opened_while_frozen_begins_after_the_thaw(house: House) -> None:
    house.store.freeze("audit")
    release = house.open()
    assert release.stage == "proposed"
    house.store.thaw()
    assert house.step(release).stage == "shadow"


@pytest.mark.parametrize("reach", ["open", "in_canary", "live"])
def test_rolling_back_works_from_every_stage_and_only_once(house: House, reach: str) -> None:
    release: Release = getattr(house, reach)()
    release = house.delivery.rollback(release.id, "by hand")
    assert (release.stage, release.reason, release.decision) == ("rolled_back", "by hand", "")
    count = len(house.record("event"))
    assert house.delivery.rollback(release.id, "again").reason == "by hand"
    assert len(house.record("event")) == count


def test_rolling_back_what_does_not_exist_says_so(house: House) -> None:
    with pytest.raises(UsageError, match="no release 'ffff'"):
        house.delivery.rollback("ffff", "why not")


def test_a_guard_that_was_quicker_wins_and_is_put_on_record(house: House) -> None:
    release = house.in_canary()
    house.store.add_samples(calls(1000, cost=0.3, release=release.id))
    house.store.move_release(
        release.id, expect=("canary",), stage="rolled_back", reason="guard", at_ns=house.now_ns
    )
    assert house.delivery.step(release, executor=house.executor).stage == "rolled_back"
    names = [each["name"] for each in house.record("event")]
    assert names == ["superseded"]
    for _ in range(2):
        assert house.delivery.round(executor=house.executor) == []
    assert house.reread(release).reason == "guard"


def test_a_rollback_by_a_guard_is_recorded_once_even_over_restarts(house: House) -> None:
    release = house.live()
    house.now_ns += SECOND
    house.store.move_release(
        release.id, expect=("live",), stage="rolled_back", reason="guard", at_ns=house.now_ns
    )
    for _ in range(2):
        house.configure()
        house.delivery.round(executor=house.executor)
        house.delivery.round(executor=house.executor)
    rolled_back = [e for e in house.record("event") if e["name"] == "rolled_back"]
    assert [each["reason"] for each in rolled_back] == ["guard"]


def test_a_guards_acknowledgement_takes_the_release_out_when_the_guard_could_not(
    house: House,
) -> None:
    release = house.live()
    house.ack(release, "rolled_back", detail="KeyError")
    release = house.step(release)
    assert release.stage == "rolled_back"
    assert "KeyError" in release.reason


def test_a_release_that_every_living_process_refuses_is_taken_out(house: House) -> None:
    release = house.live()
    house.app("p")
    house.app("q")
    house.app("long gone", seen_ns=1)
    house.ack(release, "refused", "p", "base differs")
    assert house.step(release).stage == "live"
    house.ack(release, "refused", "q", "base differs")
    release = house.step(release)
    assert release.stage == "rolled_back"
    assert "base differs" in release.reason


def test_one_process_that_took_it_keeps_it(house: House) -> None:
    release = house.live()
    house.app("p")
    house.ack(release, "swapped", "q")
    house.ack(release, "refused", "p")
    assert house.step(release).stage == "live"


def test_a_crash_in_production_of_a_kind_never_seen_takes_it_out(house: House) -> None:
    house.observe(error="builtins.ZeroDivisionError")
    release = house.live()
    house.now_ns += 2 * SECOND
    house.observe(error="builtins.ZeroDivisionError", variant=release.variant)
    assert house.step(release).stage == "live"
    house.now_ns += 2 * SECOND
    house.observe(error="builtins.RecursionError", variant=release.variant)
    release = house.step(release)
    assert release.stage == "rolled_back"
    assert "RecursionError" in release.reason


@pytest.mark.parametrize(
    ("reach", "stage"), [("open", "rejected"), ("in_canary", "retired"), ("live", "retired")]
)
def test_a_release_ends_with_its_time_to_live(house: House, reach: str, stage: Stage) -> None:
    house.configure(ttl_s=10.0)
    release: Release = getattr(house, reach)()
    house.now_ns += 11 * SECOND
    release = house.step(release)
    assert release.stage == stage
    assert "time to live" in release.reason


def test_a_release_ends_when_its_source_changes(house: House) -> None:
    release = house.live()
    house.store.put_genes([msgspec.structs.replace(house.gene, source=ORIGINAL + "# v2\n")])
    release = house.step(release)
    assert release.stage == "retired"
    assert "source" in release.reason


def test_what_is_over_is_left_alone(house: House) -> None:
    release = house.delivery.rollback(house.live().id, "by hand")
    house.now_ns += 10**18
    assert house.step(release) == release


def test_the_terms_are_part_of_what_is_signed() -> None:
    usual: Callable[..., str] = lambda **kw: policy_digest(Config(**kw))  # noqa: E731
    assert usual() == usual(service="another", poll_s=1.0)
    assert len({usual(), usual(canary_pairs=5), usual(autonomy="approve")}) == 3


def test_decisions_are_readable_without_this_program(house: House) -> None:
    release = house.live()
    envelope = json.loads(release.decision)
    assert envelope["payloadType"] == "application/vnd.in-toto+json"


def test_of_two_engines_one_moves_the_release_and_the_other_lets_it_be(house: House) -> None:
    release = house.in_canary()
    house.store.add_samples(calls(2000, cost=0.3, release=release.id))
    other = Delivery(house.store, house.ledger, house.config, clock=lambda: house.now_ns)
    engines = [house.delivery, other]
    start = threading.Barrier(len(engines))

    def step(delivery: Delivery) -> Release:
        start.wait()
        return delivery.step(release, executor=house.executor)

    with ThreadPoolExecutor(len(engines)) as threads:
        moved = list(threads.map(step, engines))
    assert moved[0] == moved[1] == house.reread(release)
    assert moved[0].stage == "live"
    house.admitted(moved[0])
    superseded = [each for each in house.record("event") if each["name"] == "superseded"]
    assert len(superseded) <= 1


def test_shadow_replays_in_the_real_jail(house: House) -> None:
    def jail(gene: Gene) -> Sandbox:
        return Sandbox(Environment.for_gene(gene))

    good, bad = house.open(), house.champion(WRONG)
    for _ in range(3):
        house.live_call([1, 2])
    try:
        assert house.delivery.step(good, executor=jail).stage == "canary"
    except SandboxUnavailableError as missing:
        pytest.skip(f"{missing} {missing.remedy}")
    house.delivery.rollback(good.id, "make room")
    release = house.delivery.open(bad, house.gene)
    house.live_call([1, 2])
    assert house.delivery.step(release, executor=jail).stage == "rejected"


def test_a_forced_release_skips_the_shadow_and_nothing_else(house: House) -> None:
    release = house.delivery.force(house.champion(), house.gene, reason="drill")
    assert (release.stage, release.weight) == ("canary", house.config.canary_weight)
    assert "drill" in release.reason
    house.admitted(release)
    house.store.add_samples(calls(1000, cost=3.0, release=release.id))
    assert house.step(release).stage == "rolled_back"


def test_a_forced_release_that_an_engine_took_into_shadow_is_forced_from_there(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = house.store.put_release

    def put_and_let_an_engine_step(release: Release) -> None:
        put(release)
        engine = Delivery(house.store, house.ledger, house.config, clock=lambda: house.now_ns)
        assert engine.step(release, executor=house.executor).stage == "shadow"

    monkeypatch.setattr(house.store, "put_release", put_and_let_an_engine_step)
    release = house.delivery.force(house.champion(), house.gene, reason="drill")
    assert release.stage == "canary"
    house.admitted(release)


def test_what_a_canary_measured_is_kept_as_traits_of_the_variant(house: House) -> None:
    release = house.in_canary()
    assert house.store.traits(house.gene.id, variant=release.variant) == []
    house.store.add_samples(calls(100, cost=0.5, release=release.id))
    house.step(release)
    traits = {t.name: t for t in house.store.traits(house.gene.id, variant=release.variant)}
    judgement = house.delivery.judgement(release.id)
    assert judgement is not None
    gain = traits["canary_gain"]
    assert (gain.value, gain.low, gain.high) == (judgement.gain, judgement.low, judgement.high)
    assert traits["canary_cpu_ns_after"].value < traits["canary_cpu_ns_before"].value


@pytest.mark.parametrize(
    ("source", "stage"),
    [
        ("def mean(values):\n    yield from values\n", "canary"),
        (
            "def mean(values):\n    def inner():\n        yield 1\n    return sum(values)\n",
            "shadow",
        ),
    ],
)
def test_what_only_generators_do_not_keep_is_no_reason_to_leave_their_calls_out(
    house: House, source: str, stage: str
) -> None:
    house.path.write_text(source)
    house.gene = msgspec.structs.replace(house.gene, source=source)
    house.store.put_genes([house.gene])
    release = house.open(source)
    for _ in range(5):
        house.live_call([1, 2], outcome=None)
    assert house.step(release).stage == stage
