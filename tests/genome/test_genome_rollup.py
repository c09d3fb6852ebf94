"""Calls are rolled up once each, into sums that can be merged, and traits come from these."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from codegenesis.genome import summary
from codegenesis.genome.histogram import bin_of, edges, histogram, merged, quantile
from codegenesis.genome.rollup import DAY_NS, HOUR_NS, MINUTE_NS, fold, roll_up
from codegenesis.genome.summary import Bursts, Call, Summary, call_of, read, summarise, total
from codegenesis.genome.survey import survey
from codegenesis.model import Observation, Trait
from codegenesis.store import Store
from codegenesis.store.buckets import EVER

GENE = "shop/shop.cart:total"
#: Noon of some day, UTC.
NOON = 20_000 * DAY_NS + 12 * HOUR_NS


def call(number: int, **fields: object) -> Observation:
    defaults = {
        "gene": GENE,
        "process": f"p{number % 2}",
        "at_ns": NOON + number * 1_000_000,
        "wall_ns": 2000 + number,
        "cpu_ns": 1000 + number,
        "call_digest": hashlib.md5(str(number).encode()).hexdigest(),
        "sketch": json.dumps({"items": {"type": "list", "len": number % 50, "items": "int"}}),
        "burst_rate": 100.0 + number // 16,
    }
    return Observation(**{**defaults, **fields})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "genesis.db") as opened:
        yield opened


def named(traits: list[Trait]) -> dict[str, Trait]:
    return {trait.name: trait for trait in traits}


@settings(derandomize=True, deadline=None, database=None)
@given(st.integers(-(2**60), 2**60), st.sampled_from([2, 4]))
def test_a_value_lies_in_its_bin_and_bins_are_narrow(value, bits):
    low, high = edges(bin_of(value, bits=bits), bits=bits)
    assert low <= value <= high
    assert high - low <= abs(value) / (1 << bits)


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=200), st.floats(0.01, 0.99))
def test_the_quantile_of_a_histogram_is_near_that_of_the_values(values, q):
    found = quantile(histogram(values), q)
    exact = sorted(values)[max(0, -(-len(values) * q // 1).__int__() - 1)]
    assert abs(found.value - exact) <= exact / 16 + 1
    assert found.low <= exact <= found.high


def test_histograms_add_up():
    values = [random.Random(1).randrange(10**6) for _ in range(500)]
    assert merged([histogram(values[:200]), histogram(values[200:])]) == histogram(values)


def test_summaries_of_parts_add_up_to_that_of_the_whole():
    calls = [
        call_of(call(n, error="builtins.KeyError" if n % 7 == 0 else "", burst_rate=5.0 + n // 16))
        for n in range(400)
    ]
    whole = summarise(calls[:64])
    parts = total(summarise(calls[start : start + 16]) for start in range(0, 64, 16))
    growths = [each.inputs["items"].growth for each in (parts, whole)]
    assert growths[0].slope().value == pytest.approx(growths[1].slope().value)
    assert parts.bursts.n == whole.bursts.n == 8
    assert parts.bursts.share == pytest.approx(whole.bursts.share)
    exact = [replace(each, inputs={}, bursts=Bursts()) for each in (parts, whole)]
    assert exact[0] == exact[1]
    assert parts.inputs["items"].lengths == whole.inputs["items"].lengths
    kept = summary.bucket(whole, gene="g", segment="", start_ns=0, width_ns=1)
    for same in (read(kept), total([whole]), total([Summary(), whole, Summary()])):
        assert repr(same) == repr(whole)


def test_different_calls_are_counted_about_right():
    calls = [call_of(call(n % 3000)) for n in range(9000)]
    seen = total(summarise(calls[start : start + 1000]) for start in range(0, 9000, 1000))
    assert seen.digested == 9000
    assert seen.distinct() == pytest.approx(3000, rel=0.4)
    few = summarise([call_of(call(n % 40)) for n in range(200)])
    assert few.distinct() == 40


def test_each_call_counts_once_in_every_width(store):
    store.add_observations(call(n) for n in range(100))
    first = roll_up(store, now_ns=NOON + MINUTE_NS, batch=30)
    store.add_observations(call(n) for n in range(100, 130))
    second = roll_up(store, now_ns=NOON + MINUTE_NS)
    assert (first.calls, second.calls, second.genes) == (100, 30, {GENE})
    assert roll_up(store, now_ns=NOON + MINUTE_NS).calls == 0
    for width in (MINUTE_NS, HOUR_NS, DAY_NS, EVER):
        (kept,) = store.buckets.of_width(width)
        assert (kept.n, read(kept).n, kept.start_ns % (width or 1)) == (130, 130, 0)
        assert sum(read(kept).cpu.values()) == 130
    assert store.buckets.totals() == {GENE: 130}


def test_what_is_pruned_afterwards_stays_counted(store):
    store.add_observations(call(n) for n in range(40))
    roll_up(store, now_ns=NOON)
    store.prune(before_ns=NOON + DAY_NS)
    store.add_observations([call(41)])
    roll_up(store, now_ns=NOON)
    assert store.buckets.totals() == {GENE: 41}


def test_who_comes_second_adds_nothing(store):
    store.add_observations(call(n) for n in range(10))
    after, upto, rows = store.buckets.fresh(Call._fields, limit=100)
    assert roll_up(store, now_ns=NOON).calls == 10
    late = fold(map(Call._make, rows), now_ns=NOON)
    assert not store.buckets.add(late, merge=summary.joined, after=after, upto=upto)
    assert store.buckets.totals() == {GENE: 10}


def test_the_past_is_not_kept_by_the_minute(store):
    store.add_observations(
        [call(1), call(2, at_ns=NOON - DAY_NS), call(3, at_ns=NOON - 9 * DAY_NS)]
    )
    roll_up(store, now_ns=NOON)
    counts = [len(store.buckets.of_width(width)) for width in (MINUTE_NS, HOUR_NS, DAY_NS, EVER)]
    assert counts == [1, 2, 3, 1]


def test_segments_are_apart_and_their_sum_is_the_whole(store):
    store.add_observations(
        call(n, segment=("gold", "", "free")[n % 3], wall_ns=1000 * (1 + n % 3)) for n in range(96)
    )
    survey(store, now_ns=NOON + MINUTE_NS)
    kept = store.buckets.of_width(DAY_NS)
    assert {each.segment: each.n for each in kept} == {"": 32, "free": 32, "gold": 32}
    whole = total(map(read, kept))
    assert whole.bursts == summarise([call_of(call(n)) for n in range(96)]).bursts
    traits = named(store.traits(GENE))
    assert traits["wall_ns_p50@gold"].value == pytest.approx(1000, rel=0.04)
    assert traits["wall_ns_p50@free"].value == pytest.approx(3000, rel=0.04)
    assert traits["wall_ns_p50"].n == 96
    assert "wall_ns_p50@" not in traits


def test_a_survey_tells_every_trait_with_interval_and_method(store):
    rng = random.Random(2)
    calls = []
    for n in range(640):
        size = rng.choice([4, 8, 16, 32, 64, 128, 256])
        sketch = json.dumps({"items": {"type": "list", "len": size, "items": "str"}})
        cpu = int(100 * size**2 * rng.uniform(0.9, 1.1))
        error = "builtins.KeyError" if n % 40 == 0 else ""
        calls.append(call(n, sketch=sketch, cpu_ns=cpu, wall_ns=cpu, error=error))
    store.add_observations(calls)
    assert survey(store, now_ns=NOON + HOUR_NS).calls == 640
    traits = named(store.traits(GENE))
    assert traits["complexity"].value == pytest.approx(2, abs=0.1)
    assert traits["error_rate"].value == pytest.approx(1 / 40)
    assert traits["crash_groups"].value == 1
    assert traits["tail_ratio"].value == traits["wall_ns_p99"].value / traits["wall_ns_p50"].value
    assert traits["repeat_rate"].value == pytest.approx(0, abs=0.3)
    assert "list; of str; length 4" in traits["input.items"].method
    assert set(traits) >= {
        f"{clock}_ns_{name}" for clock in ("cpu", "wall") for name in ("p50", "p90", "p95", "p99")
    }
    for trait in traits.values():
        assert trait.low <= trait.value <= trait.high, trait
        assert trait.unit
        assert trait.method
        assert trait.n > 0


def test_what_a_variant_costs_is_not_told_of_the_gene(store):
    store.add_observations(call(n, cpu_ns=9000) for n in range(64))
    survey(store, now_ns=NOON)
    store.add_observations(
        call(n, cpu_ns=10, variant="v", at_ns=NOON + DAY_NS + n, sketch="{}") for n in range(64)
    )
    survey(store, now_ns=NOON + DAY_NS)
    assert named(store.traits(GENE))["cpu_ns_p50"].value == pytest.approx(9000, rel=0.04)
    assert store.buckets.totals() == {GENE: 128}


def test_a_change_of_inputs_shows_as_drift(store):
    def of_day(day: int, low: int) -> Iterator[Observation]:
        rng = random.Random(day)
        for n in range(1600):
            sketch = json.dumps({"items": {"type": "list", "len": low + rng.randrange(50)}})
            yield call(n, at_ns=NOON + day * DAY_NS + n * 4_000_000_000, sketch=sketch)

    store.add_observations(each for day in range(3) for each in of_day(day, 10))
    survey(store, now_ns=NOON + 2 * DAY_NS + 2 * HOUR_NS)
    still = named(store.traits(GENE))["drift"]
    assert still.low < 0.1
    store.add_observations(of_day(3, 200))
    survey(store, now_ns=NOON + 3 * DAY_NS + 2 * HOUR_NS)
    moved = named(store.traits(GENE))["drift"]
    assert moved.low > 0.25
    assert "`items` (length)" in moved.method


def test_a_survey_costs_what_is_new(store, monkeypatch):
    store.add_observations(call(n, gene=f"shop/m:f{n % 20}") for n in range(200))
    survey(store, now_ns=NOON)
    store.add_observations([call(500, gene="shop/m:f3")])
    told: list[str] = []
    keep = store.put_traits
    monkeypatch.setattr(
        store, "put_traits", lambda traits: keep([t for t in traits if not told.append(t.gene)])
    )
    assert survey(store, now_ns=NOON).genes == {"shop/m:f3"}
    assert set(told) == {"shop/m:f3"}
    assert survey(store, now_ns=NOON).genes == frozenset()


def test_all_traits_are_read_at_once(store):
    store.add_observations(call(n, gene=f"shop/m:f{n % 3}") for n in range(30))
    survey(store, now_ns=NOON)
    assert {trait.gene for trait in store.traits()} == {f"shop/m:f{n}" for n in range(3)}
