"""A/A first: is the original an oracle at all, and on which recorded calls?

Before any variant is judged, the original is judged against itself: in the jail against what was
recorded in the live process, in two fresh processes, in another order, twice in a row. What it
does not reproduce is no evidence against a variant.

An original that does not repeat itself gets a second look, with chance and clock given and under
several seeds: what varies is learned (`codegenesis.evidence.noise`), and the rest can still be
compared. A function of which nothing is left then (it reads a database, it counts its calls) cannot
be evolved by comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from codegenesis.errors import FragmentError
from codegenesis.evidence.case import Case, Objective
from codegenesis.evidence.duel import LIMITS_OF_THE_MACHINE, OTHER_SEEDS, Subject
from codegenesis.evidence.effects import spread
from codegenesis.evidence.manners import reported
from codegenesis.evidence.noise import Noise, at_most_order, is_hopeless, learned
from codegenesis.evidence.scan import scan
from codegenesis.evidence.steady import steady
from codegenesis.evidence.witness import witnessed
from codegenesis.evidence.words import clip, exception_type, show, show_call
from codegenesis.model import Gene, Observation, Outcome, Record
from codegenesis.sandbox import Executor

_MOST_CALLS = 1000
_MOST_DEATHS = 3


class Baseline(Record, frozen=True, kw_only=True):
    """What the original can testify to.

    Attributes:
        calls: recorded calls that it reproduces, in recorded order, with repeats.
        outcomes: what it made of each of them in the jail.
        deterministic: the same call gave the same outcome, whatever came before it.
        pure: nothing but the arguments goes in, nothing but the result comes out.
        excluded: recorded calls left out.
        reason: why it cannot be an oracle, in words; empty when it can.
        impure: why it is not pure, in words; empty when it is.
        example: a call that was left out, and why.
        noise: what varies from run to run and is not compared exactly.
    """

    calls: tuple[bytes, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    deterministic: bool = False
    pure: bool = False
    excluded: int = 0
    reason: str = ""
    impure: str = ""
    example: str = ""
    noise: Noise = Noise()

    @property
    def usable(self) -> bool:
        """Can variants be compared with it?"""
        return not self.reason


def baseline(gene: Gene, executor: Executor, observations: Iterable[Observation]) -> Baseline:
    """Measure the original against its recording and against itself.

    Raises:
        SandboxError: the sandbox itself has failed.
    """
    recorded = _recorded(observations)
    if not recorded:
        return Baseline(
            reason="has no recorded call that can be replayed: none was captured with values"
        )
    runs = _runs(gene, executor, list(dict.fromkeys(call for call, _ in recorded)))
    judged = [(call, runs[call].judge(recorded_)) for call, recorded_ in recorded if call in runs]
    kept = [call for call, why in judged if not why]
    example = next((f"{show_call(gene.name, call)}: {why}" for call, why in judged if why), "")
    reason = _reason(recorded, judged)
    if reason and (steadied := _steadied(gene, executor, recorded)):
        return steadied
    impure = "" if reason else _impure(gene, executor, kept, runs)
    return Baseline(
        calls=tuple(kept),
        outcomes=tuple(runs[call].first for call in kept),
        deterministic=not any(why in _UNSTABLE for _, why in judged),
        pure=not reason and not impure,
        excluded=len(recorded) - len(kept),
        reason=reason,
        impure=impure,
        example=example,
    )


def case(
    gene: Gene,
    executor: Executor,
    original: Baseline,
    *,
    objective: Objective = "speed",
    crashes: Iterable[str] = (),
    fresh: int = 400,
    budget_s: float = 20.0,
    seed: int = 0,
    rtol: float = 0.0,
) -> Case:
    """The case that all variants of a gene are judged in; see `Case` for the options."""
    return Case(
        gene=gene,
        executor=executor,
        calls=original.calls,
        expected=original.outcomes,
        objective=objective,
        crashes=frozenset(crashes),
        fresh=fresh,
        budget_s=budget_s,
        seed=seed,
        rtol=rtol,
        noise=original.noise,
    )


_Recorded = tuple[bytes, Outcome | None]
_ORDER = "answers otherwise when other calls came before it"
_CHANCE = "answers otherwise in another process"
_UNSTABLE = frozenset({_ORDER, _CHANCE})


class _Runs(NamedTuple):
    """One call in three processes: in recorded order twice, and in reverse order twice in a row."""

    first: Outcome
    again: Outcome
    backwards: tuple[Outcome, ...]

    def judge(self, recorded: Outcome | None) -> str:
        """Why the call is no evidence; empty when it is."""
        if self.first.kind == "died":
            return f"dies in the sandbox ({clip(self.first.detail, 100)})"
        if exception_type(self.first) in LIMITS_OF_THE_MACHINE:
            return "runs into a limit of the machine"
        if not self.first.same_as(self.again):
            return _CHANCE
        if not all(map(self.first.same_as, self.backwards)):
            return _ORDER
        if recorded is not None and not self.first.same_as(recorded):
            return f"was recorded otherwise: there it {show(recorded)}, here it {show(self.first)}"
        return ""


def _recorded(observations: Iterable[Observation]) -> list[_Recorded]:
    """Calls with what was recorded; a variant's outcome says nothing about the original."""
    found: list[_Recorded] = [
        (seen.call, seen.outcome if not seen.variant else None)
        for seen in observations
        if seen.call is not None
    ]
    return found[-_MOST_CALLS:]


