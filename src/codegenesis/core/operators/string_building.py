"""`text += piece` in a loop copies all that is there each time: collect the pieces, join them once.

CPython extends a *local* string in place when nothing else refers to it, so the gain is on
attributes and subscripts (`self.out += …`, measured 67x) and on tuples (870x); bytes behave like
tuples. `items = items + [x]` is the same mistake with lists.

The place must only be added to while the loop runs. Asking whether it is empty is allowed
(`any(parts)`), and so is returning it. An attribute or subscript is written back in a `finally`,
because others can see it: after an exception or an early return it must hold what it held before
this rewrite. What the pieces of a string raise when they are no strings has another message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    Edits,
    Loop,
    Unit,
    Use,
    View,
    code,
    container,
    flat,
    kind,
    place,
    related,
    root,
    uses,
)

#: Kind -> (expression of the first list, expression that makes the value from the list).
FORMS = {
    "str": ("[{place}]", '"".join({parts})'),
    "bytes": ("[{place}]", 'b"".join({parts})'),
    "tuple": ("list({place})", "tuple({parts})"),
    "list": ("list({place})", "{parts}"),
}


@dataclass(frozen=True)
class Addition:
    """`place += piece` or `place = place + piece`, with the occurrences of the place in it."""

    place: str
    statement: cst.CSTNode
    piece: cst.BaseExpression
    nodes: tuple[cst.CSTNode, ...]
    augmented: bool


def rewrite(view: View) -> Unit | None:
    """Change the additions to one place in one loop."""
    additions = list(_additions(view))
    for text in dict.fromkeys(addition.place for addition in additions):
        found = [addition for addition in additions if addition.place == text]
        for addition in found:
            loop = _outermost(view, addition, found)
            inside = [a for a in found if loop and view.inside(a.statement, loop.node)]
            form = _form(view, text, found) if loop else None
            if loop is not None and form is not None:
                return _write(view, loop, form, inside)
    return None


def _additions(view: View) -> Iterator[Addition]:
    for node in view.nodes:
        match node:
            case cst.AugAssign(target=target, operator=cst.AddAssign(), value=piece):
                yield from _addition(view, node, [target], piece)
            case cst.Assign(
                targets=[cst.AssignTarget(target=target)],
                value=cst.BinaryOperation(left=left, operator=cst.Add(), right=piece),
            ):
                first, rest = _leftmost(left, piece)
                if place(first) == place(target):
                    yield from _addition(view, node, [target, first], rest)


def _addition(
    view: View, node: cst.CSTNode, nodes: list[cst.CSTNode], piece: cst.BaseExpression
) -> Iterator[Addition]:
    text = place(nodes[0])
    if text is not None and view.loops(node):
        yield Addition(text, node, piece, tuple(nodes), len(nodes) == 1)


def _leftmost(
    left: cst.BaseExpression, piece: cst.BaseExpression
) -> tuple[cst.BaseExpression, cst.BaseExpression]:
    """`(s + a) + b` as `s` and `a + b`."""
    if isinstance(left, cst.BinaryOperation) and isinstance(left.operator, cst.Add):
        first, middle = _leftmost(left.left, left.right)
        return first, cst.parse_expression(f"{code(middle)} + {code(piece)}")
    return left, piece


def _outermost(view: View, addition: Addition, found: list[Addition]) -> Loop | None:
    """The outermost loop during which the place is only added to."""
    outer = None
    for loop in view.loops(addition.statement):
        if not loop.is_statement or not _only_added(view, addition.place, loop, found):
            break
        outer = loop
    return outer


def _only_added(view: View, text: str, loop: Loop, found: list[Addition]) -> bool:
    added = [node for addition in found for node in addition.nodes]
    for use in uses(view, text):
        if not view.inside(use.node, loop.node) or any(use.node is node for node in added):
            continue
        if use.nested or not (use.kind == "tested" or _returns(view, use)):
            return False
    if text == root(text):
        return True
    return root(text) not in loop.does.bound and not _seen_by_others(view, text, loop)


def _returns(view: View, use: Use) -> bool:
    return any(isinstance(above, cst.Return) for above in view.ancestors(use.node))


def _seen_by_others(view: View, text: str, loop: Loop) -> bool:
    """Whether the loop handles the object that holds the place, or calls what reads it."""
    last = text.rpartition(".")[2] if text.endswith(tuple("_abcdefghijklmnopqrstuvwxyz")) else ""
    for node in view.nodes:
        if not view.inside(node, loop.node):
            continue
        found = place(node)
        if found is not None and found != text and related(found, text):
            parent = view.parent(node)
            longer = isinstance(parent, cst.Attribute | cst.Subscript) and node is parent.value
            if len(found) > len(text) or not longer:
                return True
        if isinstance(node, cst.Call) and last and _reads(view, node, last):
            return True
    return False


def _reads(view: View, call: cst.Call, attribute: str) -> bool:
    match call.func:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return view.module.mentions(name, attribute)
    return False


def _form(view: View, text: str, found: list[Addition]) -> str | None:
    """The kind of what is built, when everything known of it agrees."""
    kinds = {kind(view, addition.piece) for addition in found}
    values = [_assigned(use) for use in uses(view, text) if use.kind == "assigned"]
    own = {id(addition.statement) for addition in found}
    for value in values:
        if value is not None and id(value) not in own:
            kinds.add(kind(view, value.value))
    if text in view.parameters:
        kinds.add(kind(view, cst.Name(text)))
    elif "." in text and "[" not in text:
        kinds |= view.module.attribute_kinds(text.rpartition(".")[2])
    kinds.discard("unknown")
    if len(kinds) != 1:
        return None
    form = kinds.pop()
    if form == "list" and any(addition.augmented for addition in found):
        return None
    return form if form in FORMS else None


def _assigned(use: Use) -> cst.Assign | None:
    match use.within:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[_]) as assign]):
            return assign
    return None


def _write(view: View, loop: Loop, form: str, additions: list[Addition]) -> Unit:
    text = additions[0].place
    parts = view.fresh(f"{_word(text)}_parts")
    start, end = (part.format(place=text, parts=parts) for part in FORMS[form])
    edits = Edits(view)
    for addition in additions:
        edits.rewrite(view.statement(addition.statement), _added(parts, form, addition))
    added = [node for addition in additions for node in addition.nodes]
    empty = f"any({parts})" if form in ("str", "bytes") else parts
    for use in uses(view, text):
        if view.inside(use.node, loop.node) and not any(use.node is node for node in added):
            edits.swap(use.node, empty if use.kind == "tested" else end)
    edits.before(loop.statement, f"{parts} = {start}\n")
    if text == root(text):
        return edits.after(loop.statement, f"{text} = {end}\n").apply()
    guarded = f"try:\n    pass\nfinally:\n    {text} = {end}\n"
    return edits.wrap(loop.statement, lambda statement: _within(guarded, statement)).apply()


def _added(parts: str, form: str, addition: Addition) -> str:
    piece = addition.piece
    if form in ("str", "bytes"):
        return f"{parts}.append({flat(piece)})\n"
    match piece:
        case (
            cst.Tuple(elements=[cst.Element(value=value)])
            | cst.List(elements=[cst.Element(value=value)])
        ):
            return f"{parts}.append({flat(value)})\n"
    return f"{parts}.extend({flat(piece)})\n"


def _within(guarded: str, statement: cst.CSTNode) -> cst.Try:
    outer = cst.ensure_type(cst.parse_statement(guarded), cst.Try)
    assert isinstance(statement, cst.For | cst.While)
    lines = statement.leading_lines
    blank = [line for line in lines if line.comment is None]
    inner = statement.with_changes(leading_lines=[line for line in lines if line.comment])
    body = cst.IndentedBlock(body=[inner])
    return outer.with_changes(body=body, leading_lines=blank)


def _word(text: str) -> str:
    words = "".join(c if c.isalnum() else "_" for c in text).strip("_").removeprefix("self_")
    return words if container(cst.parse_expression(text)) else "text"


OPERATOR = RewriteRule(
    name="string_building",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="Pieces are collected and joined once; adding to the whole copies it every time.",
    risk="A reader in another thread sees the whole only at the end of the loop.",
    steps=(rewrite,),
    gain=5.0,
    suspending=True,
)
