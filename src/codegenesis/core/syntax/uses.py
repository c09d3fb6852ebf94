"""How a function uses one of its variables: every occurrence, sorted by what is done with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import libcst as cst

from codegenesis.core.syntax.text import place
from codegenesis.core.syntax.view import View

Kind = Literal[
    "assigned",  # the place is a target of `=`, perhaps among others
    "bound",  # a target of `for`, `with … as`, `:=`
    "augmented",  # `place += …`
    "method",  # `place.name(…)`
    "contains",  # `… in place`
    "indexed",  # `place[…]`, read
    "stored",  # `place[…] = …`, `del place[…]`
    "iterated",  # `for … in place`
    "argument",  # handed to a call
    "returned",  # `return place`
    "tested",  # only its truth matters
    "yielded",  # `yield place`, `yield (place, …)`: others hold it while the function waits
    "other",
]


@dataclass(frozen=True)
class Use:
    """One occurrence of a place.

    Attributes:
        node: the occurrence itself.
        within: the construct that says what is done: the call, the comparison, the statement.
        name: method for `method`, called function for `argument`, else empty.
        nested: inside a nested function or lambda.
    """

    kind: Kind
    node: cst.CSTNode
    within: cst.CSTNode
    name: str = ""
    nested: bool = False

    @property
    def call(self) -> cst.Call:
        """The call of a `method` or `argument` use."""
        assert isinstance(self.within, cst.Call)
        return self.within

    def values(self) -> list[cst.BaseExpression]:
        """Positional arguments of the call; empty when there are stars or keywords."""
        args = self.call.args
        if any(arg.star or arg.keyword for arg in args):
            return []
        return [arg.value for arg in args]


def uses(view: View, text: str) -> list[Use]:
    """All uses of a place in the function, in the order of the source."""
    found = [node for node in view.nodes if place(node) == text and _is_variable(view, node)]
    return [_use(view, node) for node in found]


def _is_variable(view: View, node: cst.CSTNode) -> bool:
    """Not an attribute's name, a keyword, a parameter or the name of a function."""
    parent = view.parent(node)
    match parent:
        case cst.Attribute():
            return node is parent.value
        case cst.Arg():
            return node is parent.value
        case cst.Param() | cst.FunctionDef() | cst.ImportAlias() | cst.NameItem():
            return isinstance(parent, cst.Param) and node is parent.default
    return True


def _use(view: View, node: cst.CSTNode) -> Use:
    kind, within, name = _classify(view, node)
    nested = any(
        isinstance(above, cst.FunctionDef | cst.Lambda | cst.ClassDef)
        and above is not view.function
        for above in view.ancestors(node)
    )
    return Use(kind, node, within, name, nested)


def _classify(view: View, node: cst.CSTNode) -> tuple[Kind, cst.CSTNode, str]:  # noqa: PLR0911
    parent = view.parent(node)
    above = view.parent(parent) if parent is not None else None
    assert parent is not None
    match parent, above:
        case cst.Attribute(attr=cst.Name(value=name)), cst.Call(func=func) if func is parent:
            return "method", above, name
        case cst.ComparisonTarget(operator=cst.In() | cst.NotIn()), cst.Comparison():
            return "contains", above, ""
        case cst.Subscript(), _ if node is parent.value:
            stored = isinstance(above, cst.AssignTarget | cst.Del | cst.AugAssign) and (
                not isinstance(above, cst.AugAssign) or above.target is parent
            )
            return ("stored" if stored else "indexed"), parent, ""
        case ((cst.For() | cst.CompFor()), _) if node is parent.iter:
            return "iterated", parent, ""
        case cst.Arg(), cst.Call(func=cst.Name(value=name)):
            return "argument", above, name
        case cst.Arg(), cst.Call():
            return "argument", above, ""
        case cst.Return(), _:
            return "returned", parent, ""
        case cst.AugAssign(), _ if node is parent.target:
            return "augmented", parent, ""
        case _ if _tested(view, node):
            return "tested", parent, ""
    target = _as_target(view, node)
    if target is None:
        given = _given_away(view, node)
        return ("other", parent, "") if given is None else ("yielded", given, "")
    if isinstance(target, cst.AssignTarget | cst.AnnAssign):
        return "assigned", view.statement(node), ""
    return "bound", target, ""


def _given_away(view: View, node: cst.CSTNode) -> cst.Yield | None:
    """The `yield` that gives the node, or a literal that holds it, to somebody else."""
    parent = view.parent(node)
    match parent:
        case cst.Yield():
            return parent
        case cst.Element() | cst.DictElement() | cst.Tuple() | cst.List() | cst.Dict():
            return _given_away(view, parent)
    return None


def _as_target(view: View, node: cst.CSTNode) -> cst.CSTNode | None:
    """What binds the node as (part of) its target."""
    parent = view.parent(node)
    match parent:
        case cst.AssignTarget() | cst.AnnAssign() | cst.For() | cst.CompFor() | cst.NamedExpr():
            return parent if node is parent.target else None
        case cst.AsName():
            return parent
        case cst.Element() | cst.StarredElement() | cst.Tuple() | cst.List():
            return _as_target(view, parent)
    return None


def _tested(view: View, node: cst.CSTNode) -> bool:
    """Whether only the truth of the value is asked for."""
    parent = view.parent(node)
    match parent:
        case cst.If() | cst.While() | cst.IfExp() | cst.Assert():
            return node is parent.test
        case cst.UnaryOperation(operator=cst.Not()):
            return True
        case cst.BooleanOperation():
            return _tested(view, parent)
        case cst.CompIf():
            return True
    return False


def appends(found: list[Use]) -> Iterator[tuple[Use, cst.BaseExpression]]:
    """Uses of the form `place.append(value)`, with the value."""
    for use in found:
        if use.kind == "method" and use.name == "append" and len(use.values()) == 1:
            yield use, use.values()[0]
