"""A canary under way: samples go from the store into a tally, and the tally is judged."""

from __future__ import annotations

from codegenesis.delivery import watch
from codegenesis.delivery.figures import canary_traits
from codegenesis.delivery.sequential import Judgement, Rule, judge
from codegenesis.delivery.tally import Tally
from codegenesis.model import Release, Trait
from codegenesis.store import Store


class Canary:
    """How far the canary of one release has come; built again from the store after a restart."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._tally = Tally(warm_up=rule.warm_up)
        self._after_id = 0
        self.judgement: Judgement | None = None

    def traits(self, release: Release, *, at_ns: int) -> list[Trait]:
        """What it has measured so far; nothing before the first pair."""
        if self.judgement is None or self._tally.log_ratio.n < 2:
            return []
        return canary_traits(release, self.judgement, self._tally, at_ns=at_ns)

    def look(self, store: Store, release: Release) -> Judgement:
        """Take in the samples since the last look, and judge."""
        for number, sample in store.numbered_samples(release.id, after_id=self._after_id):
            self._tally.add(sample)
            self._after_id = number
        known = watch.errors_of_original(store, release.gene) if self._tally.new_errors() else ()
        self.judgement = judge(
            self._tally, rule=self._rule, objective=release.objective, known_errors=known
        )
        return self.judgement


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
