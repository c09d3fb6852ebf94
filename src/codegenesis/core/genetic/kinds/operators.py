"""One operator for another: comparisons, arithmetic, bits, logic, grouping."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.guess import COLLECTIONS
from codegenesis.core.genetic.program import Change, Expr, Program

_COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", r"<"),
    ast.LtE: ("<=", r"<="),
    ast.Gt: (">", r">"),
    ast.GtE: (">=", r">="),
    ast.Eq: ("==", r"=="),
    ast.NotEq: ("!=", r"!="),
    ast.In: ("in", r"\bin\b"),
    ast.NotIn: ("not in", r"\bnot\s+in\b"),
    ast.Is: ("is", r"\bis\b"),
    ast.IsNot: ("is not", r"\bis\s+not\b"),
}
#: From an operator to the others, the likely ones first.
_OTHERS = {
    "<": {"<=": 1.0, ">": 0.8, ">=": 0.7, "!=": 0.5, "==": 0.4},
    "<=": {"<": 1.0, ">=": 0.8, ">": 0.7, "==": 0.5, "!=": 0.4},
    ">": {">=": 1.0, "<": 0.8, "<=": 0.7, "!=": 0.5, "==": 0.4},
    ">=": {">": 1.0, "<=": 0.8, "<": 0.7, "==": 0.5, "!=": 0.4},
    "==": {"!=": 0.8, "<=": 0.6, ">=": 0.6, "<": 0.5, ">": 0.5, "in": 0.35, "not in": 0.2},
    "!=": {"==": 0.8, "<": 0.55, ">": 0.55, "<=": 0.4, ">=": 0.4, "not in": 0.35, "in": 0.2},
    "in": {"not in": 0.8, "==": 0.4, "!=": 0.25},
    "not in": {"in": 0.8, "!=": 0.4, "==": 0.25},
    "is": {"==": 0.7, "is not": 0.7, "!=": 0.4},
    "is not": {"!=": 0.7, "is": 0.7, "==": 0.4},
}
#: Of `x ? c`, what else is not said by another operator or another constant alone.
_BOUNDARIES = {
    "==": (("<=", 1, 0.4), (">=", -1, 0.2), ("<", 1, 0.35), (">", -1, 0.25), ("!=", 1, 0.15)),
    "!=": ((">", 1, 0.3), ("<", -1, 0.2), ("==", 1, 0.25), ("==", -1, 0.15)),
    "<": (("==", -1, 0.3), ("<=", 1, 0.2), (">", -1, 0.2)),
    "<=": (("<", -1, 0.2), ("==", -1, 0.2)),
    ">": (("==", 1, 0.25), (">=", -1, 0.2), ("<", 1, 0.2)),
    ">=": ((">", 1, 0.2), ("==", 1, 0.15)),
}
_SYMBOLS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
_ARITHMETIC = {
    "+": {"-": 0.9, "*": 0.6, "//": 0.25, "%": 0.25, "|": 0.2, "/": 0.2},
    "-": {"+": 0.9, "*": 0.4, "//": 0.35, "%": 0.35, "/": 0.2},
    "*": {"+": 0.6, "**": 0.6, "//": 0.4, "/": 0.4, "-": 0.35, "%": 0.3},
    "/": {"//": 0.9, "*": 0.6, "%": 0.5, "-": 0.3},
    "//": {"%": 0.8, "/": 0.7, "*": 0.5, "-": 0.4, ">>": 0.2},
    "%": {"//": 0.8, "/": 0.5, "-": 0.4, "*": 0.3},
    "**": {"*": 0.8, "+": 0.3, "^": 0.1},
    "&": {"|": 0.9, "^": 0.8, "-": 0.35, "+": 0.2},
    "|": {"&": 0.9, "^": 0.8, "-": 0.35, "+": 0.3},
    "^": {"&": 0.9, "|": 0.8, "**": 0.6},
    "<<": {">>": 0.9, "*": 0.3, "**": 0.2},
    ">>": {"<<": 0.9, "//": 0.3, "&": 0.2},
}
_FOR_TEXT = frozenset({"+", "*", "%"})


def comparison(program: Program) -> Iterator[Edit]:
    """`<` → `<=` and the like."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Compare):
            continue
        for index, op in enumerate(expr.node.ops):
            left, right = expr.children[index : index + 2]
            found = _between(program, left, right, _COMPARISONS[type(op)][1])
            if found is None:
                continue
            symbol = _COMPARISONS[type(op)][0]
            for other, weight in _OTHERS[symbol].items():
                sense = _sense(program, right, other)
                if sense:
                    yield _operator(program, found, other, "comparison", weight * sense)


