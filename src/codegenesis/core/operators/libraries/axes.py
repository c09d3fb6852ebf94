"""Loops over arrays, read as slices: in `for i in range(1, n)`, `xs[i - 1]` is `xs[:n - 1]`.

One loop, or two with one inside the other, each over a range that does not depend on the other, or
over the items themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from codegenesis.core.operators.libraries.arrays import LENGTHS, is_array
from codegenesis.core.operators.patterns import first, match
from codegenesis.core.syntax import View, flat, place, reads, repeatable


@dataclass(frozen=True)
class Axis:
    """What one loop goes through.

    Attributes:
        index: variable of the position; empty when there is none.
        low: first position, a number.
        high: text of the position after the last.
        length: text of an expression that is true when there is anything to go through.
        items: variables that are items -> the array they come from.
    """

    index: str
    low: int
    high: str
    length: str
    items: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """Variables of the loop."""
        return frozenset({self.index, *self.items}) - {""}

    def offset(self, node: cst.BaseExpression) -> int | None:
        """How far from the position a subscript is: 0 for `i`, -1 for `i - 1`."""
        if isinstance(node, cst.Name):
            return 0 if node.value == self.index else None
        for form, sign in (("I_ + n_", 1), ("n_ + I_", 1), ("I_ - n_", -1)):
            found = match(form, node)
            number = found["n_"] if found else None
            if isinstance(number, cst.Integer) and found and flat(found["I_"]) == self.index:
                step = sign * number.evaluated_value
                return step if self.low + step >= 0 else None
        return None

    def span(self, array: str, step: int, *, axis: int = 0) -> str:
        """The slice of an array that the loop goes through, without brackets."""
        whole = [form.format(array) for form in LENGTHS] if axis == 0 else []
        whole.append(f"{array}.shape[{axis}]")
        if self.low + step == 0 and step == 0 and self.high in whole:
            return ":"
        low = str(self.low + step) if self.low + step else ""
        return f"{low}:{shifted(self.high, step)}"


def shifted(text: str, step: int) -> str:
    """`n - 1` moved by one is `n`."""
    node = cst.parse_expression(text)
    for form, sign in (("x_ + n_", 1), ("x_ - n_", -1)):
        found = match(form, node)
        number = found["n_"] if found else None
        if found and isinstance(number, cst.Integer):
            return shifted(flat(found["x_"]), step + sign * number.evaluated_value)
    if isinstance(node, cst.Integer):
        return str(node.evaluated_value + step)
    return text if step == 0 else f"{text} {'+' if step > 0 else '-'} {abs(step)}"


def axis_of(view: View, loop: cst.For) -> Axis | None:
    """What a loop goes through; None when it is no array or no simple range."""
    target, items = loop.target, loop.iter
    ranged = first(items, "range(high_)", "range(low_, high_)")
    if ranged is not None and isinstance(target, cst.Name):
        return _ranged(target.value, ranged.get("low_"), ranged["high_"])
    counted = match("enumerate(items_)", items)
    if counted is not None and isinstance(target, cst.Tuple) and len(target.elements) == 2:
        index, item = (element.value for element in target.elements)
        return _items(view, [item], [counted["items_"]], index)
    if isinstance(items, cst.Call) and flat(items.func) == "zip" and isinstance(target, cst.Tuple):
        values = [arg.value for arg in items.args if not arg.star and not arg.keyword]
        return _items(view, [e.value for e in target.elements], values, None)
    return _items(view, [target], [items], None)


def _ranged(index: str, low: cst.BaseExpression | None, high: cst.BaseExpression) -> Axis | None:
    if low is not None and not isinstance(low, cst.Integer):
        return None
    start = low.evaluated_value if low is not None else 0
    if not repeatable(high) or start < 0:
        return None
    return Axis(index, start, flat(high), f"{flat(high)} > {start}")


def _items(
    view: View,
    targets: list[cst.BaseExpression],
    arrays: list[cst.BaseExpression],
    index: cst.BaseExpression | None,
) -> Axis | None:
    if len(targets) != len(arrays) or not all(is_array(view, array) for array in arrays):
        return None
    if index is not None and not isinstance(index, cst.Name):
        return None
    items: dict[str, str] = {}
    for target, array in zip(targets, arrays, strict=True):
        text = place(array)
        if not isinstance(target, cst.Name) or text is None:
            return None
        items[target.value] = text
    one = next(iter(items.values()))
    return Axis(index.value if index else "", 0, f"len({one})", f"len({one})", items)


@dataclass(frozen=True)
class Grid:
    """One loop over arrays, or two."""

    view: View
    axes: tuple[Axis, ...]
    numpy: str

    @property
    def names(self) -> frozenset[str]:
        """Variables of all loops."""
        return frozenset().union(*(axis.names for axis in self.axes))

    def column(self, node: cst.CSTNode) -> str | None:
        """All elements, for a node that is one element: for two loops, with two axes."""
        match node:
            case cst.Name(value=name):
                return self._named(name)
            case cst.Subscript():
                return self._indexed(node)
        return None

    def _named(self, name: str) -> str | None:
        for depth, axis in enumerate(self.axes):
            if name == axis.index:
                low = f"{axis.low}, " if axis.low else ""
                return self._lifted(f"{self.numpy}.arange({low}{axis.high})", depth)
            if name in axis.items:
                return self._lifted(axis.items[name], depth)
        return None

    def _lifted(self, text: str, depth: int) -> str:
        """A vector of the outer of two loops stands upright."""
        return f"{text}[:, None]" if depth < len(self.axes) - 1 else text

    def _indexed(self, node: cst.Subscript) -> str | None:
        array, positions = chain(node)
        name = place(array)
        if name is None or not is_array(self.view, array) or reads(array) & self.names:
            return None
        spans, depths = list[str](), list[int]()
        for number, position in enumerate(positions):
            for depth, axis in enumerate(self.axes):
                step = axis.offset(position)
                if step is not None:
                    spans.append(axis.span(name, step, axis=number))
                    depths.append(depth)
        if len(spans) != len(positions) or len(set(depths)) != len(depths):
            return None
        text = name if set(spans) == {":"} else f"{name}[{', '.join(spans)}]"
        if len(depths) == 1:
            return self._lifted(text, depths[0])
        return text if depths == sorted(depths) else f"{text}.T"


def chain(node: cst.BaseExpression) -> tuple[cst.BaseExpression, list[cst.BaseExpression]]:
    """`a[i][j]` and `a[i, j]` as `a` with `[i, j]`; no positions when one of them is a slice."""
    if not isinstance(node, cst.Subscript):
        return node, []
    inside = [element.slice for element in node.slice]
    positions = [part.value for part in inside if isinstance(part, cst.Index)]
    if len(positions) != len(inside):
        return node, []
    base, before = chain(node.value)
    return base, [*before, *positions]
