"""Taking the smallest again and again: a heap (measured: 40x at 2000 items).

* `queue.sort()` (or `queue = sorted(queue)`) and `queue.pop(0)`, or `m = min(queue)` and
  `queue.remove(m)`, in a loop over a local list -> `heapify` once, `heappop`, `heappush`;
* `sorted(xs)[:k]` -> `nsmallest(k, xs)`, which keeps equal items in order as well.

A heap hands out equal items in another order than a sorted list does; where that shows, the
evidence sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codegenesis.core.operators.shapes import assigned, following, local_only, small
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, Use, View, code, flat, fresh, place, uses


@dataclass(frozen=True)
class Taking:
    """Two statements that take the smallest item of a list.

    Attributes:
        queue: the variable.
        first: the statement that goes.
        call: what is replaced by `heappop`; None where `second` is.
    """

    queue: str
    first: cst.CSTNode
    second: cst.CSTNode
    call: cst.Call | None
    target: str = ""


def queue(view: View) -> Unit | None:
    """Make a heap of one list."""
    for line in view.of(cst.SimpleStatementLine):
        found = _sorting(view, line) or _minimum(view, line)
        if found is None or not view.loops(line) or not local_only(view, found.queue):
            continue
        others = [use for use in uses(view, found.queue) if not _part(view, use, found)]
        if any(use.kind == "assigned" for use in others) and all(map(_allowed, others)):
            return _write(view, found, others)
    return None


def _sorting(view: View, line: cst.SimpleStatementLine) -> Taking | None:
    name, backwards = _sorts(line)
    after = following(view, line) if name else None
    if not name or not isinstance(after, cst.SimpleStatementLine):
        return None
    taken = "" if backwards else "0"
    for call in view.of(cst.Call):
        match call:
            case cst.Call(
                func=cst.Attribute(value=cst.Name(value=base), attr=cst.Name(value="pop")),
                args=args,
            ) if base == name and ", ".join(code(arg).strip() for arg in args) == taken:
                if view.inside(call, after):
                    return Taking(name, line, after, call)
    return None


def _sorts(line: cst.SimpleStatementLine) -> tuple[str, bool]:
    """The list that a statement sorts, and whether backwards."""
    match small(line):
        case cst.Expr(
            value=cst.Call(
                func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value="sort")),
                args=args,
            )
        ):
            options = [code(arg).replace(" ", "").strip() for arg in args]
            return (name, bool(options)) if options in ([], ["reverse=True"]) else ("", False)
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Name(value=name))],
            value=cst.Call(func=cst.Name(value="sorted"), args=[only]),
        ) if place(only.value) == name:
            return name, False
    return "", False


def _minimum(view: View, line: cst.SimpleStatementLine) -> Taking | None:
    found, after = assigned(line), following(view, line)
    match found[1] if found else None:
        case cst.Call(func=cst.Name(value="min"), args=[cst.Arg(value=cst.Name(value=name))]):
            pass
        case _:
            return None
    assert found is not None
    if code(after).strip() != f"{name}.remove({found[0]})" if after is not None else True:
        return None
    assert after is not None
    return Taking(name, line, after, None, found[0])


def _part(view: View, use: Use, found: Taking) -> bool:
    if view.inside(use.node, found.first):
        return True
    inside = found.call if found.call is not None else found.second
    return view.inside(use.node, inside)


def _allowed(use: Use) -> bool:
    if use.nested:
        return False
    match use:
        case Use(kind="assigned", within=cst.SimpleStatementLine(body=[cst.Assign(value=value)])):
            return fresh(value)
        case Use(kind="method", name="append"):
            return len(use.values()) == 1
        case Use(kind="argument", name=name):
            return name == "len"
    return use.kind == "tested"


def _write(view: View, found: Taking, others: list[Use]) -> Unit:
    edits = Edits(view)
    pop = _import(view, edits, "heappop")
    if found.call is not None:
        edits.swap(found.call, f"{pop}({found.queue})").rewrite(found.first, "")
    else:
        edits.rewrite(found.first, f"{found.target} = {pop}({found.queue})\n")
        edits.rewrite(found.second, "")
    for use in others:
        if use.kind == "assigned":
            heapify = _import(view, edits, "heapify")
            edits.after(use.within, f"{heapify}({found.queue})\n")
        elif use.kind == "method":
            push = _import(view, edits, "heappush")
            edits.swap(use.call, f"{push}({found.queue}, {flat(use.values()[0])})")
    return edits.apply()


def _import(view: View, edits: Edits, name: str) -> str:
    word, needs = view.imported("heapq", name)
    if needs:
        edits.prelude(f"{needs}\n")
    return word


def smallest(view: View) -> Unit | None:
    """Replace one `sorted(…)[:k]`."""
    for node in view.of(cst.Subscript):
        match node:
            case cst.Subscript(
                value=cst.Call(func=cst.Name(value="sorted"), args=[items, *options]),
                slice=[
                    cst.SubscriptElement(
                        slice=cst.Slice(lower=None, upper=(cst.Name() | cst.Integer()) as count)
                    )
                ],
            ):
                texts = {o.keyword.value: code(o.value).strip() for o in options if o.keyword}
            case _:
                continue
        known = texts.keys() <= {"key", "reverse"} and texts.get("reverse", "True") == "True"
        if items.star or not known or len(texts) != len(options):
            continue
        edits = Edits(view)
        word = _import(view, edits, "nlargest" if "reverse" in texts else "nsmallest")
        extra = f", key={texts['key']}" if "key" in texts else ""
        return edits.swap(node, f"{word}({flat(count)}, {flat(items.value)}{extra})").apply()
    return None


def rewrite(view: View) -> Unit | None:
    """Change one list, or one selection."""
    return queue(view) or smallest(view)


OPERATOR = RewriteRule(
    name="heap",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="A heap gives the smallest item without sorting or searching all of them.",
    risk="Equal items may come in another order; a negative count means something else.",
    steps=(rewrite,),
    gain=6.0,
)
