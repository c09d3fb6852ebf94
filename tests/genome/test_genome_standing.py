"""What was proven, how old code is, what is said of it in words, and how long things are kept."""

from __future__ import annotations

import math
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from codegenesis.config import Config
from codegenesis.genome import ages, apart, proven, solidity, strengths, weaknesses
from codegenesis.genome.learning import learn_ages, learn_told
from codegenesis.genome.retention import tidy
from codegenesis.genome.rollup import DAY_NS, HOUR_NS, MINUTE_NS
from codegenesis.genome.standing import aged, stale
from codegenesis.genome.statistics import average, stability
from codegenesis.model import Event, Gene, Observation, Reward, Strength, Trait
from codegenesis.store import Store
from codegenesis.store.buckets import EVER

NOON = 20_000 * DAY_NS + 12 * HOUR_NS
OLD = "def total(items):\n    return sum(items)\n"


@pytest.fixture
def gene(tmp_path: Path) -> Gene:
    file = tmp_path / "cart.py"
    file.write_text(f"{OLD}\n\ndef other():\n    return 1\n")
    return Gene(
        service="shop",
        module="cart",
        qualname="total",
        kind="function",
        path=str(file),
        root=str(tmp_path),
        line=1,
        source=OLD,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "genesis.db") as opened:
        yield opened


def trait(name: str, value: float, *, low: float | None = None, high: float | None = None) -> Trait:
    return Trait(
        gene="shop/cart:total",
        name=name,
        value=value,
        unit="",
        low=value if low is None else low,
        high=value if high is None else high,
        n=500,
        method="PSI of `items` (length), and so on",
    )


def test_what_was_proven_becomes_traits(gene):
    same, pure = proven(gene, calls=40, same=38, pure=True)
    assert (same.name, same.value, same.n) == ("determinism", 0.95, 40)
    assert (pure.name, pure.value, pure.high) == ("purity", 1.0, 1.0)
    assert 0.9 < pure.low < 1
    effects = proven(gene, calls=40, same=40, pure=False, impure="prints 'x'")[1]
    assert (effects.value, effects.method) == (0.0, "effects: prints 'x'")
    (solid,) = solidity(gene, Strength(killed=18, mutants=20))
    assert (solid.value, solid.unit) == (0.9, "of wrong versions")
    assert proven(gene, calls=0, same=0, pure=True) == []
    assert solidity(gene, Strength(killed=0, mutants=0)) == []


def test_age_is_that_of_the_file_where_there_is_no_repository(gene):
    changed = int(Path(gene.path).stat().st_mtime)
    (age,) = ages([gene], now_ns=(changed + 86_400) * 10**9)
    assert (age.value, age.unit) == (1.0, "days")
    assert "last change of the file" in age.method
    assert not stale(gene, age)
    assert stale(replace(gene, source=OLD + "\n"), age)
    assert aged(age, now_ns=age.at_ns + 2 * DAY_NS).value == 3.0
    assert ages([replace(gene, path="/nowhere/cart.py")]) == []


def test_age_is_that_of_the_newest_line_in_a_repository(gene, tmp_path):
    def commit(when: int) -> None:
        stamp = {"GIT_AUTHOR_DATE": f"{when} +0000", "GIT_COMMITTER_DATE": f"{when} +0000"}
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
        for words in (("add", "cart.py"), (*who, "commit", "-qm", "change")):
            subprocess.run(["git", *words], cwd=tmp_path, env=stamp, check=True)

    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    commit(1_700_000_000)
    file = Path(gene.path)
    file.write_text(file.read_text().replace("return 1", "return 2"))
    commit(1_700_864_000)
    now = (1_700_000_000 + 20 * 86_400) * 10**9
    other = replace(gene, qualname="other", line=5, source="def other():\n    return 2\n")
    first, second = ages([gene, other], now_ns=now)
    assert (first.value, second.value) == (20.0, 10.0)
    assert "git blame" in first.method


def test_strengths_are_claimed_only_where_the_interval_is_on_their_side(gene):
    good = [
        trait("cpu_ns_p95", 900, high=950),
        trait("error_rate", 0.0, high=0.008),
        trait("complexity", 0.05, high=0.1),
        trait("tail_ratio", 1.4, high=1.6),
        trait("purity", 1.0, low=0.9),
        trait("determinism", 1.0, low=0.95),
        trait("evidence_strength", 0.95, low=0.8),
        trait("drift", 0.0, high=0.02),
    ]
    words = "\n".join(strengths(gene, good))
    for said in (
        "at most 0.9 µs",
        "never failed in 500",
        "hardly depends on",
        "1.4x the median",
        "may be repeated",
        "came out the same again",
        "notices 95%",
        "the same as before",
    ):
        assert said in words
    assert len(strengths(gene, good)) == len(good)
    assert strengths(gene, [replace(each, high=math.inf, low=0.0) for each in good[:4]]) == []
    assert strengths(replace(gene, refused="it is a lambda"), good) == []


