"""Between trees and text: rewrites are written as templates of source, not as hand-built trees."""

from __future__ import annotations

import ast
from functools import lru_cache

import libcst as cst

from codegenesis.parsing import syntax_tree

_EMPTY = cst.Module([])

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


def code(node: cst.CSTNode) -> str:
    """Source of a node, exactly as it is formatted."""
    return _EMPTY.code_for_node(node)


def flat(node: cst.BaseExpression) -> str:
    """Source of an expression on one line, without outer parentheses or comments."""
    text = code(node)
    return text if _embeds(node, text) else canonical(text)


def key(node: cst.BaseExpression) -> str:
    """Text by which two expressions are the same whatever their formatting."""
    return canonical(code(node))


def operand(node: cst.BaseExpression) -> str:
    """Like `flat`, in parentheses where something may stand beside it."""
    atoms = cst.Name | cst.Attribute | cst.Subscript | cst.Call | cst.BaseNumber | cst.SimpleString
    text = flat(node)
    return text if isinstance(node, atoms) else f"({text})"


def _embeds(node: cst.BaseExpression, text: str) -> bool:
    loose = cst.Tuple | cst.GeneratorExp | cst.NamedExpr | cst.Yield
    return "\n" not in text and "#" not in text and not node.lpar and not isinstance(node, loose)


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """An expression's text as `ast.unparse` writes it."""
    return ast.unparse(syntax_tree(f"({text}\n)", mode="eval"))


def expression(text: str) -> cst.BaseExpression:
    """The expression that `text` spells."""
    return cst.parse_expression(text)


def statements(text: str) -> list[Statement]:
    """The statements that `text` spells."""
    return list(cst.parse_module(text).body)


def place(node: cst.CSTNode) -> str | None:
    """Canonical text of a name, an attribute chain or a subscript by constants or names.

    None for anything else: a place can be evaluated twice without doing anything twice.
    """
    match node:
        case cst.Name():
            return node.value
        case cst.Attribute():
            base = place(node.value)
            return None if base is None else f"{base}.{node.attr.value}"
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=index))]):
            base = place(node.value)
            return None if base is None or not is_index(index) else f"{base}[{key(index)}]"
    return None


def is_index(node: cst.CSTNode) -> bool:
    """Whether a subscript is a constant or a name, so that it can be repeated."""
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.expression, cst.Integer)
    return isinstance(node, cst.Name | cst.Integer | cst.SimpleString)


def root(text: str) -> str:
    """The variable at the root of a place: `self` of `self.items[0]`."""
    for end, char in enumerate(text):
        if char in ".[":
            return text[:end]
    return text


def related(one: str, other: str) -> bool:
    """Whether two places are the same or one lies inside the other."""
    short, long = sorted((one, other), key=len)
    return long == short or (long.startswith(short) and long[len(short)] in ".[")


def container(node: cst.CSTNode) -> str | None:
    """The nearest place that holds what `node` names: `groups` for `groups[f(x)]`."""
    while (found := place(node)) is None:
        if not isinstance(node, cst.Subscript | cst.Attribute):
            return None
        node = node.value
    return found
