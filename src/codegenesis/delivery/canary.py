"""A canary under way: samples and rewards go from the store into running totals, and are judged.

What calls cost and whether they fail may promote or roll back (`sequential`); what their uses were
worth may only roll back (`worth`). Where uses are rewarded, a promotion waits for some pairs of
them, for at most half of the canary's time: once the new code has all calls there is nothing left
to compare with. A segment that the new code is worse for is named with the verdict; the verdict
stands all the same.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import structs

from codegenesis.delivery import watch
from codegenesis.delivery.figures import canary_traits, reward_traits
from codegenesis.delivery.sequential import Judgement, Rule, Verdict, judge, regressions
from codegenesis.delivery.tally import Tally
from codegenesis.delivery.worth import Worth
from codegenesis.model import Release, Trait
from codegenesis.store import Store

#: Rewards of uses that the canary has met are looked at for so long after it went live.
LATE_NS = 60_000_000_000
#: Segments that are named with a verdict, at most.
_NAMED = 5


class Canary:
    """How far the canary of one release has come; built again from the store after a restart.

    Args:
        patience_ns: how long a promotion may wait for rewards.
    """

    def __init__(self, release: Release, rule: Rule, *, patience_ns: int) -> None:
        self._rule = rule
        self._patience_ns = patience_ns
        self._tally = Tally(warm_up=rule.warm_up)
        self._worth = Worth(release.id, weight=release.weight, rule=rule)
        self._after_sample = self._after_reward = 0
        self.judgement: Judgement | None = None

    def traits(self, release: Release, *, at_ns: int) -> list[Trait]:
        """What it has measured so far; nothing before the first pair."""
        rewards = reward_traits(release, self._worth.comparisons(), at_ns=at_ns)
        if self.judgement is None or self._tally.log_ratio.n < 2:
            return rewards
        return canary_traits(release, self.judgement, self._tally, at_ns=at_ns) + rewards

    def look(self, store: Store, release: Release, *, now_ns: int) -> Judgement:
        """Take in what came since the last look, and judge."""
        for number, sample in store.numbered_samples(release.id, after_id=self._after_sample):
            self._tally.add(sample)
            self._after_sample = number
        known = watch.errors_of_original(store, release.gene) if self._tally.new_errors() else set()
        judgement = judge(
            self._tally, rule=self._rule, objective=release.objective, known_errors=known
        )
        worse = self.worse(store, release)
        if worse and judgement.verdict != "roll_back":
            judgement = _turned(judgement, "roll_back", worse)
        waits_ns = now_ns - release.updated_ns
        if judgement.verdict == "promote" and self._worth.pending and waits_ns < self._patience_ns:
            missing = f"{self._worth.pending} more pairs of rewarded uses are waited for"
            judgement = _turned(judgement, "wait", missing)
        self.judgement = self._with_segments(judgement, release, known)
        return self.judgement

    def worse(self, store: Store, release: Release) -> str:
        """Why the uses of the new code are worth less, in words; empty when that is not shown."""
        service = release.gene.rpartition("/")[0]
        for number, reward in store.rewards.numbered(
            service=service, after_id=self._after_reward, since_ns=release.created_ns
        ):
            self._worth.add(reward)
            self._after_reward = number
        return self._worth.worse()

    def _with_segments(
        self, judgement: Judgement, release: Release, known: Collection[str]
    ) -> Judgement:
        found = [
            *regressions(
                self._tally, rule=self._rule, objective=release.objective, known_errors=known
            ),
            *self._worth.regressions(),
        ]
        words = [f"worse for segment {segment}: {why}" for segment, why in found[:_NAMED]]
        return structs.replace(judgement, reason="; ".join([judgement.reason, *words]))


def _turned(judgement: Judgement, verdict: Verdict, why: str) -> Judgement:
    return structs.replace(judgement, verdict=verdict, reason=f"{why}; {judgement.reason}")


def attempt(store: Store, release: Release) -> int:
    """The how-manieth release of this gene on this base it is, from 1."""
    started = [
        each
        for each in store.releases(gene=release.gene)
        if each.base == release.base
        and each.stage != "proposed"
        and (each.created_ns, each.id) <= (release.created_ns, release.id)
    ]
    return max(1, len(started))
