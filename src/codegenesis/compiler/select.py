"""Survival of the fittest: successive halving over races, accepted by the lower bound only.

Everybody gets a short race; the better half a longer one, until one is left, whose long race counts.
Fitness is CPU per call for now; the vector of DESIGN §7 (memory, resilience, size) and Pareto
selection come with more operators than one objective can rank.

Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization"
(AISTATS 2016), for the halving.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codegenesis.compiler.race import Disqualified, RaceRule, race
from codegenesis.evidence import Case
from codegenesis.model import Gain, Record, Variant

#: Pairs in the first round; doubled from round to round.
QUICK_PAIRS = 2

Heard = Callable[[Variant, Gain | None, str], None]


class Selection(Record, frozen=True, kw_only=True):
    """Who won, or why nobody did.

    Attributes:
        winner: None when no gain could be proven.
        gain: of the winner, or of the best of those that did not make it.
        reason: in words.
    """

    winner: Variant | None
    gain: Gain | None
    reason: str


def select(
    variants: Sequence[Variant],
    case: Case,
    *,
    min_gain: float,
    heard: Heard,
    slowest: float | None = None,
    seed: int = 0,
) -> Selection:
    """Race variants that passed all gates before.

    Args:
        min_gain: the lower bound of the CPU ratio old / new that the winner must clear.
        heard: told of every race: the variant, its gain (None when it died) and a word.
        slowest: accept anything whose lower bound clears this instead (for variants that win by
            something else than speed).
    """
    wanted = slowest if slowest is not None else min_gain
    field, pairs = list(variants), QUICK_PAIRS
    while len(field) > 1:
        rule = RaceRule(pairs=pairs, most_pairs=pairs, threshold=wanted)
        ranked = _ranked(field, case, rule, heard, seed)
        field = [variant for variant, _ in ranked[: max(1, len(ranked) // 2)]]
        pairs *= 2
    final = _ranked(field, case, RaceRule(threshold=wanted), heard, seed)
    if not final:
        return Selection(winner=None, gain=None, reason="no variant came through its race")
    winner, gain = final[0]
    if gain.low < wanted:
        reason = (
            f"the best variant ({winner.operator}) is {gain.ratio:.3g} times as fast "
            f"({gain.low:.3g} to {gain.high:.3g}); {wanted:g} has to be proven"
        )
        return Selection(winner=None, gain=gain, reason=reason)
    return Selection(winner=winner, gain=gain, reason=f"{winner.operator} won the race")


def _ranked(
    field: Sequence[Variant], case: Case, rule: RaceRule, heard: Heard, seed: int
) -> list[tuple[Variant, Gain]]:
    """Those that came through, the fastest first."""
    times: list[tuple[Variant, Gain]] = []
    for variant in field:
        try:
            gain = race(
                case.executor,
                case.gene.qualname,
                variant.source,
                case.calls,
                rule=rule,
                seed=seed,
            )
        except Disqualified as error:
            heard(variant, None, str(error))
            continue
        heard(variant, gain, "")
        times.append((variant, gain))
    return sorted(times, key=lambda row: -row[1].ratio)