def boundary(program: Program) -> Iterator[Edit]:
    """`x == 0` → `x <= 1`, `x > 1` → `x >= 2` …: operator and constant at once."""
    for expr in program.exprs:
        match expr.node:
            case ast.Compare(ops=[op], comparators=[ast.Constant(value=int(value))]):
                left, right = expr.children
            case _:
                continue
        symbol = _COMPARISONS[type(op)][0]
        if isinstance(value, bool) or symbol not in _BOUNDARIES:
            continue
        for other, by, weight in _BOUNDARIES[symbol]:
            middle = program.text[left.end : right.start].replace(symbol, other, 1)
            change = Change(left.end, right.end, f"{middle}{value + by}")
            yield program.patch(change, "boundary", weight, line=expr.line)


def arithmetic(program: Program) -> Iterator[Edit]:
    """`+` → `-`, `/` → `//`, `^` → `&` and the like."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.BinOp) or type(expr.node.op) not in _SYMBOLS:
            continue
        symbol = _SYMBOLS[type(expr.node.op)]
        left, right = expr.children
        found = _between(program, left, right, re.escape(symbol))
        if found is None:
            continue
        words = {program.guess(left), program.guess(right)}
        for other, weight in _ARITHMETIC[symbol].items():
            scale = 0.3 if other not in _FOR_TEXT and words & COLLECTIONS - {"set"} else 1.0
            yield _operator(program, found, other, "arithmetic", 0.9 * weight * scale)


def augmented(program: Program) -> Iterator[Edit]:
    """`+=` → `-=`, `+=` → `=`, `=` → `+=`."""
    for stmt in program.stmts:
        match stmt.node:
            case ast.AugAssign(op=op) if type(op) in _SYMBOLS:
                symbol = _SYMBOLS[type(op)]
                pattern, others = re.escape(symbol) + "=", {**_ARITHMETIC[symbol], "": 0.4}
                scale = 0.85
            case ast.Assign(targets=[ast.Name() | ast.Subscript() | ast.Attribute()], value=value):
                plain = isinstance(value, ast.Compare | ast.Dict)
                pattern, others = "=", {} if plain else {"+": 0.5, "-": 0.2, "*": 0.2}
                scale = 1.0
            case _:
                continue
        found = _between(program, stmt.exprs[0], stmt.exprs[1], pattern)
        if found is None:
            continue
        for other, weight in others.items():
            yield _operator(program, found, f"{other}=", "arithmetic", scale * weight)


def logic(program: Program) -> Iterator[Edit]:
    """`and` → `or`, one operand at a time or all, and an operand left out."""
    for expr in program.exprs:
        if isinstance(expr.node, ast.BoolOp):
            word = "and" if isinstance(expr.node.op, ast.And) else "or"
            other = "or" if word == "and" else "and"
            for left, right in zip(expr.children, expr.children[1:], strict=False):
                found = _between(program, left, right, rf"\b{word}\b")
                if found:
                    yield _operator(program, found, other, "logic", 0.8)
            for dropped in expr.children:
                kept = [each.text for each in expr.children if each is not dropped]
                has = expr.level if len(kept) > 1 else syntax.level_of(kept[0])
                yield program.replace(expr, f" {word} ".join(kept), has, "logic", 0.6)


def sign(program: Program) -> Iterator[Edit]:
    """A sign or a `~` added or left out."""
    for expr in program.exprs:
        if isinstance(expr.node, ast.UnaryOp) and not isinstance(expr.node.op, ast.Not):
            (inner,) = expr.children
            yield program.replace(expr, inner.text, inner.level, "sign", 0.5)
        elif expr.role in _SIGNED and program.guess(expr) == "number":
            constant = isinstance(expr.node, ast.Constant)
            text = "-" + syntax.fit(expr.text, expr.level, syntax.SIGN)
            if expr.text != "0":
                yield program.replace(expr, text, syntax.SIGN, "sign", 0.3 if constant else 0.2)


def grouping(program: Program) -> Iterator[Edit]:
    """`a + b // c` → `(a + b) // c` and the like: operators that bind otherwise than meant."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.BinOp | ast.BoolOp):
            continue
        left, right = expr.children[0], expr.children[-1]
        if _splits(expr, left) and not program.text.startswith("(", left.start - 1):
            inner, last = left.children[-1], right
            yield _grouped(program, inner.start, last.end, expr)
        if _splits(expr, right) and program.text[left.end : right.start].count("(") == 0:
            yield _grouped(program, left.start, right.children[0].end, expr)


