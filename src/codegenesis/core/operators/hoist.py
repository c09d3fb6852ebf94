"""What does not change during a loop is computed once, before it (measured: 64x).

Three steps, tried in this order: an expression of constants of the module goes in front of the
function; an expression that a loop does not change goes before the outermost such loop; an
expression of the items of an inner loop, whose sequence the outer loop does not change, is computed
once per item before the outer loop:

    for title in titles:                      compiled = [(w, re.compile(w)) for w in words]
        for w in words:                       for title in titles:
            pattern = re.compile(w)               for w, value in compiled:
                                                      pattern = value

An expression in a loop that never runs, or in a branch that is never taken, is not evaluated
today. Where evaluating it could raise, a second variant keeps that: it computes at first use, or,
in front of a comprehension, only when there is anything to go through.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.worthwhile import candidates, cannot_raise
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    Edits,
    Loop,
    Unit,
    View,
    code,
    flat,
    key,
    place,
    reads,
    targets,
)


def eager(view: View) -> Unit | None:
    """Move one expression out of the way, evaluated before the loop."""
    return _constant(view) or _per_item(view, lazily=False) or _before(view, lazily=False)


def lazy(view: View) -> Unit | None:
    """Like `eager`, but what could raise is evaluated at first use."""
    return _constant(view) or _per_item(view, lazily=True) or _before(view, lazily=True)


def _constant(view: View) -> Unit | None:
    for node in candidates(view):
        names = reads(node)
        calls = isinstance(node, cst.Call) and node.args
        if calls and all(map(view.constant, names)) and not _trivial(view, node):
            name = view.fresh(f"_{_word(node).upper()}")
            edits = Edits(view).prelude(f"{name} = {flat(node)}\n")
            return _everywhere(view, edits, node, name, None).apply()
    return None


def _trivial(view: View, node: cst.BaseExpression) -> bool:
    """Constants of Python itself need no name: `int("1")` is fine where it is."""
    return len(code(node)) < 12 and not any(n in view.locals for n in reads(node))


def _before(view: View, *, lazily: bool) -> Unit | None:
    for node in candidates(view):
        loop = view.outermost(node)
        if loop is None or _computed_once(view, node):
            continue
        name = view.fresh(_name(view, node))
        edits = Edits(view)
        if not lazily or cannot_raise(node):
            edits.before(loop.statement, f"{name} = {flat(node)}\n")
            return _everywhere(view, edits, node, name, loop).apply()
        guard = place(loop.node.iter) if isinstance(loop.node, cst.CompFor) else None
        if guard is not None:
            edits.before(loop.statement, f"{name} = {flat(node)} if {guard} else None\n")
            return _everywhere(view, edits, node, name, loop).apply()
        if loop.is_statement and not _in_expression(view, node):
            at_first_use(edits, loop, view.statement(node), name, flat(node))
            return edits.swap(node, name).apply()
    return None


def at_first_use(edits: Edits, loop: Loop, statement: cst.CSTNode, name: str, value: str) -> None:
    """Compute a value in front of a statement in the loop, when it was not before."""
    edits.before(loop.statement, f"{name} = None\n")
    edits.before(statement, f"if {name} is None:\n    {name} = {value}\n")


def _computed_once(view: View, node: cst.CSTNode) -> bool:
    """Whether it stands under `if name is None: name = …` already."""
    statement = view.statement(node)
    block = view.parent(statement)
    guard = view.parent(block) if block is not None else None
    if not isinstance(guard, cst.If) or not isinstance(statement, cst.SimpleStatementLine):
        return False
    name = code(guard.test).strip().removesuffix(" is None")
    return code(statement).strip().startswith(f"{name} = ")


def _in_expression(view: View, node: cst.CSTNode) -> bool:
    """Whether first use cannot be caught by a statement in front of it."""
    statement = view.statement(node)
    if isinstance(statement, cst.SimpleStatementLine):
        return any(not isinstance(loop.node, cst.For | cst.While) for loop in view.loops(node))
    return not (isinstance(statement, cst.For) and view.inside(node, statement.iter))


def _everywhere(
    view: View, edits: Edits, node: cst.BaseExpression, name: str, loop: Loop | None
) -> Edits:
    """Put the name in the place of the expression and of its twins in the same loop."""
    for other in candidates(view):
        if key(other) != key(node):
            continue
        there = view.outermost(other) if loop else None
        if loop is None or (there is not None and there.statement is loop.statement):
            edits.swap(other, name)
    return edits


def _per_item(view: View, *, lazily: bool) -> Unit | None:
    """An expression of an inner loop's items, computed before the outer loop."""
    for node in candidates(view, cheap=False):
        loops = view.loops(node)
        if len(loops) < 2 or not isinstance(loops[0].node, cst.For):
            continue
        inner, outer = loops[0].node, _around(view, node, loops)
        if outer is not None:
            return _write_per_item(view, node, inner, outer, lazily=lazily)
    return None


