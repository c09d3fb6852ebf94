"""Loops that fill something, and tables that never change."""

from codegenesis.core.operator import Operator
from codegenesis.core.operators.building import (
    comprehension_call,
    constant_table,
    counting,
    dict_comprehension,
    grouping,
    list_comprehension,
    list_growth,
    prepending,
)

OPERATORS: tuple[Operator, ...] = (
    counting.OPERATOR,
    grouping.OPERATOR,
    list_growth.OPERATOR,
    prepending.OPERATOR,
    list_comprehension.OPERATOR,
    dict_comprehension.OPERATOR,
    comprehension_call.OPERATOR,
    constant_table.OPERATOR,
)

__all__ = ["OPERATORS"]
