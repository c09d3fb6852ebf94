"""Doing less than everything: the smallest without sorting, the first without building a list.

* `sorted(xs)[0]` -> `min(xs)`, `sorted(xs)[-1]` -> `max(xs)`; an empty sequence still goes through
  the old expression, because `min` raises another error;
* `any([… for …])`, `all([…])` -> a generator, which stops at the first that decides;
* `xs.append(x)` and `xs.sort()` in a loop -> `bisect.insort(xs, x)`.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    LINEAR,
    Edits,
    Unit,
    View,
    code,
    flat,
    kind,
    place,
    pure_call,
    repeatable,
    walk,
)


def rewrite(view: View) -> Unit | None:
    """Change one selection."""
    for node in view.nodes:
        changed = _extreme(view, node) or _early_exit(view, node) or _insort(view, node)
        if changed is not None:
            return changed
    return None


def _extreme(view: View, node: cst.CSTNode) -> Unit | None:
    match node:
        case cst.Subscript(
            value=cst.Call(func=cst.Name(value="sorted"), args=[sequence, *options]),
            slice=[cst.SubscriptElement(slice=cst.Index(value=index))],
        ):
            pass
        case _:
            return None
    parent = view.parent(node)
    guarded = isinstance(parent, cst.IfExp) and parent.orelse is node
    last = {"0": False, "-1": True}.get(code(index).strip())
    backwards = [o for o in options if o.keyword and o.keyword.value == "reverse"]
    key = [o for o in options if o.keyword and o.keyword.value == "key"]
    if guarded or last is None or len(backwards) + len(key) != len(options):
        return None
    if place(sequence.value) is None or sequence.star or not _constant(backwards):
        return None
    source = flat(sequence.value)
    if last and kind(view, sequence.value) in LINEAR:
        items = f"reversed({source})"
    elif last and key:
        return None
    else:
        items = source
    function = "max" if last != bool(backwards) else "min"
    extra = f", key={flat(key[0].value)}" if key else ""
    found = f"({function}({items}{extra}) if {source} else {code(node)})"
    return Edits(view).swap(node, found).apply()


def _constant(backwards: list[cst.Arg]) -> bool:
    return all(code(option.value).strip() == "True" for option in backwards)


def _early_exit(view: View, node: cst.CSTNode) -> Unit | None:
    match node:
        case cst.Call(
            func=cst.Name(value="any" | "all"), args=[cst.Arg(value=cst.ListComp() as whole)]
        ):
            pass
        case _:
            return None
    if not all(pure_call(n) or view.pure for n in walk(whole) if isinstance(n, cst.Call)):
        return None
    inside = code(whole.with_changes(lpar=(), rpar=())).strip()[1:-1].strip()
    assert isinstance(node, cst.Call)
    return Edits(view).swap(node, f"{code(node.func)}({inside})").apply()


def _insort(view: View, node: cst.CSTNode) -> Unit | None:
    match node:
        case cst.SimpleStatementLine(
            body=[cst.Expr(value=cst.Call(func=cst.Attribute(value=base, attr=name), args=[arg]))]
        ) if name.value == "append":
            pass
        case _:
            return None
    siblings, position = view.siblings(node)
    text = place(base)
    if text is None or not view.loops(node) or position + 1 >= len(siblings):
        return None
    following = siblings[position + 1]
    options = _sort_options(following, text)
    if options is None or not repeatable(arg.value):
        return None
    word, needs = view.imported("bisect", "insort")
    edits = Edits(view).rewrite(following, "")
    if needs:
        edits.prelude(f"{needs}\n")
    return edits.rewrite(node, f"{word}({text}, {flat(arg.value)}{options})\n").apply()


def _sort_options(statement: cst.CSTNode, text: str) -> str | None:
    """`, key=…` of `xs.sort(key=…)`; None when it is another statement."""
    match statement:
        case cst.SimpleStatementLine(
            body=[cst.Expr(value=cst.Call(func=cst.Attribute(value=base, attr=name), args=args))]
        ) if name.value == "sort" and place(base) == text:
            pass
        case _:
            return None
    if not args:
        return ""
    first = args[0]
    if len(args) == 1 and first.keyword is not None and first.keyword.value == "key":
        return f", key={flat(first.value)}"
    return None


OPERATOR = RewriteRule(
    name="selection",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="What is wanted can be found without sorting, or building, everything.",
    risk="Sorting once more repairs an order that was broken elsewhere; inserting does not.",
    steps=(rewrite,),
    gain=3.0,
)
