"""Numbers: doing less of what mathematics makes unnecessary."""

from codegenesis.core.operator import Operator
from codegenesis.core.operators.arithmetic import (
    closed_form,
    divisors,
    modular_power,
    squares,
    trial_division,
)

OPERATORS: tuple[Operator, ...] = (
    closed_form.OPERATOR,
    trial_division.OPERATOR,
    divisors.OPERATOR,
    modular_power.OPERATOR,
    squares.OPERATOR,
)

__all__ = ["OPERATORS"]
