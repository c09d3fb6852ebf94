"""A search for a divisor may end at the square root (measured: 50x for a prime near 10 000).

If `d` divides `n` then so does `n // d`, and one of both is not above the root: the smallest
divisor is found all the same, and where there is none nothing beyond the root needs to be tried.
This only holds for searches that begin with 2 (or with 3 in steps of 2, once 2 was tried) and stop
at, or do the same for, every divisor.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.combine import after
from codegenesis.core.operators.loops import counter
from codegenesis.core.operators.shapes import block, range_of, small
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code, equality, key, reads


def _bounded(view: View) -> Unit | None:
    """Lower the bound of one search."""
    for loop in view.of(cst.For):
        number = _divided(loop.target, _test(loop))
        if number is not None and _stops(loop):
            changed = _lowered(view, loop.iter, number)
            if changed is not None:
                return changed
    for clause in view.of(cst.CompFor):
        number = _divided(clause.target, _asked(view, clause))
        if number is not None and not clause.ifs:
            changed = _lowered(view, clause.iter, number)
            if changed is not None:
                return changed
    return None


rewrite = after(counter, _bounded)


def _test(loop: cst.For) -> cst.BaseExpression | None:
    match block(loop.body):
        case [cst.If(test=test, orelse=None)]:
            return test
    return None


def _asked(view: View, clause: cst.CompFor) -> cst.BaseExpression | None:
    """What `any(…)` or `all(…)` asks of each candidate."""
    whole = view.parent(clause)
    argument = view.parent(whole) if whole is not None else None
    call = view.parent(argument) if argument is not None else None
    match whole, call:
        case (
            (cst.GeneratorExp(elt=elt) | cst.ListComp(elt=elt)),
            cst.Call(func=cst.Name(value=name), args=[_]),
        ) if clause.inner_for_in is None:
            if name == "any":
                return elt
            if name == "all":
                return _negated(elt)
    return None


def _negated(test: cst.BaseExpression) -> cst.BaseExpression:
    return cst.parse_expression(f"not ({code(test)})")


def _divided(target: cst.CSTNode, test: cst.BaseExpression | None) -> cst.Name | None:
    """`n` when the test is that `target` divides it."""
    if test is None or not isinstance(target, cst.Name):
        return None
    match remainder(test):
        case cst.BinaryOperation(left=cst.Name() as number, right=cst.Name(value=divisor)):
            return number if divisor == target.value != number.value else None
    return None


def remainder(test: cst.BaseExpression) -> cst.BaseExpression | None:
    """The remainder that a test asks to be zero: `a % b == 0`, `not a % b`, `not (a % b != 0)`."""
    sides = equality(test)
    if sides is not None:
        zero = [side for side in sides if code(side).strip() == "0"]
        node = sides[0] if zero and zero[0] is sides[1] else sides[1]
        return node if zero and _modulo(node) else None
    match test:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner) if _modulo(inner):
            return inner
    return None


def _modulo(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Modulo)


def _stops(loop: cst.For) -> bool:
    """Whether the first divisor decides: the branch leaves, or only gives a variable a constant."""
    test = block(loop.body)[0]
    assert isinstance(test, cst.If)
    inside = block(test.body)
    last = small(inside[-1])
    if isinstance(last, cst.Return | cst.Break | cst.Raise):
        return True
    match last if len(inside) == 1 else None:
        case cst.Assign(targets=[_], value=cst.Name(value="True" | "False")):
            return True
    return False


def _lowered(view: View, numbers: cst.BaseExpression, number: cst.Name) -> Unit | None:
    limits = range_of(numbers)
    if (
        limits is None
        or not _not_above(limits[1], number.value)
        or number.value in reads(cst.parse_expression(limits[0]))
    ):
        return None
    odd = limits[0] == "3" and limits[2] == "2" and _tries_two(view, number.value)
    if not odd and (limits[0] != "2" or limits[2] != "1"):
        return None
    word, needs = view.imported("math", "isqrt")
    edits = Edits(view)
    if needs:
        edits.prelude(f"{needs}\n")
    high = f"min({limits[1]}, {word}(max({number.value}, 0)) + 1)"
    step = "" if limits[2] == "1" else f", {limits[2]}"
    return edits.swap(numbers, f"range({limits[0]}, {high}{step})").apply()


def _not_above(high: str, number: str) -> bool:
    """Whether a bound is known to be at most the number, and above its root."""
    half = (f"{number} // 2", f"int({number} / 2)", f"round({number} / 2)")
    forms = {number, f"{number} - 1", *half, *(f"{h} + 1" for h in half)}
    return key(cst.parse_expression(high)) in forms


def _tries_two(view: View, number: str) -> bool:
    return any(
        isinstance(node.operator, cst.Modulo) and key(node) == f"{number} % 2"
        for node in view.of(cst.BinaryOperation)
    )


OPERATOR = RewriteRule(
    name="trial_division",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="Of two factors one is not above the square root, so the search may end there.",
    risk="The number must be an integer.",
    steps=(rewrite,),
    gain=10.0,
    suspending=True,
)