_SIGNED = frozenset({"arg", "value", "return", "bound", "index", "operand", "element"})


def brackets(program: Program) -> Iterator[Edit]:
    """`len(xs - 1)` → `len(xs) - 1` and back: a bracket that closes too late or too early."""
    for expr in program.exprs:
        match expr.node:
            case ast.Call(args=[ast.BinOp() | ast.Compare()], keywords=[]):
                inner = expr.children[1]
                left = inner.children[0]
                rest = program.text[left.end : inner.end]
                head = program.text[expr.start : left.end]
                if rest.count("(") == rest.count(")"):
                    text = f"{head}){rest}"
                    yield program.replace(expr, text, inner.level, "grouping", 0.5)
            case ast.BinOp(left=ast.Call(args=[_], keywords=[])):
                call = expr.children[0]
                rest = program.text[call.end : expr.end]
                if program.text[call.end - 1] == ")" and rest.count("(") == rest.count(")"):
                    text = f"{program.text[call.start : call.end - 1]}{rest})"
                    yield program.replace(expr, text, syntax.ATOM, "grouping", 0.4)


def _splits(expr: Expr, part: Expr) -> bool:
    return isinstance(part.node, ast.BinOp | ast.BoolOp) and type(part.node) is type(expr.node)


def _grouped(program: Program, start: int, end: int, expr: Expr) -> Edit:
    text = program.text[start:end]
    return program.patch(Change(start, end, f"({text})"), "grouping", 0.4, line=expr.line)


def _sense(program: Program, right: Expr, other: str) -> float:
    """How much sense an operator makes before `right`; 0 when it is surely wrong."""
    if other in ("is", "is not"):
        return 0.0
    if other in ("in", "not in"):
        if isinstance(right.node, ast.Constant) and not isinstance(right.node.value, str):
            return 0.0
        return {"number": 0.0, "none": 0.0, "bool": 0.0, "": 0.6}.get(program.guess(right), 1.0)
    if other in ("==", "!="):
        return 1.0
    return 0.0 if isinstance(right.node, ast.Constant) and right.text == "None" else 1.0


def _between(program: Program, left: Expr, right: Expr, pattern: str) -> tuple[int, int] | None:
    text = program.text[left.end : right.start]
    if "#" in text:
        return None
    found = re.search(pattern, text)
    return (left.end + found.start(), left.end + found.end()) if found else None


def _operator(program: Program, at: tuple[int, int], text: str, kind: str, weight: float) -> Edit:
    words = f"`{program.text[at[0] : at[1]]}` → `{text}`"
    change = Change(*at, text)
    return program.patch(change, kind, weight, line=program.line_at(at[0]), words=words)
