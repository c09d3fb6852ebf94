"""Which gene is evolved next: the weakest that is worth it, and never the same evidence twice.

An attempt is remembered with how many calls had been sampled (`Store.attempts`). A gene comes
up again when its source has changed or when twice as much is known about it, so a quiet service
costs nothing. To choose, all traits are read at once; only of the best few is looked whether calls
are there that can be replayed.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence

from codegenesis import genome
from codegenesis.genome.summary import read
from codegenesis.genome.survey import survey
from codegenesis.genome.weakness import WEIGHED
from codegenesis.model import ACTIVE_STAGES, Gene, Observation, Record, Trait
from codegenesis.store import Store
from codegenesis.store.attempts import Attempt
from codegenesis.store.buckets import EVER

#: Fewer recorded calls than this prove too little to start on.
MIN_CALLS = 32
#: Priority below which a gene is left alone: about a thousandth of a core to win.
WORTHWHILE = 0.0005
#: Newest observations that traits are measured on.
WINDOW = 1000
#: Newest observations with their arguments that evidence rests on.
REPLAYED = 400
#: Calls that are rolled up in one look, so that a backlog does not keep releases waiting.
ROLLED_UP = 50_000
_AT_ONCE = 50


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
    survey(store, most=ROLLED_UP)
    found = (each for each in _candidates(store, min_score) if each.gene.id not in leave)
    candidates = sorted(found, key=lambda each: -each.score)
    likely = _with_values(store, candidates)
    return next((each for each in likely if _can_be_replayed(store, each.gene)), None)


def refresh(
    store: Store, gene: Gene, observations: Sequence[Observation] | None = None
) -> list[Trait]:
    """Measure the gene's traits anew on single calls, and keep them.

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
    seen = store.buckets.totals().get(gene.id, 0)
    store.attempts.put(Attempt(gene=gene.id, base=gene.base, seen=seen, at_ns=time.time_ns()))


def _candidates(store: Store, min_score: float) -> Iterator[Candidate]:
    """Genes that are weak enough, not busy, and not tried on as little before."""
    seen, tried = store.buckets.totals(), store.attempts.all()
    busy = {r.gene for r in store.releases(stages=(*ACTIVE_STAGES, "proposed"))}
    known: dict[str, list[Trait]] = defaultdict(list)
    for trait in store.traits(names=WEIGHED):
        known[trait.gene].append(trait)
    for gene in store.genes():
        if gene.refused or gene.id in busy:
            continue
        if not _is_due(gene, tried.get(gene.id), seen.get(gene.id, 0)):
            continue
        verdict = genome.priority(known[gene.id])
        if verdict.score > min_score:
            yield Candidate(gene=gene, score=verdict.score, reason=verdict.reason)


def _is_due(gene: Gene, last: Attempt | None, seen: int) -> bool:
    if seen < MIN_CALLS:
        return False
    return last is None or last.base != gene.base or seen >= 2 * last.seen


def _with_values(store: Store, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Those of which calls were ever kept with their values, many genes to a query."""
    for start in range(0, len(candidates), _AT_ONCE):
        some = candidates[start : start + _AT_ONCE]
        kept = Counter[str]()
        for bucket in store.buckets.of_width(EVER, genes={each.gene.id for each in some}):
            kept[bucket.gene] += read(bucket).replayable
        yield from (each for each in some if kept[each.gene.id] >= MIN_CALLS)


def _can_be_replayed(store: Store, gene: Gene) -> bool:
    calls = store.observations(gene.id, limit=MIN_CALLS, newest=True, replayable=True)
    return len(calls) >= MIN_CALLS
