"""A class, or a namedtuple, that each call defines anew (measured: 5 microseconds and more a call).

Where its body uses nothing of the function, one definition in front of the function serves all
calls, and method caches stay warm. A second version gives the class `__slots__`, so that its
objects are smaller and faster to make, when its methods set nothing but what they name.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, Use, View, code, reads, uses, walk

#: Calls that make a type.
MAKERS = frozenset({"namedtuple", "collections.namedtuple", "NamedTuple", "typing.NamedTuple"})


def rewrite(view: View) -> Unit | None:
    """Move one definition in front of the function."""
    return next((_moved(view, node) for node in _definitions(view)), None)


def slotted(view: View) -> Unit | None:
    """Move one definition and give it slots."""
    for node in _definitions(view):
        slots = _slots(node) if isinstance(node, cst.ClassDef) else None
        if isinstance(node, cst.ClassDef) and slots:
            return _moved(view, node, slots=slots)
    return None


def _definitions(view: View) -> Iterator[cst.CSTNode]:
    block = view.function.body
    for node in block.body if isinstance(block, cst.IndentedBlock) else ():
        match node:
            case cst.ClassDef(name=cst.Name(value=name)):
                pass
            case cst.SimpleStatementLine(
                body=[
                    cst.Assign(
                        targets=[cst.AssignTarget(target=cst.Name(value=name))],
                        value=cst.Call(func=func),
                    )
                ]
            ) if code(func) in MAKERS:
                pass
            case _:
                continue
        alone = sum(use.kind in ("assigned", "bound") for use in uses(view, name)) <= 1
        seen = [
            use for use in uses(view, name) if not isinstance(view.parent(use.node), cst.ClassDef)
        ]
        if not all(use.kind == "assigned" or _makes(view, use) for use in seen):
            continue
        free = (reads(node) - {name}) & view.locals
        if alone and not free and name not in view.module.defined() and not _closes(node):
            yield node


def _makes(view: View, use: Use) -> bool:
    """Whether the type only makes objects and is asked about them: nobody changes it."""
    parent = view.parent(use.node)
    called = isinstance(parent, cst.Call) and parent.func is use.node
    return called or (use.kind == "argument" and use.name in ("isinstance", "issubclass"))


def _closes(node: cst.CSTNode) -> bool:
    """Whether the body cannot move: `super()` and `nonlocal` mean something else outside."""
    return any(isinstance(inner, cst.Nonlocal) for inner in walk(node))


def _moved(view: View, node: cst.CSTNode, *, slots: list[str] | None = None) -> Unit:
    edits = Edits(view).rewrite(node, "")
    text = code(node).strip("\n")
    if slots is not None and isinstance(node, cst.ClassDef):
        line = cst.parse_statement(f"__slots__ = ({', '.join(map(repr, slots))},)\n")
        body = cst.ensure_type(node.body, cst.IndentedBlock)
        text = code(node.with_changes(body=body.with_changes(body=[line, *body.body])))
    return edits.prelude(f"{text.rstrip()}\n").apply()


def _slots(node: cst.ClassDef) -> list[str] | None:
    """Attributes that methods set on their object; None when slots would not do."""
    if node.bases or node.decorators or not isinstance(node.body, cst.IndentedBlock):
        return None
    if any(not isinstance(part, cst.FunctionDef) for part in node.body.body):
        return None
    names: list[str] = []
    for inner in walk(node):
        match inner:
            case cst.AssignTarget(target=target) | cst.AugAssign(target=target):
                if isinstance(target, cst.Attribute) and code(target.value) == "self":
                    names.append(target.attr.value)
            case cst.Call(func=cst.Name(value="setattr" | "vars")):
                return None
            case cst.Attribute(attr=cst.Name(value="__dict__")):
                return None
    return list(dict.fromkeys(names)) or None


OPERATOR = RewriteRule(
    name="local_types",
    improves=("cpu_ns_mean", "memory"),
    hypothesis="A type is made once; making a class costs more than most calls do otherwise.",
    risk="All calls share one type; its qualified name is another.",
    steps=(rewrite, slotted),
    gain=5.0,
)
