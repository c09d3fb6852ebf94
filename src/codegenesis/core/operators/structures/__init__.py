"""Rules that hold the same data in another structure, where all uses of it are seen."""

from codegenesis.core.operators.structures import (
    constant_literals,
    dense_keys,
    flags,
    generators,
    local_types,
    plain_dict,
)

OPERATORS = (
    local_types.OPERATOR,
    constant_literals.OPERATOR,
    dense_keys.OPERATOR,
    flags.OPERATOR,
    plain_dict.OPERATOR,
    generators.OPERATOR,
)

__all__ = ["OPERATORS"]
