"""`items = items + [x]` makes a new list each time, even where the loop looks at it meanwhile.

`append` does not (measured: 300x at 10 000 items). Where the loop does not look at the list,
`string_building` sees the same; here it may, as long as nobody can hold on to an earlier list.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import local_only
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    Edits,
    Unit,
    Use,
    View,
    code,
    flat,
    fresh,
    kind,
    place,
    reads,
    uses,
)

TAKING = frozenset({"len", "sum", "min", "max", "any", "all", "sorted", "tuple", "set", "str"})


def rewrite(view: View) -> Unit | None:
    """Change one addition."""
    for assign in view.of(cst.Assign):
        match assign:
            case cst.Assign(
                targets=[cst.AssignTarget(target=cst.Name(value=name))],
                value=cst.BinaryOperation(left=old, operator=cst.Add(), right=cst.List() as more),
            ) if place(old) == name and view.loops(assign):
                pass
            case _:
                continue
        if local_only(view, name) and kind(view, cst.Name(name)) == "list" and _own(view, name):
            return Edits(view).rewrite(view.statement(assign), _added(name, more)).apply()
    return None


def _added(name: str, more: cst.List) -> str:
    match more.elements:
        case [cst.Element(value=value)]:
            return f"{name}.append({flat(value)})\n"
    return f"{name}.extend({code(more)})\n"


def _own(view: View, name: str) -> bool:
    """Whether no two variables ever hold the list."""
    return all(_looks(use, name) for use in uses(view, name))


def _looks(use: Use, name: str) -> bool:
    if use.nested:
        return False
    match use:
        case Use(kind="assigned", within=cst.SimpleStatementLine(body=[cst.Assign(value=value)])):
            return fresh(value) or name in reads(value)
        case Use(kind="argument", name=called):
            return called in TAKING
        case Use(kind="other", within=within):
            return isinstance(within, cst.BinaryOperation | cst.Comparison)
    return use.kind in ("contains", "indexed", "returned", "tested", "method", "stored")


OPERATOR = RewriteRule(
    name="list_growth",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="A list grows in place; adding two lists copies both.",
    risk="An alias of the list that went unnoticed would grow as well.",
    steps=(rewrite,),
    gain=4.0,
)
