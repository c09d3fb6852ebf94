"""Source with holes, matched against trees: most rules look for code of one form.

A name that ends in an underscore is a hole: `total_ += row_[key_]`. In lower case it takes any
expression, in upper case (`TOTAL_`) only a name; the same hole twice takes the same source twice.
LibCST's own `matchers` say the same in five times the words, and cannot be read as Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import libcst as cst

from codegenesis.core.syntax import Edits, View, code, flat, key, operand
from codegenesis.core.syntax.children import children

#: What was found in each hole.
Found = Mapping[str, cst.BaseExpression]

_OPERATED = (
    cst.AugAssign,
    cst.BinaryOperation,
    cst.BooleanOperation,
    cst.ComparisonTarget,
    cst.UnaryOperation,
)


@lru_cache(maxsize=256)
def pattern(text: str) -> cst.CSTNode:
    """The tree of a pattern: an expression, or one statement."""
    try:
        return cst.parse_expression(text)
    except cst.ParserSyntaxError:
        return cst.parse_module(text if text.endswith("\n") else f"{text}\n").body[0]


def match(text: str, node: cst.CSTNode | None) -> Found | None:
    """What fills the holes when the node has that form, else None."""
    found: dict[str, cst.BaseExpression] = {}
    wanted = pattern(text)
    match node:
        case cst.SimpleStatementLine(body=[cst.Expr(value=value)]):
            node = value if isinstance(wanted, cst.BaseExpression) else node
    return found if node is not None and _same(wanted, node, found) else None


def first(node: cst.CSTNode | None, *texts: str) -> Found | None:
    """What fills the holes of the first of several forms that the node has."""
    return next((found for text in texts if (found := match(text, node)) is not None), None)


def assigned(view: View, *values: str) -> list[str]:
    """Local variables, not parameters, to which a value of one of these forms is assigned."""
    forms = [f"NAME_ = {value}" for value in values]
    lines = (node for node in view.nodes if isinstance(node, cst.SimpleStatementLine))
    found = (first(line, *forms) for line in lines if isinstance(line.body[0], cst.Assign))
    names = {flat(one["NAME_"]) for one in found if one is not None}
    return sorted(names & (view.locals - view.parameters.keys()))


def operands(found: Found) -> dict[str, str]:
    """Source of what was found, holes without their underscore, in parentheses where needed."""
    return {name.rstrip("_").lower(): operand(node) for name, node in found.items()}


def only(node: cst.For | cst.While | cst.If) -> cst.CSTNode | None:
    """The one statement of a body; None when there are several."""
    match node.body:
        case cst.IndentedBlock(body=[statement]):
            return statement
        case cst.SimpleStatementSuite(body=[statement]):
            return cst.SimpleStatementLine(body=[statement])
    return None


def module_word(view: View, edits: Edits, module: str, wish: str) -> str:
    """A name for a module at the place of the function; imported in front when there is none."""
    for name, origin in view.module.imports().items():
        if origin == module and name not in view.locals:
            return name
    for statement in view.unit.prelude:
        text = code(statement).strip()
        if text == f"import {module}":
            return module
        if text.startswith(f"import {module} as "):
            return text.rpartition(" ")[2]
    word = view.fresh(wish)
    edits.prelude(f"import {module} as {word}\n" if word != module else f"import {module}\n")
    return word


def _same(wanted: cst.CSTNode, node: cst.CSTNode, found: dict[str, cst.BaseExpression]) -> bool:
    if isinstance(wanted, cst.Name):
        return _name(wanted.value, node, found)
    if type(wanted) is not type(node):
        return False
    if isinstance(wanted, cst.SimpleString) and isinstance(node, cst.SimpleString):
        return wanted.evaluated_value == node.evaluated_value
    if isinstance(wanted, cst.BaseNumber):
        return code(wanted) == code(node)
    if isinstance(wanted, _OPERATED) and isinstance(node, _OPERATED):
        alike = type(wanted.operator) is type(node.operator)
    elif isinstance(wanted, cst.Arg) and isinstance(node, cst.Arg):
        alike = wanted.star == node.star
    else:
        alike = True
    mine, theirs = children(wanted), children(node)
    return (
        alike
        and len(mine) == len(theirs)
        and all(_same(a, b, found) for a, b in zip(mine, theirs, strict=True))
    )


def _name(word: str, node: cst.CSTNode, found: dict[str, cst.BaseExpression]) -> bool:
    if not word.endswith("_") or word.startswith("_"):
        return isinstance(node, cst.Name) and node.value == word
    if not isinstance(node, cst.Name if word.isupper() else cst.BaseExpression):
        return False
    assert isinstance(node, cst.BaseExpression)
    if word in found:
        return key(found[word]) == key(node)
    found[word] = node
    return True
