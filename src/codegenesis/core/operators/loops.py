"""Loops in other shapes, rewritten as the nested `for` loops that the other rules understand.

`while` with a counter becomes `for … in range(…)`, `itertools.combinations(xs, 2)` becomes two
loops. This is no operator of its own: it saves nothing, it only makes room for what does.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from codegenesis.core.syntax import (
    Edits,
    Unit,
    View,
    binds,
    code,
    effects,
    flat,
    own,
    place,
    targets,
    uses,
)
from codegenesis.core.syntax.children import children


def loosened(view: View) -> View | None:
    """The function with such loops rewritten; None when it has none."""
    changed = False
    for _ in range(8):
        unit = _pairs(view) or counter(view)
        if unit is None:
            break
        changed = True
        view = view.again(unit)
    return view if changed else None


def counter(view: View) -> Unit | None:
    """`j = low` … `while j < high:` … `j += 1` as a `for`."""
    for node in view.nodes:
        if isinstance(node, cst.While) and isinstance(node.body, cst.IndentedBlock):
            changed = _counted(view, node)
            if changed is not None:
                return changed
    return None


def _counted(view: View, loop: cst.While) -> Unit | None:
    bounds = _bounds(loop.test)
    body = list(loop.body.body)
    if bounds is None or len(body) < 2 or not _steps(body[-1], bounds[0]):
        return None
    name, high = bounds
    start = _start(view, loop, name)
    inside = body[:-1]
    does = effects(inside)
    if start is None or name in binds(*inside) or not does.spare(high) or _continues(inside):
        return None
    if not _only_here(view, loop, start, name):
        return None
    low = flat(_value(start))
    arguments = flat(high) if low == "0" else f"{low}, {flat(high)}"
    made = cst.For(
        target=cst.Name(name),
        iter=cst.parse_expression(f"range({arguments})"),
        body=loop.body.with_changes(body=inside),
        orelse=loop.orelse,
        leading_lines=loop.leading_lines,
    )
    return Edits(view).rewrite(start, "").swap_node(loop, made).apply()


def _bounds(test: cst.BaseExpression) -> tuple[str, cst.BaseExpression] | None:
    match test:
        case cst.Comparison(left=cst.Name(value=name), comparisons=[target]):
            if isinstance(target.operator, cst.LessThan):
                return name, target.comparator
    return None


def _steps(statement: cst.CSTNode, name: str) -> bool:
    text = code(statement).strip().replace(" ", "")
    return text in (f"{name}+=1", f"{name}={name}+1")


def _start(view: View, loop: cst.While, name: str) -> cst.SimpleStatementLine | None:
    """The assignment of the first value, earlier in the same block."""
    siblings, position = view.siblings(loop)
    for statement in reversed(siblings[: max(position, 0)]):
        match statement:
            case cst.SimpleStatementLine(body=[cst.Assign(targets=[target])]):
                if targets(target.target) == {name}:
                    return statement
        if name in binds(statement):
            return None
    return None


def _value(statement: cst.SimpleStatementLine) -> cst.BaseExpression:
    assign = statement.body[0]
    assert isinstance(assign, cst.Assign)
    return assign.value


def _only_here(view: View, loop: cst.While, start: cst.CSTNode, name: str) -> bool:
    """Whether the counter means nothing outside its loop."""
    for use in uses(view, name):
        if view.inside(use.node, loop) or view.inside(use.node, start):
            continue
        if use.kind not in ("assigned", "bound") and not _own_counter(view, use.node, name):
            return False
    return True


def _own_counter(view: View, node: cst.CSTNode, name: str) -> bool:
    """Whether the node belongs to another loop with a variable of the same name."""
    for loop in view.loops(node):
        if isinstance(loop.node, cst.For | cst.CompFor) and name in targets(loop.node.target):
            return True
        if isinstance(loop.node, cst.While) and (_bounds(loop.node.test) or ("",))[0] == name:
            return True
    return False


def _continues(statements: Sequence[cst.CSTNode]) -> bool:
    """Whether the loop itself (not one inside it) is continued: that would skip the step."""
    stack: list[cst.CSTNode] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, cst.Continue):
            return True
        if not isinstance(node, cst.For | cst.While | cst.FunctionDef):
            stack.extend(children(node))
    return False


def _pairs(view: View) -> Unit | None:
    """`for a, b in itertools.combinations(xs, 2)`."""
    for node in view.nodes:
        if not isinstance(node, cst.For | cst.CompFor):
            continue
        sequence = _combined(node.iter)
        if sequence is None or not isinstance(node.target, cst.Tuple):
            continue
        if isinstance(node, cst.For) and (node.orelse or _breaks(node)):
            continue
        first, second = (code(element.value).strip() for element in node.target.elements)
        index = view.fresh("position")
        head = f"{index}, {first}", f"enumerate({sequence})"
        rest = second, f"{sequence}[{index} + 1:]"
        return _split(view, node, head, rest)
    return None


def _combined(iterable: cst.BaseExpression) -> str | None:
    match iterable:
        case cst.Call(func=func, args=[first, cst.Arg(value=cst.Integer(value="2"))]):
            if code(func) in ("combinations", "itertools.combinations"):
                return place(first.value)
    return None


def _split(
    view: View, node: cst.For | cst.CompFor, head: tuple[str, str], rest: tuple[str, str]
) -> Unit:
    if isinstance(node, cst.CompFor):
        inner = cst.CompFor(
            target=cst.ensure_type(cst.parse_expression(rest[0]), cst.Name),
            iter=cst.parse_expression(rest[1]),
            ifs=node.ifs,
            inner_for_in=node.inner_for_in,
            whitespace_before=cst.SimpleWhitespace(" "),
        )
        changes = {"target": cst.parse_expression(head[0]), "iter": cst.parse_expression(head[1])}
        outer = node.with_changes(**changes, ifs=(), inner_for_in=inner)
        return Edits(view).swap_node(node, outer).apply()
    made = cst.ensure_type(
        cst.parse_statement(
            f"for {head[0]} in {head[1]}:\n    for {rest[0]} in {rest[1]}:\n        pass"
        ),
        cst.For,
    )
    inside = made.body.body[0].with_changes(body=node.body)
    made = made.with_changes(
        body=made.body.with_changes(body=[inside]), leading_lines=node.leading_lines
    )
    return Edits(view).swap_node(node, made).apply()


def _breaks(loop: cst.For) -> bool:
    return any(isinstance(node, cst.Break) for node in own(loop.body))
