"""The built-in rewrite rules, one file each."""

from codegenesis.core.operator import Operator
from codegenesis.core.operators import (
    arithmetic,
    building,
    dates,
    dedupe,
    deque,
    hash_join,
    heal,
    hoist,
    libraries,
    memoise,
    quadratic_duplicates,
    reducing,
    regex_hoist,
    selection,
    set_membership,
    string_building,
)

#: In the order in which they are composed: the structure of loops first, then what is left in them.
BUILT_IN: tuple[Operator, ...] = (
    *libraries.OPERATORS,
    dedupe.OPERATOR,
    quadratic_duplicates.OPERATOR,
    hash_join.OPERATOR,
    set_membership.OPERATOR,
    deque.OPERATOR,
    *arithmetic.OPERATORS,
    *reducing.OPERATORS,
    *building.OPERATORS,
    selection.OPERATOR,
    hoist.OPERATOR,
    regex_hoist.OPERATOR,
    dates.OPERATOR,
    string_building.OPERATOR,
    memoise.OPERATOR,
    heal.OPERATOR,
)

__all__ = ["BUILT_IN"]
