"""Loops that come to one value."""

from codegenesis.core.operator import Operator
from codegenesis.core.operators.reducing import (
    early_exit,
    equal_count,
    inline_extremes,
    linear_search,
    prefix_sums,
    product,
    summation,
)

OPERATORS: tuple[Operator, ...] = (
    linear_search.OPERATOR,
    equal_count.OPERATOR,
    prefix_sums.OPERATOR,
    summation.OPERATOR,
    product.OPERATOR,
    early_exit.OPERATOR,
    inline_extremes.OPERATOR,
)

__all__ = ["OPERATORS"]
