"""Which of the survivors is the champion? Measure all a little, the promising ones more.

Successive halving (Jamieson & Talwalkar 2016): a quick race for everyone, then the better half
again with more pairs, until one or two are left; the full race with its interval decides only among
those. Better is what lies on an earlier Pareto front of the figures that the objective looks at
and, within a front, what the objective scores higher. A finalist is admitted when its bounds hold
what the objective asks for and no size class is harmed; of those admitted, the non-dominated one
with the highest score is the champion.

A race that time leaves undecided close to the bar is decided by more pairs, if counted instructions
(`callgrind`) say that they may be worth it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from codegenesis.compiler import callgrind
from codegenesis.compiler.fitness import Worth, worth
from codegenesis.compiler.harm import harm
from codegenesis.compiler.objectives import FASTEST, Objective
from codegenesis.compiler.pareto import front, layers
from codegenesis.compiler.race import Race, Terms, is_cold, prepare, race
from codegenesis.compiler.workload import Workload, as_fragment
from codegenesis.evidence import Case
from codegenesis.model import Record, Variant

#: Pairs of the race of an objective that CPU alone does not decide, and of a tie.
_WHOLE = 24
_TIE = 48
#: Blocks of each side in a pair of a heat: it must be cheap, and only tell the halves apart.
_HEAT_LAPS = 6
#: Ratios nearer than this are the same in a heat of a few pairs.
_HEAT_GRAIN = 0.05
#: Seconds for the figures beside CPU, of one variant in a heat and in the final.
_HEAT_S = 0.5
_FINAL_S = 5.0
#: Counting instructions takes about so long, and is not begun with less.
_COUNT_S = 30.0
#: How far below the bar a count of instructions may be for more pairs to be worth it.
_CLOSE = 0.98

#: Backends that compile in the process that loads them, which is paid once and not per call; only
#: our own builder writes such variants.
_COMPILED_WHEN_LOADED = frozenset({"numba"})
_COMPILING_NS = 20_000_000_000


class Selection(Record, frozen=True, kw_only=True):
    """The outcome of a selection.

    Attributes:
        champion: the variant accepted, None when none was.
        race: its full race.
        worth: what was measured of it, for the figures that the objective looks at.
        races: the last race of every variant, by id.
        losers: why each of the others lost, in words, by id.
        reason: in words, also when there is none.
    """

    champion: Variant | None = None
    race: Race | None = None
    worth: Worth | None = None
    races: dict[str, Race] = {}
    losers: dict[str, str] = {}
    reason: str = ""


def select(
    case: Case,
    variants: Sequence[Variant],
    calls: Sequence[bytes],
    *,
    objective: Objective = FASTEST,
    min_gain: float = 1.05,
    budget_s: float = 60.0,
) -> Selection:
    """Race the variants against the original and each other.

    Args:
        variants: those that survived the gates.
        calls: recorded calls in recorded order, with repeats.
        objective: what is better.
        min_gain: lower bound of the gain that is asked for; below 1 tolerates a loss (`heal`).
        budget_s: seconds for all races; when they are spent, what is known decides.

    Raises:
        SandboxError: the sandbox itself has failed.
        UsageError: the owner's objective failed.
    """
    if not variants:
        return Selection(reason="no variant survived the gates")
    deadline = time.monotonic() + budget_s
    contest = Contest(case, calls, objective, min_gain=min_gain, deadline=deadline)
    field = list({variant.id: variant for variant in variants}.values())
    if len(field) == 1:
        return contest.final(field)
    pairs = 1
    ranked = contest.heat(field, pairs=pairs)
    while len(ranked) > 2:
        pairs += 1
        ranked = contest.heat(ranked[: -(-len(ranked) // 2)], pairs=pairs)
    return contest.final(ranked)


class Contest:
    """The races of one selection, and what came of them."""

    def __init__(
        self,
        case: Case,
        calls: Sequence[bytes],
        objective: Objective,
        *,
        min_gain: float,
        deadline: float,
    ) -> None:
        self._case, self._calls, self._objective = case, calls, objective
        self._min_gain, self._deadline = min_gain, deadline
        self._original = as_fragment(case.executor, case.gene)
        self._races: dict[str, Race] = {}
        self._worth: dict[str, Worth] = {}
        self._losers: dict[str, str] = {}
        self._told: set[str] = set()
        self._loads: dict[bool, Workload] = {}

    def heat(self, field: Sequence[Variant], *, pairs: int) -> list[Variant]:
        """One short race each; the better first, without those that failed."""
        share = max(1.0, self._left_s() / len(field))
        terms = Terms(pairs=pairs, most_pairs=pairs, laps=_HEAT_LAPS, budget_s=share)
        for variant in field:
            self._race(variant, terms)
            self._weigh(variant, min(_HEAT_S, share))
        alive = [each for each in field if self._races[each.id].verdict != "failed"]
        ranked = self._ranked(alive)
        self._note_losers(ranked)
        return ranked

    def final(self, finalists: Sequence[Variant]) -> Selection:
        """The full races; the best of those that are good enough and harm nothing is it."""
        admitted: list[Variant] = []
        for variant in finalists:
            if self._admits(variant, share=len(finalists)):
                admitted.append(variant)
                if self._objective.sequential:
                    break  # the faster was asked first
        if not admitted:
            return Selection(races=self._races, losers=self._losers, reason=self._why_none())
        ranked = self._ranked(admitted)
        self._note_losers(ranked)
        best = ranked[0]
        self._losers.pop(best.id, None)
        return Selection(
            champion=best,
            race=self._races[best.id],
            worth=self._worth[best.id],
            races=self._races,
            losers=self._losers,
            reason=f"{best.operator}: {self._races[best.id].reason}",
        )

    def _admits(self, variant: Variant, *, share: int) -> bool:
        ended = self._settled(variant, self._race(variant, self._terms(share)))
        self._weigh(variant, min(_FINAL_S, max(1.0, self._left_s() / 2)))
        words = "" if ended.verdict == "faster" else ended.reason
        words = words or self._refusal(variant)
        if not words and self._min_gain >= 1:
            words = self._harm(variant)
        if words:
            self._losers[variant.id] = words
            verdict = "not faster" if ended.verdict == "faster" else ended.verdict
            self._races[variant.id] = msgspec.structs.replace(
                self._races[variant.id], verdict=verdict, reason=words
            )
        return not words

    def _terms(self, share: int) -> Terms:
        floor = self._objective.floor(self._min_gain)
        budget_s = max(1.0, self._left_s() / max(1, share))
        if self._objective.sequential:
            return Terms(min_gain=floor, budget_s=budget_s)
        return Terms(min_gain=floor, pairs=_WHOLE, most_pairs=_WHOLE, budget_s=budget_s)

    def _settled(self, variant: Variant, ended: Race) -> Race:
        """An undecided race, run again with more pairs when instructions speak for it."""
        if ended.verdict != "undecided" or self._left_s() < _COUNT_S:
            return ended
        bar = self._objective.floor(self._min_gain)
        found = callgrind.count(
            self._case.gene,
            variant.source,
            self._loads[is_cold(variant.source, self._original)].calls,
            original=self._original,
            wall_s=self._left_s() / 2,
        )
        if found.ratio >= bar * _CLOSE:
            terms = Terms(
                min_gain=bar, pairs=_TIE, most_pairs=_TIE, budget_s=max(1.0, self._left_s() / 2)
            )
            ended = self._race(variant, terms)
        ended = self._with_count(ended, found)
        self._races[variant.id] = ended
        return ended

    def _with_count(self, ended: Race, found: callgrind.Count) -> Race:
        """A race with what was counted beside it; what is missing is said once."""
        if found.missing:
            words = "" if found.missing in self._told else f"; {found.missing}"
            self._told.add(found.missing)
            return msgspec.structs.replace(ended, reason=ended.reason + words)
        return msgspec.structs.replace(
            ended,
            reason=f"{ended.reason}; {found.ratio:.3f}× by instructions counted",
            measurements={**ended.measurements, "instructions_ratio": found.ratio},
        )

    def _harm(self, variant: Variant) -> str:
        done = harm(
            self._case.executor,
            self._case.gene.qualname,
            variant.source,
            self._calls,
            original=self._original,
            budget_s=max(2.0, self._left_s()),
        )
        self._note(variant, done.measurements)
        return done.words

    def _refusal(self, variant: Variant) -> str:
        found = self._worth[variant.id]
        figures = sorted(self._objective.looks_at - {"cpu"})
        self._note(variant, {f"{name}_ratio": getattr(found.middle, name) for name in figures})
        return self._objective.refuses(found, min_gain=self._min_gain)

    def _note(self, variant: Variant, measurements: dict[str, float]) -> None:
        ended = self._races[variant.id]
        self._races[variant.id] = msgspec.structs.replace(
            ended, measurements={**ended.measurements, **measurements}
        )

    def _race(self, variant: Variant, terms: Terms) -> Race:
        executor, name = self._case.executor, self._case.gene.qualname
        cold = is_cold(variant.source, self._original)
        if cold not in self._loads:
            self._loads[cold] = prepare(
                executor, name, variant.source, self._calls, original=self._original
            )
        if variant.backend in _COMPILED_WHEN_LOADED:
            terms = msgspec.structs.replace(terms, set_up_ns=_COMPILING_NS)
        ended = race(
            executor,
            name,
            variant.source,
            self._calls,
            original=self._original,
            terms=terms,
            workload=self._loads[cold],
        )
        self._races[variant.id] = ended
        return ended

    def _weigh(self, variant: Variant, budget_s: float) -> None:
        ended = self._races[variant.id]
        if ended.verdict == "failed":
            self._losers[variant.id] = ended.reason
            return
        figures = self._objective.looks_at
        self._worth[variant.id] = worth(
            self._case, variant, ended, figures=figures, budget_s=budget_s
        )

    def _ranked(self, field: Sequence[Variant]) -> list[Variant]:
        """Front by front, by score within each."""
        known = {variant.id: variant for variant in field}
        figures = {name: self._worth[name].middle for name in known}
        fronts = layers(figures, looking_at=self._objective.looks_at, grain=_HEAT_GRAIN)
        return [
            known[name]
            for members in fronts
            for name in sorted(members, key=lambda each: -self._objective.score(figures[each]))
        ]

    def _note_losers(self, ranked: Sequence[Variant]) -> None:
        """By whom everyone but the first is beaten."""
        operators = {variant.id: variant.operator for variant in ranked}
        figures = {name: self._worth[name].middle for name in operators}
        looked_at = self._objective.looks_at
        beaten = front(figures, looking_at=looked_at, grain=_HEAT_GRAIN).beaten
        for variant in ranked[1:]:
            by = beaten.get(variant.id, "")
            winner = by or ranked[0].id
            verb = "dominated by" if by else "scores less than"
            shown = ", ".join(
                f"{name} {getattr(figures[variant.id], name):.2f} against "
                f"{getattr(figures[winner], name):.2f}"
                for name in sorted(looked_at)
            )
            self._losers[variant.id] = f"{verb} {operators[winner]} ({shown})"

    def _left_s(self) -> float:
        return self._deadline - time.monotonic()

    def _why_none(self) -> str:
        best = max(self._races.values(), key=lambda ended: ended.gain.ratio)
        what = "faster" if self._objective.sequential else f"better ({self._objective.name})"
        return f"none is clearly {what}; the best: {best.reason}"
