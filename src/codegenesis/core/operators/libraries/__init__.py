"""Rewrite rules for code that uses numpy and pandas one element at a time."""

from codegenesis.core.operators.libraries import (
    array_elementwise,
    array_reduction,
    concatenation,
    dataframe_apply,
    dataframe_cells,
    dataframe_loops,
)

OPERATORS = (
    dataframe_loops.OPERATOR,
    dataframe_apply.OPERATOR,
    dataframe_cells.OPERATOR,
    array_elementwise.OPERATOR,
    array_reduction.OPERATOR,
    concatenation.OPERATOR,
)

__all__ = ["OPERATORS"]
