"""Grouping by key: a `defaultdict` looks a key up once, the usual spellings two or three times.

Measured 1.3-1.5x. When the loop is over it becomes a plain `dict` again, so nobody can tell.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import block, local_only, named, small, start
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code, flat, key, uses

EMPTY = {"[]": "list", "list()": "list", "set()": "set"}
ADDS = {"list": "append", "set": "add"}


def rewrite(view: View) -> Unit | None:
    """Change one grouping."""
    for call in view.of(cst.Call):
        changed = _grouped(view, call)
        if changed is not None:
            return changed
    return None


def _grouped(view: View, call: cst.Call) -> Unit | None:
    match call:
        case cst.Call(func=cst.Attribute(value=base, attr=cst.Name(value=method)), args=[item]):
            loops = view.loops(call) if method in ADDS.values() else []
        case _:
            return None
    if not loops or not all(loop.is_statement for loop in loops) or not view.alone(call):
        return None
    outer, line = loops[-1].statement, view.statement(call)
    found = _by_default(base) or _guarded(view, line, base)
    if found is None or ADDS[found[2]] != method:
        return None
    name, index, kind, guard = found
    begun = start(view, outer, name)
    inside = [use for use in uses(view, name) if view.inside(use.node, outer)]
    own = sum(
        view.inside(u.node, line) or (guard is not None and view.inside(u.node, guard))
        for u in inside
    )
    if begun is None or flat(begun[1]) not in ("{}", "dict()") or own != len(inside):
        return None
    if not local_only(view, name) or any(use.nested for use in uses(view, name)):
        return None
    edits = Edits(view).rewrite(line, f"{name}[{index}].{method}({code(item)})\n")
    if guard is not None:
        edits.rewrite(guard, "")
    word, needs = view.imported("collections", "defaultdict")
    if needs:
        edits.prelude(f"{needs}\n")
    edits.rewrite(begun[0], f"{named(begun[0], name)} = {word}({kind})\n")
    return edits.after(outer, f"{name} = dict({name})\n").apply()


Group = tuple[str, str, str, cst.CSTNode | None]


def _by_default(base: cst.BaseExpression) -> Group | None:
    """`groups.setdefault(key, [])`."""
    match base:
        case cst.Call(
            func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value="setdefault")),
            args=[index, empty],
        ) if code(empty.value).strip() in EMPTY:
            return name, flat(index.value), EMPTY[code(empty.value).strip()], None
    return None


def _guarded(view: View, line: cst.CSTNode, base: cst.BaseExpression) -> Group | None:
    """`groups[key]` behind `if key not in groups: groups[key] = []`."""
    match base:
        case cst.Subscript(
            value=cst.Name(value=name),
            slice=[cst.SubscriptElement(slice=cst.Index(value=index))],
        ):
            siblings, position = view.siblings(line)
        case _:
            return None
    guard = siblings[position - 1] if position > 0 else None
    match guard:
        case cst.If(test=test, orelse=None) if len(block(guard.body)) == 1:
            seed = small(block(guard.body)[0])
        case _:
            return None
    asked = code(test).strip().replace(f"{name}.keys()", name)
    if asked not in (f"{key(index)} not in {name}", f"not {key(index)} in {name}"):
        return None
    empty = code(seed).strip().removeprefix(f"{name}[{key(index)}] = ") if seed else ""
    return (name, flat(index), EMPTY[empty], guard) if empty in EMPTY else None


OPERATOR = RewriteRule(
    name="grouping",
    improves=("cpu_ns_mean",),
    hypothesis="A `defaultdict` finds or makes the group of a key in one look-up.",
    risk="The groups are copied into a plain dict at the end, which costs where each has one item.",
    steps=(rewrite,),
    gain=1.3,
    suspending=True,
)
