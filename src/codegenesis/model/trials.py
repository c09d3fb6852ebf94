"""What a variant met on its way, and what it proved to be worth."""

from __future__ import annotations

from typing import Literal

from codegenesis.model.genes import Variant
from codegenesis.model.record import Record

Verdict = Literal["passed", "failed", "skipped"]


class Trial(Record, frozen=True, kw_only=True):
    """What happened when a variant met one gate.

    Attributes:
        checks: how many inputs or rules were tried.
        detail: in words; for a failure the first counter-example.
        measurements: figures of the gate, by name (units in the name).
    """

    variant: str
    gate: str
    verdict: Verdict
    checks: int = 0
    detail: str = ""
    measurements: dict[str, float] = {}
    seconds: float = 0.0
    at_ns: int = 0


class Gain(Record, frozen=True, kw_only=True):
    """Ratio of the original's CPU per call to the variant's, > 1 is faster.

    Attributes:
        low, high: 99 % interval over pairs of processes.
        n: pairs of processes.
        before_ns, after_ns: median CPU per call.
    """

    ratio: float
    low: float
    high: float
    n: int
    before_ns: float
    after_ns: float


class Fitness(Record, frozen=True, kw_only=True):
    """What a variant is worth, each figure relative to the original's: 1.0 is the same, more is
    better.

    Attributes:
        cpu, wall: time of the original / time of the variant, on recorded calls.
        memory: peak memory of the original / of the variant, above that of an idle process.
        resilience: share of hostile inputs handled as the contract says, variant / original.
        size: syntax nodes of the original / of the variant.
    """

    cpu: float = 1.0
    wall: float = 1.0
    memory: float = 1.0
    resilience: float = 1.0
    size: float = 1.0


class Strength(Record, frozen=True, kw_only=True):
    """How much the evidence for a gene would notice: its mutation score.

    Attributes:
        killed: wrong versions of the original that a gate killed.
        mutants: wrong versions that were tried; those known to be equivalent are not counted.
        survivors: what was wrong with those that lived, in words, at most a few.
    """

    killed: int
    mutants: int
    survivors: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """Share killed, 0..1; 0 when none could be tried."""
        return self.killed / self.mutants if self.mutants else 0.0


class Champion(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The variant selected, with its whole evidence.

    Attributes:
        fitness: None when only the CPU was compared.
        strength: of the evidence; None when it was not measured.
        isolation: tier of the sandbox that the evidence comes from.
        objective: `speed` when it must be equal and faster; `heal` when it must be equal wherever
            the original returns and handle what the original crashes on.
        gain: from the race.
        pure: True when the gene was measured free of effects, so a call may be repeated.
        diff: minimal unified diff against the file.
    """

    variant: Variant
    objective: Literal["speed", "heal"]
    gain: Gain
    trials: tuple[Trial, ...]
    pure: bool
    diff: str
    fitness: Fitness | None = None
    strength: Strength | None = None
    isolation: str = "L3"
