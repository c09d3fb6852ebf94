"""When is a canary over? The rule that decides, readable after every call.

Three claims must all be proven before a faster variant is promoted, each at `alpha`:

1. it is faster: the lower bound of the mean log ratio of CPU is above log(`min_gain`), and it has
   also spent less CPU in total (a mean of ratios alone would let it lose on the few large inputs
   what it wins on the many small ones);
2. its tail is no fatter: its share of calls above the control's p95 is at most `tail_ratio` times
   the control's;
3. it fails no more often: by less than `error_margin` more of the calls.

A guard that fires rolls it back at once: an exception that the old code would not have raised, an
exception type never seen before, more errors, a fatter tail, or proven slower. Neither: wait, and
at the deadline the old code stays.

Claim 3 deserves honesty. That no error occurred in 400 pairs excludes +1.4 points at this alpha,
not +0.5; to exclude that takes about 1400 pairs without one, and an asymptotic sequence, whose
variance is then zero, would have claimed it after two. So it is proven by an exact bet, except for
a *pure* gene (`retried`): there the router repeats each failing call on the old code, callers
cannot see an error more by construction, and the first call that only the variant fails rolls it
back (`Sample.regression`). Those need `min_pairs` only.

Rejected: a t-test at each look (false promotions: see the benchmark), an asymptotic sequence on the
tail (twice the pairs of the bet, no proof at small counts), wall time (holds the neighbour's load).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Literal

import msgspec

from codegenesis.delivery.anytime import (
    confidence_sequence,
    log_capital,
    log_capital_fair_coin,
)
from codegenesis.delivery.tally import SEGMENTS, Tally
from codegenesis.model import Record

Objective = Literal["speed", "heal"]
Verdict = Literal["promote", "roll_back", "wait"]

_TAIL_STAKES = (0.05, 0.15, 0.4, 0.95)
_ERROR_STAKES = (0.3, 0.75, 0.95)


class Rule(Record, frozen=True, kw_only=True):
    """What must be proven, and how surely.

    Attributes:
        alpha: chance of a false claim, for each claim over a whole lineage.
        min_pairs: no promotion on less.
        min_gain: CPU ratio old / new that must be exceeded, proven.
        tail_ratio: the variant's share of slow calls over the control's, at most.
        warm_up: pairs that only set what a slow call is.
        error_margin: share of calls that may fail more than with the old code, less than this.
        retried: the router repeats failing calls on the old code, so a regression shows as such.
        guard_pairs: a variant may be found slower from here on.
        heal_errors: a variant that never failed where the control did this often has healed.
        heal_slowdown: CPU ratio new / old above which a healing variant is too dear.
        reward_pairs: where uses are rewarded, so many pairs of them are waited for (`worth`).
    """

    alpha: float = 0.0033
    min_pairs: int = 400
    min_gain: float = 1.02
    tail_ratio: float = 1.5
    warm_up: int = 100
    error_margin: float = 0.005
    retried: bool = False
    guard_pairs: int = 50
    heal_errors: int = 5
    heal_slowdown: float = 1.25
    reward_pairs: int = 50

    def for_attempt(self, attempt: int) -> Rule:
        """The rule for the `attempt`-th (from 1) canary of one gene: alpha / 2^attempt.

        The sum over all attempts is alpha, so evolving the same gene again and again until chance
        says yes does not work.
        """
        return self.one_of(2.0**attempt)

    def one_of(self, claims: float) -> Rule:
        """The rule for one of so many claims that share its alpha."""
        return msgspec.structs.replace(self, alpha=self.alpha / claims)


class Judgement(Record, frozen=True, kw_only=True):
    """What the rule says now, with the figures that it rests on.

    Attributes:
        reason: in words with figures, for people and for the ledger.
        pairs: pairs so far.
        gain, low, high: CPU ratio old / new, geometric mean and its interval; > 1 is faster.
        control_errors, variant_errors: share of calls that raised.
        control_slow, variant_slow: share of calls above the control's p95 of the warm-up.
    """

    verdict: Verdict
    reason: str
    pairs: int
    gain: float
    low: float
    high: float
    control_errors: float
    variant_errors: float
    control_slow: float
    variant_slow: float


def judge(
    tally: Tally,
    *,
    rule: Rule,
    objective: Objective = "speed",
    known_errors: Collection[str] = (),
) -> Judgement:
    """Read the canary; may be called as often as one likes.

    Args:
        known_errors: exception types that the original was seen to raise outside this canary.
    """
    reading = _Reading(tally, rule)
    alarm = reading.alarm(objective, known_errors)
    if alarm:
        return reading.judgement("roll_back", alarm)
    missing = reading.unhealed() if objective == "heal" else reading.unproven()
    if missing:
        return reading.judgement("wait", f"not yet shown: {', '.join(missing)}")
    return reading.judgement("promote", "better" if objective == "speed" else "healed")


def regressions(
    tally: Tally,
    *,
    rule: Rule,
    objective: Objective = "speed",
    known_errors: Collection[str] = (),
) -> Iterator[tuple[str, str]]:
    """Segments that the variant is worse for, and why, in words; they share one more alpha."""
    known = {*known_errors, *tally.errors["control"]}
    for segment, apart in tally.segments.items():
        found = judge(apart, rule=rule.one_of(SEGMENTS), objective=objective, known_errors=known)
        if found.verdict == "roll_back":
            yield segment, found.reason


class _Reading:
    """One look at a tally."""

    def __init__(self, tally: Tally, rule: Rule) -> None:
        self.tally = tally
        self.rule = rule
        self.log_bar = -math.log(rule.alpha)
        self.low, self.high = confidence_sequence(
            tally.log_ratio, alpha=rule.alpha, tuned_for=rule.min_pairs
        )
        self.worse = tally.failed[False, True]
        self.better = tally.failed[True, False]

    def alarm(self, objective: Objective, known_errors: Collection[str]) -> str:
        """Why to roll back, empty when nothing speaks for it."""
        return self._crash_alarm(known_errors) or self._slow_alarm(objective)

    def unproven(self) -> list[str]:
        """Claims that a faster variant still owes."""
        owed = {
            f"{self.rule.min_pairs} pairs": self.tally.pairs >= self.rule.min_pairs,
            f"a gain above {self.rule.min_gain}": self.low > math.log(self.rule.min_gain)
            and self.tally.cpu_ns["variant"] < self.tally.cpu_ns["control"],
            "a tail that is no fatter": self._tail_capital(sign=1.0) > self.log_bar,
            "errors that are no more": self._errors_bounded(),
        }
        return [claim for claim, proven in owed.items() if not proven]

    def unhealed(self) -> list[str]:
        """Claims that a healing variant still owes."""
        fewer = self.better > self.worse
        capital = log_capital_fair_coin(self.better, self.worse)
        flawless = not self.tally.errors["variant"]
        shown = flawless and self.tally.errors["control"].total() >= self.rule.heal_errors
        owed = {
            f"{self.rule.min_pairs} pairs": self.tally.pairs >= self.rule.min_pairs,
            "fewer errors": shown or (fewer and capital > self.log_bar),
        }
        return [claim for claim, proven in owed.items() if not proven]

    def judgement(self, verdict: Verdict, reason: str) -> Judgement:
        tally = self.tally
        gain, low, high = (
            math.exp(x) for x in (tally.log_ratio.mean, self.low, min(self.high, 700))
        )
        figures = (
            f"{gain:.3g} times as fast ({low:.3g} to {high:.3g}) over {tally.pairs} pairs, "
            f"errors {tally.share_of_errors('variant'):.2%} against "
            f"{tally.share_of_errors('control'):.2%}, slow calls "
            f"{tally.share_of_slow('variant'):.1%} against {tally.share_of_slow('control'):.1%}"
        )
        return Judgement(
            verdict=verdict,
            reason=f"{reason}: {figures}",
            pairs=tally.pairs,
            gain=gain,
            low=low,
            high=high,
            control_errors=tally.share_of_errors("control"),
            variant_errors=tally.share_of_errors("variant"),
            control_slow=tally.share_of_slow("control"),
            variant_slow=tally.share_of_slow("variant"),
        )

    def _crash_alarm(self, known_errors: Collection[str]) -> str:
        tally = self.tally
        if tally.regressions:
            return (
                f"raised {tally.regressions[0].error or 'an exception'} where the old code returns"
            )
        if self.rule.retried:
            return ""  # what else the variant raised, the old code raised too
        new = tally.new_errors() - set(known_errors)
        if new:
            return f"raised {', '.join(sorted(new))}, which the old code was never seen to raise"
        if self.worse > self.better and (
            log_capital_fair_coin(self.worse, self.better) > self.log_bar
        ):
            return f"fails more often ({self.worse} pairs against {self.better})"
        return ""

    def _slow_alarm(self, objective: Objective) -> str:
        limit = -math.log(self.rule.heal_slowdown) if objective == "heal" else 0.0
        if self.tally.log_ratio.n >= self.rule.guard_pairs and self.high < limit:
            return "slower"
        if objective == "speed" and self._tail_capital(sign=-1.0) > self.log_bar:
            return "too many slow calls"
        return ""

    def _tail_capital(self, *, sign: float) -> float:
        """Capital on "the tail is no fatter than allowed" (sign 1) or "it is fatter" (sign -1)."""
        bounds = {(control, variant): 0 for control in (0.0, 1.0) for variant in (0.0, 1.0)}
        outcomes = [
            (sign * (self.rule.tail_ratio * control - variant), count)
            for (control, variant), count in {**bounds, **self.tally.slow}.items()
        ]
        return log_capital(outcomes, _TAIL_STAKES)

    def _errors_bounded(self) -> bool:
        if self.rule.retried:
            return True  # a call that only the variant fails is a regression, and an alarm
        margin = self.rule.error_margin
        same = self.tally.pairs - self.worse - self.better
        bets = [(margin - 1.0, self.worse), (margin + 1.0, self.better), (margin, same)]
        return log_capital(bets, _ERROR_STAKES) > self.log_bar