def _around(view: View, node: cst.BaseExpression, loops: list[Loop]) -> Loop | None:
    """The outermost loop that changes neither the inner loop's items nor the rest of `node`."""
    inner = loops[0].node
    assert isinstance(inner, cst.For)
    items = targets(inner.target)
    does = loops[0].does
    if not reads(node) & items or (reads(node) - items) & does.bound:
        return None
    rebound = [
        n for n in view.nodes if n is not inner and _binds(n, items) and view.inside(n, inner)
    ]
    if rebound or any(text.partition(".")[0] in items for text in does.changed):
        return None
    found = None
    for loop in loops[1:]:
        free = reads(node) - items
        if free & loop.does.bound or not loop.does.spare(inner.iter) or not loop.is_statement:
            break
        found = loop
    return found


def _binds(node: cst.CSTNode, names: frozenset[str]) -> bool:
    kinds = cst.AssignTarget | cst.AugAssign | cst.For
    return isinstance(node, kinds) and bool(targets(node.target) & names)


def _write_per_item(
    view: View, node: cst.BaseExpression, inner: cst.For, outer: Loop, *, lazily: bool
) -> Unit:
    value = view.fresh(_name(view, node))
    pairs = view.fresh(f"{value}_by_item")
    target = code(inner.target).strip()
    item = f"({target})" if isinstance(inner.target, cst.Tuple) else target
    edits = Edits(view)
    built = f"[({item}, {flat(node)}) for {target} in {flat(inner.iter)}]"
    if lazily:
        at_first_use(edits, outer, inner, pairs, built)
    else:
        edits.before(outer.statement, f"{pairs} = {built}\n")
    edits.swap(inner.iter, pairs).swap(inner.target, f"{item}, {value}")
    for other in candidates(view, cheap=False):
        if key(other) == key(node) and view.inside(other, inner):
            edits.swap(other, value)
    return edits.apply()


def _name(view: View, node: cst.CSTNode) -> str:
    """A name for a value: after the variable that it is given to, or after what makes it."""
    match view.parent(node):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return f"fixed_{name}"
    return _word(node)


def _word(node: cst.CSTNode) -> str:
    """A name for a value, after what makes it."""
    match node:
        case cst.Call(func=cst.Name(value=word), args=[first, *_]):
            inside = first.value.value if isinstance(first.value, cst.Name) else ""
            return f"{inside}_{word}" if inside else f"{word}_value"
        case cst.Call(func=cst.Attribute(value=base, attr=cst.Name(value=word))):
            name = base.value if isinstance(base, cst.Name) else ""
            return f"{name}_{word}" if name else f"{word}_value"
        case cst.Attribute(attr=cst.Name(value=word)):
            return word
    return "value"


OPERATOR = RewriteRule(
    name="hoist",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="What does not change during the loop is computed once instead of every time.",
    risk="It is also computed when the loop never gets there, and may raise then.",
    steps=(eager, lazy),
    gain=6.0,
    suspending=True,
)