def _runs(gene: Gene, executor: Executor, calls: Sequence[bytes]) -> dict[bytes, _Runs]:
    """The runs of each call; calls not asked any more after several deaths are left out."""
    first = _ask_all(gene, executor, calls)
    alive = [call for call, (outcome,) in first.items() if outcome.kind != "died"]
    again = _ask_all(gene, executor, alive)
    backwards = _ask_all(gene, executor, alive[::-1], times=2)
    died = (Outcome(kind="died"),)
    return {
        call: _Runs(outcome, again.get(call, died)[0], backwards.get(call, died))
        for call, (outcome,) in first.items()
    }


def _ask_all(
    gene: Gene,
    executor: Executor,
    calls: Sequence[bytes],
    *,
    times: int = 1,
    source: str | None = None,
) -> dict[bytes, tuple[Outcome, ...]]:
    """Outcomes in one process, which is started anew after a death; gives up after some deaths."""
    outcomes: dict[bytes, tuple[Outcome, ...]] = {}
    deaths = 0
    with Subject(executor, gene.qualname, source) as original:
        for call in calls:
            outcomes[call] = tuple(original.ask(call) for _ in range(times))
            deaths += any(outcome.kind == "died" for outcome in outcomes[call])
            if deaths >= _MOST_DEATHS and deaths * 2 >= len(outcomes):
                break
    return outcomes


def _reason(recorded: Sequence[_Recorded], judged: Sequence[tuple[bytes, str]]) -> str:
    bad = [why for _, why in judged if why]
    if sum(why in _UNSTABLE for why in bad) * 10 > len(judged):
        if _CHANCE in bad:
            return "depends on chance or on the clock: it does not repeat itself"
        return "keeps hidden state: what it answers depends on the calls before"
    if (len(judged) - len(bad)) * 2 >= len(recorded):
        return ""
    if sum(why.startswith("dies") for why in bad) * 2 > len(bad):
        return "dies in the sandbox on most recorded calls"
    return "depends on something outside its arguments: it does not reproduce what was recorded"


def _steadied(gene: Gene, executor: Executor, recorded: Sequence[_Recorded]) -> Baseline | None:
    """The second look, with chance and clock given; None when that does not help."""
    calls = list(dict.fromkeys(call for call, _ in recorded))
    try:
        first, *others = (_seeded(gene, executor, calls, seed) for seed in (0, *OTHER_SEEDS))
        again = _seeded(gene, executor, calls[::-1], 0)
    except FragmentError:  # a generator, say: it cannot be wrapped
        return None
    groups = {
        call: [first[call], again[call], *(other[call] for other in others if call in other)]
        for call in calls
        if call in first and call in again and not _is_limit(first[call])
    }
    noise = _noise(groups, recorded)
    if noise is None:
        return None
    kept = [pair for pair in recorded if _reproduced(groups.get(pair[0]), pair[1], noise)]
    if len(kept) * 2 < len(recorded) or not kept:
        return None
    return Baseline(
        calls=tuple(call for call, _ in kept),
        outcomes=tuple(first[call] for call, _ in kept),
        excluded=len(recorded) - len(kept),
        impure=f"varies from run to run: {noise.words or 'all of its result'}",
        noise=noise,
    )


def _seeded(
    gene: Gene, executor: Executor, calls: Sequence[bytes], seed: int
) -> dict[bytes, Outcome]:
    return {
        call: outcome
        for call, (outcome,) in _ask_all(
            gene, executor, calls, source=steady(gene.source, seed=seed, free=gene.free)
        ).items()
    }


def _noise(groups: dict[bytes, list[Outcome]], recorded: Sequence[_Recorded]) -> Noise | None:
    """What varies; None when that is everything, even with chance and clock given."""
    fixed = learned(runs[:2] for runs in groups.values())
    if not groups or is_hopeless(fixed):
        return None
    known = {call: outcome for call, outcome in recorded if outcome is not None}
    order = [learned([[groups[call][0], known[call]]]) for call in groups if call in known]
    shuffled = tuple(spot for spots in order if at_most_order(spots) for spot in spots)
    spots = learned(groups.values())
    if is_hopeless(spots):
        return Noise(seeded=True, spots=fixed)
    return Noise(seeded=True, spots=tuple({spot.path: spot for spot in shuffled + spots}.values()))


def _reproduced(runs: list[Outcome] | None, recorded: Outcome | None, noise: Noise) -> bool:
    """Is what was recorded like these runs, as far as the original fixes it?"""
    if runs is None or runs[0].kind == "died":
        return False
    if recorded is None or recorded.same_as(runs[0]):
        return True
    if noise.explains(runs, recorded, loosely=True):
        return True
    everything = is_hopeless(learned([runs]))
    return everything and recorded.kind in {each.kind for each in runs}


def _is_limit(outcome: Outcome) -> bool:
    """Did the original run into a limit of the machine?"""
    return exception_type(outcome) in LIMITS_OF_THE_MACHINE


def _impure(
    gene: Gene, executor: Executor, calls: Sequence[bytes], runs: dict[bytes, _Runs]
) -> str:
    """Why the function is not pure, cheapest evidence first."""
    for call in calls:
        if runs[call].first.after != call:
            return f"changes its arguments: {clip(show_call(gene.name, call), 120)}"
    if found := scan(gene):
        return "; ".join(effect.words for effect in found[:3])
    try:
        with Subject(executor, gene.qualname, witnessed(gene.source, free=gene.free)) as watched:
            reports = [watched.ask(call) for call in spread(list(dict.fromkeys(calls)), 12)]
    except FragmentError as error:
        return f"cannot be watched: {error}"
    return next(filter(None, map(_told, reports)), "")


def _told(report: Outcome) -> str:
    if report.kind != "returned":
        return f"cannot be watched: {clip(report.detail, 100)}"
    value = reported(report)
    for key in ("prints", "logs", "changes", "asks"):
        if value[key]:
            return f"{key} {clip(repr(value[key]), 100)}"
    return ""
