"""Gate: does the variant parse and have the shape of a fragment for this gene?"""

from __future__ import annotations

from codegenesis import fragment
from codegenesis.errors import FragmentError
from codegenesis.evidence.case import Case, Verdicts
from codegenesis.model import Trial, Variant


class ParseGate:
    """Cheapest of all: no process, no input. What other gates read as a tree is known to be one."""

    name = "parse"

    def run(self, variant: Variant, case: Case) -> Trial:
        """See `Gate.run`."""
        verdicts = Verdicts(self, variant)
        try:
            fragment.check(variant.source, name=case.gene.name, free=case.gene.free)
        except FragmentError as error:
            return verdicts.trial("failed", detail=str(error), checks=1)
        return verdicts.trial("passed", checks=1)
