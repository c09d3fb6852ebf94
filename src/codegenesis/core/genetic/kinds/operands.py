"""One value for another: variables, constants, parts for wholes, and small sums."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.guess import likeness
from codegenesis.core.genetic.program import Change, Expr, Program

_READ = frozenset(
    {"arg", "value", "return", "bound", "index", "operand", "element", "compared", "choice",
     "iter", "cond", "base", "default"}
)  # fmt: skip
_WRAPPERS: dict[str, tuple[str, ...]] = {
    "": ("len", "int", "str", "list", "sorted", "set", "tuple", "abs", "reversed", "sum"),
    "number": ("abs", "int", "str", "range", "float"),
    "text": ("len", "int", "list", "sorted", "set", "reversed", "float"),
    "list": ("len", "sorted", "set", "tuple", "reversed", "sum", "max", "min", "list"),
    "tuple": ("len", "list", "sorted", "set", "sum", "max", "min"),
    "set": ("len", "sorted", "list", "tuple"),
    "dict": ("len", "list", "sorted"),
    "many": ("len", "list", "sorted", "set", "tuple", "reversed", "sum", "max", "min", "str"),
    "bool": ("int",),
    "none": (),
}
_CONSTANTS = {
    "number": ("0", "1", "-1", "2"),
    "text": ("''", "' '"),
    "bool": (),
    "none": ("0", "[]", "''", "False", "True"),
}
_EMPTY = {
    "number": ("[]", "''", "None", "1", "0", "True", "False"),
    "list": ("set()", "{}", "''", "0", "()", "None"),
    "text": ("[]", "0", "None", "()"),
    "tuple": ("[]", "set()"),
    "dict": ("[]", "set()", "0"),
    "set": ("[]", "{}"),
    "bool": ("0", "None"),
}


def variable(program: Program) -> Iterator[Edit]:
    """Another variable of the scope; of the same type first."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Name) or expr.role == "callee":
            continue
        word = program.guess(expr)
        known = program.guesses(expr.stmt).seen
        writes = isinstance(expr.node.ctx, ast.Store)
        names = expr.names if writes else (*expr.names, *program.given.names[:6])
        for name in dict.fromkeys(names):
            if name == expr.text or (program.is_function(name) and not writes):
                continue
            weight = 0.9 * likeness(word, known.get(name, "")) * (0.5 if writes else 1.0)
            if name not in expr.names:
                weight *= 0.3
            elif expr.names.index(name) > 7:
                weight *= 0.8
            yield program.replace(expr, name, syntax.ATOM, "variable", weight)


def named(program: Program) -> Iterator[Edit]:
    """A whole expression gives way to a variable of the scope."""
    for expr in program.exprs:
        if expr.role in ("target", "callee", "effect", "base", "cond"):
            continue
        if not isinstance(expr.node, ast.Call | ast.BinOp | ast.Subscript | ast.Attribute):
            continue
        word, known = program.guess(expr), program.guesses(expr.stmt).seen
        for name in expr.names[:8]:
            if not program.is_function(name) and name != expr.text:
                weight = 0.45 * likeness(word, known.get(name, ""))
                yield program.replace(expr, name, syntax.ATOM, "variable", weight)


