"""A value made of what stands there and something else: sums, powers, extremes, ingredients."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.guess import COLLECTIONS, likeness
from codegenesis.core.genetic.kinds.conjectures import readable, visible
from codegenesis.core.genetic.program import Expr, Program


def combined(program: Program) -> Iterator[Edit]:
    """`x` → `x - y`, `x + y`, `max(x, y)` …, with names of the scope."""
    for expr in program.exprs:
        weight = _COMBINED.get(expr.role, 0.0)
        if not weight or isinstance(expr.node, ast.Slice | ast.Tuple | ast.Lambda | ast.Compare):
            continue
        word, known = program.guess(expr), program.guesses(expr.stmt).seen
        if word in ("bool", "none", "dict"):
            continue
        for name in expr.names[:8]:
            if name == expr.text or program.is_function(name):
                continue
            like = likeness(word, known.get(name, ""))
            if like > 0.5:
                yield from _sums(program, expr, name, word, weight * like)


_COMBINED = {"return": 0.45, "value": 0.45, "arg": 0.4, "bound": 0.35, "compared": 0.25,
             "index": 0.3, "element": 0.15}  # fmt: skip


def _sums(program: Program, expr: Expr, name: str, word: str, weight: float) -> Iterator[Edit]:
    here = program.flat(expr)
    left = syntax.fit(here, expr.level, syntax.SUM)
    right = syntax.fit(here, expr.level, syntax.PRODUCT)
    if word in COLLECTIONS:
        texts = [(f"{left} + {name}", 1.0), (f"{name} + {right}", 0.9)]
    else:
        texts = [(f"{left} - {name}", 0.9), (f"{left} + {name}", 1.0)]
        texts.append((f"{name} - {right}", 0.5))
        if word == "":
            texts.append((f"{name} + {right}", 0.6))
        factor = syntax.fit(here, expr.level, syntax.PRODUCT)
        texts += [(f"{factor} * {name}", 0.6), (f"{factor} // {name}", 0.3)]
    for text, share in texts:
        yield program.replace(expr, text, syntax.level_of(text), "arithmetic part", weight * share)


def extremes(program: Program) -> Iterator[Edit]:
    """`best = x` → `best = max(best, x)`, `max(0, x)` and the like."""
    for stmt in program.stmts:
        match stmt.node:
            case ast.Assign(targets=[ast.Name(id=name)]) if len(stmt.exprs) == 2:
                value = stmt.exprs[1]
                if program.guess(value) in COLLECTIONS | {"bool", "none"}:
                    continue
                weight = 0.55 if stmt.block.loop else 0.2
                text = program.flat(value)
                for word in ("max", "min"):
                    yield program.replace(
                        value, f"{word}({name}, {text})", syntax.ATOM, "extreme", weight
                    )
                yield program.replace(
                    value, f"max(0, {text})", syntax.ATOM, "extreme", weight * 0.7
                )
                yield program.replace(
                    value, f"min(0, {text})", syntax.ATOM, "extreme", weight * 0.3
                )


def powers(program: Program) -> Iterator[Edit]:
    """`x` → `x ** 2`, `2 * x`, `x // 2`, `x / 2`."""
    for expr in program.exprs:
        if expr.role not in ("operand", "arg", "return", "value", "compared", "bound", "index"):
            continue
        if not isinstance(expr.node, ast.Name | ast.Call | ast.Subscript | ast.BinOp):
            continue
        if program.guess(expr) not in ("number", "") or expr.role == "effect":
            continue
        weight = 0.3 if program.guess(expr) == "number" else 0.2
        if isinstance(expr.node, ast.Name):
            yield program.replace(expr, f"{expr.text} ** 2", syntax.POWER, "power", weight)
        text = syntax.fit(program.flat(expr), expr.level, syntax.PRODUCT)
        for done, share in ((f"{text} // 2", 0.8), (f"{text} * 2", 0.7), (f"{text} / 2", 0.4)):
            yield program.replace(expr, done, syntax.PRODUCT, "power", weight * share)


def replaced(program: Program) -> Iterator[Edit]:
    """An expression gives way to another of the function, of its callers or of its module."""
    texts = program.given.expressions[:40]
    for expr in program.exprs:
        if expr.role not in ("arg", "value", "return", "compared", "operand", "iter", "bound",
                             "index", "target", "element", "choice"):  # fmt: skip
            continue
        if isinstance(expr.node, ast.Slice):
            continue
        word, store = program.guess(expr), expr.role == "target"
        plain = syntax.normal(expr.text)
        names = {*visible(program, expr.stmt), *expr.names[:0]}
        for text in texts:
            node = syntax.expression(text)
            if node is None or text in (expr.text, plain) or (store and not _storable(node, expr)):
                continue
            other = program.guesses(expr.stmt).of(node)
            if (word and other and word != other) or not readable(text, names, program):
                continue
            weight = 0.35 if (word == other and word) or store else 0.22
            yield program.replace(
                expr, text, syntax.level_of(text), "ingredient", weight * 40 / (40 + len(text))
            )


def _storable(node: ast.expr, expr: Expr) -> bool:
    return isinstance(node, ast.Subscript | ast.Attribute) and isinstance(
        expr.node, ast.Name | ast.Subscript | ast.Attribute
    )
