"""What was told becomes traits of the genes that it is about."""

from __future__ import annotations

import math
import time
from typing import Any

import msgspec
import pytest

from codegenesis.genome import weaknesses
from codegenesis.genome.histogram import merged
from codegenesis.genome.ingest import (
    COARSE_NS,
    Desk,
    Places,
    Spot,
    distribution,
    folded,
    hear,
    told,
)
from codegenesis.genome.ingest.hearing import EVERY_NS
from codegenesis.genome.ingest.rollup import Key, Rollup
from codegenesis.genome.ingest.stacks import crash
from codegenesis.genome.ingest.told import poisson, statements
from codegenesis.model import Coverage, Event, Gene, Trait
from codegenesis.store import Store

QUOTE = "shop/shop.pricing:quote"


def event(**fields: Any) -> Event:
    known = {"service": "shop", "source": "otlp", "kind": "log", "gene": QUOTE, "at_ns": 10}
    return Event(**{**known, **fields})


def traits(events: list[Event], genes: list[Gene]) -> dict[str, Trait]:
    return {trait.name: trait for trait in told(events, genes)}


def test_spans_become_percentiles_with_intervals(genes: list[Gene]) -> None:
    rollup, key = Rollup(), Key("shop", "span", QUOTE, "quote", unit="ns")
    for ns in range(1, 1001):
        level = "error" if ns % 10 == 0 else ""
        rollup.add(key._replace(level=level), at_ns=ns, value=float(ns * 1000), distributed=True)
    found = traits(rollup.take(before_ns=1 << 62), genes)
    p50, p99, failed = (found[name] for name in ("span_ns_p50", "span_ns_p99", "span_error_rate"))
    assert p50.value == pytest.approx(500_000, rel=0.07)
    assert p50.low < 500_000 < p50.high
    assert p99.value == pytest.approx(990_000, rel=0.07)
    assert (p50.unit, p50.n, p50.gene) == ("ns", 1000, QUOTE)
    assert failed.value == 0.1
    assert failed.low < 0.1 < failed.high


def test_incidents_are_counted_with_an_interval(genes: list[Gene]) -> None:
    events = [
        event(kind="crash", count=3, fingerprint="a"),
        event(kind="crash", fingerprint="b"),
        event(count=2),
        event(gene="", count=100),
    ]
    found = traits(events, genes)
    assert set(found) == {"crashes", "logged_errors"}
    assert (found["crashes"].value, found["crashes"].n) == (4, 4)
    assert "2 different" in found["crashes"].method
    (sentence,) = weaknesses(genes[1], found.values())
    assert sentence.startswith("crashed 4 times in a day, not handled")
    assert (found["crashes"].low, found["crashes"].high) == pytest.approx((1.09, 10.24), abs=0.1)


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0, 3.7), (1, 0.025, 5.57), (100, 81.4, 121.6)]
)
def test_intervals_of_counts_are_near_the_exact_ones(count: int, low: float, high: float) -> None:
    found = poisson(count)
    assert found.low == pytest.approx(low, abs=0.1)
    assert found.high == pytest.approx(high, abs=0.1)


def test_the_last_run_of_a_suite_counts(genes: list[Gene]) -> None:
    def run(at_ns: int, count: int, failed: int, *lines: int) -> Event:
        body = Coverage(failed=failed, lines=dict.fromkeys(lines, (1, 0)))
        return event(
            source="pytest", kind="test", name="coverage", count=count, at_ns=at_ns,
            body=msgspec.msgpack.encode(body),
        )  # fmt: skip

    hour_ns = 3_600_000_000_000
    events = [run(0, 50, 50, 3), run(hour_ns, 6, 1), run(hour_ns + 5, 2, 1, 3)]
    found = traits(events, genes)
    assert found["tests"].value == 8
    assert found["test_failure_rate"].value == 0.25
    assert found["line_coverage"].value == 1.0
    unseen = traits([run(0, 1, 0)], genes)
    assert unseen["line_coverage"].value == 0.0
    assert "tests leave 100% of its 1 statements out" in weaknesses(genes[1], unseen.values())


def test_statements_are_those_that_come_to_code() -> None:
    source = '''def f(x):
    """Words."""
    global y
    z: int
    if x:
        return 1
    def g():
        return 2
    return g
'''
    assert statements(source) == {5, 6, 7, 8, 9}
    assert statements("def f(:") == frozenset()


