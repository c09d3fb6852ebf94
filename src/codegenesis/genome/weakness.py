"""Weaknesses in words, and how urgent a gene is.

Priority = impact x opportunity x confidence (DESIGN §5), each between 0 and 1:

* impact: the CPU share, or the share of calls that fail, whichever is larger;
* opportunity: how much of it a better version could plausibly take away, from the way cost grows,
  from repeats, from failures. It says nothing about *which* rewrite fits; the operators do;
* confidence: how much was seen, n / (n + 32).

The figures are a ranking, not a forecast: forecasts per operator are in `codegenesis.core`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codegenesis.model import Gene, Record, Trait

#: Between the name of a trait and the segment that it is told of.
OF = "@"

#: Above these a trait is worth a sentence.
GROWS, REPEATS, BUSY = 1.3, 0.3, 0.05
#: Index of stability above which inputs have changed, ratio above which a function mostly waits,
#: share of wrong versions below which evidence is thin.
CHANGED, WAITS, THIN = 0.1, 3.0, 0.8

#: Below this mean cost there is hardly anything to save per call.
TRIVIAL_NS = 2_000.0


#: Traits that a priority follows from.
WEIGHED = ("cpu_share", "cpu_ns_mean", "error_rate", "repeat_rate", "complexity")


class Priority(Record, frozen=True, kw_only=True):
    """How much it is worth to evolve a gene now.

    Attributes:
        score: impact x opportunity x confidence, 0..1; higher is more urgent.
        reason: the three in words.
    """

    score: float
    impact: float
    opportunity: float
    confidence: float
    reason: str


def weaknesses(gene: Gene, traits: Iterable[Trait]) -> list[str]:
    """One sentence for each weakness that the traits show, the gravest first.

    A gene that is refused gets one sentence that says why.
    """
    if gene.refused:
        return [f"not evolved: {gene.refused}"]
    known = _by_name(traits)
    looks = (_fails, _breaks, _grows, _hogs, _repeats, _tail, _waits, _drifts, _thin, _untested)
    return [sentence for look in looks if (sentence := look(known))]


def apart(traits: Iterable[Trait]) -> list[str]:
    """One sentence for each segment that is served worse than the whole.

    Apart from the other weaknesses, because names of segments are nobody's business but the
    owner's: these sentences go to no model.
    """
    known = _by_name(traits)
    whole = known.get("error_rate")
    found = []
    for name, trait in sorted(known.items()):
        what, _, segment = name.partition(OF)
        if not segment:
            continue
        if what == "error_rate" and whole is not None and trait.low > whole.high:
            found.append(f"fails more often for {segment}: {trait.value:.1%} of its calls")
        if what == "wall_ns_p95" and what in known and trait.low > 2 * known[what].high:
            times = trait.value / known[what].value
            found.append(f"is slower for {segment}: its p95 is {times:.1f}x that of all calls")
    return found


def priority(traits: Iterable[Trait]) -> Priority:
    """How urgent the gene with these traits is; all zero when nothing was observed."""
    known = _by_name(traits)
    impact, why_impact = _impact(known)
    opportunity, why_opportunity = _opportunity(known)
    n = known["cpu_ns_mean"].n if "cpu_ns_mean" in known else 0
    confidence = n / (n + 32)
    reason = f"{why_impact}; {why_opportunity}; seen in {n} sampled calls"
    return Priority(
        score=impact * opportunity * confidence,
        impact=impact,
        opportunity=opportunity,
        confidence=confidence,
        reason=reason if n else "no call of it was sampled yet",
    )


def _by_name(traits: Iterable[Trait]) -> dict[str, Trait]:
    return {trait.name: trait for trait in traits if not trait.variant}


def _value(known: Mapping[str, Trait], name: str) -> float:
    return known[name].value if name in known else 0.0


def _impact(known: Mapping[str, Trait]) -> tuple[float, str]:
    share, errors = min(1.0, _value(known, "cpu_share")), _value(known, "error_rate")
    if errors > share:
        return errors, f"{errors:.1%} of calls fail"
    return share, f"uses {share:.1%} of a core"


def _opportunity(known: Mapping[str, Trait]) -> tuple[float, str]:
    errors, repeats = _value(known, "error_rate"), _value(known, "repeat_rate")
    exponent = known["complexity"].low if "complexity" in known else 0.0
    if errors > 0 and errors >= _value(known, "cpu_share"):
        return 1.0, "a version that does not fail would remove that"
    if exponent > GROWS:
        return 0.9, f"cost grows like n^{_value(known, 'complexity'):.1f}, so an index may help"
    if 0 < _value(known, "cpu_ns_mean") < TRIVIAL_NS:
        return 0.1, "each call is already cheap"
    if repeats > REPEATS:
        return max(0.5, repeats), f"{repeats:.0%} of calls repeat earlier ones"
    return 0.4, "no particular weakness in its growth or its inputs"


def _fails(known: Mapping[str, Trait]) -> str:
    rate = known.get("error_rate")
    if rate is None or rate.value == 0:
        return ""
    return f"fails in {rate.value:.2%} of {rate.n} sampled calls"


def _breaks(known: Mapping[str, Trait]) -> str:
    crashes = known.get("crashes")
    return f"crashed {crashes.n} times in a day, {crashes.method}" if crashes else ""


def _untested(known: Mapping[str, Trait]) -> str:
    covered = known.get("line_coverage")
    if covered is None or covered.value == 1:
        return ""
    return f"tests leave {1 - covered.value:.0%} of its {covered.n} statements out"


def _grows(known: Mapping[str, Trait]) -> str:
    trait = known.get("complexity")
    if trait is None or trait.low <= GROWS:
        return ""
    return (
        f"cost grows faster than its input: CPU ~ n^{trait.value:.2f} "
        f"(95 % between {trait.low:.2f} and {trait.high:.2f})"
    )


def _hogs(known: Mapping[str, Trait]) -> str:
    share = known.get("cpu_share")
    if share is None or share.value < BUSY:
        return ""
    mean_us = _value(known, "cpu_ns_mean") / 1000
    return f"uses {share.value:.1%} of a core ({mean_us:.1f} µs per call on average)"


def _repeats(known: Mapping[str, Trait]) -> str:
    trait = known.get("repeat_rate")
    if trait is None or trait.low <= REPEATS:
        return ""
    return f"computes again what it computed before: {trait.value:.0%} of calls repeat"


def _tail(known: Mapping[str, Trait]) -> str:
    middle, high = _value(known, "cpu_ns_p50"), _value(known, "cpu_ns_p95")
    if middle <= 0 or high < 10 * middle or high < 10 * TRIVIAL_NS:
        return ""
    return f"a few calls cost far more than the rest: p95 is {high / middle:.0f}x the median"


def _waits(known: Mapping[str, Trait]) -> str:
    cpu, wall = _value(known, "cpu_ns_p50"), _value(known, "wall_ns_p50")
    if wall < 1e6 or wall < WAITS * cpu:
        return ""
    return f"mostly waits: {wall / 1e6:.1f} ms at the median, of which it computes {cpu / 1e6:.1f}"


def _drifts(known: Mapping[str, Trait]) -> str:
    trait = known.get("drift")
    if trait is None or trait.low <= CHANGED:
        return ""
    index = trait.method.partition(",")[0]
    return f"is handed other inputs than before: {index} is {trait.value:.2f}"


def _thin(known: Mapping[str, Trait]) -> str:
    trait = known.get("evidence_strength")
    if trait is None or trait.value >= THIN:
        return ""
    return f"its evidence is thin: it notices {trait.value:.0%} of {trait.n} wrong versions"
