"""Functions that call themselves, or the same function twice."""

from codegenesis.core.operator import Operator
from codegenesis.core.operators.recursion import recursion_memo, repeated_call, tail_recursion

OPERATORS: tuple[Operator, ...] = (
    repeated_call.OPERATOR,
    recursion_memo.OPERATOR,
    tail_recursion.OPERATOR,
)

__all__ = ["OPERATORS"]
