"""What is put into the store comes back the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codegenesis.errors import TargetError
from codegenesis.model import (
    Ack,
    Champion,
    Gain,
    Gene,
    Observation,
    Outcome,
    Process,
    Release,
    Sample,
    Trait,
    Trial,
    Variant,
)
from codegenesis.store import Store

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
whole = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=True, allow_infinity=True)
blobs = st.binary(max_size=64)
outcomes = st.builds(
    Outcome,
    kind=st.sampled_from(["returned", "raised", "died"]),
    value=blobs,
    after=blobs,
    detail=texts,
    cpu_ns=whole,
    wall_ns=whole,
)
observations = st.builds(
    Observation,
    gene=st.just("shop/m:f"),
    process=texts,
    variant=texts,
    at_ns=st.integers(0, 2**63 - 1),
    wall_ns=whole,
    cpu_ns=whole,
    call=st.none() | blobs,
    outcome=st.none() | outcomes,
    call_digest=texts,
    sketch=texts,
    error=texts,
    fingerprint=texts,
    burst_rate=floats,
)
traits = st.builds(
    Trait,
    gene=st.just("shop/m:f"),
    name=texts,
    value=floats,
    unit=texts,
    low=floats,
    high=floats,
    n=whole,
    method=texts,
    variant=st.just(""),
    at_ns=whole,
)
trials = st.builds(
    Trial,
    variant=st.just("v"),
    gate=texts,
    verdict=st.sampled_from(["passed", "failed", "skipped"]),
    checks=whole,
    detail=texts,
    measurements=st.dictionaries(texts, floats, max_size=3),
    seconds=floats,
    at_ns=whole,
)
gains = st.builds(
    Gain, ratio=floats, low=floats, high=floats, n=whole, before_ns=floats, after_ns=floats
)

quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def plain(record: object) -> str:
    """A form in which NaN equals NaN."""
    return repr(record)


@quick
@given(batch=st.lists(observations, max_size=5))
def test_observations_come_back_as_they_were(
    afresh: Callable[[], Store], batch: list[Observation]
) -> None:
    store = afresh()
    store.add_observations(batch)
    ordered = sorted(batch, key=lambda each: each.at_ns)
    assert plain(store.observations("shop/m:f")) == plain(ordered)


@quick
@given(
    measured=st.lists(traits, max_size=4, unique_by=lambda trait: trait.name),
    tried=st.lists(trials, max_size=4),
)
def test_figures_keep_nan_and_infinity(
    afresh: Callable[[], Store], measured: list[Trait], tried: list[Trial]
) -> None:
    store = afresh()
    store.put_traits(measured)
    store.add_trials(tried)
    by_name = sorted(measured, key=lambda trait: trait.name.encode())
    assert plain(store.traits("shop/m:f")) == plain(by_name)
    assert plain(store.trials("v")) == plain(tried)


@quick
@given(gain=gains, diff=texts, tried=st.lists(trials, max_size=2), parents=st.lists(texts))
def test_champions_come_back_whole(
    afresh: Callable[[], Store],
    gain: Gain,
    diff: str,
    tried: list[Trial],
    parents: list[str],
) -> None:
    variant = Variant(
        gene="shop/m:f", base="b", source="def f(): ...", parents=tuple(parents), operator="o"
    )
    champion = Champion(
        variant=variant, objective="heal", gain=gain, trials=tuple(tried), pure=True, diff=diff
    )
    store = afresh()
    store.put_champion(champion)
    assert plain(store.champion(variant.id)) == plain(champion)
    assert plain(store.champions("shop/m:f")) == plain([champion])
    assert store.variant(variant.id) == variant


def test_everything_is_still_there_after_closing(
    where: str, gene: Gene, release_of: Callable[..., Release]
) -> None:
    release = release_of(gene, "r1")
    process = Process(
        id="p", service="shop", role="app", host="h", pid=7, python="3.11", started_ns=1, seen_ns=2
    )
    ack = Ack(release="r1", process="p", stage="live", outcome="swapped", loaded="d", at_ns=3)
    sample = Sample(
        release="r1", process="p", arm="variant", at_ns=4, cpu_ns=5, wall_ns=6, regression=True
    )
    with Store.open(where) as store:
        store.put_genes([gene])
        store.put_release(release)
        store.put_process(process)
        store.add_acks([ack])
        store.add_samples([sample])
        entry = store.append_entry(kind="event", gene="g", variant="v", envelope="{}", at_ns=1)
    with Store.open(where) as store:
        assert store.gene(gene.id) == gene
        assert store.release("r1") == release
        assert store.processes() == [process]
        assert store.acks("r1") == [ack]
        assert store.samples("r1") == [sample]
        assert store.samples("r1")[0].regression is True
        assert store.entries() == [entry]
        assert store.head() == entry


def test_the_latest_description_of_a_gene_wins(store: Store, gene: Gene) -> None:
    store.put_genes([gene])
    moved = msgspec.structs.replace(gene, line=9, noted_at_ns=5)
    store.put_genes([moved])
    assert store.genes() == [moved]


def test_genes_are_listed_by_service(store: Store, gene: Gene) -> None:
    other = msgspec.structs.replace(gene, service="shop/two")
    store.put_genes([gene, other])
    assert store.genes(service="shop") == [gene]
    assert store.genes(service="shop/two") == [other]
    assert store.genes(service="sho") == []


def test_a_target_names_a_gene_in_three_ways(
    store: Store, gene: Gene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = msgspec.structs.replace(gene, module="tool", path=str(tmp_path / "bin" / "tool.py"))
    store.put_genes([gene, here])
    assert store.find_genes("shop.pricing:quote") == [gene]
    assert store.find_genes("/srv/app/shop/pricing.py:quote") == [gene]
    assert store.find_genes("shop/pricing.py:quote") == [gene]
    assert store.find_genes("pricing.py:quote") == [gene]
    assert store.find_genes("quote") == [gene, here]
    monkeypatch.chdir(tmp_path / "..")
    assert store.find_genes(f"{tmp_path.name}/bin/tool.py:quote") == [here]


@pytest.mark.parametrize(
    "target",
    ["", ":", "quo", "shop.pricing:quo", "pricing:quote", "icing.py:quote", "/pricing.py:quote"],
)
def test_a_target_that_names_nothing_finds_nothing(store: Store, gene: Gene, target: str) -> None:
    store.put_genes([gene])
    assert store.find_genes(target) == []


def test_observations_are_read_by_age(
    store: Store, observe: Callable[..., list[Observation]]
) -> None:
    made = observe("g", 10)
    store.add_observations(reversed(made))
    store.add_observations(observe("other", 3))
    assert store.observations("g") == made
    assert store.observations("g", since_ns=7) == made[7:]
    assert store.observations("g", limit=3) == made[:3]
    assert store.observations("g", limit=3, newest=True) == made[-3:]
    assert store.observations("g", since_ns=9, limit=3, newest=True) == made[9:]
    assert store.observation_counts() == {"g": 10, "other": 3}
    told = [msgspec.structs.replace(each, trace=f"t{each.at_ns % 2}") for each in made]
    store.add_observations(told)
    assert store.traces() == {"g": {"t0", "t1"}}
    assert store.traces(since_ns=9) == {"g": {"t1"}}


def test_a_new_measurement_takes_the_place_of_the_old(store: Store) -> None:
    def trait(value: float, variant: str = "") -> Trait:
        return Trait(
            gene="g",
            name="calls",
            value=value,
            unit="1/s",
            low=value,
            high=value,
            n=1,
            method="counted",
            variant=variant,
        )

    store.put_traits([trait(1.0), trait(5.0, "v")])
    store.put_traits([trait(2.0)])
    assert [each.value for each in store.traits("g")] == [2.0]
    assert [each.value for each in store.traits("g", variant="v")] == [5.0]
    store.put_traits([trait(math.nan)])
    assert math.isnan(store.traits("g")[0].value)


def test_ids_may_be_shortened_as_long_as_they_are_unique(
    store: Store, gene: Gene, release_of: Callable[..., Release]
) -> None:
    for release_id in ("abc1", "abd2", "ab", "%x"):
        store.put_release(release_of(gene, release_id))
    assert _id(store.release("abc")) == "abc1"
    assert _id(store.release("ab")) == "ab"
    assert store.release("") is None
    assert store.release("zzz") is None
    assert _id(store.release("%")) == "%x"
    assert store.release("_") is None
    with pytest.raises(TargetError, match="'a' is the beginning of several ids: ab, abc1, abd2"):
        store.release("a")


def _id(record: Any) -> str:
    assert record is not None
    return str(record.id)


def test_releases_are_found_by_service_gene_and_stage(
    store: Store, gene: Gene, release_of: Callable[..., Release]
) -> None:
    other = msgspec.structs.replace(gene, service="other")
    first = release_of(gene, "r1", stage="live", created_ns=5)
    second = release_of(gene, "r2", stage="canary", created_ns=3)
    third = release_of(other, "r3", stage="live", created_ns=4)
    for release in (first, second, third):
        store.put_release(release)
    assert store.releases() == [second, third, first]
    assert store.releases(service="shop") == [second, first]
    assert store.releases(gene=other.id) == [third]
    assert store.releases(stages=("live",)) == [third, first]
    assert store.releases(service="shop", stages=("live", "shadow")) == [first]
    assert store.releases(stages=()) == []


def test_a_release_moves_only_from_where_it_is_expected(
    store: Store, gene: Gene, release_of: Callable[..., Release]
) -> None:
    store.put_release(release_of(gene, "r1", stage="shadow"))
    moved = store.move_release(
        "r1",
        expect=("shadow", "proposed"),
        stage="canary",
        weight=0.25,
        decision="{}",
        reason="agreed",
        at_ns=9,
    )
    assert moved == store.release("r1")
    assert moved is not None
    assert (moved.stage, moved.weight, moved.decision) == ("canary", 0.25, "{}")
    assert (moved.reason, moved.created_ns, moved.updated_ns) == ("agreed", 1, 9)
    assert store.move_release("r1", expect=("shadow",), stage="live") is None
    assert store.move_release("none", expect=("shadow",), stage="live") is None
    assert store.release("r1") == moved


def test_samples_can_be_read_from_where_one_left_off(store: Store) -> None:
    def sample(number: int, release: str = "r") -> Sample:
        return Sample(
            release=release, process="p", arm="control", at_ns=number, cpu_ns=1, wall_ns=1
        )

    store.add_samples([sample(1), sample(0, "other"), sample(2)])
    read = store.numbered_samples("r")
    assert [each for _, each in read] == [sample(1), sample(2)]
    store.add_samples([sample(3)])
    assert store.samples("r", after_id=read[-1][0]) == [sample(3)]
    assert store.samples("r") == [sample(1), sample(2), sample(3)]


def test_processes_are_found_by_role_and_by_when_they_were_seen(store: Store) -> None:
    def process(name: str, role: Any, seen_ns: int) -> Process:
        return Process(
            id=name,
            service="s",
            role=role,
            host="h",
            pid=1,
            python="3.11",
            started_ns=1,
            seen_ns=seen_ns,
        )

    store.put_process(process("a", "app", 5))
    store.put_process(process("b", "engine", 6))
    store.put_process(process("a", "app", 7))
    assert [each.id for each in store.processes()] == ["a", "b"]
    assert [each.seen_ns for each in store.processes(role="app")] == [7]
    assert [each.id for each in store.processes(seen_since_ns=7)] == ["a"]


def test_pruning_takes_the_old_and_gives_the_space_back(
    store: Store, observe: Callable[..., list[Observation]]
) -> None:
    store.add_observations(observe("g", 12_000))
    store.add_observations(observe("g", 10, start_ns=50_000))
    before = store.size_bytes()
    assert store.prune(before_ns=50_000) == 12_000
    assert store.observation_counts() == {"g": 10}
    assert store.prune(before_ns=50_000) == 0
    if not store.shared:
        assert store.size_bytes() < before / 4
    store.add_observations(observe("g", 12_000))
    assert store.size_bytes() < 1.2 * before


def test_empty_batches_are_fine(store: Store) -> None:
    store.put_genes([])
    store.add_observations([])
    store.put_traits([])
    store.add_trials([])
    store.add_samples([])
    store.add_acks([])
    assert store.observation_counts() == {}


def test_the_freeze_switch_may_be_a_file_that_anybody_can_make(store: Store) -> None:
    assert store.frozen() is None
    store.freeze("black friday")
    assert store.frozen() == "black friday"
    store.thaw()
    store.thaw()
    assert store.frozen() is None
    (store.directory / "FREEZE").touch()
    assert store.frozen() == "frozen by hand"
    (store.directory / "FREEZE").unlink()
    (store.directory / "FREEZE").mkdir()
    assert "cannot be read" in (store.frozen() or "")


def test_text_that_no_database_holds_is_written_out(store: Store, gene: Gene) -> None:
    odd, kept = "naïve \ud800\0", "naïve \\ud800\\x00"
    outcome = Outcome(kind="raised", value=b"\xff", detail=odd)
    observation = Observation(
        gene="g", process="p", at_ns=1, wall_ns=1, cpu_ns=1, outcome=outcome, error=odd
    )
    trial = Trial(variant="v", gate="replay", verdict="failed", detail=odd)
    variant = Variant(gene="g", base="b", source="def f(): ...", operator="o", risk=odd)
    gain = Gain(ratio=1, low=1, high=1, n=1, before_ns=1, after_ns=1)
    champion = Champion(
        variant=variant, objective="speed", gain=gain, trials=(trial,), pure=True, diff=odd
    )
    store.add_observations([observation])
    store.add_trials([trial])
    store.put_champion(champion)
    store.put_genes([msgspec.structs.replace(gene, path=odd)])
    (seen,) = store.observations("g")
    assert seen.outcome is not None
    assert (seen.error, seen.outcome.detail, seen.outcome.value) == (kept, kept, b"\xff")
    assert store.trials("v")[0].detail == kept
    found = store.champion(variant.id)
    assert found is not None
    assert (found.diff, found.trials[0].detail, found.variant.risk) == (kept, kept, kept)
    assert store.genes()[0].path == kept


def test_observations_with_arguments_are_found_behind_many_without(
    store: Store, observe: Callable[..., list[Observation]]
) -> None:
    first, *others = observe("g", 60)
    bare = [msgspec.structs.replace(each, call=None, outcome=None) for each in others]
    store.add_observations([first, *bare])
    assert store.observations("g", limit=5, newest=True, replayable=True) == [first]
