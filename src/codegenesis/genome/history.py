"""Traits from roll-ups: what is known of a gene over days, without another look at its calls.

The window is yesterday and today (UTC), as two or three rows of a gene hold it whatever the
traffic. Costs are those of the code in the file: days on which a variant ran as well are left out
of them, because a gene that is mended for the time being is not thereby healthy. What it is handed
does not depend on who answers, so inputs are taken from all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codegenesis.genome import figures
from codegenesis.genome.figures import Figures
from codegenesis.genome.rollup import DAY_NS
from codegenesis.genome.summary import Summary, read, total
from codegenesis.genome.weakness import OF
from codegenesis.model import Bucket, Trait

#: Segments that are told of, those with most calls first, and calls that one must have.
SEGMENTS, LEAST_CALLS = 16, 8
#: Days that a change of inputs is measured against.
COMPARED_NS = 7 * DAY_NS
#: What is told of each segment.
_OF_SEGMENTS = ("wall_ns_p50", "wall_ns_p95", "error_rate")


def recall(
    gene: str,
    days: Sequence[Bucket],
    *,
    finer: Sequence[Bucket] = (),
    alive: int = 0,
    now_ns: int,
) -> list[Trait]:
    """Traits of the gene with this id.

    Args:
        days: its buckets of a day each, of this day and the seven before.
        finer: shorter ones, for a gene that was first called today.
        alive: processes of the application, as far as they are known.
    """
    today = now_ns // DAY_NS * DAY_NS
    window = [each for each in days if each.start_ns >= today - DAY_NS]
    own = [each for each in map(read, window) if not each.evolved]
    found = _costs(total(own), alive=alive) if own else {}
    everything = total(map(read, window))
    found |= figures.shapes(everything)
    found |= figures.drift(*_before_and_now(days, finer, today))
    for name, part in _segments(window):
        found |= {f"{key}{OF}{name}": figure for key, figure in part.items()}
    return [figures.trait(gene, name, figure, at_ns=now_ns) for name, figure in found.items()]


def _costs(seen: Summary, *, alive: int) -> Figures:
    found = {
        **figures.load(seen, alive=alive),
        **figures.latency(seen),
        **figures.failures(seen),
        **figures.repeats(seen),
        **figures.complexity(seen),
    }
    return {**found, **figures.tail(found)}


def _before_and_now(
    days: Iterable[Bucket], finer: Sequence[Bucket], today: int
) -> tuple[Summary, Summary]:
    """Today and the week before it; on the first day, its newest stretch and what came before."""
    before = [each for each in days if today - COMPARED_NS <= each.start_ns < today]
    now = [each for each in days if each.start_ns >= today]
    if not before and finer:
        newest = max(each.start_ns for each in finer)
        before = [each for each in finer if each.start_ns < newest]
        now = [each for each in finer if each.start_ns == newest]
    return total(map(read, before)), total(map(read, now))


def _segments(window: Iterable[Bucket]) -> Iterable[tuple[str, Figures]]:
    """Figures of each segment, where calls were told apart at all."""
    for name, seen in by_segment(window).items():
        found = {**figures.latency(seen), **figures.failures(seen)}
        yield name, {key: found[key] for key in _OF_SEGMENTS}


def by_segment(window: Iterable[Bucket]) -> dict[str, Summary]:
    """What is known of the calls for each segment, most calls first; without the nameless."""
    known: dict[str, list[Summary]] = {}
    for each in window:
        if each.segment:
            known.setdefault(each.segment, []).append(read(each))
    sums = ((name, total(parts)) for name, parts in known.items())
    told = [(name, seen) for name, seen in sums if seen.n >= LEAST_CALLS]
    return dict(sorted(told, key=lambda item: (-item[1].n, item[0]))[:SEGMENTS])
