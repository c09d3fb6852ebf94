"""The built-in rewrite rules, one file each."""

from codegenesis.core.operator import Operator
from codegenesis.core.operators import (
    arithmetic,
    building,
    dates,
    dedupe,
    deque,
    guards,
    hash_join,
    heal,
    hoist,
    io,
    libraries,
    lookups,
    memoise,
    ordering,
    quadratic_duplicates,
    recursion,
    reducing,
    regex_hoist,
    ruff_fixes,
    selection,
    set_membership,
    string_building,
    structures,
    text,
)

#: In the order in which they are composed: the structure of loops first, then what is left in them.
BUILT_IN: tuple[Operator, ...] = (
    *libraries.OPERATORS,
    dedupe.OPERATOR,
    quadratic_duplicates.OPERATOR,
    hash_join.OPERATOR,
    set_membership.OPERATOR,
    deque.OPERATOR,
    *recursion.OPERATORS,
    *arithmetic.OPERATORS,
    *ordering.OPERATORS,
    *reducing.OPERATORS,
    *building.OPERATORS,
    *lookups.OPERATORS,
    selection.OPERATOR,
    hoist.OPERATOR,
    regex_hoist.OPERATOR,
    dates.OPERATOR,
    string_building.OPERATOR,
    *text.OPERATORS,
    *io.OPERATORS,
    *structures.OPERATORS,
    ruff_fixes.OPERATOR,
    memoise.OPERATOR,
    heal.OPERATOR,
    *guards.OPERATORS,
)

__all__ = ["BUILT_IN"]
