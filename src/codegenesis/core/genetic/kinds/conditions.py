"""Conditions: negated, widened, narrowed, replaced; `if` and `while`, `if` and `elif`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.kinds.conjectures import conditions
from codegenesis.core.genetic.program import Change, Expr, Program

_TOP = (ast.If, ast.While, ast.IfExp)


def negated(program: Program) -> Iterator[Edit]:
    """`c` → `not c`."""
    for expr in _tests(program):
        if isinstance(expr.node, ast.Constant) or _is_not(expr) or _has_opposite(expr.node):
            continue
        text = "not " + syntax.fit(expr.text, expr.level, syntax.NOT)
        yield program.replace(expr, text, syntax.NOT, "negated", 0.5)


def joined(program: Program) -> Iterator[Edit]:
    """`c` → `c or d`, `c and d`, `d or c`, `d and c`."""
    for expr in _whole_tests(program):
        if isinstance(expr.node, ast.Constant):
            continue
        fails, plain = _can_fail(expr), f"{expr.text}\n{syntax.normal(expr.text)}"
        for text, weight in conditions(program, expr.stmt, expr):
            if text in plain:
                continue
            for word, need in (("or", syntax.OR), ("and", syntax.AND)):
                old = syntax.fit(expr.text, expr.level, need)
                new = syntax.fit(text, syntax.level_of(text), need)
                after = 0.65 if word == "or" else 0.75
                yield program.replace(
                    expr, f"{old} {word} {new}", need, "condition", 0.8 * weight * after
                )
                if fails:
                    yield program.replace(
                        expr, f"{new} {word} {old}", need, "condition", 0.8 * weight
                    )


def replaced(program: Program) -> Iterator[Edit]:
    """Another condition, or none (`True`, `False`)."""
    for expr in _whole_tests(program):
        for text, weight in conditions(program, expr.stmt, expr):
            if text not in (expr.text, syntax.normal(expr.text)):
                has = syntax.level_of(text)
                yield program.replace(expr, text, has, "condition", 0.55 * weight)
        for text in ("True", "False"):
            if text != expr.text:
                yield program.replace(expr, text, syntax.ATOM, "condition", 0.3)


def filtered(program: Program) -> Iterator[Edit]:
    """A comprehension that gets a condition, or loses one."""
    for expr in program.exprs:
        loops = getattr(expr.node, "generators", None)
        if not loops:
            continue
        tests = [each for each in expr.children if each.role == "cond"]
        if tests:
            last = tests[-1]
            start = program.text.rfind("if", expr.start, last.start)
            yield program.patch(Change(start, last.end, ""), "condition", 0.35, line=expr.line)
            continue
        last = expr.children[-1]
        for text, weight in conditions(program, expr.stmt, last, inside=expr):
            yield program.patch(
                Change(last.end, last.end, f" if {text}"), "condition", 0.4 * weight, line=expr.line
            )


def loop_or_test(program: Program) -> Iterator[Edit]:
    """`if` → `while` and back."""
    for stmt in program.stmts:
        if isinstance(stmt.node, ast.While) and not stmt.node.orelse:
            text, old = "if", "while"
        elif isinstance(stmt.node, ast.If) and not stmt.node.orelse and _is_if(program, stmt.start):
            text, old = "while", "if"
        else:
            continue
        weight = 0.45 if text == "while" else 0.3
        yield program.patch(
            Change(stmt.start, stmt.start + len(old), text), "if or while", weight, line=stmt.line
        )


def elif_or_if(program: Program) -> Iterator[Edit]:
    """`elif` → `if`, and an `if` after an `if` → `elif`."""
    for stmt in program.stmts:
        if not isinstance(stmt.node, ast.If):
            continue
        if program.text.startswith("elif", stmt.start):
            end = stmt.start + 4
            yield program.patch(Change(stmt.start, end, "if"), "elif or if", 0.5, line=stmt.line)
        elif stmt.index and isinstance(stmt.block.stmts[stmt.index - 1].node, ast.If):
            before = stmt.block.stmts[stmt.index - 1]
            if stmt.alone and before.alone and not _ends_in_else(before.node):
                yield program.patch(
                    Change(stmt.start, stmt.start + 2, "elif"), "elif or if", 0.5, line=stmt.line
                )


def _whole_tests(program: Program) -> Iterator[Expr]:
    for expr in _tests(program):
        if expr.parent is None or not isinstance(expr.parent.node, ast.BoolOp | ast.UnaryOp):
            yield expr


def _tests(program: Program) -> Iterator[Expr]:
    return (expr for expr in program.exprs if expr.role == "cond")


def _is_not(expr: Expr) -> bool:
    up = expr.parent
    inside = up is not None and isinstance(up.node, ast.UnaryOp)
    return inside or (isinstance(expr.node, ast.UnaryOp) and isinstance(expr.node.op, ast.Not))


def _has_opposite(node: ast.expr) -> bool:
    """Whether the opposite operator says the same as a `not`."""
    match node:
        case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.In() | ast.NotIn() | ast.Is()]):
            return True
    return False


def _can_fail(expr: Expr) -> bool:
    """Whether its place matters: a name or a constant can be asked first or last."""
    return any(
        isinstance(each, ast.Subscript | ast.Attribute | ast.Call | ast.BinOp | ast.Compare)
        for each in ast.walk(expr.node)
    )


def _ends_in_else(node: ast.stmt) -> bool:
    assert isinstance(node, ast.If)
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
    return bool(node.orelse)


def _is_if(program: Program, start: int) -> bool:
    return re.match(r"if\b", program.text[start : start + 3]) is not None
