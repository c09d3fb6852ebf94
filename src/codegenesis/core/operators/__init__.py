"""The built-in rewrite rules, one file each."""

from codegenesis.core.operators import set_membership

BUILT_IN = (set_membership.OPERATOR,)

__all__ = ["BUILT_IN"]
