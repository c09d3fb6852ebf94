"""What is known of a gene, and what is expected of it."""

from __future__ import annotations

from codegenesis.model.record import Record


class Trait(Record, frozen=True, kw_only=True):
    """One measured property of a gene (or, with `variant`, of a variant).

    Attributes:
        low, high: 95 % interval; equal to `value` where the value is exact.
        n: how many observations it rests on.
        method: how it was measured, in words.
    """

    gene: str
    name: str
    value: float
    unit: str
    low: float
    high: float
    n: int
    method: str
    variant: str = ""
    at_ns: int = 0


class Proposal(Record, frozen=True, kw_only=True):
    """Gene + operator + what is expected of it, with the traits that led to it.

    Attributes:
        gain: predicted CPU ratio old / new; higher is better.
        cost_s: predicted seconds to try it.
        reason: why, in words.
    """

    gene: str
    operator: str
    gain: float
    cost_s: float
    reason: str
    traits: tuple[str, ...] = ()
