"""Gate: does the variant answer the recorded calls as the original does?

All recorded calls go to one process in recorded order, repeats included, because state that a
variant keeps between calls (a cache, an accumulator) shows only there.
"""

from __future__ import annotations

import time

from codegenesis.errors import FragmentError
from codegenesis.evidence.case import Case, Verdicts
from codegenesis.evidence.duel import Duel
from codegenesis.model import Trial, Variant


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
        except FragmentError as error:
            return verdicts.trial("failed", detail=str(error), checks=checks)
        if not checks:
            return verdicts.trial("failed", detail="no recorded call can be compared")
        return verdicts.trial("passed", checks=checks, measurements={"excluded": excluded})
