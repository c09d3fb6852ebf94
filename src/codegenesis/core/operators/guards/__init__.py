"""Rules that make a function withstand more; they may change what it does, and say so."""

from codegenesis.core.operators.guards import closing, regex_hardening, timeouts

OPERATORS = (
    timeouts.OPERATOR,
    closing.OPERATOR,
    regex_hardening.OPERATOR,
)

__all__ = ["OPERATORS"]
