"""Shorter ways to write the same: arithmetic of numbers done, neutral elements left out.

Programs that grow by chance carry much that does nothing. This takes out what is evident from the
text alone; results may differ in the last digit, which is why it is a proposal like any other.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable

from codegenesis.core.genetic.syntax import expression
from codegenesis.parsing import syntax_tree

_FOLDS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def simplified(text: str) -> str | None:
    """The expression `text`, shorter; None when nothing is to be gained."""
    tree = expression(text)
    if tree is None:
        return None
    found = ast.unparse(_Fold().visit(syntax_tree(text, mode="eval").body))
    return found if len(found) < len(text) else None


class _Fold(ast.NodeTransformer):
    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.UnaryOp(op=ast.USub(), operand=inner)):
                return inner
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = _value(node.left), _value(node.right)
        if left is not None and right is not None:
            return _folded(node, left, right)
        return _neutral(node, left, right) or node


def _folded(node: ast.BinOp, left: float, right: float) -> ast.expr:
    fold = _FOLDS.get(type(node.op))
    try:
        value = fold(left, right) if fold else math.nan
    except (ZeroDivisionError, OverflowError):
        return node
    if not math.isfinite(value):
        return node
    whole = isinstance(left, int) and isinstance(right, int) and value == int(value)
    return ast.Constant(int(value) if whole else float(f"{value:.6g}"))


def _neutral(node: ast.BinOp, left: float | None, right: float | None) -> ast.expr | None:
    match node.op:
        case ast.Add() if left == 0:
            return node.right
        case ast.Add() | ast.Sub() if right == 0:
            return node.left
        case ast.Mult() if left == 1:
            return node.right
        case ast.Mult() | ast.Div() | ast.Pow() if right == 1:
            return node.left
        case ast.Sub() if ast.dump(node.left) == ast.dump(node.right) and _plain(node.left):
            return ast.BinOp(node.left, ast.Mult(), ast.Constant(0))
    return None


def _plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Name)


def _value(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as inner):
            found = _value(inner)
            return None if found is None else -found
    return None
