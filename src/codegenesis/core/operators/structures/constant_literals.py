"""A dict, list or set of constants that each call makes anew, and only looks into (measured: 4.8x).

CPython folds tuples of constants, and lists and sets right after `in`; everything else it builds
each time the line runs. Where all uses only look, one for good, in front of the function, is
enough.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codegenesis.core.operators.patterns import first
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, Use, View, flat, pure_call, uses, walk

#: Literals with fewer entries are built about as fast as they are found.
LONG = 3

#: Calls that look at a collection and keep nothing of it.
TAKING = frozenset(
    {"len", "sum", "min", "max", "sorted", "any", "all", "enumerate", "reversed", "zip"}
)


def rewrite(view: View) -> Unit | None:
    """Move one literal in front of the function."""
    for node, statement in _literals(view):
        name = view.fresh(f"_{_word(statement)}".upper())
        edits = Edits(view).prelude(f"{name} = {flat(node)}\n")
        if statement is None:
            return edits.swap(node, name).apply()
        found = first(statement, "NAME_ = value_")
        assert found is not None
        for use in uses(view, flat(found["NAME_"])):
            if use.kind != "assigned":
                edits.swap(use.node, name)
        return edits.rewrite(statement, "").apply()
    return None


def _literals(view: View) -> Iterator[tuple[cst.BaseExpression, cst.CSTNode | None]]:
    """Literals, each with the statement that names it, if one does."""
    for node in view.nodes:
        if not isinstance(node, cst.Dict | cst.List | cst.Set) or not _constant(node):
            continue
        parent = view.parent(node)
        if isinstance(parent, cst.Assign):
            statement = view.statement(node)
            if _only_name(view, statement):
                yield node, statement
        elif _looked_into(view, node):
            yield node, None


def _constant(node: cst.Dict | cst.List | cst.Set) -> bool:
    if len(node.elements) < LONG:
        return False
    allowed = (
        cst.Dict | cst.DictElement | cst.Element | cst.List | cst.Set | cst.Tuple
        | cst.SimpleString | cst.Integer | cst.Float | cst.UnaryOperation | cst.Minus
    )  # fmt: skip
    for inner in walk(node):
        named = isinstance(inner, cst.Name) and inner.value in ("True", "False", "None")
        if not named and not isinstance(inner, allowed):
            return False
    return True


def _only_name(view: View, statement: cst.CSTNode) -> bool:
    """`NAME = {…}`, assigned once, and all other uses only look."""
    found = first(statement, "NAME_ = value_")
    name = flat(found["NAME_"]) if found else ""
    seen = uses(view, name) if name in view.locals - view.parameters.keys() else []
    looks = [use for use in seen if use.kind != "assigned"]
    nested = (
        isinstance(found["value_"], cst.Dict | cst.List) and _nested(found["value_"])
        if found
        else False
    )
    steady = all(_looks(use, nested=nested) for use in looks)
    return bool(looks) and len(seen) - len(looks) == 1 and steady


def _nested(node: cst.BaseExpression) -> bool:
    """Whether there are collections inside that somebody could change."""
    return sum(isinstance(inner, cst.Dict | cst.List | cst.Set) for inner in walk(node)) > 1


def _looks(use: Use, *, nested: bool) -> bool:
    match use.kind:
        case "contains":
            return True
        case "indexed":
            return not nested and not _slices(use.within)
        case "iterated":
            return not nested
        case "method":
            return use.name in ("get", "items", "values", "keys", "index", "count") and not nested
        case "argument":
            return use.name in TAKING and not nested
    return use.kind == "tested"


def _slices(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Subscript) and any(
        isinstance(e.slice, cst.Slice) for e in node.slice
    )


def _looked_into(view: View, node: cst.BaseExpression) -> bool:
    """`{…}[key]`, `{…}.get(key)`: a literal that is used on the spot."""
    parent = view.parent(node)
    if _nested(node) or isinstance(node, cst.Set):
        return False
    match parent:
        case cst.Subscript():
            return parent.value is node and not _slices(parent)
        case cst.Attribute():
            call = view.parent(parent)
            return isinstance(call, cst.Call) and call.func is parent and pure_call(call)
    return False


def _word(statement: cst.CSTNode | None) -> str:
    found = first(statement, "NAME_ = value_")
    return flat(found["NAME_"]).strip("_") if found else "constants"


OPERATOR = RewriteRule(
    name="constant_literals",
    improves=("cpu_ns_mean",),
    hypothesis="A collection of constants is built once instead of at every call.",
    risk="None known: no use of it changes it or hands it out.",
    steps=(rewrite,),
    gain=1.6,
    suspending=True,
)
