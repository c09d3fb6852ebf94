"""Keeping the first of each value in order is what `dict.fromkeys` does (measured: 67x)."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codegenesis.core.operators.ranges import slice_bounds
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    Edits,
    Unit,
    View,
    code,
    conjuncts,
    disjuncts,
    flat,
    key,
    operand,
    place,
    reads,
    repeatable,
    substitute,
    targets,
    uses,
)


@dataclass(frozen=True)
class Collection:
    """A loop that collects distinct values, taken apart.

    Attributes:
        out: the list that is filled.
        value: what is appended.
        filters: conditions beside being new.
    """

    out: str
    value: cst.BaseExpression
    filters: tuple[str, ...]


def rewrite(view: View) -> Unit | None:
    """Replace one loop, or one comprehension."""
    for node in view.nodes:
        changed = None
        if isinstance(node, cst.For) and isinstance(node.body, cst.IndentedBlock):
            changed = _loop(view, node)
        elif isinstance(node, cst.ListComp):
            changed = _comprehension(view, node)
        if changed is not None:
            return changed
    return None


def _loop(view: View, loop: cst.For) -> Unit | None:
    found = _collection(list(loop.body.body), {}) if loop.orelse is None else None
    if found is None or found.out not in view.locals - view.parameters.keys():
        return None
    start = _start(view, loop, found.out)
    inside = [use for use in uses(view, found.out) if view.inside(use.node, loop)]
    names = reads(found.value).union(*(reads(cst.parse_expression(f)) for f in found.filters))
    if start is None or len(inside) != 2 or found.out in names or _leaks(view, loop):
        return None
    source = _source(loop, found)
    edits = Edits(view).rewrite(start, "")
    return edits.rewrite(loop, f"{found.out} = list(dict.fromkeys({source}))\n").apply()


def _source(loop: cst.For, found: Collection) -> str:
    target, items = code(loop.target).strip(), flat(loop.iter)
    if not found.filters and code(found.value).strip() == target:
        return items
    conditions = "".join(f" if {test}" for test in found.filters)
    return f"{flat(found.value)} for {target} in {items}{conditions}"


def _collection(body: list[cst.CSTNode], known: dict[str, str]) -> Collection | None:
    """`if value not in out and …: out.append(value)`, or the same with `continue`."""
    if not body:
        return None
    match body[0]:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[target], value=value)]):
            if isinstance(target.target, cst.Name) and repeatable(value):
                text = operand(substitute(value, known))
                return _collection(body[1:], {**known, target.target.value: text})
        case cst.If(orelse=None) as test if _skips(test):
            return _skipping(test, body[1:], known)
        case cst.If(orelse=None) as test if len(body) == 1:
            return _guarded(test, known)
    return None


def _guarded(test: cst.If, known: dict[str, str]) -> Collection | None:
    appended = _appended(list(test.body.body))
    if appended is None:
        return None
    out, value = appended
    tests = conjuncts(test.test)
    new = [t for t in tests if _membership(t, out, value, cst.NotIn)]
    if len(new) != 1:
        return None
    filters = tuple(operand(substitute(t, known)) for t in tests if t is not new[0])
    return Collection(out, substitute(value, known), filters)


def _skipping(test: cst.If, rest: list[cst.CSTNode], known: dict[str, str]) -> Collection | None:
    appended = _appended(rest)
    if appended is None:
        return None
    out, value = appended
    tests = disjuncts(test.test)
    old = [t for t in tests if _membership(t, out, value, cst.In)]
    if len(old) != 1:
        return None
    filters = tuple(f"not {operand(substitute(t, known))}" for t in tests if t is not old[0])
    return Collection(out, substitute(value, known), filters)


def _skips(test: cst.If) -> bool:
    return code(test.body).strip() == "continue"


def _appended(body: list[cst.CSTNode]) -> tuple[str, cst.BaseExpression] | None:
    """(list, value) of a block that only appends."""
    match body:
        case [cst.SimpleStatementLine(body=[cst.Expr(value=call)])] | [cst.Expr(value=call)]:
            pass
        case _:
            return None
    match call:
        case cst.Call(
            func=cst.Attribute(value=cst.Name(value=out), attr=cst.Name(value="append")),
            args=[cst.Arg(value=value, star="", keyword=None)],
        ):
            return out, value
    return None


def _membership(
    test: cst.BaseExpression,
    out: str,
    value: cst.BaseExpression,
    operator: type[cst.In] | type[cst.NotIn],
) -> bool:
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        opposite = cst.In if operator is cst.NotIn else cst.NotIn
        return _membership(test.expression, out, value, opposite)
    match test:
        case cst.Comparison(left=left, comparisons=[target]):
            same = place(target.comparator) == out and key(left) == key(value)
            return same and isinstance(target.operator, operator)
    return False


def _start(view: View, loop: cst.For, out: str) -> cst.BaseStatement | None:
    """`out = []` before the loop in the same block, with no use of it between."""
    siblings, position = view.siblings(loop)
    for statement in reversed(siblings[: max(position, 0)]):
        text = code(statement).strip()
        if text in (f"{out} = []", f"{out} = list()"):
            return statement
        if out in reads(statement) or isinstance(statement, cst.BaseCompoundStatement):
            return None
    return None


def _leaks(view: View, loop: cst.For) -> bool:
    """Whether a variable that the loop sets is read anywhere else."""
    bound = targets(loop.target) | {name for s in loop.body.body for name in _assigned_in(s)}
    return any(
        use.kind not in ("assigned", "bound") and not view.inside(use.node, loop)
        for name in bound
        for use in uses(view, name)
    )


def _assigned_in(statement: cst.CSTNode) -> frozenset[str]:
    match statement:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[target])]):
            return targets(target.target)
    return frozenset()


def _comprehension(view: View, node: cst.ListComp) -> Unit | None:
    """`[x for i, x in enumerate(xs) if x not in xs[:i]]`."""
    match node:
        case cst.ListComp(
            elt=cst.Name(value=value),
            for_in=cst.CompFor(
                target=cst.Tuple(elements=[first, second]),
                iter=cst.Call(func=cst.Name(value="enumerate"), args=[sequence]),
                ifs=[cst.CompIf(test=cst.Comparison(left=left, comparisons=[target]))],
                inner_for_in=None,
            ),
        ):
            pass
        case _:
            return None
    wanted = (place(sequence.value) or "", "", code(first.value).strip())
    named = code(second.value).strip() == value == code(left).strip()
    if not named or not isinstance(target.operator, cst.NotIn):
        return None
    if slice_bounds(target.comparator) != wanted:
        return None
    return Edits(view).swap(node, f"list(dict.fromkeys({flat(sequence.value)}))").apply()


OPERATOR = RewriteRule(
    name="dedupe",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="`dict.fromkeys` keeps the first of each value in order, in one pass.",
    risk="Values must be hashable, with an equality that agrees with their hash.",
    steps=(rewrite,),
    gain=15.0,
    suspending=True,
)
