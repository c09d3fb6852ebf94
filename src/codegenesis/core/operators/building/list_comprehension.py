"""A loop that only appends is a comprehension: no look-up and call of `append` (1.2-1.7x)."""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import Funnel, funnel, local_only, named, start
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, flat, kind, reads


def rewrite(view: View) -> Unit | None:
    """Replace one loop."""
    for loop in view.of(cst.For):
        found = funnel(view, loop)
        appended = _appended(found.middle) if found else None
        if found is None or appended is None:
            continue
        name, value = appended
        if name in found.bound | found.heard | reads(value) or name not in view.locals:
            continue
        changed = _write(view, found, name, found.text(value))
        if changed is not None:
            return changed
    return None


def _appended(middle: cst.BaseSmallStatement) -> tuple[str, cst.BaseExpression] | None:
    """(name, value) of `name.append(value)` or `name += [value]`."""
    match middle:
        case cst.Expr(
            value=cst.Call(
                func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value="append")),
                args=[cst.Arg(value=value, star="", keyword=None)],
            )
        ):
            return name, value
        case cst.AugAssign(
            target=cst.Name(value=name),
            operator=cst.AddAssign(),
            value=cst.List(elements=[cst.Element(value=value)]),
        ):
            return name, value
    return None


def _write(view: View, found: Funnel, name: str, value: str) -> Unit | None:
    items = _items(found, value)
    begun = start(view, found.loop, name)
    if begun is not None and flat(begun[1]) in ("[]", "list()"):
        edits = Edits(view).rewrite(begun[0], "")
        return edits.rewrite(found.loop, f"{named(begun[0], name)} = {items}\n").apply()
    if local_only(view, name) and kind(view, cst.Name(name)) == "list":
        inside = found.whole if items.startswith("list(") else items
        return Edits(view).rewrite(found.loop, f"{name}.extend({inside})\n").apply()
    return None


def _items(found: Funnel, value: str) -> str:
    if found.whole and value == flat(found.loop.target):
        return f"list({found.whole})"
    return f"[{value}{found.clauses}]"


OPERATOR = RewriteRule(
    name="list_comprehension",
    improves=("cpu_ns_mean",),
    hypothesis="A comprehension appends without looking up and calling a method.",
    risk="Others see nothing appended before the end.",
    steps=(rewrite,),
    gain=1.3,
    suspending=True,
)
