"""Brings traits up to date with what was told, at the cost of what is new."""

from __future__ import annotations

import time

from codegenesis.genome.ingest.told import told
from codegenesis.model import Bucket
from codegenesis.store import Store

#: Traits are of this much time, and are told anew so often at most.
WINDOW_NS, EVERY_NS = 86_400_000_000_000, 30_000_000_000
#: Genes that are listened to at once; the rest of the news waits for more of it.
MOST = 2000

#: The row whose `n` is the number of the last event that was heard, and `cpu_ns` when that was.
_MARK_NS = -2


def hear(store: Store, *, now_ns: int | None = None) -> int:
    """Tell the traits of genes that something new was told of; of how many.

    Raises:
        StoreError: the store cannot be read or written.
    """
    now = time.time_ns() if now_ns is None else now_ns
    (mark,) = store.buckets.find("", width_ns=_MARK_NS) or [_mark(0, 0)]
    if 0 <= now - mark.cpu_ns < EVERY_NS:
        return 0
    upto, genes = store.events.mentioned(after=mark.n)
    known = {gene.id: gene for gene in store.genes()} if genes else {}
    heard = [known[name] for name in sorted(genes) if name in known][:MOST]
    for gene in heard:
        store.put_traits(told(store.events.find(gene=gene.id, since_ns=now - WINDOW_NS), [gene]))
    store.buckets.put([_mark(upto, now)])
    return len(heard)


def _mark(number: int, now_ns: int) -> Bucket:
    return Bucket(
        gene="", source="otlp", start_ns=0, width_ns=_MARK_NS, n=number, errors=0, cpu_ns=now_ns,
        wall_ns=0,
    )  # fmt: skip