def test_nobody_told_anything(genes: list[Gene]) -> None:
    assert told([], genes) == []
    assert told([event(gene="shop/shop.other:f")], genes) == []


@pytest.mark.parametrize("body", [b"", b"\xff\xff", msgspec.msgpack.encode("x")])
def test_a_body_that_is_none_is_no_harm(body: bytes, genes: list[Gene]) -> None:
    assert distribution(event(kind="span", body=body)) == {}
    broken = event(source="pytest", kind="test", name="coverage", body=body)
    assert traits([broken], genes)["line_coverage"].value == 0.0


@pytest.mark.parametrize(
    ("spot", "qualname"),
    [
        (Spot("shop.pricing.quote"), "quote"),
        (Spot("shop.pricing:Cart.total"), "Cart.total"),
        (Spot("", "/app/shop/pricing.py", 5), "rate"),
        (Spot("quote", "C:\\app\\shop\\pricing.py", 10), "quote"),
        (Spot("quote", "/somewhere/shop/pricing.py"), "quote"),
        (Spot("quote"), None),
        (Spot("", "/app/shop/pricing.py", 12), None),
        (Spot("other", "/app/shop/pricing.py", 5), None),
        (Spot("quote", "/app/web/pricing.py", 9), None),
    ],
)
def test_places_are_named_in_many_ways(spot: Spot, qualname: str | None, genes: list[Gene]) -> None:
    found = Places(genes).find(spot, service="shop")
    assert (found.qualname if found else None) == qualname


STACK = """Traceback (most recent call last):
  File "/app/shop/pricing.py", line 5, in rate
KeyError: 'it'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/usr/lib/python3.11/asyncio/runners.py", line 118, in run
  File "/app/web/main.py", line 88, in handle
  File "/app/shop/pricing.py", line 10, in quote
  File "/venv/lib/python3.11/site-packages/x/y.py", line 3, in z
ValueError: no
"""


def test_a_traceback_as_text_reads_like_a_crash_seen_in_the_process(genes: list[Gene]) -> None:
    found = crash("ValueError", STACK, places=Places(genes))
    assert found.fingerprint == "builtins.ValueError in shop.pricing:quote < main:handle"
    assert found.gene is not None
    assert found.gene.qualname == "quote"
    assert crash("shop.Odd", "", places=Places()).fingerprint == "shop.Odd"
    assert crash("E", "no traceback at all", places=Places()).gene is None


def test_times_that_nobody_believes_are_now() -> None:
    now_ns = 1_700_000_000_000_000_000
    desk = Desk(clean=str, sensitive=lambda _: False, clock=lambda: now_ns)
    for at_ns in (0, 1 << 63, now_ns + 3_600_000_000_000):
        desk.add(Key("shop", "log"), at_ns=at_ns)
    (found,) = desk.events(all_of_them=True)
    assert (found.at_ns, found.count) == (now_ns, 3)
    assert math.isfinite(found.value)


def test_what_is_a_while_ago_is_kept_in_longer_stretches() -> None:
    rollup, key = Rollup(), Key("shop", "span", QUOTE, "quote", unit="ns")
    for second in range(1200):
        rollup.add(key, at_ns=second * 10**9, value=1000.0 + second, distributed=True)
    fine = rollup.take(before_ns=1 << 62)
    coarse = folded(fine, width_ns=COARSE_NS)
    assert (len(fine), len(coarse)) == (120, 2)
    for events in (fine, coarse):
        assert sum(event.count for event in events) == 1200
        assert sum(event.value for event in events) == sum(range(1000, 2200))
    whole = merged(distribution(event) for event in fine)
    assert merged(distribution(event) for event in coarse) == whole
    assert folded([event(), event(name="other")], width_ns=COARSE_NS) == [
        event(),
        event(name="other"),
    ]


def test_a_store_listens_to_what_is_new(store: Store) -> None:
    now_ns = time.time_ns()
    store.events.add([event(kind="crash", at_ns=now_ns), event(gene="shop/gone", at_ns=now_ns)])
    assert hear(store, now_ns=now_ns) == 1
    assert [trait.name for trait in store.traits(QUOTE)] == ["crashes"]
    store.events.add([event(at_ns=now_ns)])
    assert hear(store, now_ns=now_ns + 1) == 0
    assert hear(store, now_ns=now_ns + EVERY_NS) == 1
    assert {trait.name for trait in store.traits(QUOTE)} == {"crashes", "logged_errors"}
    assert hear(store, now_ns=now_ns + 2 * EVERY_NS) == 0
