"""From survivors to a champion: select, minimise, format, prove what came out, write the patch.

What is released is the minimised text, which is another variant than the one selected, so it
goes through the gates itself; when it fails there, the selected text is crowned as it is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from codegenesis.compiler.formatting import format_fragment
from codegenesis.compiler.minimise import minimise
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


class Coronation(Record, frozen=True, kw_only=True):
    """What came of the survivors.

    Attributes:
        champion: None when no variant is clearly better.
        reason: in words, also when there is one.
        trials: the trial of the gate `race` of every variant that raced, and all trials of a
            variant that minimising made.
        variants: variants that minimising made; the store does not know them yet.
    """

    champion: Champion | None = None
    reason: str = ""
    trials: tuple[Trial, ...] = ()
    variants: tuple[Variant, ...] = ()


def crown(
    case: Case,
    survivors: Sequence[Variant],
    *,
    gates: Sequence[Gate],
    pure: bool,
    min_gain: float = 1.05,
    budget_s: float = 60.0,
) -> Coronation:
    """Choose and finish the champion among variants that passed `gates`.

    Args:
        pure: the gene was measured pure; goes into the champion.
        min_gain: lower bound of the gain that is asked for.
        budget_s: seconds for all of it; half of them for the races of the selection.

    Raises:
        SandboxError: the sandbox itself has failed.
        FragmentError: the gene's file has changed under our feet.
    """
    finisher = _Finisher(case, gates, racing_calls(case), min_gain, time.monotonic() + budget_s)
    field, trials = list(survivors), list[Trial]()
    while True:
        chosen = finisher.select(field)
        known = {variant.id: variant for variant in field}
        trials += [ended.trial(known[name]) for name, ended in chosen.races.items()]
        if chosen.champion is None or chosen.race is None:
            return Coronation(reason=chosen.reason, trials=tuple(trials))
        finished = finisher.finish(chosen.champion, chosen.race)
        trials += finished.trials if finished.variant.id not in known else finished.failed
        if not finished.failed:
            break
        field.remove(chosen.champion)
    variant = finished.variant
    champion = Champion(
        variant=variant,
        objective=case.objective,
        gain=finished.race.gain,
        trials=finished.trials,
        pure=pure,
        diff=patch(case.gene, variant.source),
    )
    return Coronation(
        champion=champion,
        reason=finished.race.reason,
        trials=tuple(trials),
        variants=() if variant in survivors else (variant,),
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


class _Finisher:
    def __init__(
        self,
        case: Case,
        gates: Sequence[Gate],
        calls: Sequence[bytes],
        min_gain: float,
        deadline: float,
    ) -> None:
        self._case, self._gates, self._calls = case, gates, calls
        self._min_gain, self._deadline = min_gain, deadline

    def select(self, field: Sequence[Variant]) -> Selection:
        """Race them; half of the time that is left is for what comes after."""
        return select(
            self._case.executor,
            self._case.gene,
            field,
            self._calls,
            min_gain=self._min_gain,
            budget_s=max(1.0, (self._deadline - time.monotonic()) / 2),
            seed=self._case.seed,
        )

    def finish(self, variant: Variant, won: Race) -> _Finished:
        """The variant in its smallest and tidiest form that is still proven."""
        trials = run_gates(self._gates, variant, self._case)
        as_it_is = _Finished(variant, (*trials, won.trial(variant)), won)
        if as_it_is.failed:
            return as_it_is
        ratio = won.gain.ratio
        least = max(min(_KEEPS, ratio ** (_KEEPS - 1)), self._min_gain / ratio)
        small = minimise(
            self._case.gene, variant, survives=lambda source: self._good(variant, source, least)
        )
        source = format_fragment(small.source, path=self._case.gene.path)
        tidy = msgspec.structs.replace(variant, source=source)
        if tidy.id != variant.id and (proven := self._proven(tidy)):
            return proven
        return as_it_is

    def _good(self, variant: Variant, source: str, least: float) -> bool:
        """Is it as good as the variant? They are raced against each other, which is finer."""
        if time.monotonic() > self._deadline:
            return False
        candidate = msgspec.structs.replace(variant, source=source)
        quick_case = msgspec.structs.replace(self._case, fresh=_QUICK_FRESH)
        if not survived(run_gates(self._gates, candidate, quick_case)):
            return False  # most subsets of edits are broken programs, and die at once
        quick = Terms(min_gain=least, pairs=3, most_pairs=3, budget_s=5.0)
        return self._race(candidate, quick, original=variant.source).gain.ratio >= least

    def _proven(self, variant: Variant) -> _Finished | None:
        trials = run_gates(self._gates, variant, self._case)
        if not survived(trials):
            return None
        ended = self._race(variant, Terms(min_gain=self._min_gain))
        if ended.verdict != "faster":
            return None
        return _Finished(variant, (*trials, ended.trial(variant)), ended)

    def _race(self, variant: Variant, terms: Terms, *, original: str | None = None) -> Race:
        return race(
            self._case.executor,
            self._case.gene.qualname,
            variant.source,
            self._calls,
            original=original,
            terms=terms,
        )
