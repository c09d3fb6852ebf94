"""Cells of a data frame read one by one in a loop (measured: 490x to 790x).

`frame.loc[i, "price"]` and `frame["price"].iloc[i]` cost microseconds each: labels are looked up,
dtypes found out, scalars boxed. A column that the loop does not change is made a list or an array
once; where rows are found by label, `at` reads one cell without the machinery of `loc`.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codegenesis.core.operators.patterns import Found, first
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Loop, Unit, View, code, flat, operand, place

#: A cell found by position.
BY_POSITION = (
    "frame_[column_].iloc[row_]",
    "frame_[column_].values[row_]",
    "frame_.iloc[row_][column_]",
)

#: A cell found by label, which is the position in a frame that was never cut or sorted.
BY_LABEL = (
    "frame_.loc[row_, column_]",
    "frame_.at[row_, column_]",
    "frame_.loc[row_][column_]",
)


def as_array(view: View) -> Unit | None:
    """Read positions from an array, which gives the scalars that the frame gave."""
    return _gathered(view, "to_numpy", (*BY_POSITION, *BY_LABEL))


def as_list(view: View) -> Unit | None:
    """Read positions from a list, which is faster but gives Python's own scalars."""
    return _gathered(view, "tolist", (*BY_POSITION, *BY_LABEL))


def at(view: View) -> Unit | None:
    """Read one cell by label with `at`, by position with `iat`."""
    for node, found in _cells(view, ("frame_.loc[row_, column_]", "frame_.loc[row_][column_]")):
        texts = {k: flat(v) for k, v in found.items()}
        if not isinstance(found["row_"], cst.Name) or not view.loops(node):
            continue
        cell = f"{operand(found['frame_'])}.at[{texts['row_']}, {texts['column_']}]"
        return Edits(view).swap(node, cell).apply()
    return None


def _cells(view: View, forms: tuple[str, ...]) -> Iterator[tuple[cst.Subscript, Found]]:
    stores = cst.AssignTarget | cst.AugAssign | cst.Del
    for node in view.nodes:
        found = first(node, *forms) if isinstance(node, cst.Subscript) else None
        if found is None or not isinstance(found["column_"], cst.SimpleString):
            continue
        parent = view.parent(node)
        if isinstance(parent, stores) and getattr(parent, "target", node) is node:
            continue
        if place(found["frame_"]) is not None and not isinstance(found["row_"], cst.SimpleString):
            assert isinstance(node, cst.Subscript)
            yield node, found


def _gathered(view: View, method: str, forms: tuple[str, ...]) -> Unit | None:
    for node, found in _cells(view, forms):
        column = f"{flat(found['frame_'])}[{flat(found['column_'])}]"
        loop = _steady(view, node, column)
        if loop is None or not _counts(view, node, found["row_"]):
            continue
        word = view.fresh(str(cst.ensure_type(found["column_"], cst.SimpleString).evaluated_value))
        edits = Edits(view).before(loop.statement, f"{word} = {column}.{method}()\n")
        for other, twin in _cells(view, forms):
            same = f"{flat(twin['frame_'])}[{flat(twin['column_'])}]" == column
            if same and view.inside(other, loop.node) and _counts(view, other, twin["row_"]):
                edits.swap(other, f"{word}[{flat(twin['row_'])}]")
        return edits.apply()
    return None


def _steady(view: View, node: cst.CSTNode, column: str) -> Loop | None:
    """The outermost loop statement that leaves the column alone."""
    return view.outermost(cst.parse_expression(column), at=node)


def _counts(view: View, node: cst.CSTNode, row: cst.BaseExpression) -> bool:
    """Whether rows are found by a number that some loop around counts with `range`."""
    names = {n.value for n in (row, *row.children) if isinstance(n, cst.Name)}
    for loop in view.loops(node):
        match loop.node:
            case cst.For(target=cst.Name(value=name), iter=items) if name in names:
                return code(items).strip().startswith("range(")
    return False


OPERATOR = RewriteRule(
    name="dataframe_cells",
    improves=("cpu_ns_mean",),
    hypothesis="A column is taken out of the frame once; each look into one takes microseconds.",
    risk="Labels are taken for positions: another index than 0, 1, 2, … gives other cells.",
    steps=(as_array, as_list, at),
    gain=15.0,
)
