"""What trying an operator promises: a prior per operator, the gene's traits, and experience.

Without experience it is deliberately simple: each operator brings a prior (the gain measured on
CPython 3.11 where its rewrite fits and the input is large, damped), and the traits say how likely
the gene is to reach it. A gene whose cost was measured to grow linearly hardly hides a quadratic
loop. What became of earlier variants corrects that (`Foresight`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from codegenesis.model import Gene, Proposal, Trait

#: Seconds to carry one variant through all gates when calls cost nothing.
TRIAL_S = 1.0

#: Calls that the gates make per variant, to turn the cost of a call into the cost of a trial.
TRIAL_CALLS = 600


class Predicted(Protocol):
    """What a forecast needs to know of an operator."""

    @property
    def name(self) -> str: ...

    @property
    def improves(self) -> tuple[str, ...]: ...

    @property
    def gain(self) -> float: ...


def forecast(
    gene: Gene, operator: Predicted, traits: Sequence[Trait], *, variants: int = 1
) -> Proposal:
    """What trying the operator on the gene promises, before any experience.

    Args:
        variants: how many variants it is going to write.
    """
    known = {trait.name: trait for trait in traits if not trait.variant}
    chance, why = _chance(operator, known)
    return Proposal(
        gene=gene.id,
        operator=operator.name,
        gain=math.exp(chance * math.log(operator.gain)),
        cost_s=variants * trial_s(traits),
        reason=f"{operator.name} finds something to change; {why}",
        traits=tuple(name for name in operator.improves if name in known),
    )


def trial_s(traits: Sequence[Trait]) -> float:
    """Seconds that one variant of a gene with these traits probably takes in the gates."""
    mean_ns = next((t.value for t in traits if t.name == "cpu_ns_mean" and not t.variant), 0.0)
    return TRIAL_S + TRIAL_CALLS * mean_ns / 1e9


def _chance(operator: Predicted, known: dict[str, Trait]) -> tuple[float, str]:
    """How much of its prior an operator is likely to reach, 0..1, and why."""
    if "error_rate" in operator.improves and "error_rate" in known:
        rate = known["error_rate"].value
        return min(1.0, 0.5 + rate), f"{rate:.1%} of calls fail"
    if "repeat_rate" in operator.improves and "repeat_rate" in known:
        rate = known["repeat_rate"].value
        return max(0.3, rate), f"{rate:.0%} of calls repeat"
    if "complexity" in operator.improves and "complexity" in known:
        trait = known["complexity"]
        chance = min(1.0, max(0.1, trait.value - 0.9))
        return chance, f"measured growth n^{trait.value:.1f}"
    return 0.4, "nothing measured speaks for or against it"
