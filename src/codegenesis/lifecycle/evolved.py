"""What one pass over one gene came to."""

from __future__ import annotations

from codegenesis.evidence import Baseline
from codegenesis.evidence.funnel import Stage, funnel
from codegenesis.lifecycle.asking import Asked
from codegenesis.model import Champion, Gene, Record, Trial, Variant


class Evolution(Record, frozen=True, kw_only=True):
    """What one pass over one gene came to.

    Attributes:
        champion: None when nothing better was proven.
        reason: in words.
        variants: everything that was written.
        trials: what happened to it, in order.
        baseline: what the original can testify to; None when it never got that far.
        out_of_budget: time or trials ran out before all variants had their turn.
        experience: digest of the experience that variants were ordered by; the same digest and the
            same seed draw the same order. Empty where there was none to go by.
        asked: what models were asked, and what it came to; None where there are none.
    """

    gene: Gene
    champion: Champion | None
    reason: str
    variants: tuple[Variant, ...] = ()
    trials: tuple[Trial, ...] = ()
    baseline: Baseline | None = None
    out_of_budget: bool = False
    experience: str = ""
    asked: Asked | None = None
    seconds: float = 0.0

    @property
    def funnel(self) -> list[Stage]:
        """How many variants came to each gate, and how many lived."""
        return funnel(self.trials)