def test_further_weaknesses_are_said_in_words(gene):
    weak = [
        trait("wall_ns_p50", 9e6),
        trait("cpu_ns_p50", 1e6),
        trait("drift", 0.4, low=0.2),
        trait("evidence_strength", 0.5),
    ]
    words = "\n".join(weaknesses(gene, weak))
    assert "mostly waits: 9.0 ms at the median, of which it computes 1.0" in words
    assert "PSI of `items` (length) is 0.40" in words
    assert "notices 50% of 500" in words


def test_segments_that_fare_worse_are_told_apart_from_the_rest(gene):
    traits = [
        trait("error_rate", 0.01, high=0.02),
        trait("wall_ns_p95", 1e6),
        trait("error_rate@gold", 0.2, low=0.1),
        trait("error_rate@free", 0.02, low=0.005),
        trait("wall_ns_p95@gold", 5e6, low=4e6),
    ]
    assert apart(traits) == [
        "fails more often for gold: 20.0% of its calls",
        "is slower for gold: its p95 is 5.0x that of all calls",
    ]
    assert "gold" not in "".join(weaknesses(gene, traits))


def test_the_index_of_stability_covers_no_change_and_sees_a_change():
    rng = random.Random(4)
    alarms = 0
    for _ in range(200):
        older, recent = [0] * 5, [0] * 5
        for counts, n in ((older, 400), (recent, 100)):
            for _ in range(n):
                counts[rng.randrange(5)] += 1
        alarms += stability(older, recent, clusters=1).low > 0.1
    assert alarms <= 4
    changed = stability([80, 80, 80, 80, 80], [10, 10, 20, 30, 130], clusters=1)
    assert changed.low > 0.25
    assert changed.low < changed.value < changed.high
    assert stability([80] * 5, [10, 10, 20, 30, 130], clusters=40).low < 0.1


def test_one_figure_says_nothing_about_the_spread():
    assert (average(1, 5.0, 25.0).low, average(1, 5.0, 25.0).high) == (0.0, math.inf)
    many = average(4, 20.0, 102.0)
    assert many.low < many.value == 5.0 < many.high


def test_calls_go_after_days_and_their_sums_stay(store, gene):
    store.put_genes([gene])
    days = (0, 1, 6, 8, 30, 100)
    store.add_observations(
        Observation(gene=gene.id, process="p", at_ns=NOON - day * DAY_NS, wall_ns=9, cpu_ns=9)
        for day in days
    )
    for age in (1, 200):
        at_ns = NOON - age * DAY_NS
        store.rewards.add([Reward(service="shop", process="p", value=1.0, at_ns=at_ns)])
        store.events.add([Event(service="shop", source="otlp", kind="log", at_ns=at_ns)])
    config = Config(keep_calls_days=7, keep_history_days=90)
    done = tidy(store, config, now_ns=NOON)
    assert (done.calls, done.buckets, done.rewards, done.events) == (3, 1, 1, 1)
    assert len(store.observations(gene.id)) == 3
    counts = [len(store.buckets.of_width(width)) for width in (MINUTE_NS, HOUR_NS, DAY_NS, EVER)]
    assert counts == [1, 2, 5, 1]
    assert store.buckets.totals() == {gene.id: 6}
    later = tidy(store, config, now_ns=NOON + 10 * DAY_NS)
    assert later.calls == 3
    assert store.buckets.totals() == {gene.id: 6}


def test_ages_are_looked_up_once_for_each_version(store, gene):
    store.put_genes([gene])
    learn_ages(store, now_ns=NOON)
    (first,) = store.traits(gene.id)
    learn_ages(store, now_ns=NOON + 1)
    assert store.traits(gene.id) == [first]


def test_what_telemetry_told_becomes_traits(store, gene):
    store.put_genes([gene])
    learn_told(store, now_ns=NOON)
    assert store.traits(gene.id) == []
    store.events.add(
        Event(
            service="shop", source="exception", kind="crash", gene=gene.id, fingerprint="x",
            count=3, at_ns=NOON - age * DAY_NS,
        )
        for age in (0, 2)
    )  # fmt: skip
    learn_told(store, now_ns=NOON, only=gene)
    (crashes,) = store.traits(gene.id)
    assert (crashes.name, crashes.value) == ("crashes", 3.0)
