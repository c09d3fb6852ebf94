"""The built-in rewrite rules, one file each."""

from codegenesis.core.operators import hash_join, quadratic_duplicates, set_membership

BUILT_IN = (
    quadratic_duplicates.OPERATOR,
    hash_join.OPERATOR,
    set_membership.OPERATOR,
)

__all__ = ["BUILT_IN"]
