"""Gate: static rules that a variant must keep, whatever it computes.

The jail is what isolates; this gate keeps out what no jail can judge: code that would behave in
the jail and misbehave in production, or that a person should not have to read. Whatever the
original already does is allowed to its variants, so the rules are about what is *new*.
"""

from __future__ import annotations

import ast

from codegenesis.evidence.case import Case, Verdicts
from codegenesis.evidence.rules import RULES, Subjects
from codegenesis.model import Trial, Variant


class PolicyGate:
    """Static rules; the first ones broken are the detail."""

    name = "policy"

    def run(self, variant: Variant, case: Case) -> Trial:
        """See `Gate.run`."""
        verdicts = Verdicts(self, variant)
        try:
            subjects = Subjects.of(case.gene, variant)
        except SyntaxError as error:
            return verdicts.trial("failed", detail=f"does not parse: {error}")
        broken = [words for rule in RULES for words in rule(subjects)]
        return verdicts.trial(
            "failed" if broken else "passed",
            detail="; ".join(broken[:3]),
            checks=len(RULES),
            measurements={
                "nodes": float(_size(subjects.tree)),
                "nodes_before": float(_size(subjects.original)),
            },
        )


def _size(tree: ast.AST) -> int:
    return sum(1 for _ in ast.walk(tree))
