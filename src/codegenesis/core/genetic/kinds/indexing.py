"""Indices, slices and ranges: one off, a bound too many or too few, a missing index."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.guess import COLLECTIONS
from codegenesis.core.genetic.program import Expr, Program

_READ = frozenset({"arg", "value", "return", "iter", "operand", "compared", "element"})


def index(program: Program) -> Iterator[Edit]:
    """`x[i]` → `x[0]`, `x[-1]`, `x[i:]`, `x[:i]` …"""
    for expr in program.exprs:
        if expr.role != "index" or isinstance(expr.node, ast.Slice | ast.Tuple | ast.Constant):
            continue
        if expr.parent is None or not isinstance(expr.parent.node, ast.Subscript):
            continue
        stored = isinstance(expr.parent.node.ctx, ast.Store)
        for text, weight in (("0", 0.45), ("-1", 0.45)):
            yield program.replace(expr, text, syntax.ATOM, "index", weight)
        number = program.guess(expr) == "number"
        if number:
            text = "-" + syntax.fit(expr.text, expr.level, syntax.SIGN)
            yield program.replace(expr, text, syntax.SIGN, "index", 0.2)
        if not stored and program.guess(expr.parent.children[0]) != "dict":
            for text in (f"{expr.text}:", f":{expr.text}"):
                yield program.replace(expr, text, syntax.ANY, "slice", 0.4)


def bounds(program: Program) -> Iterator[Edit]:
    """The bounds of a slice: one left out, one added."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Slice):
            continue
        parts = {each.node: each for each in expr.children}
        lower, upper = (_text(each, parts) for each in (expr.node.lower, expr.node.upper))
        step = _text(expr.node.step, parts)
        for text, weight in _other_bounds(lower, upper, step):
            if text != expr.text:
                yield program.replace(expr, text, syntax.ANY, "slice", weight)
        for name in expr.names[:6]:
            if program.guesses(expr.stmt).seen.get(name, "") in ("", "number"):
                for text, weight in _other_bounds(lower, upper, step, by=name):
                    if text != expr.text:
                        yield program.replace(expr, text, syntax.ANY, "slice", weight)


def sliced(program: Program) -> Iterator[Edit]:
    """`x` → `x[1:]`, `x[:-1]`, `x[k:]`, `x[::-1]`; `x` → `x[0]`, `x[-1]`, `x[i]`."""
    for expr in program.exprs:
        if not _sliceable(program, expr):
            continue
        known = program.guesses(expr.stmt).seen
        sure = 1.0 if program.guess(expr) in COLLECTIONS else 0.5
        for text, weight in _CUTS:
            share = weight * (1.2 if expr.role in ("iter", "arg") else 0.8)
            yield _cut(program, expr, text, "slice", share * sure)
        for name in expr.names[:7]:
            if known.get(name, "") not in ("", "number") or name == expr.text:
                continue
            number = 1.0 if known.get(name) == "number" else 0.6
            if expr.role != "iter":
                yield _cut(program, expr, name, "index", 0.4 * sure * number)
            for text in (f"{name}:", f":{name}"):
                yield _cut(program, expr, text, "slice", 0.4 * sure * number)


def deeper(program: Program) -> Iterator[Edit]:
    """`x[i]` → `x[i][0]`, `f(x)` → `f(x)[0]`, `f(x)[:k]`: a part of what is found."""
    for expr in program.exprs:
        if expr.role not in _READ or not isinstance(
            expr.node, ast.Subscript | ast.Call | ast.ListComp
        ):
            continue
        word, found = program.guess(expr), isinstance(expr.node, ast.Subscript)
        if word in ("number", "bool", "none", "set", "dict"):
            continue
        for text, weight in (("0", 0.35), ("1", 0.35), ("-1", 0.25), ("1:", 0.2), ("::-1", 0.2)):
            share = weight * (1.0 if found or word else 0.5)
            yield _cut(program, expr, text, "index", share)
        for name in expr.names[:6] if not found else ():
            if program.guesses(expr.stmt).seen.get(name, "") in ("", "number"):
                yield _cut(program, expr, f":{name}", "slice", 0.15)


def ranges(program: Program) -> Iterator[Edit]:
    """`range(n)` → `range(1, n)`, `range(n + 1)`, `range(len(n))` …"""
    for expr in program.exprs:
        if not (isinstance(expr.node, ast.Call) and _is(expr.node.func, "range")):
            continue
        if expr.node.keywords or any(isinstance(e, ast.Starred) for e in expr.node.args):
            continue
        parts = expr.children[1:]
        for texts, weight in _other_ranges([program.flat(each) for each in parts], parts):
            text = f"range({', '.join(texts)})"
            if text != expr.text:
                yield program.replace(expr, text, syntax.ATOM, "range", weight)


