# ruff: noqa: SIM905 (lists of words read better as words)
"""Loops over the rows of a data frame: what the frame is, and which fields of a row are read.

`iterrows` makes a Series of each row (measured: 10-20 microseconds per row), `itertuples` a named
tuple, `to_dict("records")` a dict. Where the body only asks a row for its fields by name, the
columns are all that is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codegenesis.core.operators.libraries.bodies import elsewhere
from codegenesis.core.operators.patterns import first, match
from codegenesis.core.syntax import View, flat, place, uses

#: Attributes of a Series that are no fields of the row.
SERIES = frozenset(
    "name index values size shape T dtype dtypes iloc loc at iat str dt cat array empty ndim "
    "flags attrs plot hasnans is_unique nbytes axes".split()
)

#: Ways to go through rows -> shape of the loop's iterable.
WAYS = {
    "iterrows": ("frame_.iterrows()",),
    "itertuples": ("frame_.itertuples()", "frame_.itertuples(index=False)"),
    "records": ('frame_.to_dict("records")', 'frame_.to_dict(orient="records")'),
}


@dataclass(frozen=True)
class Rows:
    """A loop over rows.

    Attributes:
        frame: the frame, as it can be written again.
        way: `iterrows`, `itertuples` or `records`.
        index: variable of the row's label; empty when there is none.
        row: variable of the row.
        fields: nodes that read a field -> the column's name.
        labels: nodes that read the row's label.
    """

    node: cst.For | cst.CompFor
    frame: str
    way: str
    index: str
    row: str
    fields: dict[cst.CSTNode, str]
    labels: tuple[cst.CSTNode, ...]

    def column(self, node: cst.CSTNode) -> str | None:
        """The whole column for a node that reads a field of the row, else None."""
        found = match(f"{self.row}[name_]", node)
        name = found["name_"] if found else None
        if isinstance(name, cst.SimpleString) and self.way != "itertuples":
            return f"{self.frame}[{name.evaluated_value!r}]"
        if isinstance(node, cst.Attribute) and self.way != "records":
            own = isinstance(node.value, cst.Name) and node.value.value == self.row
            if own:
                return f"{self.frame}[{node.attr.value!r}]"
        return None

    @property
    def columns(self) -> list[str]:
        """Names of the columns that are read, in the order of the source."""
        return list(dict.fromkeys(self.fields.values()))


def rows(view: View) -> Iterator[Rows]:
    """Loops over rows whose bodies only read fields, by constant names."""
    for node in view.nodes:
        if isinstance(node, cst.For | cst.CompFor):
            found = _rows(view, node)
            if found is not None and found.fields:
                yield found


def _rows(view: View, node: cst.For | cst.CompFor) -> Rows | None:
    for way, shapes in WAYS.items():
        filled = first(node.iter, *shapes)
        if filled is None:
            continue
        names = _names(node.target, way)
        if names is None or place(filled["frame_"]) is None:
            return None
        index, row = names
        fields, labels = dict[cst.CSTNode, str](), list[cst.CSTNode]()
        for use in _own(view, node, row):
            if not _inside(view, use, node) or not _field(view, use, way, fields, labels):
                return None
        named = _own(view, node, index) if index else []
        if not all(_inside(view, use, node) for use in named):
            return None
        labels += named
        return Rows(node, flat(filled["frame_"]), way, index, row, fields, tuple(labels))
    return None


def _own(view: View, node: cst.For | cst.CompFor, name: str) -> list[cst.CSTNode]:
    """Uses of a variable of the loop, without those of other loops that have one of that name."""
    return [
        use.node
        for use in uses(view, name)
        if use.kind not in ("bound", "assigned")
        and (_inside(view, use.node, node) or not elsewhere(view, use.node, name))
    ]


def _names(target: cst.CSTNode, way: str) -> tuple[str, str] | None:
    match target:
        case cst.Tuple(
            elements=[
                cst.Element(value=cst.Name(value=index)),
                cst.Element(value=cst.Name(value=row)),
            ]
        ) if way == "iterrows":
            return index, row
        case cst.Name(value=row) if way != "iterrows":
            return "", row
    return None


def _inside(view: View, node: cst.CSTNode, loop: cst.For | cst.CompFor) -> bool:
    whole: cst.CSTNode | None = loop
    while isinstance(whole, cst.CompFor):
        whole = view.parent(whole)
    return whole is not None and view.inside(node, whole)


def _field(
    view: View,
    node: cst.CSTNode,
    way: str,
    fields: dict[cst.CSTNode, str],
    labels: list[cst.CSTNode],
) -> bool:
    """Note a use of the row; False when it is not the reading of a field."""
    parent = view.parent(node)
    above = view.parent(parent) if parent is not None else None
    stores = cst.AssignTarget | cst.AugAssign | cst.Del
    if isinstance(above, stores) and getattr(above, "target", parent) is parent:
        return False
    match parent:
        case cst.Subscript(
            slice=[cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString() as text))]
        ) if way != "itertuples":
            fields[parent] = str(text.evaluated_value)
            return isinstance(text.evaluated_value, str)
        case cst.Attribute(attr=cst.Name(value=name)) if way != "records":
            called = isinstance(above, cst.Call) and above.func is parent
            if way == "itertuples" and name == "Index":
                labels.append(parent)
                return True
            fields[parent] = name
            return not (called or name in SERIES or name.startswith("_"))
    return False
