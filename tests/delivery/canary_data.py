"""Simulated calls of a canary, for the tests of this room."""

from __future__ import annotations

import random
from collections.abc import Iterator

from codegenesis.model import Arm, Sample


def sample(arm: Arm, cpu_ns: int = 1000, **fields: object) -> Sample:
    """One call; what is not given does not matter."""
    known = {"release": "r", "process": "p", "at_ns": 0, "wall_ns": cpu_ns, **fields}
    return Sample(arm=arm, cpu_ns=cpu_ns, **known)  # type: ignore[arg-type]


def calls(
    count: int,
    *,
    cost: float = 1.0,
    control_errors: float = 0.0,
    variant_errors: float = 0.0,
    fat_tail: float = 0.0,
    spread: float = 0.4,
    seed: int = 0,
    release: str = "r",
    error: str = "builtins.KeyError",
) -> Iterator[Sample]:
    """`count` randomised calls; `cost` is the variant's CPU over the control's."""
    chance = random.Random(seed)
    for _ in range(count):
        variant = chance.random() < 0.5
        tail = 8.0 if variant and chance.random() < fat_tail else 1.0
        cpu = 1e6 * (cost * tail if variant else 1.0) * chance.lognormvariate(0.0, spread)
        failed = chance.random() < (variant_errors if variant else control_errors)
        yield sample(
            "variant" if variant else "control",
            int(cpu),
            error=error if failed else "",
            release=release,
        )
