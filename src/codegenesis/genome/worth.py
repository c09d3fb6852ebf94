"""What uses were worth to whom: rewards by segment, of those uses that a gene took part in.

A reward belongs to a use of the application, not to a function. It is joined to a gene by the trace
that it shares with a sampled call; where no trace is shared, rewards of the whole service stand in,
and the method says so. This is where to look for whom a function matters, and no proof that it
earned anything: releases are judged by rewards of their two arms (`codegenesis.delivery`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection

from codegenesis.genome import figures
from codegenesis.genome.statistics import average
from codegenesis.genome.weakness import OF
from codegenesis.model import Reward, Trait

#: Fewer shared traces than this, and the service stands in.
LEAST = 8


def worth(
    gene: str,
    rewards: Collection[Reward],
    traces: Collection[str],
    *,
    at_ns: int,
) -> list[Trait]:
    """Mean reward of each segment, and of each reward's name, as `reward.NAME@SEGMENT`.

    Args:
        rewards: of the gene's service.
        traces: of uses in which a call of the gene was sampled.
    """
    shared = [each for each in rewards if each.trace and each.trace in traces]
    joined = len(shared) >= LEAST
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    for each in shared if joined else rewards:
        groups[each.name, each.segment].append(each.value)
    how = "uses that it took part in" if joined else "all uses of the service"
    return [
        _trait(gene, f"reward.{name}{OF if segment else ''}{segment}", values, how, at_ns)
        for (name, segment), values in sorted(groups.items())
    ]


def _trait(gene: str, name: str, values: list[float], how: str, at_ns: int) -> Trait:
    n, squares = len(values), math.fsum(each * each for each in values)
    estimate = average(n, math.fsum(values), squares, least=-math.inf)
    return figures.trait(gene, name, (estimate, "reward", n, f"mean over {how}"), at_ns=at_ns)
