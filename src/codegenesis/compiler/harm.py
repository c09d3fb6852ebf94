"""Does a gain on the whole hide a loss on some?

A variant that builds an index wins on large inputs and may lose on small ones. The recorded
calls are split into classes by what they cost the original, and each class is raced by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from codegenesis.compiler.race import Race, Terms, race
from codegenesis.compiler.workload import plan, size_classes
from codegenesis.model import Record
from codegenesis.sandbox import Executor

WORST = 1.5  # no class may take so many times as long,
_IMMATERIAL_NS = 1000.0  # unless the loss is less than this per call


class Harm(Record, frozen=True, kw_only=True):
    """What happened to the classes, cheapest first.

    Attributes:
        words: the class that loses too much, empty when none does.
        measurements: gain of each class, by name.
    """

    words: str = ""
    measurements: dict[str, float] = {}


def harm(
    executor: Executor,
    qualname: str,
    source: str,
    calls: Sequence[bytes],
    *,
    original: str | None = None,
    budget_s: float = 20.0,
) -> Harm:
    """Race each size class; raises like `race`."""
    classes = size_classes(plan(executor, qualname, calls, original=original))
    terms = Terms(pairs=4, most_pairs=4, budget_s=budget_s / max(1, len(classes)))
    measurements: dict[str, float] = {}
    for number, members in enumerate(classes, start=1):
        ended = race(executor, qualname, source, members, original=original, terms=terms)
        name = f"quarter_{number}" if len(classes) == 4 else f"class_{number}"
        measurements[f"{name}_gain"] = ended.gain.ratio
        measurements[f"{name}_before_ns"] = ended.gain.before_ns
        if words := _loss(ended):
            place = f"class {number} of {len(classes)}, cheapest first"
            return Harm(words=f"{words} ({place})", measurements=measurements)
    return Harm(measurements=measurements)


def _loss(ended: Race) -> str:
    if ended.verdict == "failed":
        return ended.reason
    gain = ended.gain
    slower = gain.after_ns - gain.before_ns
    if gain.high < 1 / WORST and slower > _IMMATERIAL_NS:
        return f"calls of one size class take {1 / gain.ratio:.2f}× as long"
    return ""
