"""New expressions of a wanted kind, from what a scope has; small ones most of the time.

Division is protected (`1 + |x|` below), roots and logarithms take magnitudes, exponentials fall, so
that most of what is written can be evaluated. Arrays and single numbers have the same forms,
spelled with numpy or with Python's own functions.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from codegenesis.core.genetic.program import Expr
from codegenesis.scenarios.discover.genetic.kinds import Kind
from codegenesis.scenarios.discover.genetic.pieces import (
    Piece,
    binary,
    call,
    choose,
    negative,
    number,
    power,
    some_number,
)
from codegenesis.scenarios.discover.genetic.scope import Scope

_COMPARISONS = ("<", "<=", ">", ">=", "==")
_REDUCTIONS = ("min", "max", "mean", "sum")


class Bed(NamedTuple):
    """Where something is to grow: before `expr`, from what can be read there."""

    scope: Scope
    expr: Expr
    rng: Random

    @property
    def np(self) -> str:
        """What numpy is called here; empty without it."""
        return self.scope.numpy


def grow(bed: Bed, wanted: Kind, depth: int) -> Piece | None:
    """An expression of the kind, at most `depth` deep; None when there is nothing to make it of."""
    if wanted in ("mask", "truth"):
        return test(bed, "array" if wanted == "mask" else "number", depth)
    if depth <= 0 or bed.rng.random() < 0.3:
        return leaf(bed, wanted)
    left = grow(bed, wanted, depth - 1)
    if left is None:
        return None
    forms: tuple[Callable[[Bed, Kind, Piece, int], Piece | None], ...] = (
        _arithmetic, _arithmetic, _arithmetic, _quotient, _unary, _unary, _extreme, _cases,
    )  # fmt: skip
    return bed.rng.choice(forms)(bed, wanted, left, depth)


def leaf(bed: Bed, wanted: Kind) -> Piece | None:
    """A variable, an expression that stands in the function, or a number."""
    names = [Piece(each) for each in bed.scope.names(bed.expr, wanted)]
    phrases = bed.scope.phrases(bed.expr, wanted)
    dice = bed.rng.random()
    if wanted == "number" and (dice < 0.35 or not names):
        return _reduced(bed) or constant(bed) if dice < 0.1 else constant(bed)
    if phrases and (dice > 0.6 or not names):
        return bed.rng.choice(phrases)
    return bed.rng.choice(names) if names else None


def argument(bed: Bed, wanted: Kind) -> Piece | None:
    """Something of the program's own to compute with: never a mere number."""
    found = [Piece(each) for each in bed.scope.names(bed.expr, wanted)]
    phrases = bed.scope.phrases(bed.expr, wanted)
    found += [each for each in phrases if not each.text.startswith("-")] * 2
    return bed.rng.choice(found) if found else None


def constant(bed: Bed) -> Piece:
    """A number."""
    return number(some_number(bed.rng, bed.scope.constants))


def test(bed: Bed, of: Kind, depth: int) -> Piece | None:
    """A comparison; of arrays it is a mask."""
    left = argument(bed, of)
    right = grow(bed, "number", min(depth, 1) - 1)
    if bed.rng.random() < 0.25:
        right = argument(bed, of) or right
    if left is None or right is None:
        return None
    return binary(left, bed.rng.choice(_COMPARISONS), right)


def cases(bed: Bed, wanted: Kind, mask: Piece, one: Piece, other: Piece) -> Piece:
    """One value where the test holds, and the other elsewhere."""
    if wanted == "array":
        return call(f"{bed.np}.where", mask, one, other)
    return choose(one, mask, other)


def mixed(bed: Bed, wanted: Kind, depth: int) -> Piece | None:
    """Of the kind, or a single number, which goes with an array too."""
    scalar = wanted == "array" and bed.rng.random() < 0.5
    return grow(bed, "number" if scalar else wanted, depth)


def _arithmetic(bed: Bed, wanted: Kind, left: Piece, depth: int) -> Piece | None:
    right = mixed(bed, wanted, depth - 1)
    return None if right is None else binary(left, bed.rng.choice("++--**"), right)


def _quotient(bed: Bed, wanted: Kind, left: Piece, _depth: int) -> Piece | None:
    below = mixed(bed, wanted, 0)
    if below is None:
        return None
    return binary(left, "/", binary(number(1), "+", magnitude(bed, wanted, below)))


def _unary(bed: Bed, wanted: Kind, inner: Piece, _depth: int) -> Piece:
    return unary(bed, wanted, inner)


def unary(bed: Bed, wanted: Kind, inner: Piece) -> Piece:
    """A function of one value."""
    forms = [
        lambda: negative(inner),
        lambda: power(inner, "2"),
        lambda: power(inner, "3"),
        lambda: magnitude(bed, wanted, inner),
    ]
    home = bed.np or ("" if wanted == "array" else bed.scope.math)
    if home:
        size = magnitude(bed, wanted, inner)
        forms += [
            lambda: call(f"{home}.sqrt", size),
            lambda: call(f"{home}.log1p", size),
            lambda: call(f"{home}.exp", negative(size)),
            lambda: call(f"{home}.tanh", inner),
            lambda: call(f"{home}.{bed.rng.choice(('sin', 'cos', 'floor'))}", inner),
        ]
    return bed.rng.choice(forms)()


def magnitude(bed: Bed, wanted: Kind, inner: Piece) -> Piece:
    """`|inner|`."""
    return call(f"{bed.np}.abs" if bed.np and wanted == "array" else "abs", inner)


def _extreme(bed: Bed, wanted: Kind, left: Piece, depth: int) -> Piece | None:
    right = mixed(bed, wanted, depth - 1)
    if right is None or (wanted == "array" and not bed.np):
        return None
    which = bed.rng.choice(("min", "max"))
    name = f"{bed.np}.{which}imum" if wanted == "array" else which
    return call(name, left, right)


def _cases(bed: Bed, wanted: Kind, left: Piece, depth: int) -> Piece | None:
    mask, other = test(bed, wanted, depth - 1), mixed(bed, wanted, depth - 1)
    if mask is None or other is None or (wanted == "array" and not bed.np):
        return None
    return cases(bed, wanted, mask, left, other)


def _reduced(bed: Bed) -> Piece | None:
    """One number of an array."""
    inner = argument(bed, "array") if bed.np else None
    return call(f"{bed.np}.{bed.rng.choice(_REDUCTIONS)}", inner) if inner else None
