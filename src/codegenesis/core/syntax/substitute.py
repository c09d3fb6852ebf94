"""Replacing variables inside an expression."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from codegenesis.core.syntax.names import walk
from codegenesis.core.syntax.purity import ITERATORS, pure_call
from codegenesis.core.syntax.text import code, expression, flat


def substitute(node: cst.BaseExpression, replacements: Mapping[str, str]) -> cst.BaseExpression:
    """The expression with each variable of `replacements` replaced by that text."""
    if not replacements:
        return node
    changed = node.visit(_Substitution(replacements))
    assert isinstance(changed, cst.BaseExpression)
    return expression(f"({flat(changed)})") if changed.lpar else expression(flat(changed))


class _Substitution(cst.CSTTransformer):
    def __init__(self, replacements: Mapping[str, str]) -> None:
        super().__init__()
        self._replacements = replacements

    def leave_Name(self, _original: cst.Name, updated: cst.Name) -> cst.BaseExpression:
        text = self._replacements.get(updated.value)
        if text is None:
            return updated
        new = expression(text)
        if isinstance(new, cst.Name | cst.Attribute | cst.Subscript | cst.Call) or new.lpar:
            return new
        return expression(f"({text})")

    def leave_Attribute(
        self, original: cst.Attribute, updated: cst.Attribute
    ) -> cst.BaseExpression:
        return updated.with_changes(attr=original.attr)

    def leave_Arg(self, original: cst.Arg, updated: cst.Arg) -> cst.Arg:
        return updated.with_changes(keyword=original.keyword)


def repeatable(node: cst.BaseExpression) -> bool:
    """Whether evaluating it again costs little, has no effect and gives the same."""
    for inner in walk(node):
        if isinstance(inner, cst.Call) and not pure_call(inner):
            return False
        if isinstance(inner, cst.Yield | cst.Await | cst.NamedExpr | cst.Lambda):
            return False
    return True


def reiterable(node: cst.BaseExpression) -> bool:
    """Whether evaluating it again gives all items again: `enumerate(xs)`, not `next(xs)`."""
    match node:
        case cst.Call(func=cst.Name(value=name), args=args) if name in ITERATORS:
            return all(repeatable(arg.value) for arg in args)
    return repeatable(node) and not isinstance(node, cst.GeneratorExp)


def conjuncts(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """`a and b and c` as a list."""
    if isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.And):
        return [*conjuncts(node.left), *conjuncts(node.right)]
    return [node]


def disjuncts(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """`a or b or c` as a list."""
    if isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.Or):
        return [*disjuncts(node.left), *disjuncts(node.right)]
    return [node]


def equality(
    node: cst.BaseExpression, *, negated: bool = False
) -> tuple[cst.BaseExpression, cst.BaseExpression] | None:
    """Both sides of `a == b` (with `negated`, of `a != b`); `not` is seen through."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
        return equality(node.expression, negated=not negated)
    wanted = cst.NotEqual if negated else cst.Equal
    match node:
        case cst.Comparison(left=left, comparisons=[target]):
            return (left, target.comparator) if isinstance(target.operator, wanted) else None
    return None


def same(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether two nodes are written alike."""
    return code(one).strip() == code(other).strip()
