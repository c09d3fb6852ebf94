"""A loop that looks for an equal item is `in`, `index` or `count`, in C (measured: 1.5-2x).

`in` takes an item that *is* the value for equal without asking, so only NaN and its like can tell.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import block, breaks, following, leaks, small, start
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    Edits,
    Unit,
    View,
    code,
    equality,
    flat,
    kind,
    operand,
    place,
    reads,
    repeatable,
    targets,
)

TRUTH = {"True": "", "False": "not "}


def rewrite(view: View) -> Unit | None:
    """Replace one search."""
    for loop in view.of(cst.For):
        found = _search(view, loop)
        if found is not None:
            return found
    for call in view.of(cst.Call):
        found = _any(view, call)
        if found is not None:
            return found
    return None


def _search(view: View, loop: cst.For) -> Unit | None:
    match block(loop.body):
        case [cst.If(test=test, orelse=None) as condition] if loop.orelse is None:
            sides = equality(test)
        case _:
            return None
    if sides is None or leaks(view, targets(loop.target), loop):
        return None
    wanted = _wanted(loop, *sides)
    if wanted is None or not _sequence(view, wanted[0]):
        return None
    sequence, value = wanted
    inside = block(condition.body)
    return _returned(view, loop, sequence, value, inside) or _flagged(
        view, loop, sequence, value, inside
    )


def _wanted(
    loop: cst.For, left: cst.BaseExpression, right: cst.BaseExpression
) -> tuple[str, cst.BaseExpression] | None:
    """(sequence, value) when one side is the item and the other does not depend on it."""
    own = targets(loop.target)
    for item, value in ((left, right), (right, left)):
        sequence = _item_of(loop, item)
        if sequence and not reads(value) & own and repeatable(value):
            return sequence, value
    return None


def _item_of(loop: cst.For, item: cst.BaseExpression) -> str:
    """The place whose item it is: `x` in `for x in xs`, `xs[i]`, `x` in `for i, x in enumerate`."""
    name = place(item)
    match loop.target, loop.iter:
        case cst.Name(value=target), _ if name == target:
            return place(loop.iter) or ""
        case (
            cst.Name(value=target),
            cst.Call(
                func=cst.Name(value="range"),
                args=[cst.Arg(value=cst.Call(func=cst.Name(value="len"), args=[sized]))],
            ),
        ):
            sequence = place(sized.value)
            return sequence if sequence and name == f"{sequence}[{target}]" else ""
        case (
            cst.Tuple(elements=[_, second]),
            cst.Call(func=cst.Name(value="enumerate"), args=[only]),
        ) if name == code(second.value).strip():
            return place(only.value) or ""
    return ""


def _sequence(view: View, text: str) -> bool:
    return kind(view, cst.parse_expression(text)) in ("list", "tuple", "unknown", "deque")


def _index(loop: cst.For) -> str:
    """The name of the position in the loop; empty when it has none."""
    match loop.target, loop.iter:
        case cst.Name(value=name), cst.Call(func=cst.Name(value="range")):
            return name
        case cst.Tuple(elements=[first, _]), cst.Call(func=cst.Name(value="enumerate")):
            return code(first.value).strip()
    return ""


def _returned(
    view: View,
    loop: cst.For,
    sequence: str,
    value: cst.BaseExpression,
    inside: list[cst.CSTNode],
) -> Unit | None:
    """`return True` … `return False`, or `return i`."""
    match small(inside[0]) if len(inside) == 1 else None:
        case cst.Return(value=cst.Name(value=word)):
            pass
        case _:
            return None
    after = following(view, loop)
    opposite = {"True": "False", "False": "True"}.get(word, "")
    if opposite and code(after).strip() == f"return {opposite}" if after else False:
        assert after is not None
        test = "in" if word == "True" else "not in"
        text = f"return {operand(value)} {test} {sequence}\n"
        return Edits(view).rewrite(after, "").rewrite(loop, text).apply()
    if not opposite and word == _index(loop):
        text = f"try:\n    return {sequence}.index({flat(value)})\nexcept ValueError:\n    pass\n"
        return Edits(view).rewrite(loop, text).apply()
    return None


def _flagged(
    view: View,
    loop: cst.For,
    sequence: str,
    value: cst.BaseExpression,
    inside: list[cst.CSTNode],
) -> Unit | None:
    """`found = True` (and `break`), where it was False before."""
    if not inside or (len(inside) == 2 and not isinstance(small(inside[1]), cst.Break)):
        return None
    match small(inside[0]) if len(inside) <= 2 else None:
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Name(value=name))], value=cst.Name(value=word)
        ) if word in TRUTH:
            begun = start(view, loop, name)
        case _:
            return None
    if begun is None or flat(begun[1]) not in TRUTH or flat(begun[1]) == word:
        return None
    if name in reads(value) or (len(inside) == 1 and breaks(loop)):
        return None
    test = "in" if word == "True" else "not in"
    text = f"{name} = {operand(value)} {test} {sequence}\n"
    return Edits(view).rewrite(begun[0], "").rewrite(loop, text).apply()


def _any(view: View, call: cst.Call) -> Unit | None:
    """`any(x == v for x in xs)` and `all(x != v for x in xs)`."""
    match call:
        case cst.Call(
            func=cst.Name(value="any" | "all" as name),
            args=[
                cst.Arg(
                    value=cst.GeneratorExp(elt=elt, for_in=clause)
                    | cst.ListComp(elt=elt, for_in=clause)
                )
            ],
        ) if not clause.ifs and clause.inner_for_in is None:
            pass
        case _:
            return None
    sides = equality(elt, negated=name == "all")
    if sides is None or not isinstance(clause.target, cst.Name):
        return None
    for item, value in (sides, sides[::-1]):
        alone = place(item) == clause.target.value and clause.target.value not in reads(value)
        if alone and repeatable(value) and not isinstance(clause.iter, cst.GeneratorExp):
            test = "in" if name == "any" else "not in"
            text = f"({operand(value)} {test} {operand(clause.iter)})"
            return Edits(view).swap(call, text).apply()
    return None


OPERATOR = RewriteRule(
    name="linear_search",
    improves=("cpu_ns_mean",),
    hypothesis="`in` and `index` search in C what the loop searches one bytecode at a time.",
    risk="Text is searched for parts, not for characters; NaN is found by identity.",
    steps=(rewrite,),
    gain=1.6,
    suspending=True,
)
