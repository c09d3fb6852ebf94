"""Rolling up: from single calls to minutes, hours, days and all time, each call once.

Calls are read in the order in which they arrived, from a mark that moves along (`store.buckets`),
so a look costs what is new and nothing else, and single calls may be deleted afterwards. All widths
are written at once instead of minutes being joined to hours later: late calls need no care, and
retention is a matter of deleting rows of a width.

Calls that tests made are left out: they are recorded to be replayed, and say nothing of traffic. A
bucket's `n` counts *sampled* calls. Segments are apart: the sum over them is the whole.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from codegenesis.genome import summary
from codegenesis.genome.summary import Bursts, Call, Summary, total
from codegenesis.model import SUITE, Bucket, Record
from codegenesis.store import Store
from codegenesis.store.buckets import EVER

MINUTE_NS, HOUR_NS = 60_000_000_000, 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
WIDTHS_NS = (MINUTE_NS, HOUR_NS, DAY_NS)
#: How long buckets of a width are kept; days are kept as long as the owner says.
KEEP_NS = {MINUTE_NS: 3 * HOUR_NS, HOUR_NS: 2 * DAY_NS}
#: Calls that are read at once.
BATCH = 100_000


class Rolled(Record, frozen=True, kw_only=True):
    """What a look brought.

    Attributes:
        calls: that were rolled up.
        genes: `Gene.id` of those that were called.
    """

    calls: int = 0
    genes: frozenset[str] = frozenset()


def roll_up(
    store: Store, *, now_ns: int | None = None, batch: int = BATCH, most: int | None = None
) -> Rolled:
    """Roll up calls that nobody rolled up yet; somebody else may be at it, too.

    Args:
        batch: calls that are read at once.
        most: calls after which the rest is left to the next time; None for all.

    Raises:
        StoreError: the store cannot be read or written.
    """
    now = time.time_ns() if now_ns is None else now_ns
    done, genes = 0, set[str]()
    while most is None or done < most:
        limit = batch if most is None else min(batch, most - done)
        after, upto, rows = store.buckets.fresh(Call._fields, limit=limit)
        if not rows:
            break
        calls = map(Call._make, rows)
        made = fold((call for call in calls if not call.process.startswith(SUITE)), now_ns=now)
        if store.buckets.add(made, merge=summary.joined, after=after, upto=upto):
            done += len(rows)
            genes |= {each.gene for each in made}
    return Rolled(calls=done, genes=frozenset(genes))


def fold(calls: Iterable[Call], *, now_ns: int) -> list[Bucket]:
    """Buckets of all widths that are kept of such calls."""
    hours: dict[tuple[str, int], list[Call]] = defaultdict(list)
    for call in calls:
        hours[call.gene, call.at_ns // HOUR_NS].append(call)
    groups: dict[tuple[str, int, int], list[Call]] = defaultdict(list)
    for (gene, hour), group in hours.items():
        width = _finest(hour * HOUR_NS, now_ns)
        groups[gene, width, hour * HOUR_NS // max(width, HOUR_NS)] += group
    parts: dict[tuple[str, str, int, int], list[Summary]] = defaultdict(list)
    for (gene, width, _), group in groups.items():
        for (segment, start), part in _parts(group, width):
            for wider in (width, *(each for each in WIDTHS_NS if each > width)):
                parts[gene, segment, start // wider * wider, wider].append(part)
            parts[gene, segment, 0, EVER].append(part)
    return [
        summary.bucket(total(each), gene=gene, segment=segment, start_ns=start, width_ns=width)
        for (gene, segment, start, width), each in parts.items()
    ]


def _finest(start_ns: int, now_ns: int) -> int:
    """The least width that is kept for as long as this is past."""
    age = now_ns - start_ns - HOUR_NS
    return next((width for width, keep_ns in KEEP_NS.items() if age < keep_ns), DAY_NS)


def _parts(calls: Sequence[Call], width_ns: int) -> Iterable[tuple[tuple[str, int], Summary]]:
    """Summaries by segment and stretch, of one gene's calls within an hour."""
    stretches: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        stretches[call.at_ns // width_ns * width_ns].append(call)
    for start, inside in stretches.items():
        bursts = summary.bursts_of(inside)
        segments: dict[str, list[Call]] = defaultdict(list)
        for call in inside:
            segments[call.segment].append(call)
        for segment, group in segments.items():
            mine = bursts.get(segment, Bursts())
            yield (segment, start), summary.summarise(group, bursts=mine)
