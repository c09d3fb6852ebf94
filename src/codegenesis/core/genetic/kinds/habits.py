"""Mistakes with a name of their own: what people who learn Python write, and what they meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.core.genetic import layout, syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.guess import COLLECTIONS
from codegenesis.core.genetic.kinds.conjectures import conditions, results
from codegenesis.core.genetic.program import Change, Expr, Program

_CHANGES = frozenset({"append", "remove", "pop", "insert", "extend", "clear", "discard", "add"})


def outputs(program: Program) -> Iterator[Edit]:
    """`print(x)` → `return x`; `return x` ↔ `yield x`; `yield x` → `yield from x`."""
    for stmt in program.stmts:
        for expr in stmt.exprs:
            here = (expr.start, expr.end)
            match expr.node:
                case ast.Call(func=ast.Name(id="print"), args=[_]) if expr.role == "effect":
                    text = f"return {program.flat(expr.children[1])}"
                    yield program.patch(Change(*here, text), "output", 0.8, line=stmt.line)
                case ast.Yield(value=value) if value is not None:
                    text = program.flat(expr.children[0])
                    yield program.patch(
                        Change(*here, f"yield from {text}"), "output", 0.7, line=stmt.line
                    )
                    yield program.patch(
                        Change(*here, f"return {text}"), "output", 0.3, line=stmt.line
                    )
                case ast.YieldFrom():
                    text = program.flat(expr.children[0])
                    yield program.patch(
                        Change(*here, f"yield {text}"), "output", 0.7, line=stmt.line
                    )
        if isinstance(stmt.node, ast.Return) and stmt.exprs:
            function = stmt.block.function
            weight = 0.5 if function and function.generator else 0.25
            end = stmt.start + len("return")
            yield program.patch(Change(stmt.start, end, "yield"), "output", weight, line=stmt.line)


def own_values(program: Program) -> Iterator[Edit]:
    """`x += y` → `x = x + y`: a new value, where `+=` changes the list that others see."""
    for stmt in program.stmts:
        match stmt.node:
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
                if isinstance(value, ast.Constant):
                    continue
                target, added = stmt.exprs
                text = f"{name} = {name} + {syntax.fit(added.text, added.level, syntax.PRODUCT)}"
                change = Change(target.start, added.end, text)
                yield program.patch(change, "copy", 0.3, line=stmt.line)


def copies(program: Program) -> Iterator[Edit]:
    """`b = a` → `b = a[:]`; a loop over a list that it changes → over a copy of it."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Name | ast.Attribute | ast.Subscript):
            continue
        if expr.role not in ("value", "iter", "arg", "element"):
            continue
        word = program.guess(expr)
        if word not in COLLECTIONS | {""} or word in ("text", "tuple"):
            continue
        changed = expr.role == "iter" and _changed_in(expr)
        weight = 0.85 if changed else 0.3 if word else 0.15
        ways = (f"{expr.text}[:]", f"list({expr.text})", f"{expr.text}.copy()")
        for text in ways[:1] if not changed and expr.role != "value" else ways:
            yield program.replace(expr, text, syntax.ATOM, "copy", weight)
            weight *= 0.8


def concatenations(program: Program) -> Iterator[Edit]:
    """`t + x` → `t + (x,)`, `xs + x` → `xs + [x]`, `s + n` → `s + str(n)`."""
    for expr in program.exprs:
        up = expr.parent
        added = expr.role == "operand" and up and isinstance(getattr(up.node, "op", None), ast.Add)
        if expr.role == "value" and isinstance(expr.stmt.node, ast.AugAssign):
            added = isinstance(expr.stmt.node.op, ast.Add)
        if not added:
            continue
        text, word = program.flat(expr), program.guess(expr)
        if word in ("", "number", "text", "tuple", "list", "many"):
            yield program.replace(expr, f"[{text}]", syntax.ATOM, "concatenation", 0.45)
            yield program.replace(expr, f"({text},)", syntax.ATOM, "concatenation", 0.45)
        if word in ("", "number"):
            yield program.replace(expr, f"str({text})", syntax.ATOM, "concatenation", 0.35)
        if word in ("", "list", "many"):
            yield program.replace(expr, f"tuple({text})", syntax.ATOM, "concatenation", 0.3)


def results_as_tests(program: Program) -> Iterator[Edit]:
    """`return True` → `return x == 0`, and `return c` for a condition of the function."""
    for stmt in program.stmts:
        if isinstance(stmt.node, ast.Return) and stmt.exprs:
            expr = stmt.exprs[0]
            if program.guess(expr) != "bool" or not isinstance(expr.node, ast.Constant | ast.Name):
                continue
            for text, weight in conditions(program, stmt):
                has = syntax.level_of(text)
                yield program.replace(expr, text, has, "condition", 0.7 * weight)


def _changed_in(expr: Expr) -> bool:
    for node in ast.walk(expr.stmt.node):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in _CHANGES:
                if ast.unparse(owner) == expr.text:
                    return True
            case ast.Delete(targets=[ast.Subscript(value=owner)]):
                if ast.unparse(owner) == expr.text:
                    return True
    return False


def blank_returns(program: Program) -> Iterator[Edit]:
    """`return` → `return X`."""
    for stmt in program.stmts:
        if isinstance(stmt.node, ast.Return):
            for text, weight in results(program, stmt):
                if not stmt.exprs:
                    end = layout.line_end(program, stmt.end)
                    del end
                    yield program.patch(
                        Change(stmt.end, stmt.end, f" {text}"),
                        "return",
                        0.6 * weight,
                        line=stmt.line,
                    )
                elif text != stmt.exprs[0].text:
                    has = syntax.level_of(text)
                    yield program.replace(stmt.exprs[0], text, has, "return", 0.6 * weight)
