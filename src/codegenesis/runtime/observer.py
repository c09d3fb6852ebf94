"""Decides which genes are watched next, within what the governor allows."""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Sequence

from codegenesis.runtime import probe
from codegenesis.runtime.capture import Capture
from codegenesis.runtime.governor import Governor
from codegenesis.runtime.live import LiveGene
from codegenesis.runtime.probe import Burst

#: A burst that nobody called into makes room for another after this long.
PATIENCE_NS = 2_000_000_000
#: After so many calls in a row that could not be written down, a gene is watched only this often.
BLIND, SELDOM = 32, 0.2


class Observer:
    """Arms bursts on genes, a few at a time, by chance.

    Args:
        size: calls of a burst.

    Attributes:
        is_hungry: the last visit could pay for more bursts than there were functions to watch, so
            more looks see more.
    """

    def __init__(self, *, size: int, capture: Capture, governor: Governor) -> None:
        self._size = size
        self._capture = capture
        self._governor = governor
        self._chance = random.Random()
        self.is_hungry = False

    def visit(self, genes: Sequence[LiveGene], *, eager: Collection[str] = ()) -> None:
        """End bursts that wait in vain, begin new ones.

        Args:
            eager: targets to be watched first, at every visit (they are in shadow).
        """
        self._capture.eager = frozenset(eager)
        waiting = sum(not self._over(gene) for gene in genes)
        room = self._governor.bursts(self._size) - waiting
        self.is_hungry = False
        if room <= 0:
            return
        bare = [gene for gene in genes if gene.overlay is None and self._worth(gene)]
        first = [gene for gene in bare if gene.target in eager] if eager else []
        self.is_hungry = 0 < len(bare) <= room
        chosen = self._chance.sample(bare, min(room, len(bare)))
        for gene in [*first, *chosen][:room]:
            probe.arm(gene, size=self._size, capture=self._capture, purse=self._governor)

    def _worth(self, gene: LiveGene) -> bool:
        """Calls that cannot be replayed feed the map, but prove nothing: they get fewer bursts."""
        return gene.blind < BLIND or self._chance.random() < SELDOM

    def rest(self, genes: Sequence[LiveGene]) -> None:
        """Watch nothing: while evolution is frozen, what would be seen serves nobody."""
        for gene in genes:
            probe.disarm(gene)

    def _over(self, gene: LiveGene) -> bool:
        """Is no burst waiting in front of this gene (any more)?"""
        burst = gene.overlay
        if not isinstance(burst, Burst):
            return True
        if time.perf_counter_ns() - burst.armed_ns < PATIENCE_NS:
            return False
        gene.uncover(burst)
        return True
