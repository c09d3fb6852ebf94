"""Order: sorting once, halving, heaps."""

from codegenesis.core.operator import Operator
from codegenesis.core.operators.ordering import heap, key_getter, sorted_count, sorted_insert

OPERATORS: tuple[Operator, ...] = (
    sorted_count.OPERATOR,
    sorted_insert.OPERATOR,
    heap.OPERATOR,
    key_getter.OPERATOR,
)

__all__ = ["OPERATORS"]
