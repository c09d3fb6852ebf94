"""Expressions as text that knows how tightly it binds, and how they are put together."""

from __future__ import annotations

import math
from random import Random
from typing import NamedTuple

from codegenesis.core.genetic import syntax

_LEVELS = {
    "+": syntax.SUM,
    "-": syntax.SUM,
    "*": syntax.PRODUCT,
    "/": syntax.PRODUCT,
    "%": syntax.PRODUCT,
    "<": syntax.COMPARE,
    "<=": syntax.COMPARE,
    ">": syntax.COMPARE,
    ">=": syntax.COMPARE,
    "==": syntax.COMPARE,
    "&": syntax.BIT_AND,
    "|": syntax.BIT_OR,
    "and": syntax.AND,
    "or": syntax.OR,
}


class Piece(NamedTuple):
    """An expression, as written, and its level."""

    text: str
    level: int = syntax.ATOM


def number(value: float) -> Piece:
    """A literal of three digits; whole numbers stay whole."""
    short = float(f"{value:.3g}")
    whole = short == int(short) and abs(short) < 1e6
    text = str(int(short)) if whole else repr(short)
    return Piece(text, syntax.SIGN if short < 0 else syntax.ATOM)


def binary(left: Piece, op: str, right: Piece) -> Piece:
    """`left op right`."""
    has = _LEVELS[op]
    first = has + 1 if has == syntax.COMPARE else has
    return Piece(
        f"{syntax.fit(left.text, left.level, first)} {op} "
        f"{syntax.fit(right.text, right.level, has + 1)}",
        has,
    )


def power(base: Piece, exponent: str) -> Piece:
    """`base ** exponent`."""
    return Piece(f"{syntax.fit(*base, syntax.AWAIT)} ** {exponent}", syntax.POWER)


def negative(piece: Piece) -> Piece:
    """`-piece`."""
    return Piece(f"-{syntax.fit(*piece, syntax.SIGN)}", syntax.SIGN)


def call(name: str, *args: Piece | str) -> Piece:
    """`name(args…)`."""
    return Piece(f"{name}({', '.join(a if isinstance(a, str) else a.text for a in args)})")


def choose(then: Piece, test: Piece, other: Piece) -> Piece:
    """`then if test else other`."""
    return Piece(
        f"{syntax.fit(*then, syntax.OR)} if {syntax.fit(*test, syntax.OR)} "
        f"else {syntax.fit(*other, syntax.TEST)}",
        syntax.TEST,
    )


def some_number(rng: Random, known: tuple[float, ...]) -> float:
    """A number: one of the program's, near one of them, a small whole one, or of any magnitude."""
    dice = rng.random()
    if known and dice < 0.3:
        value = rng.choice(known)
        return value if rng.random() < 0.5 else value * math.exp(rng.gauss(0, 0.5))
    if dice < 0.6:
        return float(rng.randint(0, 10))
    return math.copysign(10 ** rng.uniform(-2, 2), rng.random() - 0.3)
