"""From survivors to a champion: select, minimise, format, prove what came out, write the patch.

What is released is the minimised text, which is another variant than the one selected, so it
goes through the gates and the final of the selection itself; when it fails there, the selected text
is crowned as it is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from codegenesis.compiler.fitness import worth
from codegenesis.compiler.formatting import format_fragment
from codegenesis.compiler.minimise import minimise
from codegenesis.compiler.objectives import FASTEST, Objective
from codegenesis.compiler.patch import patch
from codegenesis.compiler.race import Race, Terms, race
from codegenesis.compiler.select import Selection, select
from codegenesis.evidence import Case, Gate, run_gates, survived
from codegenesis.model import Champion, Record, Trial, Variant

#: Share of the gain that must remain for an edit to be dispensable; of its logarithm, where that
#: is less: twelve times as fast or eleven is no reason to keep an edit.
_KEEPS = 0.9

#: Fresh inputs per attempt at minimising; what comes out of it meets all of them.
_QUICK_FRESH = 40

#: Seconds for the figures beside CPU: of an attempt at minimising, and of the champion.
_QUICK_S = 1.0
_FITNESS_S = 5.0


class Coronation(Record, frozen=True, kw_only=True):
    """What came of the survivors.

    Attributes:
        champion: None when no variant is clearly better.
        reason: in words, also when there is one.
        trials: the trial of the gate `race` of every variant that raced, and all trials of a
            variant that minimising made.
        variants: variants that minimising made; the store does not know them yet.
        losers: why each of the others lost, in words, by id.
    """

    champion: Champion | None = None
    reason: str = ""
    trials: tuple[Trial, ...] = ()
    variants: tuple[Variant, ...] = ()
    losers: dict[str, str] = {}


def crown(
    case: Case,
    survivors: Sequence[Variant],
    *,
    gates: Sequence[Gate],
    last: Sequence[Gate] = (),
    pure: bool,
    min_gain: float = 1.05,
    budget_s: float = 60.0,
    objective: Objective = FASTEST,
) -> Coronation:
    """Choose and finish the champion among variants that passed `gates`.

    Args:
        last: gates that cost too much for any but the one that is about to be crowned.
        pure: the gene was measured pure; goes into the champion.
        min_gain: lower bound of the gain that is asked for.
        budget_s: seconds for all of it; half of them for the races of the selection.
        objective: what is better (`objectives.objective` finds one by name).

    Raises:
        SandboxError: the sandbox itself has failed.
        FragmentError: the gene's file has changed under our feet.
        UsageError: the owner's objective failed.
    """
    deadline = time.monotonic() + budget_s
    court = _Court(case, gates, objective, last=last, min_gain=min_gain, deadline=deadline)
    field = list(survivors)
    while True:
        chosen = court.select(field)
        finished = court.finish(chosen)
        if finished is None:
            return Coronation(
                reason=chosen.reason, trials=tuple(court.trials), losers=chosen.losers
            )
        if not finished.failed:
            break
        field = [variant for variant in field if variant.id != finished.variant.id]
    variant = finished.variant
    return Coronation(
        champion=court.champion(finished, pure=pure),
        reason=finished.race.reason,
        trials=tuple(court.trials),
        variants=() if variant in survivors else (variant,),
        losers=chosen.losers,
    )


def racing_calls(case: Case) -> tuple[bytes, ...]:
    """Recorded calls that are raced on: for `heal`, without the crashes, which end early."""
    pairs = zip(case.calls, case.expected, strict=True)
    if case.objective == "speed":
        return case.calls
    return tuple(call for call, outcome in pairs if outcome.kind == "returned") or case.calls


class _Finished(NamedTuple):
    """A variant in its final form with its whole evidence; `failed` is what it died of, if so."""

    variant: Variant
    trials: tuple[Trial, ...]
    race: Race

    @property
    def failed(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.verdict == "failed")


class _Court:
    """Chooses, finishes, and keeps the trials that the store does not know yet."""

    def __init__(
        self,
        case: Case,
        gates: Sequence[Gate],
        objective: Objective,
        *,
        last: Sequence[Gate],
        min_gain: float,
        deadline: float,
    ) -> None:
        self._case, self._gates, self._last = case, gates, last
        self._calls = racing_calls(case)
        self._objective, self._min_gain, self._deadline = objective, min_gain, deadline
        self.trials: list[Trial] = []

    def select(self, field: Sequence[Variant]) -> Selection:
        """Race them; half of the time that is left is for what comes after."""
        chosen = self._final(field, budget_s=max(1.0, (self._deadline - time.monotonic()) / 2))
        known = {variant.id: variant for variant in field}
        self.trials += [ended.trial(known[name]) for name, ended in chosen.races.items()]
        return chosen

    def finish(self, chosen: Selection) -> _Finished | None:
        """The variant in its smallest and tidiest form that is still proven."""
        if chosen.champion is None or chosen.race is None:
            return None
        variant, won = chosen.champion, chosen.race
        trials = run_gates(self._gates, variant, self._case)
        as_it_is = _Finished(variant, (*trials, won.trial(variant)), won)
        if as_it_is.failed:
            self.trials += as_it_is.failed
            return as_it_is
        tidy = msgspec.structs.replace(variant, source=self._smallest(chosen, variant))
        proven = self._proven(tidy) if tidy.id != variant.id else None
        if proven:
            proven = self._through_last(proven)
            self.trials += proven.trials
        if proven and not proven.failed:
            return proven
        finished = self._through_last(as_it_is)
        self.trials += finished.failed
        return finished

    def _through_last(self, finished: _Finished) -> _Finished:
        """The same, after the dear gates; the race stays the last of its trials."""
        *before, race_trial = finished.trials
        trials = run_gates(self._last, finished.variant, self._case)
        return finished._replace(trials=(*before, *trials, race_trial))

    def champion(self, finished: _Finished, *, pure: bool) -> Champion:
        """The record of it."""
        return Champion(
            variant=finished.variant,
            objective=self._case.objective,
            gain=finished.race.gain,
            trials=finished.trials,
            pure=pure,
            diff=patch(self._case.gene, finished.variant.source),
            fitness=worth(self._case, finished.variant, finished.race, budget_s=_FITNESS_S).middle,
        )

    def _smallest(self, chosen: Selection, variant: Variant) -> str:
        if variant.backend != "python":
            return variant.source  # a guard around what was compiled: nothing in it can go
        keeps = self._keeps_speed if self._objective.sequential else self._keeps_score
        small = minimise(
            self._case.gene,
            variant,
            survives=lambda source: self._good(variant, source) and keeps(chosen, source),
        )
        return format_fragment(small.source, path=self._case.gene.path)

    def _good(self, variant: Variant, source: str) -> bool:
        """Does it survive the gates? Most subsets of edits are broken programs, and die at once."""
        if time.monotonic() > self._deadline:
            return False
        candidate = msgspec.structs.replace(variant, source=source)
        quick_case = msgspec.structs.replace(self._case, fresh=_QUICK_FRESH)
        return survived(run_gates(self._gates, candidate, quick_case))

    def _keeps_speed(self, chosen: Selection, source: str) -> bool:
        """Is it as fast as the variant? They are raced against each other, which is finer."""
        assert chosen.champion
        assert chosen.race
        ratio = chosen.race.gain.ratio
        least = max(min(_KEEPS, math.pow(ratio, _KEEPS - 1)), self._min_gain / ratio)
        return self._quick(source, against=chosen.champion.source).gain.ratio >= least

    def _keeps_score(self, chosen: Selection, source: str) -> bool:
        """Does it score nearly as much, in the figures that the objective looks at?"""
        assert chosen.champion
        assert chosen.worth
        ended = self._quick(source, against=None)
        if ended.verdict == "failed":
            return False
        candidate = msgspec.structs.replace(chosen.champion, source=source)
        figures = self._objective.looks_at
        found = worth(self._case, candidate, ended, figures=figures, budget_s=_QUICK_S)
        whole = self._objective.score(chosen.worth.middle)
        return self._objective.score(found.middle) >= whole - (1 - _KEEPS) * abs(whole)

    def _quick(self, source: str, *, against: str | None) -> Race:
        terms = Terms(pairs=3, most_pairs=3, budget_s=5.0)
        name = self._case.gene.qualname
        return race(self._case.executor, name, source, self._calls, original=against, terms=terms)

    def _proven(self, variant: Variant) -> _Finished | None:
        trials = run_gates(self._gates, variant, self._case)
        if not survived(trials):
            return None
        budget_s = max(_FITNESS_S, self._deadline - time.monotonic())
        chosen = self._final([variant], budget_s=budget_s)
        if chosen.race is None:
            return None
        return _Finished(variant, (*trials, chosen.race.trial(variant)), chosen.race)

    def _final(self, field: Sequence[Variant], *, budget_s: float) -> Selection:
        return select(
            self._case,
            field,
            self._calls,
            objective=self._objective,
            min_gain=self._min_gain,
            budget_s=budget_s,
        )
