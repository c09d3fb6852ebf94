"""What no survey of calls brings: how old code is, and what telemetry and tests told of it.

Neither changes from second to second, and both cost more than reading a few sums, so they are asked
for when somebody looks, and once an hour.
"""

from __future__ import annotations

from codegenesis.genome.ingest import told
from codegenesis.genome.rollup import DAY_NS
from codegenesis.genome.standing import AGE, ages, stale
from codegenesis.model import Gene
from codegenesis.store import Store

#: The newest events that are read at once, and how old they may be.
EVENTS, TOLD_NS = 20_000, DAY_NS


def learn_ages(
    store: Store, *, now_ns: int, only: Gene | None = None, most: int | None = None
) -> None:
    """See how old the code of genes is, once for each version of it.

    Args:
        only: this one instead of all.
        most: genes that are looked at now; the rest waits for the next time.
    """
    traits = store.traits(only.id if only else None, names=(AGE,))
    known = {trait.gene: trait for trait in traits}
    genes = [only] if only else store.genes()
    waiting = [gene for gene in genes if stale(gene, known.get(gene.id))]
    store.put_traits(ages(waiting[:most], now_ns=now_ns))


def learn_told(store: Store, *, now_ns: int, only: Gene | None = None) -> None:
    """Take what telemetry, logs and tests told in the last day into the traits.

    Args:
        only: of this gene instead of all.
    """
    since = now_ns - TOLD_NS
    events = store.events.find(gene=only.id if only else None, since_ns=since, limit=EVENTS)
    if any(event.gene for event in events):
        store.put_traits(told(events, [only] if only else store.genes()))
