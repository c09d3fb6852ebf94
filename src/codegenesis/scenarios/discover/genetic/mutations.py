"""Changes of one expression: put in, taken out, wrapped, moved up, with another operator.

Each takes a bed (where) and a spot (what) and gives what stands there afterwards; none when it has
no idea for this spot.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import NamedTuple

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.program import Expr
from codegenesis.scenarios.discover.genetic.grow import (
    Bed,
    argument,
    cases,
    constant,
    grow,
    leaf,
    mixed,
    test,
    unary,
)
from codegenesis.scenarios.discover.genetic.pieces import (
    Piece,
    binary,
    number,
    some_number,
)
from codegenesis.scenarios.discover.genetic.scope import Spot
from codegenesis.scenarios.discover.genetic.terms import term

Mutation = Callable[[Bed, Spot], Piece | None]
_SWAPS = {
    ast.Add: "-*", ast.Sub: "+*", ast.Mult: "/+", ast.Div: "*-", ast.Mod: "*",
    ast.Lt: ("<=", ">"), ast.LtE: ("<", ">="), ast.Gt: (">=", "<"), ast.GtE: (">", "<="),
    ast.Eq: ("<=", ">="), ast.BitAnd: "|", ast.BitOr: "&",
}  # fmt: skip
_SIBLINGS = (
    ("minimum", "maximum"), ("min", "max", "mean", "sum", "median"), ("sin", "cos", "tanh"),
    ("sqrt", "log1p", "abs", "square"), ("argmin", "argmax"), ("floor", "ceil", "round"),
    ("zeros", "ones"), ("uniform", "normal"),
)  # fmt: skip
_NUMERIC = ("array", "number")


def added(bed: Bed, spot: Spot) -> Piece | None:
    """Plus or minus a function of something."""
    if spot.kind not in _NUMERIC:
        return None
    what = term(bed, spot.kind)
    return what and binary(spot.piece, bed.rng.choice("++-"), what)


def formed(bed: Bed, spot: Spot) -> Piece | None:
    """A function of something, in place of what stood there."""
    return term(bed, spot.kind) if spot.kind in _NUMERIC else None


def scaled(bed: Bed, spot: Spot) -> Piece | None:
    """Times a number, or times or by something of the program."""
    if spot.kind not in _NUMERIC:
        return None
    if bed.rng.random() < 0.4:
        return binary(number(math.exp(bed.rng.gauss(0, 1.5))), "*", spot.piece)
    factor = mixed(bed, spot.kind, 1)
    if factor is None:
        return None
    if bed.rng.random() < 0.5:
        return binary(spot.piece, "*", factor)
    return binary(spot.piece, "/", binary(number(1), "+", Piece(f"abs({factor.text})")))


def cased(bed: Bed, spot: Spot) -> Piece | None:
    """Something else where a test holds."""
    if spot.kind not in _NUMERIC or (spot.kind == "array" and not bed.np):
        return None
    mask = test(bed, spot.kind, 1)
    other = bed.rng.choice((_negated, added, _other))(bed, spot)
    if mask is None or other is None:
        return None
    return cases(bed, spot.kind, mask, other, spot.piece)


def joined(bed: Bed, spot: Spot) -> Piece | None:
    """A condition with one more part."""
    if spot.kind not in ("mask", "truth"):
        return None
    more = grow(bed, spot.kind, 1)
    if more is None:
        return None
    return binary(spot.piece, bed.rng.choice("&|" if spot.kind == "mask" else ("and", "or")), more)


def wrapped(bed: Bed, spot: Spot) -> Piece | None:
    """A function of what stood there."""
    return unary(bed, spot.kind, spot.piece) if spot.kind in _NUMERIC else None


def replaced(bed: Bed, spot: Spot) -> Piece | None:
    """Something new."""
    return grow(bed, spot.kind, bed.rng.choice((1, 1, 2, 2, 3)))


def leafed(bed: Bed, spot: Spot) -> Piece | None:
    """A variable, a phrase or a number in place of one."""
    if spot.kind not in _NUMERIC or spot.expr.children:
        return None
    return leaf(bed, spot.kind)


def hoisted(bed: Bed, spot: Spot) -> Piece | None:
    """A part of it alone: what shortens programs again."""
    inner = [each for each in _below(spot.expr) if _same(bed, each, spot)]
    if not inner:
        return None
    chosen = bed.rng.choice(inner)
    return Piece(chosen.text, chosen.level)


def operated(bed: Bed, spot: Spot) -> Piece | None:
    """Another operator, or a function's sibling, between the same operands."""
    match spot.expr.node:
        case ast.BinOp(op=op) | ast.Compare(ops=[op]):
            left, right = spot.expr.children[:2]
            choices = _SWAPS.get(type(op), ())
            if not choices:
                return None
            chosen = bed.rng.choice(choices)
            return binary(Piece(left.text, left.level), chosen, Piece(right.text, right.level))
        case ast.Call(func=ast.Attribute(attr=name)):
            return _sibling(bed, spot.expr, name)
    return None


def numbered(bed: Bed, spot: Spot) -> Piece | None:
    """A number moved, a little or a lot; whole numbers stay whole."""
    node = spot.expr.node
    if not isinstance(node, ast.Constant) or spot.kind != "number":
        return None
    value = float(node.value) if isinstance(node.value, int | float) else 0.0
    if isinstance(node.value, int):
        step = bed.rng.choice((1, 1, 2, max(1, abs(node.value) // 4)))
        return number(value + bed.rng.choice((-1, 1)) * step)
    if not value or bed.rng.random() < 0.1:
        return number(some_number(bed.rng, bed.scope.constants))
    return number(value * math.exp(bed.rng.gauss(0, bed.rng.choice((0.05, 0.3, 1)))))


class Operator(NamedTuple):
    """A mutation, how often it is taken at first, and whether it makes things shorter."""

    name: str
    change: Mutation
    weight: float
    shorter: bool = False


OPERATORS = (
    Operator("add", added, 3.0),
    Operator("form", formed, 1.5),
    Operator("scale", scaled, 1.0),
    Operator("cases", cased, 1.5),
    Operator("join", joined, 0.5),
    Operator("wrap", wrapped, 0.7),
    Operator("replace", replaced, 1.5),
    Operator("leaf", leafed, 0.8),
    Operator("hoist", hoisted, 1.2, shorter=True),
    Operator("operator", operated, 0.8, shorter=True),
    Operator("number", numbered, 1.5, shorter=True),
)


def _negated(_bed: Bed, spot: Spot) -> Piece:
    return Piece(f"-{syntax.fit(*spot.piece, syntax.SIGN)}", syntax.SIGN)


def _other(bed: Bed, spot: Spot) -> Piece | None:
    if bed.rng.random() < 0.5:
        return constant(bed)
    return argument(bed, spot.kind)


def _below(expr: Expr) -> list[Expr]:
    found = list(expr.children)
    for child in expr.children:
        found += _below(child)
    return found


def _same(bed: Bed, inner: Expr, spot: Spot) -> bool:
    return any(each.expr is inner and each.kind == spot.kind for each in bed.scope.spots)


def _sibling(bed: Bed, expr: Expr, name: str) -> Piece | None:
    for family in _SIBLINGS:
        if name in family:
            func = expr.children[0]
            other = bed.rng.choice([each for each in family if each != name])
            start = func.end - expr.start
            return Piece(expr.text[: start - len(name)] + other + expr.text[start:], expr.level)
    return None
