"""A missing key that is answered by an exception: ask with `get` (3x where it is missing)."""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import block, number, small
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    Edits,
    Unit,
    View,
    code,
    flat,
    kind,
    place,
    repeatable,
    same,
    walk,
)


def rewrite(view: View) -> Unit | None:
    """Replace one `try`."""
    for attempt in view.of(cst.Try):
        changed = _asked(view, attempt)
        if changed is not None:
            return changed
    return None


def _asked(view: View, attempt: cst.Try) -> Unit | None:
    match attempt:
        case cst.Try(
            body=tried,
            handlers=[cst.ExceptHandler(type=cst.Name(value="KeyError"), name=None, body=missing)],
            orelse=None,
            finalbody=None,
        ) if len(block(tried)) == 1 == len(block(missing)):
            pass
        case _:
            return None
    first, second = small(block(tried)[0]), small(block(missing)[0])
    found = _values(first, second)
    if found is None:
        return None
    entry, default, head = found
    match entry:
        case cst.Subscript(
            value=base, slice=[cst.SubscriptElement(slice=cst.Index(value=index))]
        ) if place(base) is not None and repeatable(index):
            nothing_else = sum(isinstance(n, cst.Subscript) for n in walk(entry)) == 1
        case _:
            return None
    if not nothing_else or not _constant(default) or kind(view, base) not in ("dict", "unknown"):
        return None
    text = f"{head}{flat(base)}.get({flat(index)}, {flat(default)})\n"
    return Edits(view).rewrite(attempt, text).apply()


def _values(
    first: cst.CSTNode | None, second: cst.CSTNode | None
) -> tuple[cst.BaseExpression, cst.BaseExpression, str] | None:
    """(entry, default, what is done with them) of the two branches."""
    match first, second:
        case (
            cst.Assign(targets=[cst.AssignTarget(target=one)], value=entry),
            cst.Assign(targets=[cst.AssignTarget(target=other)], value=default),
        ) if same(one, other) and place(one) is not None:
            return entry, default, f"{code(one).strip()} = "
        case cst.Return(value=entry), cst.Return(value=default) if entry is not None:
            return entry, default or cst.Name("None"), "return "
    return None


def _constant(node: cst.BaseExpression) -> bool:
    return number(node) or isinstance(node, cst.Name | cst.SimpleString)


OPERATOR = RewriteRule(
    name="dict_get",
    improves=("cpu_ns_mean",),
    hypothesis="`get` answers for a missing key without raising and catching.",
    risk="A `defaultdict` makes what is missing when it is indexed, and does not when asked.",
    steps=(rewrite,),
    gain=1.5,
    suspending=True,
)
