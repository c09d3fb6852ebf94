"""Traits from sampled calls."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegenesis.genome import bursts, crashes, measure, priority, sizes, weaknesses
from codegenesis.genome.statistics import bootstrap, mean, proportion, quantile, slope
from codegenesis.model import Gene, Observation, Outcome, Process, Trait

GENE = Gene(
    service="test",
    module="shop",
    qualname="f",
    kind="function",
    path="",
    root="",
    line=1,
    source="def f(items): return items\n",
)


def seen(n: int, **fields: object) -> Observation:
    defaults = {
        "gene": GENE.id,
        "process": "p1",
        "at_ns": n * 1_000_000,
        "wall_ns": 2000,
        "cpu_ns": 1000,
    }
    return Observation(**{**defaults, **fields})


def named(traits: list[Trait]) -> dict[str, Trait]:
    return {trait.name: trait for trait in traits}


def test_nothing_seen_gives_no_traits():
    assert measure(GENE, []) == []
    assert measure(GENE, [seen(1, gene="other"), seen(2, variant="abc")]) == []


def test_share_and_rate_are_averaged_over_bursts_not_over_calls():
    calm = [seen(n, burst_rate=10.0, cpu_ns=1_000_000) for n in range(2)]
    busy = [seen(n + 500, burst_rate=100.0, cpu_ns=1_000_000) for n in range(20)]
    traits = named(measure(GENE, calm + busy, at_ns=7))
    assert traits["calls_per_s"].value == pytest.approx(55)
    assert traits["cpu_share"].value == pytest.approx((0.01 + 0.1) / 2)
    assert traits["cpu_share"].n == 2
    assert traits["cpu_share"].at_ns == 7


def test_processes_that_never_called_it_bring_the_share_down():
    calls = [seen(n, burst_rate=100.0, cpu_ns=1_000_000) for n in range(8)]

    def process(number: int, **fields: object) -> Process:
        defaults = {
            "id": f"p{number}",
            "service": "test",
            "role": "app",
            "host": "h",
            "pid": number,
            "python": "3.11",
            "started_ns": 0,
            "seen_ns": 10**12,
        }
        return Process(**{**defaults, **fields})

    alone = named(measure(GENE, calls))["cpu_share"].value
    others = [process(1), process(2), process(3, role="engine"), process(4, seen_ns=-1)]
    shared = named(measure(GENE, calls, processes=others))["cpu_share"].value
    assert alone == pytest.approx(0.1)
    assert shared == pytest.approx(0.05)


def test_costs_have_intervals_that_hold_the_value():
    rng = random.Random(1)
    calls = [
        seen(n * 200, burst_rate=float(n), cpu_ns=int(rng.lognormvariate(10, 1)))
        for n in range(1, 60)
    ]
    traits = named(measure(GENE, calls))
    for name in ("cpu_ns_mean", "cpu_ns_p50", "cpu_ns_p95", "wall_ns_p99", "error_rate"):
        trait = traits[name]
        assert trait.low <= trait.value <= trait.high
        assert trait.n == 59
        assert trait.method
    assert traits["cpu_ns_p50"].value <= traits["cpu_ns_p95"].value


def test_one_burst_says_nothing_about_the_spread():
    trait = named(measure(GENE, [seen(n, burst_rate=5.0) for n in range(16)]))["cpu_ns_mean"]
    assert trait.value == 1000
    assert (trait.low, trait.high) == (0, math.inf)


def test_errors_and_repeats_are_shares_of_calls():
    calls = [seen(n, call_digest=str(n % 5)) for n in range(20)]
    calls += [seen(20 + n, error="builtins.KeyError", call_digest=f"x{n}") for n in range(5)]
    traits = named(measure(GENE, calls))
    assert traits["error_rate"].value == pytest.approx(0.2)
    assert traits["repeat_rate"].value == pytest.approx(15 / 25)


def test_a_repeat_in_another_process_is_none():
    calls = [seen(n, process=f"p{n}", call_digest="same") for n in range(10)]
    assert named(measure(GENE, calls))["repeat_rate"].value == 0


def test_calls_that_were_not_captured_do_not_count_as_repeats():
    assert "repeat_rate" not in named(measure(GENE, [seen(n) for n in range(5)]))
    calls = [seen(n, call=b"same") for n in range(5)]
    assert named(measure(GENE, calls))["repeat_rate"].value == pytest.approx(0.8)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0])
def test_the_exponent_of_growth_is_found(exponent):
    rng = random.Random(3)
    calls = []
    for n in range(200):
        size = rng.choice([8, 16, 32, 64, 128, 256])
        cpu = 500 * size**exponent * rng.uniform(0.8, 1.25)
        sketch = {"items": {"type": "list", "len": size}, "rate": {"type": "int", "value": n + 1}}
        calls.append(seen(n, cpu_ns=int(cpu) + 1, sketch=json.dumps(sketch)))
    trait = named(measure(GENE, calls))["complexity"]
    assert trait.value == pytest.approx(exponent, abs=0.15)
    assert trait.low <= trait.value <= trait.high
    assert trait.high - trait.low < 0.3
    if exponent:
        assert "`items`" in trait.method


def test_sizes_that_hardly_differ_give_no_exponent():
    sketch = [json.dumps({"items": {"type": "list", "len": size}}) for size in (10, 11, 12, 13)]
    calls = [seen(n, sketch=sketch[n % 4]) for n in range(40)]
    assert "complexity" not in named(measure(GENE, calls))


@pytest.mark.parametrize(
    ("sketch", "call", "expected"),
    [
        ('{"a": {"type": "list", "len": 3}, "b": {"type": "str"}}', None, {"a": 3.0}),
        ('{"a": {"type": "int", "value": 9}, "b": {"value": -1}}', None, {"a": 9.0}),
        ('{"a": {"type": "bool", "value": true}}', b"123", {"call": 3.0}),
        ("{}", None, {}),
        ("not json", b"12", {"call": 2.0}),
        ('["a"]', None, {}),
        ('{"a": 4}', None, {}),
    ],
)
def test_sizes_are_read_tolerantly(sketch, call, expected):
    assert sizes(seen(1, sketch=sketch, call=call)) == expected


def test_bursts_are_found_again():
    first = [seen(n, burst_rate=10.0) for n in range(3)]
    second = [seen(n + 50, burst_rate=12.5) for n in range(4)]
    other = [seen(n, process="p2", burst_rate=10.0) for n in range(2)]
    unrated = [seen(1000), seen(1001), seen(1500)]
    found = bursts(second + unrated + other + first)
    assert sorted(len(burst) for burst in found) == [1, 2, 2, 3, 4]
    assert found[0][0].at_ns <= found[-1][0].at_ns


def crash(n: int, kind: str, **fields: object) -> Observation:
    return seen(n, error=f"builtins.{kind}", fingerprint=f"builtins.{kind} in shop:f", **fields)


def test_crashes_are_grouped_with_their_calls():
    calls = [seen(n) for n in range(6)]
    calls += [crash(10 + n, "KeyError", call=bytes([n % 2])) for n in range(3)]
    detail = Outcome(kind="raised", detail="IndexError('x')")
    calls += [crash(20, "IndexError", outcome=detail)]
    first, second = crashes(calls)
    assert (first.type, first.name, first.count) == ("builtins.KeyError", "KeyError", 3)
    assert first.calls == (b"\x00", b"\x01")
    assert first.example == b"\x00"
    assert first.share == pytest.approx(0.3)
    assert second.detail == "IndexError('x')"
    assert second.example is None
    assert crashes([seen(1)]) == []


def trait(name: str, value: float, *, low: float | None = None, n: int = 500) -> Trait:
    return Trait(
        gene=GENE.id,
        name=name,
        value=value,
        unit="",
        low=value if low is None else low,
        high=value,
        n=n,
        method="test",
    )


def test_weaknesses_are_said_in_words():
    traits = [
        trait("cpu_share", 0.4),
        trait("cpu_ns_mean", 5e5),
        trait("complexity", 1.9, low=1.8),
        trait("error_rate", 0.02),
        trait("repeat_rate", 0.7),
        trait("cpu_ns_p50", 1e4),
        trait("cpu_ns_p95", 9e5),
    ]
    text = "\n".join(weaknesses(GENE, traits))
    for word in ("fails in 2.00%", "n^1.90", "40.0% of a core", "70% of calls repeat", "90x"):
        assert word in text
    assert weaknesses(GENE, [trait("complexity", 1.0), trait("error_rate", 0.0)]) == []


def test_growth_that_could_be_linear_is_no_weakness():
    assert weaknesses(GENE, [trait("complexity", 1.5, low=0.9)]) == []


def test_a_refused_gene_says_why():
    fields = {name: getattr(GENE, name) for name in GENE.__struct_fields__}
    refused = Gene(**{**fields, "refused": "it is a coroutine"})
    assert weaknesses(refused, [trait("cpu_share", 0.9)]) == ["not evolved: it is a coroutine"]


def test_priority_is_impact_times_opportunity_times_confidence():
    busy = [trait("cpu_share", 0.5), trait("cpu_ns_mean", 1e6), trait("complexity", 2.0)]
    idle = [trait("cpu_share", 0.01), trait("cpu_ns_mean", 1e6), trait("complexity", 2.0)]
    rare = [trait("cpu_share", 0.5), trait("cpu_ns_mean", 1e6, n=2), trait("complexity", 2.0)]
    linear = [trait("cpu_share", 0.5), trait("cpu_ns_mean", 1e6), trait("complexity", 1.0)]
    failing = [trait("cpu_share", 0.01), trait("cpu_ns_mean", 1e4), trait("error_rate", 0.3)]
    first = priority(busy)
    assert first.score == pytest.approx(first.impact * first.opportunity * first.confidence)
    assert all(0 <= part <= 1 for part in (first.impact, first.opportunity, first.confidence))
    assert first.score > priority(linear).score > priority(idle).score
    assert first.score > priority(rare).score
    assert priority(failing).score > priority(idle).score
    assert "30.0% of calls fail" in priority(failing).reason
    assert priority([]).score == 0


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_a_quantile_lies_in_its_interval_and_among_the_values(values, q):
    found = quantile(values, q)
    assert found.value in values
    assert found.low <= found.value <= found.high


@settings(derandomize=True, deadline=None, database=None)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_in_its_interval(counts):
    hits, n = counts
    found = proportion(hits, n)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng = random.Random(5)
    covered = 0
    for round_ in range(200):
        clusters = [[rng.gauss(mu, 0.1)] * 8 for mu in (rng.gauss(10, 1) for _ in range(25))]
        found = bootstrap(clusters, lambda cs: mean([mean(c) for c in cs]), seed=round_)
        covered += found.low <= 10 <= found.high
    assert 175 <= covered <= 200


def test_the_slope_of_equal_sizes_is_zero():
    assert slope([(1.0, 2.0), (1.0, 5.0)]) == 0.0
    assert slope([(1.0, 2.0), (2.0, 4.0)]) == pytest.approx(2.0)
