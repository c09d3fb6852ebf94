"""Which gene is evolved next: the weakest that is worth it, and never the same evidence twice.

An attempt leaves a trait behind (`attempted_at_n`: how many observations there were). A gene comes
up again when its source has changed or when twice as much is known about it, so a quiet service
costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from codegenesis import genome
from codegenesis.model import ACTIVE_STAGES, Gene, Observation, Record, Trait
from codegenesis.store import Store

#: Fewer recorded calls than this prove too little to start on.
MIN_CALLS = 32
#: Priority below which a gene is left alone: about a thousandth of a core to win.
WORTHWHILE = 0.0005
#: Newest observations that traits are measured on.
WINDOW = 1000
#: Newest observations with their arguments that evidence rests on.
REPLAYED = 400
ATTEMPTED = "attempted_at_n"


class Candidate(Record, frozen=True, kw_only=True):
    """A gene that could be evolved now, with what speaks for it."""

    gene: Gene
    score: float
    reason: str


def next_gene(
    store: Store, *, min_score: float = WORTHWHILE, leave: Collection[str] = ()
) -> Candidate | None:
    """The gene with the highest priority that may be evolved now; None when there is none.

    Args:
        leave: ids of genes that are not looked at.
    """
    counts = store.observation_counts()
    busy = {r.gene for r in store.releases(stages=(*ACTIVE_STAGES, "proposed"))} | set(leave)
    ready = [
        gene
        for gene in store.genes()
        if not gene.refused and gene.id not in busy and _is_due(store, gene, counts.get(gene.id, 0))
    ]
    candidates = [candidate for gene in ready if (candidate := _weigh(store, gene, min_score))]
    return max(candidates, key=lambda candidate: candidate.score, default=None)


def refresh(
    store: Store, gene: Gene, observations: Sequence[Observation] | None = None
) -> list[Trait]:
    """Measure the gene's traits anew, and keep them.

    Args:
        observations: what to measure on; the latest ones when None.
    """
    observations = recent(store, gene) if observations is None else observations
    if not observations:
        return []
    traits = genome.measure(gene, observations)
    store.put_traits(traits)
    return traits


def recent(store: Store, gene: Gene) -> list[Observation]:
    """The latest observations of a gene, and the latest that can be replayed; oldest first.

    Busy genes are mostly sketched (`runtime.capture`), so the two are not the same.
    """
    latest = store.observations(gene.id, limit=WINDOW, newest=True)
    replayable = store.observations(gene.id, limit=REPLAYED, newest=True, replayable=True)
    older = [each for each in replayable if not latest or each.at_ns < latest[0].at_ns]
    return older + latest


def note_attempt(store: Store, gene: Gene) -> None:
    """Remember that this gene was tried on what is known of it today."""
    seen = store.observation_counts().get(gene.id, 0)
    store.put_traits([_attempt(gene, seen)])


def _attempt(gene: Gene, seen: int) -> Trait:
    return Trait(
        gene=gene.id,
        name=ATTEMPTED,
        value=seen,
        low=seen,
        high=seen,
        unit="observations",
        n=seen,
        method=gene.base,
        at_ns=time.time_ns(),
    )


def _is_due(store: Store, gene: Gene, seen: int) -> bool:
    if seen < MIN_CALLS:
        return False
    last = next((t for t in store.traits(gene.id) if t.name == ATTEMPTED), None)
    return last is None or last.method != gene.base or seen >= 2 * last.value


def _weigh(store: Store, gene: Gene, min_score: float) -> Candidate | None:
    observations = recent(store, gene)
    verdict = genome.priority(refresh(store, gene, observations))
    replayable = sum(each.call is not None for each in observations)
    if verdict.score <= min_score or replayable < MIN_CALLS:
        return None
    return Candidate(gene=gene, score=verdict.score, reason=verdict.reason)
