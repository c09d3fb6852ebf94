"""What the uses of both arms were worth to their users: a canary may be fast, and still sell less.

Rewards carry the arm that their use had drawn, so they are compared as calls are: joined per key
first (`joining`), then read at every look without paying for the looking. Per name, two things can
show that the new code is worse, and each alone takes it out:

- *worth less*: in pairs of a control and a variant key, the mean of the variant's rewards is lower,
  by the confidence sequence of `anytime`. Under no change the differences are symmetric, whatever
  the rewards are like (a few large orders among many small ones), which it copes with early;
- *rewarded less often*: where only what went well is rewarded (`reward(1, name="checkout")`), every
  reward looks alike and there are just fewer of them. A key falls into the variant by a coin of
  known weight, so too few rewarded keys (or too many with a negative reward) are bet on, exactly.

Better rewards do not promote: what is promoted has to be faster or to heal. Alpha is split over the
names in the order of their appearance (1/2, 1/6, 1/12, ... of the whole), and over the two claims.

Rejected: comparing sums of rewards per arm by inverse weights alone (one test for both claims, but
where every use is rewarded its variance is that of the square: for rewards of 100 +- 10 it takes
two hundred times as many uses to see the same difference).
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator
from statistics import fmean
from typing import NamedTuple

from msgspec import structs

from codegenesis.delivery.anytime import Moments, confidence_sequence, log_capital
from codegenesis.delivery.joining import Joiner
from codegenesis.delivery.sequential import Rule
from codegenesis.delivery.tally import SEGMENTS
from codegenesis.model import Arm, Record, Reward

#: Names that are judged, the first that come.
NAMES = 16
#: As for calls, but rewards are rarer: a key is closed when so many came after its first.
PATIENCE = 64
#: Unpaired keys that are kept per arm.
QUEUE = 64

_STAKES = (0.05, 0.15, 0.4, 0.8)


class Comparison(Record, frozen=True, kw_only=True):
    """Rewards of one name so far.

    Attributes:
        pairs: pairs of keys.
        control, variant: mean reward of a key in either arm.
        difference, low, high: variant - control in pairs, with its interval; below 0 is worse.
        worse: why the variant is worse, in words with figures; empty when that is not shown.
    """

    name: str
    pairs: int
    control: float
    variant: float
    difference: float
    low: float
    high: float
    worse: str


class Worth:
    """Running total of the rewards of one release, O(1) per reward.

    Args:
        weight: the variant's share of the draws.
    """

    def __init__(self, release: str, *, weight: float, rule: Rule) -> None:
        self._release = release
        self._weight = weight
        self._rule = rule
        self._named: dict[str, _Named] = {}

    def add(self, reward: Reward) -> None:
        """Take a reward in, if its use met this canary; each must be handed over once."""
        arm = reward.arms.get(self._release)
        if arm is None or not math.isfinite(reward.value):
            return
        if reward.name not in self._named and len(self._named) >= NAMES:
            return
        self._named.setdefault(reward.name, _Named()).add(arm, reward)

    @property
    def pending(self) -> int:
        """Pairs that the name with most of them still lacks; 0 where nothing is rewarded."""
        wanted = self._rule.reward_pairs
        lacking = (wanted - named.total.difference.n for named in self._named.values())
        return max(0, min(lacking, default=0))

    def comparisons(self) -> list[Comparison]:
        """Each name as it stands, all segments together."""
        return [
            named.total.read(name, weight=self._weight, rule=rule)
            for name, named, rule in self._each()
        ]

    def worse(self) -> str:
        """Why to roll back, in words; empty when nothing speaks for it."""
        return "; ".join(each.worse for each in self.comparisons() if each.worse)

    def regressions(self) -> Iterator[tuple[str, str]]:
        """Segments whose rewards are worse, and why."""
        for name, named, rule in self._each():
            apart = rule.one_of(SEGMENTS)
            for segment, scale in named.segments.items():
                found = scale.read(name, weight=self._weight, rule=apart).worse
                if found:
                    yield segment, found

    def _each(self) -> Iterator[tuple[str, _Named, Rule]]:
        for place, (name, named) in enumerate(self._named.items(), start=1):
            yield name, named, self._rule.one_of(place * (place + 1))


class _Told(NamedTuple):
    arm: Arm
    segment: str
    value: float


class _Named:
    """Rewards of one name."""

    def __init__(self) -> None:
        self.total = _Scale()
        self.segments: dict[str, _Scale] = {}
        self._joiner: Joiner[_Told] = Joiner(patience=PATIENCE)

    def add(self, arm: Arm, reward: Reward) -> None:
        """Uses that nothing sticks to are joined by their trace."""
        told = _Told(arm, reward.segment, reward.value)
        key = reward.key or reward.trace
        for unit in self._joiner.add((key, arm), told) if key else [[told]]:
            self._add_unit(arm=unit[0].arm, segment=unit[0].segment, told=unit)

    def _add_unit(self, *, arm: Arm, segment: str, told: list[_Told]) -> None:
        value = fmean(each.value for each in told)
        self.total.add(arm, value)
        if segment and (segment in self.segments or len(self.segments) < SEGMENTS):
            self.segments.setdefault(segment, _Scale()).add(arm, value)


class _Scale:
    """Both arms in the balance."""

    def __init__(self) -> None:
        self.difference = Moments()
        self._arms: dict[Arm, Moments] = {"control": Moments(), "variant": Moments()}
        self._waiting: dict[Arm, deque[float]] = {
            "control": deque(maxlen=QUEUE),
            "variant": deque(maxlen=QUEUE),
        }
        self._better: Counter[Arm] = Counter()
        self._worse: Counter[Arm] = Counter()

    def add(self, arm: Arm, value: float) -> None:
        """The mean reward of one key."""
        self._arms[arm].add(value)
        if value:
            (self._better if value > 0 else self._worse)[arm] += 1
        other: Arm = "control" if arm == "variant" else "variant"
        if not self._waiting[other]:
            self._waiting[arm].append(value)
            return
        partner = self._waiting[other].popleft()
        self.difference.add(value - partner if arm == "variant" else partner - value)

    def read(self, name: str, *, weight: float, rule: Rule) -> Comparison:
        """One look; half of the rule's alpha is for each of the claims."""
        half = rule.one_of(2)
        low, high = confidence_sequence(self.difference, alpha=half.alpha, tuned_for=rule.min_pairs)
        control, variant = (self._arms[arm].mean for arm in ("control", "variant"))
        found = Comparison(
            name=name,
            pairs=self.difference.n,
            control=control,
            variant=variant,
            difference=self.difference.mean,
            low=low,
            high=high,
            worse="",
        )
        less = self.difference.n >= rule.guard_pairs and high < 0.0
        rarer = self._log_capital(weight) > -math.log(half.alpha)
        return structs.replace(found, worse=self._words(found, less=less, rarer=rarer))

    def _log_capital(self, weight: float) -> float:
        """Of betting that the variant gets less than its share of what is good, more of the bad."""
        return log_capital(
            [
                (weight, self._better["control"]),
                (weight - 1.0, self._better["variant"]),
                (-weight, self._worse["control"]),
                (1.0 - weight, self._worse["variant"]),
            ],
            _STAKES,
        )

    def _words(self, found: Comparison, *, less: bool, rarer: bool) -> str:
        if less:
            return (
                f"its uses are worth less: {found.name} {found.variant:.4g} against "
                f"{found.control:.4g} ({found.low:+.3g} to {found.high:+.3g}) over "
                f"{found.pairs} pairs"
            )
        if rarer:
            return (
                f"its uses are worth less: {found.name} is good in {self._better['variant']} and "
                f"bad in {self._worse['variant']} of them, with the old code in "
                f"{self._better['control']} and {self._worse['control']}"
            )
        return ""
