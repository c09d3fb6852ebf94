"""Roll-ups on both kinds of store: each call counts once, whoever rolls up."""

from __future__ import annotations

import threading
from pathlib import Path

from codegenesis.genome.rollup import DAY_NS, roll_up
from codegenesis.genome.survey import survey
from codegenesis.model import Observation, Trait
from codegenesis.store import Store
from codegenesis.store.buckets import EVER

NOON = 20_000 * DAY_NS + DAY_NS // 2


def calls(first: int, last: int, *, gene: str = "shop/m:f") -> list[Observation]:
    return [
        Observation(
            gene=f"{gene}{n % 7}",
            process="p",
            at_ns=NOON + n * 1_000_000,
            wall_ns=n,
            cpu_ns=n,
            call_digest=f"{n:032x}",
            sketch='{"items":{"type":"list","len":3}}',
            error="builtins.KeyError" if n % 9 == 0 else "",
            burst_rate=1.0 + n // 16,
            segment=("", "gold")[n % 2],
        )
        for n in range(first, last)
    ]


def test_calls_are_rolled_up_and_told(store: Store) -> None:
    store.add_observations(calls(0, 500))
    assert survey(store, now_ns=NOON).calls == 500
    assert survey(store, now_ns=NOON).calls == 0
    assert sum(store.buckets.totals().values()) == 500
    names = {trait.name for trait in store.traits("shop/m:f3")}
    assert {"cpu_ns_p99", "error_rate", "input.items", "wall_ns_p50@gold"} <= names
    days = store.buckets.of_width(DAY_NS, genes=["shop/m:f3", "shop/m:f4", "unknown"])
    assert [(each.gene, each.segment) for each in days] == sorted(
        (gene, segment) for gene in ("shop/m:f3", "shop/m:f4") for segment in ("", "gold")
    )


def test_those_who_roll_up_at_once_count_each_call_once(
    store: Store, where: str, path: Path
) -> None:
    store.add_observations(calls(0, 2000))
    done: list[int] = []

    def work() -> None:
        with Store.open(where, directory=path.parent) as mine:
            done.append(roll_up(mine, now_ns=NOON, batch=150).calls)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    store.add_observations(calls(2000, 2600))
    for thread in threads:
        thread.join()
    done.append(roll_up(store, now_ns=NOON).calls)
    assert sum(done) == 2600
    assert sum(store.buckets.totals().values()) == 2600
    assert sum(each.errors for each in store.buckets.of_width(EVER)) == len(range(0, 2600, 9))


def test_traits_of_all_genes_are_read_at_once(store: Store) -> None:
    traits = [
        Trait(gene=f"g{n}", name="x", value=n, unit="", low=n, high=n, n=1, method="m")
        for n in range(3)
    ]
    store.put_traits(traits)
    assert sorted(store.traits(), key=lambda trait: trait.gene) == traits
    assert store.traits("g1", names=("x", "y")) == [traits[1]]
    assert store.traits(names=("y",)) == []
