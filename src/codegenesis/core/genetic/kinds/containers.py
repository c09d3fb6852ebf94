"""Literals of containers: of another type, with an element more or less."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.program import Change, Expr, Program

_LITERALS = {
    "[]": ("set()", "{}", "()", "''"),
    "{}": ("set()", "[]"),
    "set()": ("[]", "{}"),
    "list()": ("set()",),
    "dict()": ("set()", "[]"),
    "()": ("[]",),
}


def literal(program: Program) -> Iterator[Edit]:
    """`[]` → `set()` and the like: another container."""
    for expr in program.exprs:
        if expr.text in _LITERALS:
            for text in _LITERALS[expr.text]:
                yield program.replace(expr, text, syntax.ATOM, "container", 0.4)
        elif isinstance(expr.node, ast.List) and expr.children and expr.role != "target":
            inner = expr.text[1:-1].rstrip().rstrip(",")
            comma = "," if len(expr.children) == 1 else ""
            yield program.replace(expr, f"({inner}{comma})", syntax.ATOM, "container", 0.35)
        elif isinstance(expr.node, ast.Tuple) and _is_value(expr) and expr.children:
            inner = expr.text[1:-1].rstrip().rstrip(",")
            yield program.replace(expr, f"[{inner}]", syntax.ATOM, "container", 0.35)
        if isinstance(expr.node, ast.ListComp):
            inner = expr.text[1:-1]
            for text in (f"{{{inner}}}", f"tuple({inner})"):
                yield program.replace(expr, text, syntax.ATOM, "container", 0.2)
        elif isinstance(expr.node, ast.GeneratorExp) and expr.text.startswith("("):
            inner = expr.text[1:-1]
            for text in (f"[{inner}]", f"tuple({inner})"):
                yield program.replace(expr, text, syntax.ATOM, "container", 0.5)


def elements(program: Program) -> Iterator[Edit]:
    """`[]` → `[x]`, `[a]` → `[a, x]`, `(a, b)` → `(a,)`: an element more or less."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.List | ast.Tuple) or not _is_value(expr):
            continue
        parts, stop = expr.children, expr.end - 1
        known = {each.text for each in parts}
        names = [name for name in expr.names[:8] if not program.is_function(name)]
        for name in names if len(parts) < 4 else ():
            if name not in known:
                yield _with(program, expr, stop, name)
        for index, each in enumerate(parts) if 1 < len(parts) < 5 else ():
            kept = [program.flat(other) for other in parts if other is not each]
            comma = "," if isinstance(expr.node, ast.Tuple) and len(kept) == 1 else ""
            text = f"{expr.text[0]}{', '.join(kept)}{comma}{expr.text[-1]}"
            weight = 0.25 if index else 0.2
            yield program.replace(expr, text, syntax.ATOM, "elements", weight)


def _with(program: Program, expr: Expr, stop: int, name: str) -> Edit:
    empty = not expr.children
    if isinstance(expr.node, ast.Tuple) and empty:
        text = f"{name},"
    elif program.text[:stop].rstrip().endswith(","):
        text = f" {name}"
    else:
        text = name if empty else f", {name}"
    weight = 0.45 if empty else 0.25
    change = Change(stop, stop, text)
    return program.patch(
        change, "elements", weight, line=expr.line, words=f"`{name}` is put into `{expr.text}`"
    )


def _is_value(expr: Expr) -> bool:
    return expr.level == syntax.ATOM and expr.role != "target"
