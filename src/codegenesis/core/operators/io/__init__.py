"""Rules about files, output and databases: one call for many items instead of one for each."""

from codegenesis.core.operators.io import asked_once, batches, lines, log_messages, reopening

OPERATORS = (
    reopening.OPERATOR,
    batches.OPERATOR,
    lines.OPERATOR,
    asked_once.OPERATOR,
    log_messages.OPERATOR,
)

__all__ = ["OPERATORS"]
