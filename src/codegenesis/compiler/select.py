"""Which of the survivors is the champion? Measure all a little, the promising ones more.

Successive halving (Jamieson & Talwalkar 2016): a quick race for everyone, then the better half
again with more pairs, until one or two are left; the full race with its interval decides only
among those. A variant is accepted when the lower bound of its gain reaches the policy's and no
size class is harmed.

One objective (CPU) for now; selecting over a vector of objectives by Pareto fronts comes later.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from codegenesis.compiler.harm import harm
from codegenesis.compiler.race import Race, Terms, race
from codegenesis.model import Gene, Record, Variant
from codegenesis.sandbox import Executor


class Selection(Record, frozen=True, kw_only=True):
    """The outcome of a selection.

    Attributes:
        champion: the variant accepted, None when none was.
        race: its full race.
        races: the last race of every variant, by id.
        reason: in words, also when there is none.
    """

    champion: Variant | None = None
    race: Race | None = None
    races: dict[str, Race] = {}
    reason: str = ""


class _Runner(NamedTuple):
    variant: Variant
    race: Race


def select(
    executor: Executor,
    gene: Gene,
    variants: Sequence[Variant],
    calls: Sequence[bytes],
    *,
    min_gain: float = 1.05,
    budget_s: float = 60.0,
    seed: int = 0,
) -> Selection:
    """Race the variants against the original and each other.

    Args:
        variants: those that survived the gates.
        calls: recorded calls in recorded order, with repeats.
        min_gain: lower bound of the gain that is asked for; below 1 tolerates a loss (`heal`).
        budget_s: seconds for all races; when they are spent, what is known decides.

    Raises:
        SandboxError: the sandbox itself has failed.
    """
    if not variants:
        return Selection(reason="no variant survived the gates")
    contest = _Contest(executor, gene, calls, min_gain, time.monotonic() + budget_s, seed)
    field = list({variant.id: variant for variant in variants}.values())
    if len(field) == 1:
        return contest.final(field)
    pairs = 2
    ranked = contest.heat(field, pairs=pairs)
    while len(ranked) > 2:
        field = [runner.variant for runner in ranked[: -(-len(ranked) // 2)]]
        pairs += 1
        ranked = contest.heat(field, pairs=pairs)
    return contest.final([runner.variant for runner in ranked])


class _Contest:
    def __init__(  # noqa: PLR0917 (private, positional by intention)
        self,
        executor: Executor,
        gene: Gene,
        calls: Sequence[bytes],
        min_gain: float,
        deadline: float,
        seed: int,
    ) -> None:
        self._executor, self._gene, self._calls = executor, gene, calls
        self._min_gain, self._deadline, self._seed = min_gain, deadline, seed
        self._races: dict[str, Race] = {}

    def heat(self, field: Sequence[Variant], *, pairs: int) -> list[_Runner]:
        """One short race each; the better first, without those that failed."""
        terms = self._terms(pairs=pairs, most_pairs=pairs, share=len(field))
        runners = [_Runner(variant, self._race(variant, terms)) for variant in field]
        alive = [runner for runner in runners if runner.race.verdict != "failed"]
        return sorted(alive, key=lambda runner: -runner.race.gain.ratio)

    def final(self, ranked: Sequence[Variant]) -> Selection:
        """The full race; the first that is fast enough and harms nothing is the champion."""
        for variant in ranked:
            ended = self._race(variant, self._terms(share=len(ranked)))
            if ended.verdict == "faster" and self._min_gain >= 1:
                ended = self._without_harm(variant, ended)
            if ended.verdict == "faster":
                return Selection(
                    champion=variant,
                    race=ended,
                    races=self._races,
                    reason=f"{variant.operator}: {ended.reason}",
                )
        return Selection(races=self._races, reason=self._why_none())

    def _without_harm(self, variant: Variant, ended: Race) -> Race:
        done = harm(
            self._executor,
            self._gene.qualname,
            variant.source,
            self._calls,
            budget_s=max(2.0, self._left_s()),
        )
        checked = Race(
            gain=ended.gain,
            verdict="not faster" if done.words else ended.verdict,
            reason=done.words or ended.reason,
            measurements={**ended.measurements, **done.measurements},
            seconds=ended.seconds,
        )
        self._races[variant.id] = checked
        return checked

    def _race(self, variant: Variant, terms: Terms) -> Race:
        ended = race(
            self._executor,
            self._gene.qualname,
            variant.source,
            self._calls,
            terms=terms,
        )
        self._races[variant.id] = ended
        return ended

    def _terms(self, *, pairs: int = 6, most_pairs: int = 24, share: int = 1) -> Terms:
        return Terms(
            min_gain=self._min_gain,
            pairs=pairs,
            most_pairs=most_pairs,
            budget_s=max(1.0, self._left_s() / max(1, share)),
        )

    def _left_s(self) -> float:
        return self._deadline - time.monotonic()

    def _why_none(self) -> str:
        best = max(self._races.values(), key=lambda ended: ended.gain.ratio)
        return f"none is clearly faster; the best: {best.reason}"
