"""How a function calls itself: with which arguments, and what of them never changes."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codegenesis.core.syntax import View, own, parameters


@dataclass(frozen=True)
class SelfCall:
    """One call of the function by itself.

    Attributes:
        given: arguments by parameter; what is left out has its default.
    """

    node: cst.Call
    given: dict[str, cst.BaseExpression]


def self_calls(view: View) -> list[SelfCall] | None:
    """All calls of the function by itself; None where one cannot be followed.

    A function that is mentioned in any other way (handed on, in a nested function) cannot either.
    """
    names = _plain_parameters(view)
    if names is None:
        return None
    found = []
    for node in own(view.function.body):
        if isinstance(node, cst.Call) and _is_self(view, node.func):
            given = _given(node, names)
            if given is None:
                return None
            found.append(SelfCall(node, given))
    mentioned = sum(
        isinstance(node, cst.Name) and node.value == view.function.name.value for node in view.nodes
    )
    return found if mentioned == len(found) else None


def receiver(view: View) -> str:
    """`self` or `cls` where the function is a method."""
    first = next(iter(view.parameters), "")
    return first if first in ("self", "cls") else ""


def _is_self(view: View, func: cst.BaseExpression) -> bool:
    name, owner = view.function.name.value, receiver(view)
    match func:
        case cst.Name(value=called):
            return called == name and not owner
        case cst.Attribute(value=cst.Name(value=base), attr=cst.Name(value=called)):
            return called == name and bool(owner) and base == owner
    return False


def _plain_parameters(view: View) -> list[str] | None:
    """Parameters that a call fills by position, without `self`; None with stars."""
    params = view.function.params
    star = params.star_arg
    starred = isinstance(star, cst.Param) or params.star_kwarg is not None or params.kwonly_params
    if starred:
        return None
    names = list(parameters(view.function))
    return names[1:] if receiver(view) else names


def _given(call: cst.Call, names: list[str]) -> dict[str, cst.BaseExpression] | None:
    given: dict[str, cst.BaseExpression] = {}
    for position, arg in enumerate(call.args):
        if arg.star or (arg.keyword is None and position >= len(names)):
            return None
        name = names[position] if arg.keyword is None else arg.keyword.value
        if name not in names or name in given:
            return None
        given[name] = arg.value
    return given


def body_of(function: cst.FunctionDef) -> list[cst.BaseStatement]:
    """The statements of a function, also of one in a single line."""
    match function.body:
        case cst.IndentedBlock(body=body):
            return list(body)
        case cst.SimpleStatementSuite(body=short):
            return [cst.SimpleStatementLine(body=short)]
    return []


def docstring(body: list[cst.BaseStatement]) -> list[cst.BaseStatement]:
    """The docstring of a body as a list of one, or nothing."""
    match body[:1]:
        case [cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString())])]:
            return body[:1]
    return []
