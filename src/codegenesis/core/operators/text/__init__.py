"""Rules about text, digits, dates and copies."""

from codegenesis.core.operators.text import (
    affixes,
    date_text,
    deep_copies,
    digits,
    prepending,
    translation,
)

OPERATORS = (
    prepending.OPERATOR,
    translation.OPERATOR,
    digits.OPERATOR,
    affixes.OPERATOR,
    date_text.OPERATOR,
    deep_copies.OPERATOR,
)

__all__ = ["OPERATORS"]
