"""What a node is made of, without blanks, commas and operators.

LibCST's own `CSTNode.children` runs a whole visitor over each node; on a function of many lines
that was a third of all time spent here.
"""

from __future__ import annotations

import dataclasses
from functools import cache

import libcst as cst

#: Fields that never hold what a program means.
_FORMATTING = frozenset(
    {
        "colon",
        "comma",
        "dot",
        "equal",
        "footer",
        "header",
        "indent",
        "lbrace",
        "lbracket",
        "leading_lines",
        "lines_after_decorators",
        "lpar",
        "operator",
        "rbrace",
        "rbracket",
        "rpar",
        "semicolon",
        "trailing_whitespace",
    }
)


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """Direct parts of a node, in the order of the source."""
    found: list[cst.CSTNode] = []
    for name in _fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            found.append(value)
        elif isinstance(value, list | tuple):
            found.extend(item for item in value if isinstance(item, cst.CSTNode))
    return found


@cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    if kind is cst.IfExp:
        return ("body", "test", "orelse")
    names = (field.name for field in dataclasses.fields(kind))
    return tuple(n for n in names if n not in _FORMATTING and not n.startswith("whitespace"))
