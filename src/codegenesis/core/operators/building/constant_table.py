"""A literal table that a function builds in every call is built once (measured: 2-6x on look-ups).

CPython folds tuples of constants, but makes dicts, sets and lists anew each time. Only where
nothing can change the table or hand it out.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import assigned, local_only
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, Use, View, code, uses

#: Smaller literals cost about as much as looking up a global.
LEAST = 3

#: Calls that take a table and neither keep nor change it.
TAKING = frozenset(
    {
        "all",
        "any",
        "enumerate",
        "frozenset",
        "len",
        "list",
        "max",
        "min",
        "reversed",
        "set",
        "sorted",
        "sum",
        "tuple",
        "zip",
    }
)
METHODS = frozenset({"get", "items", "keys", "values", "index", "count", "copy"})


def rewrite(view: View) -> Unit | None:
    """Move one table out of the function."""
    for line in view.of(cst.SimpleStatementLine):
        found = assigned(line)
        if found is None or not local_only(view, found[0]) or not _table(found[1]):
            continue
        occurrences = uses(view, found[0])
        others = [use for use in occurrences if use.kind != "assigned"]
        if len(others) == len(occurrences) - 1 and others and all(map(_looks, others)):
            return _moved(view, line, found[0], found[1], others)
    return None


def _moved(
    view: View, line: cst.CSTNode, name: str, value: cst.BaseExpression, others: list[Use]
) -> Unit:
    constant = view.fresh(f"_{name.strip('_').upper()}")
    edits = Edits(view).prelude(f"{constant} = {code(value)}\n").rewrite(line, "")
    for use in others:
        edits.swap(use.node, constant)
    return edits.apply()


def _table(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Dict | cst.List | cst.Set) and len(node.elements) >= LEAST:
        return all(_constant_entry(element) for element in node.elements)
    return False


def _constant_entry(element: cst.CSTNode) -> bool:
    match element:
        case cst.DictElement(key=key, value=value):
            return _constant(key) and _constant(value)
        case cst.Element(value=value):
            return _constant(value)
    return False


def _constant(node: cst.BaseExpression) -> bool:
    """A value that cannot be changed, written out."""
    if isinstance(node, cst.Tuple):
        return all(
            isinstance(element, cst.Element) and _constant(element.value)
            for element in node.elements
        )
    if isinstance(node, cst.UnaryOperation):
        return _constant(node.expression)
    if isinstance(node, cst.Name):
        return node.value in ("True", "False", "None")
    return isinstance(node, cst.SimpleString | cst.ConcatenatedString | cst.BaseNumber)


def _looks(use: Use) -> bool:
    match use:
        case Use(kind="method", name=name):
            return name in METHODS
        case Use(kind="argument", name=name):
            return name in TAKING
    return use.kind in ("contains", "indexed", "iterated", "tested")


OPERATOR = RewriteRule(
    name="constant_table",
    improves=("cpu_ns_mean",),
    hypothesis="A table of constants is built once, not in every call.",
    risk="It stays in memory.",
    steps=(rewrite,),
    gain=2.0,
)
