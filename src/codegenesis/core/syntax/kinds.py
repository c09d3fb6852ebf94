"""What kind of value an expression has, guessed from literals, annotations and recorded calls."""

from __future__ import annotations

import libcst as cst

from codegenesis.core.syntax.module import kind_of_annotation, kind_of_ast
from codegenesis.core.syntax.text import code, place
from codegenesis.core.syntax.uses import uses
from codegenesis.core.syntax.view import View
from codegenesis.parsing import syntax_tree

#: Kinds in which membership is a linear scan.
LINEAR = frozenset({"list", "tuple", "values", "deque"})


def kind(view: View, node: cst.BaseExpression) -> str:
    """Kind of an expression: `list`, `tuple`, `set`, `dict`, `str`, …, `unknown`."""
    text = place(node)
    if isinstance(node, cst.Name):
        return _of_name(view, node.value)
    if text is not None and isinstance(node, cst.Attribute):
        known = view.module.attribute_kinds(node.attr.value)
        return known.pop() if len(known) == 1 else "unknown"
    if text is not None:
        return "unknown"
    return kind_of_ast(syntax_tree(f"({code(node)}\n)", mode="eval").body)


def _of_name(view: View, name: str) -> str:
    found = {
        assigned_kind(use.within, name) if use.kind == "assigned" else "unknown"
        for use in uses(view, name)
        if use.kind in ("assigned", "bound")
    }
    if name in view.parameters:
        found.add(_of_parameter(view.parameters[name], view.recorded.get(name, frozenset())))
    if name in view.free:
        found.add(_of_recorded(view.recorded.get(name, frozenset())))
    elif name not in view.locals:
        found.add(kind_of_ast(view.module.constant(name)))
    return found.pop() if len(found) == 1 else "unknown"


def _of_parameter(param: cst.Param, seen: frozenset[str]) -> str:
    if seen:
        return _of_recorded(seen)
    if param.annotation is not None:
        return kind_of_annotation(code(param.annotation.annotation))
    if param.default is not None:
        found = kind_of_ast(syntax_tree(f"({code(param.default)}\n)", mode="eval").body)
        return "unknown" if found == "none" else found
    return "unknown"


def _of_recorded(seen: frozenset[str]) -> str:
    known = {"frozenset": "set", "NoneType": "none"}
    kinds = {known.get(name, name) for name in seen}
    return kinds.pop() if len(kinds) == 1 else "unknown"


def assigned_kind(statement: cst.CSTNode, name: str) -> str:
    """Kind that an assignment gives to a name, also as part of a tuple."""
    match statement:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[target], value=value)]):
            if isinstance(target.target, cst.Name):
                return kind_of_ast(syntax_tree(f"({code(value)}\n)", mode="eval").body)
            return _of_unpacking(target.target, value, name)
        case cst.SimpleStatementLine(body=[cst.AnnAssign(annotation=annotation, value=value)]):
            found = kind_of_annotation(code(annotation.annotation))
            if found == "unknown" and value is not None:
                return kind_of_ast(syntax_tree(f"({code(value)}\n)", mode="eval").body)
            return found
    return "unknown"


def _of_unpacking(target: cst.CSTNode, value: cst.BaseExpression, name: str) -> str:
    """`seen, out = [], set()`."""
    if not isinstance(target, cst.Tuple) or not isinstance(value, cst.Tuple):
        return "unknown"
    for left, right in zip(target.elements, value.elements, strict=False):
        if isinstance(left.value, cst.Name) and left.value.value == name:
            return kind_of_ast(syntax_tree(f"({code(right.value)}\n)", mode="eval").body)
    return "unknown"
