"""Strengths in words: what is known to be good about a gene, and why that is believed.

A strength is claimed only where the whole interval is on its side, so that little evidence gives no
praise. They say what to leave alone, and what a better version must not lose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codegenesis.genome.weakness import CHANGED, GROWS, TRIVIAL_NS
from codegenesis.model import Gene, Trait

#: Share of failures that is as good as none, ratio of p99 to p50 that is steady.
RARE, STEADY = 0.01, 3.0
#: Share of wrong versions that good evidence notices.
SOLID = 0.9
#: Growth below which cost is as good as constant.
FLAT = 0.2


def strengths(gene: Gene, traits: Iterable[Trait]) -> list[str]:
    """One sentence for each strength that the traits show; none for a gene that is refused."""
    if gene.refused:
        return []
    known = {trait.name: trait for trait in traits if not trait.variant}
    looks = (_cheap, _reliable, _scales, _steady, _pure, _repeatable, _proven, _used_to)
    return [sentence for look in looks if (sentence := look(known))]


def _cheap(known: Mapping[str, Trait]) -> str:
    trait = known.get("cpu_ns_p95")
    if trait is None or trait.high > TRIVIAL_NS:
        return ""
    return f"cheap: 95 % of calls take at most {trait.high / 1000:.1f} µs of CPU"


def _reliable(known: Mapping[str, Trait]) -> str:
    trait = known.get("error_rate")
    if trait is None or trait.high > RARE:
        return ""
    often = "never failed" if trait.value == 0 else f"fails in {trait.value:.2%}"
    return f"reliable: {often} in {trait.n} sampled calls (at most {trait.high:.2%})"


def _scales(known: Mapping[str, Trait]) -> str:
    trait = known.get("complexity")
    if trait is None or trait.high > GROWS:
        return ""
    how = "hardly depends on" if trait.high < FLAT else "grows no faster than"
    return f"scales: its cost {how} its input (n^{trait.value:.2f}, at most n^{trait.high:.2f})"


def _steady(known: Mapping[str, Trait]) -> str:
    trait = known.get("tail_ratio")
    if trait is None or trait.high > STEADY:
        return ""
    return f"steady: the slowest hundredth takes {trait.value:.1f}x the median"


def _pure(known: Mapping[str, Trait]) -> str:
    trait = known.get("purity")
    if trait is None or trait.value < 1:
        return ""
    return f"pure: {trait.n} calls were watched and had no effect, so a call may be repeated"


def _repeatable(known: Mapping[str, Trait]) -> str:
    trait = known.get("determinism")
    if trait is None or trait.low < SOLID:
        return ""
    return f"deterministic: {trait.value:.0%} of {trait.n} calls came out the same again"


def _proven(known: Mapping[str, Trait]) -> str:
    trait = known.get("evidence_strength")
    if trait is None or trait.value < SOLID:
        return ""
    return f"well covered: its evidence notices {trait.value:.0%} of {trait.n} wrong versions"


def _used_to(known: Mapping[str, Trait]) -> str:
    trait = known.get("drift")
    if trait is None or trait.high > CHANGED:
        return ""
    return f"is handed the same as before: the index of stability is at most {trait.high:.2f}"
