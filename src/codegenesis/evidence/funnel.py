"""The survival funnel: how many variants came to each gate, and how many lived.

It tells an owner which gate does the work: one that nobody dies at may be superfluous, one that
everybody dies at says that operators write what this gene cannot use.
"""

from __future__ import annotations

from collections.abc import Iterable

from codegenesis.model import Record, Trial


class Stage(Record, frozen=True, kw_only=True):
    """What one gate saw.

    Attributes:
        came: trials at this gate.
        survived: those that did not fail.
        seconds: spent at this gate, all variants together.
        last_words: detail of the last variant that died here; empty when none did.
    """

    gate: str
    came: int
    survived: int
    seconds: float
    last_words: str = ""


def funnel(trials: Iterable[Trial]) -> list[Stage]:
    """Count the trials by gate, in the order in which the gates were first met."""
    by_gate: dict[str, list[Trial]] = {}
    for trial in trials:
        by_gate.setdefault(trial.gate, []).append(trial)
    return [_stage(gate, met) for gate, met in by_gate.items()]


def _stage(gate: str, trials: list[Trial]) -> Stage:
    deaths = [trial for trial in trials if trial.verdict == "failed"]
    return Stage(
        gate=gate,
        came=len(trials),
        survived=len(trials) - len(deaths),
        seconds=sum(trial.seconds for trial in trials),
        last_words=deaths[-1].detail if deaths else "",
    )
