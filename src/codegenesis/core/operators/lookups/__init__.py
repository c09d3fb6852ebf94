"""Loops: how they reach what they work on."""

from codegenesis.core.operator import Operator
from codegenesis.core.operators.lookups import (
    counted_loop,
    dict_get,
    dict_items,
    direct_iteration,
    row_hoist,
    shallow_copies,
    slice_fill,
    unneeded_copy,
)

OPERATORS: tuple[Operator, ...] = (
    shallow_copies.OPERATOR,
    unneeded_copy.OPERATOR,
    slice_fill.OPERATOR,
    counted_loop.OPERATOR,
    direct_iteration.OPERATOR,
    dict_items.OPERATOR,
    row_hoist.OPERATOR,
    dict_get.OPERATOR,
)

__all__ = ["OPERATORS"]
