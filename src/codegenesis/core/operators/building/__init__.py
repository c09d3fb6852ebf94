"""Loops that fill something."""

from codegenesis.core.operator import Operator
from codegenesis.core.operators.building import (
    comprehension_call,
    counting,
    dict_comprehension,
    grouping,
    insert_front,
    list_comprehension,
    list_growth,
)

OPERATORS: tuple[Operator, ...] = (
    counting.OPERATOR,
    grouping.OPERATOR,
    list_growth.OPERATOR,
    insert_front.OPERATOR,
    list_comprehension.OPERATOR,
    dict_comprehension.OPERATOR,
    comprehension_call.OPERATOR,
)

__all__ = ["OPERATORS"]
