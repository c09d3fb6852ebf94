"""Gate: does the variant answer the recorded calls as the original does?

All recorded calls go to one process in recorded order, repeats included, because state that a
variant keeps between calls (a cache, an accumulator) shows only there. Where the original needs
its chance and clock given, some calls are repeated under other seeds: one answer can be learned by
heart.
"""

from __future__ import annotations

import time

from codegenesis.errors import FragmentError
from codegenesis.evidence.case import Case, Verdicts
from codegenesis.evidence.duel import OTHER_SEEDS, Duel, subject
from codegenesis.evidence.effects import spread
from codegenesis.evidence.noise import frozen
from codegenesis.evidence.words import difference
from codegenesis.model import Outcome, Trial, Variant

_CALLS_PER_SEED = 24


class ReplayGate:
    """Recorded calls, strictly.

    Args:
        most: calls replayed at most; a longer recording is cut, not thinned.
    """

    name = "replay"

    def __init__(self, *, most: int = 1000) -> None:
        self._most = most

    def run(self, variant: Variant, case: Case) -> Trial:
        """See `Gate.run`."""
        verdicts = Verdicts(self, variant)
        deadline = time.monotonic() + case.budget_s
        checks = excluded = 0
        try:
            with Duel(case, variant.source) as duel:
                for call, expected in zip(case.calls[: self._most], case.expected, strict=False):
                    if checks and time.monotonic() > deadline:
                        break
                    round_ = duel.meet(call, expected=expected)
                    if round_.status == "differs":
                        return verdicts.trial("failed", detail=round_.words, checks=checks + 1)
                    checks += round_.status == "same"
                    excluded += round_.status == "excluded"
            if words := other_seeds(case, variant.source, deadline):
                return verdicts.trial("failed", detail=words, checks=checks + 1)
        except FragmentError as error:
            return verdicts.trial("failed", detail=str(error), checks=checks)
        if not checks:
            return verdicts.trial("failed", detail="no recorded call can be compared")
        found = {"excluded": float(excluded), "deviation": duel.deviation}
        return verdicts.trial("passed", checks=checks, measurements=found)


def other_seeds(case: Case, source: str, deadline: float) -> str:
    """Words for a difference under other seeds; raises FragmentError."""
    if not case.noise.seeded:
        return ""
    calls = spread(list(dict.fromkeys(case.calls)), _CALLS_PER_SEED)
    answers: dict[bytes, list[Outcome]] = {call: [] for call in calls}
    with Duel(case, source) as duel:
        for at, seed in enumerate(OTHER_SEEDS):
            with subject(case, source, seed=seed) as variant:
                for call in calls:
                    if time.monotonic() > deadline:
                        return ""
                    samples = duel.samples(call)
                    got = variant.ask(call)
                    answers[call].append(got)
                    turned = (samples[at], *samples[:at], *samples[at + 1 :])
                    if not samples[at].same_as(got) and not case.noise.explains(turned, got):
                        return difference(case.gene.name, call, samples[at], got)
        spot = frozen(case.noise, [duel.samples(call) for call in calls], list(answers.values()))
    return f"gives the same each time where the original varies: {spot}" if spot else ""
