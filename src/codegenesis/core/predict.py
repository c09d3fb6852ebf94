"""Expected gain and cost of an operator on a gene, from a prior per operator and the gene's traits.

Deliberately simple: each operator brings a prior (the gain measured on CPython 3.11 where its
rewrite fits and the input is large, damped), and the traits say how likely the gene is to reach
it. A gene whose cost was measured to grow linearly hardly hides a quadratic loop. Learning from
past trials (DESIGN §8: a small online model with Thompson sampling) comes later and replaces the
likelihoods, not the interface.
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
    """What trying the operator on the gene promises.

    Args:
        variants: how many variants it is going to write.
    """
    known = {trait.name: trait for trait in traits if not trait.variant}
    chance, why = _chance(operator, known)
    mean_s = known["cpu_ns_mean"].value / 1e9 if "cpu_ns_mean" in known else 0.0
    return Proposal(
        gene=gene.id,
        operator=operator.name,
        gain=math.exp(chance * math.log(operator.gain)),
        cost_s=variants * (TRIAL_S + TRIAL_CALLS * mean_s),
        reason=f"{operator.name} finds something to change; {why}",
        traits=tuple(name for name in operator.improves if name in known),
    )


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
