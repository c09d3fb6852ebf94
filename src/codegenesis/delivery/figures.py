"""What a canary measured, as traits of the variant: for `show`, `status` and the demo."""

from __future__ import annotations

from collections.abc import Iterable

from codegenesis.delivery.sequential import Judgement
from codegenesis.delivery.tally import Tally
from codegenesis.delivery.worth import Comparison
from codegenesis.model import Release, Trait


def canary_traits(
    release: Release, judgement: Judgement, tally: Tally, *, at_ns: int
) -> list[Trait]:
    """Gain and mean CPU per call of both arms, on live calls drawn at random.

    `canary_gain` has the judgement's interval, which holds at every look; the means are exact for
    the calls that were paired, so their interval is the value itself.
    """
    pairs = max(1, tally.log_ratio.n)
    before, after = (tally.cpu_ns[arm] / pairs for arm in ("control", "variant"))
    gain = (judgement.gain, judgement.low, judgement.high)
    rows = (
        ("canary_gain", "times as fast", gain, "paired live calls, confidence sequence"),
        ("canary_cpu_ns_before", "ns", (before,) * 3, "mean CPU of paired calls of the old code"),
        ("canary_cpu_ns_after", "ns", (after,) * 3, "mean CPU of paired calls of the new code"),
    )
    return [
        Trait(
            gene=release.gene,
            variant=release.variant,
            name=name,
            unit=unit,
            value=value,
            low=low,
            high=high,
            n=tally.log_ratio.n,
            method=method,
            at_ns=at_ns,
        )
        for name, unit, (value, low, high), method in rows
    ]


def reward_traits(
    release: Release, comparisons: Iterable[Comparison], *, at_ns: int
) -> list[Trait]:
    """By how much uses that met the variant were rewarded more (below 0: less), for each name."""
    return [
        Trait(
            gene=release.gene,
            variant=release.variant,
            name=f"canary_reward:{each.name}",
            unit="reward",
            value=each.difference,
            low=each.low,
            high=each.high,
            n=each.pairs,
            method="paired uses of both arms, confidence sequence",
            at_ns=at_ns,
        )
        for each in comparisons
        if each.pairs > 1
    ]
