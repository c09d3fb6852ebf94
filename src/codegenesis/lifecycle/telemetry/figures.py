"""What is told to the outside about an application that evolves, read from the store in one go."""

from __future__ import annotations

import time
from collections import Counter
from typing import get_args

from codegenesis.lifecycle.snapshot import GONE_NS
from codegenesis.model import Process, Record, Stage
from codegenesis.store import Store


class Figures(Record, frozen=True, kw_only=True):
    """The state now.

    Attributes:
        processes: of applications and engines, heard of lately.
        releases: how many are in each stage.
        genes: how many are evolved, and how many are not.
    """

    at_ns: int
    frozen: bool
    processes: tuple[Process, ...]
    releases: dict[str, int]
    genes: dict[str, int]


def read(store: Store) -> Figures:
    """Read the state.

    Raises:
        StoreError: the store cannot be read now.
    """
    now_ns = time.time_ns()
    stages = Counter(release.stage for release in store.releases())
    kinds = Counter("refused" if gene.refused else "evolved" for gene in store.genes())
    return Figures(
        at_ns=now_ns,
        frozen=store.frozen() is not None,
        processes=tuple(store.processes(seen_since_ns=now_ns - GONE_NS)),
        releases={stage: stages[stage] for stage in get_args(Stage)},
        genes={kind: kinds[kind] for kind in ("evolved", "refused")},
    )
