# ruff: noqa: SIM905 (lists of words read better as words)
"""Which variables hold numpy arrays, as far as a function's text and its recorded calls show."""

from __future__ import annotations

import libcst as cst

from codegenesis.core.syntax import View, code, place, uses

#: Functions of numpy that give arrays.
MAKERS = frozenset(
    "array asarray ascontiguousarray asfarray zeros ones empty full arange linspace logspace eye "
    "zeros_like ones_like empty_like full_like copy sqrt exp log abs where concatenate stack "
    "vstack hstack append sort cumsum diff loadtxt genfromtxt random".split()
)

#: What only arrays have.
ATTRIBUTES = frozenset({"shape", "ndim", "dtype", "T"})
METHODS = frozenset({"astype", "reshape", "ravel", "flatten", "transpose"})

#: Ways to ask how long an array is.
LENGTHS = ("len({0})", "{0}.shape[0]", "{0}.size")


def is_array(view: View, node: cst.BaseExpression | str) -> bool:
    """Whether an expression is (likely) a numpy array."""
    text = node if isinstance(node, str) else place(node)
    if text is None or not _numpy(view):
        return False
    if text in view.parameters:
        seen = view.recorded.get(text, frozenset())
        if seen:
            return seen == {"ndarray"}
        annotation = view.parameters[text].annotation
        if annotation is not None:
            return "ndarray" in code(annotation.annotation).lower()
    return any(
        _shows(use.kind, use.name, use.within, view.parent(use.node)) for use in uses(view, text)
    )


def _shows(kind: str, name: str, within: cst.CSTNode, parent: cst.CSTNode | None) -> bool:
    match within, parent:
        case cst.SimpleStatementLine(body=[cst.Assign(value=value)]), _ if kind == "assigned":
            return made(value)
        case cst.Subscript(slice=[_, _, *_]), _ if kind in ("indexed", "stored"):
            return True
        case _, cst.Attribute(attr=cst.Name(value=attribute)) if kind == "other":
            return attribute in ATTRIBUTES
    return kind == "method" and name in METHODS


def made(value: cst.BaseExpression) -> bool:
    """Whether the expression makes an array: `np.zeros(n)`, `rng.random(n)`, `a.astype(float)`."""
    match value:
        case cst.Call(func=cst.Attribute(value=base, attr=cst.Name(value=name))):
            root = code(base).partition(".")[0]
            return (root in ("np", "numpy") and (name in MAKERS or "random" in code(base))) or (
                name in METHODS
            )
    return False


def _numpy(view: View) -> bool:
    """Whether the function can be about arrays at all."""
    return "numpy" in view.module.imports().values() or any(
        "ndarray" in seen for seen in view.recorded.values()
    )
