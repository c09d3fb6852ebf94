"""A loop that only adds up is `sum`: the addition runs in C (measured: 1.6-1.9x, 8x over a list).

A list inside `sum` is faster than a generator and takes memory, so both are written. The start is
handed to `sum`, which adds in the same order as the loop did: floats round alike (up to 3.11; later
versions of Python compensate).
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import Funnel, funnel, named, number, numeric, start
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, flat, operand, place, reads


def listed(view: View) -> Unit | None:
    """Replace one loop, by the sum of a list."""
    return _rewrite(view, "[{}]")


def lazily(view: View) -> Unit | None:
    """Replace one loop, by the sum of a generator."""
    return _rewrite(view, "({})")


def _rewrite(view: View, form: str) -> Unit | None:
    for loop in view.of(cst.For):
        found = funnel(view, loop)
        added = _added(found.middle) if found else None
        if found is None or added is None:
            continue
        name, value = added
        if name in found.bound | found.heard | reads(value) or not numeric(view, name):
            continue
        return _write(view, found, name, value, form)
    return None


def items(found: Funnel, value: cst.BaseExpression, form: str) -> str:
    """The values that reach the middle, as one argument."""
    text = found.text(value)
    if found.whole == text or (found.whole and text == _target(found)):
        return found.whole or text
    return form.format(f"{text}{found.clauses}")


def _target(found: Funnel) -> str:
    return flat(found.loop.target)


def _added(middle: cst.BaseSmallStatement) -> tuple[str, cst.BaseExpression] | None:
    """(name, value) of `name += value` or `name = name + value`."""
    match middle:
        case cst.AugAssign(target=cst.Name(value=name), operator=cst.AddAssign(), value=value):
            return name, value
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Name(value=name))],
            value=cst.BinaryOperation(left=left, operator=cst.Add(), right=value),
        ) if place(left) == name:
            return name, value
    return None


def _write(view: View, found: Funnel, name: str, value: cst.BaseExpression, form: str) -> Unit:
    begun, argument = start(view, found.loop, name), items(found, value, form)
    edits = Edits(view)
    if begun is None or not number(begun[1]) or name in found.heard:
        return edits.rewrite(found.loop, f"{name} = sum({argument}, {name})\n").apply()
    first = "" if flat(begun[1]) == "0" else f", {operand(begun[1])}"
    inside = items(found, value, "{}") if form == "({})" and not first else argument
    edits.rewrite(begun[0], "").rewrite(
        found.loop, f"{named(begun[0], name)} = sum({inside}{first})\n"
    )
    return edits.apply()


OPERATOR = RewriteRule(
    name="summation",
    improves=("cpu_ns_mean",),
    hypothesis="`sum` adds in C what the loop adds one bytecode at a time.",
    risk="A list of all values is held for a moment; others see nothing added before the end.",
    steps=(listed, lazily),
    gain=1.7,
    suspending=True,
)
