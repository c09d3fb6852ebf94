"""Brings what is known of all genes up to date, at the cost of what is new.

New calls are rolled up, and only genes that were called since the last survey have their traits
told anew, from a few rows each, many genes to a query. What a survey costs thus depends on how many
genes are in use, not on how many calls are kept: `benchmarks/genome_refresh.py` measures it.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from codegenesis.genome.history import COMPARED_NS, recall
from codegenesis.genome.ingest import hear
from codegenesis.genome.rollup import DAY_NS, HOUR_NS, MINUTE_NS, Rolled, roll_up
from codegenesis.model import Bucket, Trait
from codegenesis.store import Store

#: Genes whose roll-ups are read at once.
_AT_ONCE = 250
#: A process that was not heard of for so long is gone.
_GONE_NS = 15_000_000_000


def survey(store: Store, *, now_ns: int | None = None, most: int | None = None) -> Rolled:
    """Roll up new calls, listen to what was told, and tell the traits of their genes anew.

    Args:
        most: calls to roll up at most, about; the rest waits for the next survey. None for all.

    Raises:
        StoreError: the store cannot be read or written.
    """
    now = time.time_ns() if now_ns is None else now_ns
    rolled = roll_up(store, now_ns=now, most=most)
    retell(store, rolled.genes, now_ns=now)
    hear(store, now_ns=now)
    return rolled


def retell(store: Store, genes: Iterable[str], *, now_ns: int) -> None:
    """Tell the traits of these genes (`Gene.id`) from what is rolled up."""
    waiting = sorted(genes)
    alive = _alive(store, now_ns) if waiting else Counter[str]()
    for start in range(0, len(waiting), _AT_ONCE):
        store.put_traits(_traits(store, waiting[start : start + _AT_ONCE], alive, now_ns))


def _traits(store: Store, genes: Sequence[str], alive: Counter[str], now_ns: int) -> list[Trait]:
    today = now_ns // DAY_NS * DAY_NS
    days = _of(store, DAY_NS, genes, today - COMPARED_NS)
    young = [gene for gene in genes if not any(each.start_ns < today for each in days[gene])]
    hours = _of(store, HOUR_NS, young, today)
    younger = [gene for gene in young if len({each.start_ns for each in hours[gene]}) < 2]
    finer = {**hours, **_of(store, MINUTE_NS, younger, today)}
    found = []
    for gene in genes:
        service = gene.partition("/")[0]
        found += recall(
            gene,
            days[gene],
            finer=finer.get(gene, ()),
            alive=alive[service],
            now_ns=now_ns,
        )
    return found


def _of(
    store: Store, width_ns: int, genes: Sequence[str], since_ns: int
) -> dict[str, list[Bucket]]:
    known: dict[str, list[Bucket]] = defaultdict(list)
    for each in store.buckets.of_width(width_ns, genes=genes, since_ns=since_ns) if genes else ():
        known[each.gene].append(each)
    return known


def _alive(store: Store, now_ns: int) -> Counter[str]:
    """Processes of each service."""
    seen = store.processes(role="app", seen_since_ns=now_ns - _GONE_NS)
    return Counter(process.service for process in seen)
