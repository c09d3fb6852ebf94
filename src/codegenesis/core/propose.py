"""From traits to proposals: what to try on a gene, the best expected gain per second first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from codegenesis.core.experience import Learner, revised
from codegenesis.core.operator import Operator
from codegenesis.core.registry import operators as all_operators
from codegenesis.model import Gene, Proposal, Trait


def propose(
    gene: Gene,
    traits: Sequence[Trait],
    operators: Iterable[Operator] | None = None,
    *,
    learner: Learner | None = None,
) -> list[Proposal]:
    """Proposals for one gene, by the logarithm of predicted gain over predicted cost.

    Args:
        operators: those to ask; all that are installed when None.
        learner: what became of earlier variants; priors alone when None.
    """
    if gene.refused:
        return []
    asked = all_operators() if operators is None else operators
    found = [p for operator in asked if (p := operator.applies(gene, traits)) is not None]
    if learner is not None:
        found = [revised(learner, gene, traits, proposal) for proposal in found]
    return sorted(found, key=lambda p: (-math.log(max(p.gain, 1.0)) / p.cost_s, p.operator))
