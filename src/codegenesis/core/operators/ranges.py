"""What an inner loop runs over, widened to something that the outer loop does not change.

`range(i + 1, n)` becomes `range(n)` under the condition `j >= i + 1`; `xs[i:]` becomes
`enumerate(xs)` under a condition on the position.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import libcst as cst

from codegenesis.core.syntax import expression, flat, place, reads, reiterable, walk
from codegenesis.core.syntax.children import children

#: Stands for the position until the rewrite knows a free name.
POSITION = "position__"


@dataclass(frozen=True)
class Source:
    """What an inner loop runs over.

    Attributes:
        entries: expression of all items.
        sequence: the place that holds the elements; empty when it is not known.
        subject: name of the position that the bounds are about; `POSITION` when the entries have
            one more than the loop's own variables.
        bounds: which items count, as operator and limit.
    """

    entries: cst.BaseExpression
    sequence: str
    subject: str = ""
    bounds: tuple[tuple[str, str], ...] = ()

    def condition(self, subject: str, *, negated: bool = False) -> str:
        """The bounds as an expression; empty when all items count."""
        opposite = {">=": "<", "<": ">="}
        word = " or " if negated else " and "
        return word.join(
            f"{subject} {opposite[op] if negated else op} {limit}" for op, limit in self.bounds
        )


def source_of(loop: cst.For | cst.CompFor, varies: Callable[[cst.CSTNode], bool]) -> Source | None:
    """The source of a loop; None when it can only be run through once.

    Args:
        varies: whether an expression changes with the loop around.
    """
    iterable = loop.iter
    if not reiterable(iterable) or getattr(loop, "asynchronous", None):
        return None
    if not varies(iterable):
        return Source(iterable, sequence_of(iterable) or _indexed(loop))
    found = _of_range(loop, iterable, varies)
    found = found or _of_slice(iterable) or _of_enumerated_slice(loop, iterable)
    return found or Source(iterable, sequence_of(iterable))


def sequence_of(iterable: cst.BaseExpression) -> str:
    """The place whose elements an iterable is about: `xs` for `enumerate(xs[1:])`."""
    text = place(iterable)
    if text is not None:
        return text
    match iterable:
        case cst.Call(args=[first, *_], func=cst.Name()):
            return sequence_of(first.value)
        case cst.Subscript(value=value):
            return place(value) or ""
    return ""


def _indexed(loop: cst.For | cst.CompFor) -> str:
    """The place that the loop's variable is an index of, in `xs[j]`."""
    if not isinstance(loop.target, cst.Name):
        return ""
    name = loop.target.value
    for node in walk(*(child for child in children(loop) if child is not loop.iter)):
        match node:
            case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=index))]):
                if isinstance(index, cst.Name) and index.value == name:
                    return place(node.value) or ""
    return ""


def _of_range(
    loop: cst.For | cst.CompFor, iterable: cst.BaseExpression, varies: Callable[[cst.CSTNode], bool]
) -> Source | None:
    """`range(low, high)`: a bound that varies becomes a condition."""
    match iterable:
        case cst.Call(func=cst.Name(value="range"), args=args) if len(args) <= 2:
            low = flat(args[0].value) if len(args) == 2 else "0"
            high = args[-1].value
        case _:
            return None
    sequence = _indexed(loop)
    if not isinstance(loop.target, cst.Name) or not sequence:
        return None
    name = loop.target.value
    bounds = [] if low == "0" else [(">=", low)]
    if varies(high):
        bounds.append(("<", flat(high)))
        entries = f"range(len({sequence}))"
    else:
        entries = f"range({flat(high)})"
    return Source(expression(entries), sequence, name, tuple(bounds))


def _of_slice(iterable: cst.BaseExpression) -> Source | None:
    """`xs[i:]` or `xs[:i]`."""
    bounds = slice_bounds(iterable)
    if bounds is None:
        return None
    sequence, low, high = bounds
    limit = (">=", low) if low else ("<", high)
    return Source(expression(f"enumerate({sequence})"), sequence, POSITION, (limit,))


def _of_enumerated_slice(
    loop: cst.For | cst.CompFor, iterable: cst.BaseExpression
) -> Source | None:
    """`enumerate(xs[i:], i)`."""
    match iterable, loop.target:
        case (
            cst.Call(func=cst.Name(value="enumerate"), args=[first, start]),
            cst.Tuple(elements=[index, _]),
        ):
            bounds = slice_bounds(first.value)
        case _:
            return None
    if bounds is None or bounds[2] or bounds[1] != flat(start.value):
        return None
    limit = (">=", bounds[1])
    return Source(expression(f"enumerate({bounds[0]})"), bounds[0], flat(index.value), (limit,))


def slice_bounds(node: cst.BaseExpression) -> tuple[str, str, str] | None:
    """(place, low, high) of `place[low:high]` with one bound that is a variable, possibly + n."""
    match node:
        case cst.Subscript(value=value, slice=[cst.SubscriptElement(slice=cst.Slice() as cut)]):
            pass
        case _:
            return None
    sequence = place(value)
    if sequence is None or cut.step is not None or (cut.lower is None) == (cut.upper is None):
        return None
    bound = cut.lower or cut.upper
    if bound is None or not _forward(bound):
        return None
    return sequence, flat(cut.lower) if cut.lower else "", flat(cut.upper) if cut.upper else ""


def _forward(bound: cst.BaseExpression) -> bool:
    """`i` or `i + 1`: not negative when `i` is a position."""
    if isinstance(bound, cst.Name):
        return True
    match bound:
        case cst.BinaryOperation(left=left, operator=cst.Add(), right=right):
            parts = (left, right)
            return all(isinstance(part, cst.Name | cst.Integer) for part in parts) and bool(
                reads(bound)
            )
    return False
