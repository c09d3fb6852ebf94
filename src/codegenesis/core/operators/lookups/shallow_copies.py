"""`copy.deepcopy` of plain lists asks each object how it wants to be copied (measured: 20-35x).

A list of lists of numbers is copied by slicing its rows, a flat one by one slice; which of both it
is cannot be seen, so both are written, and the evidence decides.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, flat, kind, repeatable


def nested(view: View) -> Unit | None:
    """Copy rows."""
    return _rewrite(view, "[{row}[:] for {row} in {source}]")


def flatly(view: View) -> Unit | None:
    """Copy the outside only."""
    return _rewrite(view, "{source}[:]", flat_dict="{source}.copy()")


def _rewrite(view: View, form: str, *, flat_dict: str = "") -> Unit | None:
    for call in view.of(cst.Call):
        match call:
            case cst.Call(func=func, args=[cst.Arg(value=source, star="", keyword=None)]) if (
                _deepcopy(view, func) and repeatable(source)
            ):
                known = kind(view, source)
            case _:
                continue
        if known not in ("list", "unknown") and not (known == "dict" and flat_dict):
            continue
        chosen = flat_dict if known == "dict" else form
        text = chosen.format(row=view.fresh("row"), source=flat(source))
        return Edits(view).swap(call, text).apply()
    return None


def _deepcopy(view: View, func: cst.BaseExpression) -> bool:
    imports = view.module.imports()
    match func:
        case cst.Name(value=name):
            return imports.get(name) == "copy.deepcopy" or name == "deepcopy"
        case cst.Attribute(value=cst.Name(value=base), attr=cst.Name(value="deepcopy")):
            return imports.get(base, base) == "copy"
    return False


OPERATOR = RewriteRule(
    name="shallow_copies",
    improves=("cpu_ns_mean",),
    hypothesis="A slice copies a list of values that cannot change as well as `deepcopy` does.",
    risk="What lies deeper is shared with the original.",
    steps=(nested, flatly),
    gain=10.0,
)
