"""Loops: over ranges and arrays by index in C, over what stays Python's by its iterator.

Sources are read as Python reads them: a list's length is looked at before each round, so that a
loop whose body appends to its own list goes on.
"""

from __future__ import annotations

import ast

from codegenesis.compiler.native import builtins, statements
from codegenesis.compiler.native.expressions import expression, truth
from codegenesis.compiler.native.scope import Scope
from codegenesis.compiler.native.types import INT, OBJECT, STR, T, item_type
from codegenesis.compiler.native.world import E, UnsupportedError


def while_loop(s: Scope, node: ast.While) -> None:
    """`while test: …`."""
    s.begin(f"while {truth(s, node.test)}:")
    s.out("check_bad()")
    statements.block(s, node.body)
    s.end()
    _otherwise(s, node)


def _otherwise(s: Scope, node: ast.While | ast.For) -> None:
    if node.orelse:
        s.begin("else:")
        statements.block(s, node.orelse)
        s.end()


def for_loop(s: Scope, node: ast.For) -> None:
    """`for target in source: …`."""
    start = s.position()
    name = ast.unparse(node.iter.func) if isinstance(node.iter, ast.Call) else ""
    if name in s.locals:
        name = ""
    if name == "range" and isinstance(node.iter, ast.Call):
        _over_range(s, node, node.iter)
        return
    source = _Source.of(s, node.iter, name)
    if source is None:
        s.back(start)
        _over_object(s, node, expression(s, node.iter))
        return
    s.begin(f"while {source.more}:")
    values = source.take(s)
    _bind(s, node.target, values)
    statements.block(s, node.body)
    s.end()
    _otherwise(s, node)


def _over_range(s: Scope, node: ast.For, call: ast.Call) -> None:
    if not isinstance(node.target, ast.Name):
        raise UnsupportedError("a target of another form")
    parts = builtins.bounds(s, call)
    start, stop = ("0", parts[0]) if len(parts) == 1 else parts[:2]
    step = parts[2] if len(parts) == 3 else "1"
    at, end = s.kept(E(start, INT)).code, s.kept(E(stop, INT)).code
    known = _literal_step(step)
    by = str(known) if known else s.kept(E(step, INT)).code
    if not known:
        s.out(f"if {by} == 0: {statements.REFUSAL}")
    if known:
        s.begin(f"while {at} < {end}:" if known > 0 else f"while {at} > {end}:")
    else:
        s.begin(f"while ({at} < {end} if {by} > 0 else {at} > {end}):")
    statements.store(s, node.target, E(at, INT))
    s.out(f"{at} = {at} + ({by})")
    statements.block(s, node.body)
    s.end()
    _otherwise(s, node)


def _literal_step(step: str) -> int:
    text = step.replace("l_neg(", "-").replace("(<ll>", "").replace(")", "")
    return int(text) if text.lstrip("-").isdigit() else 0


class _Source:
    """What is looped over by index: its condition, and what a round takes from it."""

    def __init__(self, more: str, items: list[E], steps: list[str]) -> None:
        self.more, self._items, self._steps = more, items, steps

    def take(self, s: Scope) -> list[E]:
        """Read the round's items and go on."""
        held = [s.kept(item) for item in self._items]
        for step in self._steps:
            s.out(step)
        return held

    @classmethod
    def of(cls, s: Scope, node: ast.expr, name: str) -> _Source | None:
        """None when it must be looped over by its iterator."""
        if isinstance(node, ast.Call) and name in ("zip", "enumerate") and not node.keywords:
            if name == "zip" and len(node.args) >= 1:
                return cls._zipped([cls._single(s, each) for each in node.args])
            if len(node.args) in (1, 2):
                return cls._enumerated(s, node)
            return None
        return cls._single(s, node)

    @classmethod
    def _zipped(cls, sources: list[_Source | None]) -> _Source | None:
        known = [each for each in sources if each is not None]
        if len(known) != len(sources):
            return None
        return cls(
            " and ".join(each.more for each in known),
            [item for each in known for item in each._items],
            [step for each in known for step in each._steps],
        )

    @classmethod
    def _enumerated(cls, s: Scope, node: ast.Call) -> _Source | None:
        inner = cls._single(s, node.args[0])
        if inner is None:
            return None
        start = expression(s, node.args[1]) if len(node.args) == 2 else E("0", INT)
        number = s.temporary(INT)
        s.out(f"{number} = {s.world.to(start, INT)}")
        step = f"{number} = {number} + 1"
        return cls(inner.more, [E(number, INT), *inner._items], [*inner._steps, step])

    @classmethod
    def _single(cls, s: Scope, node: ast.expr) -> _Source | None:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "range":
            return cls._range(s, node)
        e = expression(s, node)
        if e.t.kind not in ("vec", "array", "list", "tuple") and not e.t.is_row:
            return None
        return cls._by_index(s, e)

    @classmethod
    def _range(cls, s: Scope, node: ast.Call) -> _Source | None:
        parts = builtins.bounds(s, node)
        if len(parts) == 3:
            return None
        start, stop = ("0", parts[0]) if len(parts) == 1 else parts
        at, end = s.kept(E(start, INT)).code, s.kept(E(stop, INT)).code
        return cls(f"{at} < {end}", [E(at, INT)], [f"{at} = {at} + 1"])

    @classmethod
    def _by_index(cls, s: Scope, e: E) -> _Source | None:
        if e.t.is_row:
            e = E(s.world.boxed(e), T("tuple", e.t.of))
        whole = s.kept(e).code
        at = s.temporary(INT)
        s.out(f"{at} = 0")
        s.out(f"if {whole} is None: {statements.REFUSAL}")
        if e.t.kind in ("vec", "array"):
            items = E(f"{whole}.p[{at}]", item_type(e.t))
            more = f"{at} < {whole}.n"
        elif e.t.kind == "list":
            inner = item_type(e.t)
            items = E(s.world.to(E(f"list_at({whole}, {at})", OBJECT), inner), inner)
            more = f"{at} < PyList_GET_SIZE({whole})"
        else:
            kinds = set(e.t.of)
            inner = kinds.pop() if len(kinds) == 1 else OBJECT
            items = E(s.world.to(E(f"tuple_at({whole}, {at})", OBJECT), inner), inner)
            more = f"{at} < PyTuple_GET_SIZE({whole})"
        return cls(more, [items], [f"{at} = {at} + 1"])


def _over_object(s: Scope, node: ast.For, e: E) -> None:
    """By its iterator: text, dicts, sets, ranges; what may come out is plain or checked."""
    if e.t.kind not in ("str", "bytes", "dict", "set", "range", "object", "tuple"):
        raise UnsupportedError("a loop over something else")
    item = s.temporary(OBJECT)
    s.begin(f"for {item} in {e.code}:")
    _bind(s, node.target, [E(item, STR if e.t == STR else OBJECT)])
    statements.block(s, node.body)
    s.end()
    _otherwise(s, node)


def _bind(s: Scope, target: ast.expr, values: list[E]) -> None:
    """Assign a round's items to the target: one as it is, several as if from a tuple."""
    if len(values) == 1:
        statements.store(s, target, values[0])
        return
    if not isinstance(target, ast.Tuple) or len(target.elts) != len(values):
        raise UnsupportedError("a target of another form")
    for inner, value in zip(target.elts, values, strict=True):
        statements.store(s, inner, value)