def loop_source(program: Program) -> Iterator[Edit]:
    """`for i in xs` → `for i in range(len(xs))`, `enumerate(xs)`, and back."""
    for expr in program.exprs:
        if expr.role != "iter":
            continue
        match expr.node:
            case ast.Call(func=ast.Name(id="range"), args=[ast.Call(func=ast.Name(id="len"))]):
                inner = expr.children[1].children[1]
                yield program.replace(expr, inner.text, inner.level, "loop source", 0.4)
                continue
            case ast.Call(func=ast.Name(id="range" | "enumerate" | "zip")):
                continue
        text = program.flat(expr)
        yield program.replace(expr, f"range(len({text}))", syntax.ATOM, "loop source", 0.45)
        yield program.replace(expr, f"range({text})", syntax.ATOM, "loop source", 0.3)
        word = program.guess(expr)
        if word in ("dict", "many", ""):
            whole = syntax.fit(text, expr.level, syntax.ATOM)
            for name in ("items", "values"):
                weight = 0.4 if word == "dict" else 0.15
                yield program.replace(expr, f"{whole}.{name}()", syntax.ATOM, "loop source", weight)


_CUTS = (
    ("1:", 0.5),
    (":-1", 0.4),
    ("::-1", 0.3),
    ("0", 0.35),
    ("1", 0.35),
    ("-1", 0.3),
    (":", 0.1),
)


def _sliceable(program: Program, expr: Expr) -> bool:
    if expr.role not in _READ or not isinstance(expr.node, ast.Name | ast.Attribute):
        return False
    word = program.guess(expr)
    return word in ("", "list", "text", "tuple", "many") and not program.is_function(expr.text)


def _cut(program: Program, expr: Expr, inner: str, kind: str, weight: float) -> Edit:
    return program.replace(expr, f"{program.flat(expr)}[{inner}]", syntax.ATOM, kind, weight)


def _other_bounds(
    lower: str, upper: str, step: str, *, by: str = ""
) -> Iterator[tuple[str, float]]:
    tail = f":{step}" if step else ""
    if by:
        yield f"{by}:{upper}{tail}", 0.3
        yield f"{lower}:{by}{tail}", 0.3
        return
    yield f":{upper}{tail}", 0.4
    yield f"{lower}:{tail}", 0.4
    if not lower:
        yield f"1:{upper}{tail}", 0.5
    if not upper:
        yield f"{lower}:-1{tail}", 0.4
        yield f":{lower}{tail}", 0.4
    if lower and upper:
        yield f"{upper}:{lower}{tail}", 0.2
    if not lower and upper:
        yield f"{upper}:{tail}", 0.4
    if not step:
        yield f"{lower}:{upper}:-1", 0.2
        yield f"{lower}:{upper}:2", 0.15
    else:
        yield f"{lower}:{upper}", 0.3


def _other_ranges(texts: list[str], parts: list[Expr]) -> Iterator[tuple[list[str], float]]:
    if len(texts) == 1:
        (stop,) = texts
        plus = f"{syntax.fit(stop, parts[0].level, syntax.SUM)} + 1"
        yield ["1", stop], 0.65
        yield ["1", plus], 0.65
        if isinstance(parts[0].node, ast.Name):
            yield [f"len({stop})"], 0.45
        less = f"{syntax.fit(stop, parts[0].level, syntax.SUM)} - 1"
        yield [less, "-1", "-1"], 0.35
        yield ["0", stop, "2"], 0.2
        yield ["2", stop], 0.3
        yield ["2", plus], 0.3
    elif len(texts) == 2:
        start, stop = texts
        yield [stop], 0.4
        yield [stop, start], 0.2
        yield [start, stop, "2"], 0.2
        yield [start, stop, "-1"], 0.35
        last = f"{syntax.fit(stop, parts[1].level, syntax.SUM)} - 1"
        before = f"{syntax.fit(start, parts[0].level, syntax.SUM)} - 1"
        yield [last, before, "-1"], 0.3
    elif len(texts) == 3:
        yield texts[:2], 0.4
        yield [texts[1], texts[0], texts[2]], 0.3


def _text(node: ast.expr | None, parts: dict[ast.expr, Expr]) -> str:
    return parts[node].text if node is not None else ""


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
