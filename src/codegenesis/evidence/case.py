"""What a gate is given, and what a gate is.

A gate gets a variant and a `Case`: the gene, the sandbox to run candidates in, the recorded
calls with what the original makes of them, and a seed. It answers with a `Trial`, never with an
exception, unless the sandbox itself fails.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from codegenesis.evidence.literals import Literals
from codegenesis.evidence.noise import Noise
from codegenesis.evidence.plain import Call
from codegenesis.model import Gene, Outcome, Record, Trial, Variant, Verdict
from codegenesis.sandbox import Executor

Objective = Literal["speed", "heal"]


class Memory:
    """What the original answered so far; shared by all variants of a case, because it is the
    original's time that fresh inputs cost most of.

    Attributes:
        answers: outcome of the original by encoded call.
        samples: its answers under other seeds, where it varies.
        reports: what the original does beside returning (`codegenesis.evidence.witness`).
        literals: constants of the original and what it reaches; None until they have been read.
        aimed: calls aimed at what the original compares; None until they have been worked out.
        ceiling: size of integer from which on the original has been seen to die; infinite at first.
    """

    def __init__(self) -> None:
        self.answers: dict[bytes, Outcome] = {}
        self.samples: dict[bytes, tuple[Outcome, ...]] = {}
        self.reports: dict[bytes, Outcome] = {}
        self.literals: Literals | None = None
        self.aimed: list[Call] | None = None
        self.ceiling = float("inf")


class Case(Record, frozen=True, kw_only=True):
    """Everything a gate needs beside the variant.

    Attributes:
        calls: recorded calls in recorded order, with repeats.
        expected: what the original makes of each of them.
        objective: with `heal`, calls on which the original raises one of `crashes` must be handled.
        crashes: exception types (`module.qualname`) that count as crashes of this gene.
        fresh: how many fresh inputs the differential gate tries, edge cases not counted.
        budget_s: seconds a gate may spend on calls.
        shrink_s: seconds for making a counter-example smaller, for people to read.
        seed: of all chance in the gates.
        rtol: relative deviation that floats in results may have; 0 for exact equality.
        noise: what the original does not fix itself, and so is not asked of a variant.
        memory: filled by the gates.
    """

    gene: Gene
    executor: Executor
    calls: tuple[bytes, ...]
    expected: tuple[Outcome, ...]
    objective: Objective = "speed"
    crashes: frozenset[str] = frozenset()
    fresh: int = 400
    budget_s: float = 20.0
    shrink_s: float = 2.0
    seed: int = 0
    rtol: float = 0.0
    noise: Noise = Noise()
    memory: Memory = msgspec.field(default_factory=Memory)


class Gate(Protocol):
    """One thing that a variant must survive."""

    @property
    def name(self) -> str:
        """Short name, as shown to people and stored with the trial."""

    def run(self, variant: Variant, case: Case) -> Trial:
        """Try the variant; raises SandboxError only when the sandbox itself has failed."""


class Verdicts:
    """Makes the trials of one gate for one variant, with the time it took."""

    def __init__(self, gate: Gate, variant: Variant) -> None:
        self._gate, self._variant = gate.name, variant.id
        self._started = time.perf_counter()

    def trial(
        self,
        verdict: Verdict,
        *,
        detail: str = "",
        checks: int = 0,
        measurements: dict[str, float] | None = None,
    ) -> Trial:
        """The gate's trial."""
        return Trial(
            variant=self._variant,
            gate=self._gate,
            verdict=verdict,
            checks=checks,
            detail=detail,
            measurements=measurements or {},
            seconds=time.perf_counter() - self._started,
            at_ns=time.time_ns(),
        )


def run_gates(gates: Sequence[Gate], variant: Variant, case: Case) -> list[Trial]:
    """Run the gates in order up to the gate of death; its trial is the last one.

    Raises:
        SandboxError: the sandbox itself has failed.
    """
    trials: list[Trial] = []
    for gate in gates:
        trials.append(gate.run(variant, case))
        if trials[-1].verdict == "failed":
            break
    return trials


def survived(trials: Sequence[Trial]) -> bool:
    """Did the variant live through all of them?"""
    return bool(trials) and all(trial.verdict != "failed" for trial in trials)
