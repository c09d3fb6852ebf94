"""A recursion that branches solves the same sub-problem again and again: remember for one call.

Unlike `memoise` this keeps nothing between calls, so it needs no bound and no measurement of the
caller: answers live in a dict that the outermost call makes and drops. Parameters that every inner
call hands on as they are (`weights` of a knapsack) stay outside of the key, so they may be lists.

Measured: exponential to linear or quadratic, 10 000x and more. A wrapper of `functools.cache` was
tried: it needs two C frames for each level, and reaches the recursion limit at half the depth.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.recursion.calls import (
    SelfCall,
    body_of,
    docstring,
    receiver,
    self_calls,
)
from codegenesis.core.operators.shapes import block, leaves, number, small
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    Edits,
    Unit,
    View,
    binds,
    effects,
    flat,
    kind,
    own,
    reads,
    root,
    statements,
    walk,
)

#: Calls that must happen each time.
ACTIVE = frozenset(
    {"print", "input", "open", "next", "exec", "eval", "shuffle", "random", "randint", "choice"}
)


def rewrite(view: View) -> Unit | None:
    """Put the function inside of itself, with a memory."""
    calls = self_calls(view)
    if not calls or not view.plain or not _branches(view, calls) or not _quiet(view):
        return None
    names = [name for name in view.parameters if name != receiver(view)]
    rebound = binds(view.function.body)
    fixed = {n for n in names if n not in rebound and all(_same(c, n) for c in calls)}
    varying = [name for name in names if name not in fixed]
    if not varying or not all(_hashable(view, name, calls) for name in varying):
        return None
    return _nested(view, calls, varying)


def _branches(view: View, calls: list[SelfCall]) -> bool:
    """Whether one run makes two calls."""
    nodes = frozenset(call.node for call in calls)
    return _most(block(view.function.body), nodes) > 1


def _most(body: list[cst.CSTNode], calls: frozenset[cst.Call]) -> int:
    """The most calls that one way through a block makes; two for one in a loop."""
    if not body:
        return 0
    first, rest = body[0], _most(body[1:], calls)
    if not isinstance(first, cst.If):
        return _calls(first, calls) + (0 if isinstance(small(first), cst.Return) else rest)
    inside = block(first.body)
    then = _most(inside, calls) + (0 if leaves(inside) else rest)
    match first.orelse:
        case cst.Else(body=other):
            otherwise = _most(block(other), calls) + (0 if leaves(block(other)) else rest)
        case cst.If() as other:
            otherwise = _most([other, *body[1:]], calls)
        case _:
            otherwise = rest
    return _calls(first.test, calls) + max(then, otherwise)


def _calls(node: cst.CSTNode, calls: frozenset[cst.Call]) -> int:
    found = [inner for inner in walk(node) if inner in calls]
    repeats = any(isinstance(inner, cst.For | cst.While | cst.CompFor) for inner in walk(node))
    return len(found) * (2 if repeats else 1)


def _quiet(view: View) -> bool:
    """Whether running it twice is no different from running it once."""
    scopes = cst.Global | cst.Nonlocal | cst.FunctionDef | cst.Lambda
    if any(isinstance(node, scopes) for node in view.nodes):
        return False
    does = effects((view.function.body,))
    mine = view.locals - view.parameters.keys()
    if any(root(place) not in mine for place in does.changed):
        return False
    return not any(view.alone(call) or _active(call) for call in does.unknown)


def _active(call: cst.Call) -> bool:
    match call.func:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return name in ACTIVE
    return True


def _same(call: SelfCall, name: str) -> bool:
    value = call.given.get(name)
    return isinstance(value, cst.Name) and value.value == name


def _hashable(view: View, name: str, calls: list[SelfCall]) -> bool:
    """Whether the values of a parameter may be keys; left-out ones must have a simple default."""
    unhashable = {"list", "dict", "set"}
    default = view.parameters[name].default
    left_out = any(name not in call.given for call in calls)
    if left_out and not (number(default) or isinstance(default, cst.Name | cst.SimpleString)):
        return False
    given = [call.given[name] for call in calls if name in call.given]
    if any(map(_part, given)):
        return False
    kinds = {kind(view, value) for value in given} | {kind(view, cst.Name(name))}
    return not kinds & unhashable


def _part(value: cst.BaseExpression) -> bool:
    """A branch of a tree or a half of a list: no sub-problem comes twice."""
    match value:
        case cst.Attribute():
            return True
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Slice(lower=low, upper=high))]):
            return any(bound is not None and reads(bound) for bound in (low, high))
    return False


def _nested(view: View, calls: list[SelfCall], varying: list[str]) -> Unit:
    solve, known = view.fresh("solve"), view.fresh("known")
    key, result = view.fresh("key"), view.fresh("result")
    edits = Edits(view)
    for call in reversed(calls):
        arguments = [_argument(view, call, name) for name in varying]
        edits.swap_node(call.node, cst.Call(cst.Name(solve), [cst.Arg(a) for a in arguments]))
    inner = _remembering(
        view.again(_applied(edits, view, calls, varying, solve)), known, key, result
    )
    body = body_of(inner.function)
    doc = docstring(body)
    packed = varying[0] if len(varying) == 1 else f"({', '.join(varying)})"
    head = f"{key} = {packed}\nif {key} in {known}:\n    return {known}[{key}]\n"
    parameters = ", ".join(varying)
    made = cst.ensure_type(
        cst.parse_statement(f"def {solve}({parameters}):\n    pass\n"), cst.FunctionDef
    )
    lines = [*statements(head), *body[len(doc) :]]
    made = made.with_changes(body=cst.IndentedBlock(body=lines))
    whole = [*doc, *statements(f"{known} = {{}}\n"), made]
    whole += statements(f"return {solve}({parameters})\n")
    function = inner.function.with_changes(body=cst.IndentedBlock(body=whole))
    return Unit.parse(Unit(function, inner.unit.prelude, inner.unit.style).source)


def _argument(view: View, call: SelfCall, name: str) -> cst.BaseExpression:
    value = call.given.get(name)
    if value is None:
        value = view.parameters[name].default
    assert value is not None
    return value


def _applied(
    edits: Edits, view: View, calls: list[SelfCall], varying: list[str], solve: str
) -> Unit:
    """Calls inside of arguments of calls are changed one after another, innermost first."""
    outer = {call.node for call in calls}
    if not any(above in outer for call in calls for above in view.ancestors(call.node)):
        return edits.apply()
    changed = view
    while remaining := self_calls(changed):
        call = remaining[-1]
        arguments = [cst.Arg(_argument(changed, call, name)) for name in varying]
        made = cst.Call(cst.Name(solve), arguments)
        changed = changed.again(Edits(changed).swap_node(call.node, made).apply())
    return changed.unit


def _remembering(view: View, known: str, key: str, result: str) -> View:
    """The function with each answer that had to be worked out kept."""
    edits, found = Edits(view), False
    for node in own(view.function.body):
        if (
            isinstance(node, cst.Return)
            and node.value is not None
            and _worked_out(view, node.value)
        ):
            value = flat(node.value)
            text = f"{known}[{key}] = {result} = {value}\nreturn {result}\n"
            edits.rewrite(view.statement(node), text)
            found = True
    return view.again(edits.apply()) if found else view


def _worked_out(view: View, value: cst.BaseExpression) -> bool:
    if isinstance(value, cst.Name):
        return value.value in view.locals - view.parameters.keys()
    return not (number(value) or isinstance(value, cst.SimpleString))


OPERATOR = RewriteRule(
    name="recursion_memo",
    improves=("complexity", "repeat_rate", "cpu_ns_mean"),
    hypothesis="Within one call, each sub-problem of the recursion is solved once.",
    risk="Arguments must be hashable; equal ones (1 and 1.0) share an answer within a call.",
    steps=(rewrite,),
    gain=20.0,
)