def constant(program: Program) -> Iterator[Edit]:
    """A number one off, `True` for `False`, another constant of the function, an empty value."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Constant):
            continue
        value, word = expr.node.value, program.guess(expr)
        near: list[tuple[str, float]] = []
        if isinstance(value, bool):
            near.append((str(not value), 0.9))
        elif isinstance(value, int) and abs(value) < 1 << 64:
            near += [(str(value + 1), 0.85), (str(value - 1), 0.85), (str(-value), 0.4)]
            near += [(str(value * 2), 0.15), (str(value * 10), 0.12), (str(value // 10), 0.12)]
        elif isinstance(value, float):
            near += (
                [(repr(value + 1), 0.4), (repr(value - 1), 0.4), (str(int(value)), 0.4)]
                if (abs(value) < 1e15)
                else [(repr(-value), 0.5)]
            )
        near += [(text, 0.55) for text in _CONSTANTS.get(word, ())]
        near += [(text, 0.4) for text in program.given.constants if len(text) < 20]
        near += [(name, 0.6) for name in expr.names if not program.is_function(name)]
        if expr.role in ("value", "return", "arg", "choice", "default", "element"):
            near += [(text, 0.4) for text in _EMPTY.get(word, ())]
        known = program.guesses(expr.stmt)
        for text, weight in near:
            if text not in (expr.text, repr(value)):
                has = syntax.level_of(text)
                node = syntax.expression(text)
                fitting = likeness(word, known.of(node)) if node else 0.0
                yield program.replace(expr, text, has, "constant", weight * fitting)


def swapped(program: Program) -> Iterator[Edit]:
    """`a - b` → `b - a`, `[a, b]` → `[b, a]`, and arguments that changed places."""
    for expr in program.exprs:
        parts = expr.children
        if isinstance(expr.node, ast.BinOp):
            same = isinstance(expr.node.op, ast.Add | ast.Mult) and (
                program.guess(expr) == "number"
            )
            if not same:
                yield _exchange(program, parts[0], parts[1], "swapped operands", 0.7)
        elif isinstance(expr.node, ast.Compare) and len(parts) == 2:
            if isinstance(expr.node.ops[0], ast.In | ast.NotIn):
                yield _exchange(program, parts[0], parts[1], "swapped operands", 0.4)
        elif isinstance(expr.node, ast.Call):
            given = [each for each in parts[1:] if each.node in expr.node.args]
            for one, other in _pairs(given):
                yield _exchange(program, one, other, "argument order", 0.8)
        elif isinstance(expr.node, ast.Tuple | ast.List) and len(parts) <= 5:
            for one, other in _pairs(parts):
                yield _exchange(program, one, other, "swapped elements", 0.6)
        elif isinstance(expr.node, ast.IfExp):
            yield _exchange(program, parts[1], parts[2], "swapped operands", 0.5)


def part(program: Program) -> Iterator[Edit]:
    """A whole gives way to one of its parts: a call, an operand, an index left out."""
    for expr in program.exprs:
        if expr.role in ("target", "callee", "effect"):
            continue
        for child, weight in _parts(expr):
            if child.text != expr.text:
                yield program.replace(expr, program.flat(child), child.level, "part", weight)


def wrapped(program: Program) -> Iterator[Edit]:
    """`x` → `len(x)` and other conversions."""
    for expr in program.exprs:
        if expr.role not in _READ - {"base", "default"} or isinstance(expr.node, ast.Slice):
            continue
        word = program.guess(expr)
        around = _called_in(expr)
        for name in _WRAPPERS.get(word, ()):
            if name == around or (isinstance(expr.node, ast.Constant) and word != "text"):
                continue
            weight = _wrap_weight(name, expr, word)
            if weight:
                text = f"{name}({program.flat(expr)})"
                yield program.replace(expr, text, syntax.ATOM, "conversion", weight)
        if expr.role in ("return", "value", "arg", "element") and word != "none":
            yield program.replace(expr, f"[{program.flat(expr)}]", syntax.ATOM, "conversion", 0.3)


def shifted(program: Program) -> Iterator[Edit]:
    """`x` → `x + 1`, `x - 1`: off by one."""
    for expr in program.exprs:
        if expr.role not in _SHIFTED or isinstance(expr.node, ast.Constant | ast.Slice):
            continue
        word = program.guess(expr)
        if word not in ("", "number") or isinstance(expr.node, ast.Tuple | ast.Lambda):
            continue
        weight = _SHIFTED[expr.role] * (1.0 if word == "number" else 0.6)
        for text, done in _by_one(program, expr):
            yield program.replace(expr, text, syntax.SUM, "off by one", weight * done)


_SHIFTED = {
    "return": 0.6, "arg": 0.65, "index": 0.7, "bound": 0.7, "compared": 0.6, "operand": 0.45,
    "value": 0.5, "element": 0.35, "choice": 0.5,
}  # fmt: skip


def _by_one(program: Program, expr: Expr) -> Iterator[tuple[str, float]]:
    """One more and one less, without `x + 1 - 1`."""
    match expr.node:
        case ast.BinOp(op=ast.Add() | ast.Sub(), right=ast.Constant()):
            return
    text = syntax.fit(program.flat(expr), expr.level, syntax.SUM)
    yield f"{text} - 1", 1.0
    yield f"{text} + 1", 1.0


def _wrap_weight(name: str, expr: Expr, word: str) -> float:
    weight = 0.35 if word else 0.2
    if expr.role in ("operand", "compared", "bound", "index"):
        weight *= 1.0 if name in ("len", "int", "abs", "str", "float") else 0.3
    elif expr.role == "iter":
        weight = 0.35 if name in ("sorted", "list", "set", "reversed", "range") else 0.0
    elif expr.role == "cond":
        weight = 0.0
    elif expr.role == "return" and name in ("sorted", "list", "tuple", "set", "int", "str", "len"):
        weight *= 1.4
    return weight


def _called_in(expr: Expr) -> str:
    up = expr.parent
    if up and isinstance(up.node, ast.Call) and isinstance(up.node.func, ast.Name):
        return up.node.func.id
    return ""


def _parts(expr: Expr) -> Iterator[tuple[Expr, float]]:
    match expr.node:
        case ast.BinOp():
            yield from ((child, 0.55) for child in expr.children)
            for child in expr.children:
                if isinstance(child.node, ast.BinOp):
                    yield from ((deeper, 0.3) for deeper in child.children)
        case ast.Call():
            yield from ((child, 0.5) for child in expr.children[1:])
            if isinstance(expr.node.func, ast.Attribute):
                yield expr.children[0].children[0], 0.45
        case ast.Subscript():
            yield expr.children[0], 0.5
            if not isinstance(expr.node.slice, ast.Slice | ast.Tuple):
                yield expr.children[1], 0.45
        case ast.Attribute():
            yield expr.children[0], 0.4
        case ast.IfExp():
            yield from ((child, 0.4) for child in expr.children[1:])
        case ast.UnaryOp(op=ast.Not()):
            yield expr.children[0], 0.6
        case ast.List() | ast.Tuple() if len(expr.children) == 1:
            yield expr.children[0], 0.3


def _pairs(parts: list[Expr]) -> Iterator[tuple[Expr, Expr]]:
    for index, one in enumerate(parts):
        for other in parts[index + 1 :]:
            starred = isinstance(one.node, ast.Starred) or isinstance(other.node, ast.Starred)
            if one.text != other.text and not starred:
                yield one, other


def _exchange(program: Program, one: Expr, other: Expr, kind: str, weight: float) -> Edit:
    text = program.text
    first = syntax.fit(other.text, other.level, one.need)
    second = syntax.fit(one.text, one.level, other.need)
    between = text[one.end : other.start]
    return program.patch(
        Change(one.start, other.end, f"{first}{between}{second}"), kind, weight, line=one.line
    )
