"""Genesis Core Engine: analyse -> predict -> generate."""

from codegenesis.core.generate import compose, distinct, generate
from codegenesis.core.operator import Context, Operator, context_for
from codegenesis.core.predict import forecast
from codegenesis.core.propose import propose
from codegenesis.core.registry import operator, operators
from codegenesis.core.rule import RewriteRule

__all__ = [
    "Context",
    "Operator",
    "RewriteRule",
    "compose",
    "context_for",
    "distinct",
    "forecast",
    "generate",
    "operator",
    "operators",
    "propose",
]
