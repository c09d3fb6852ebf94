"""Ways in which a quantity is often made to depend on another: powers, steps, bumps, tables, ranks.

Small trees reach these forms only by many lucky steps; as wholes they are within reach, and their
numbers are then what the search for constants is good at. Nothing here knows any problem: each form
takes whatever expression of the program it is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from codegenesis.scenarios.discover.genetic.grow import (
    Bed,
    argument,
    cases,
    constant,
    grow,
    magnitude,
)
from codegenesis.scenarios.discover.genetic.kinds import Kind
from codegenesis.scenarios.discover.genetic.pieces import (
    Piece,
    binary,
    call,
    negative,
    number,
    power,
)

Form = Callable[[Bed, Kind, Piece], Piece | None]
_LENGTHS = (8, 16, 24, 32, 48)
_KNOTS = ((0, 1, 2, 4, 8, 16, 32, 64), (0, 2, 5, 10, 20, 40, 80), (0, 0.25, 0.5, 0.75, 1))


def term(bed: Bed, wanted: Kind) -> Piece | None:
    """A function of something in the program, of the kind `wanted`."""
    forms: list[tuple[Form, float]] = [
        (_linear, 2), (_power, 2), (_product, 2), (_step, 2), (_polynomial, 2), (_random, 2),
    ]  # fmt: skip
    if bed.np:
        forms += [(_bump, 1.5), (_table, 3), (_bent, 2), (_decay, 1)]
        forms += [(_rank, 0.7), (_running, 0.5), (_relative, 1)] if wanted == "array" else []
    x = argument(bed, wanted)
    if x is None:
        return None
    form = bed.rng.choices([f for f, _ in forms], [w for _, w in forms])[0]
    return form(bed, wanted, x)


def _magnitude(rng: Random) -> float:
    return 10 ** rng.uniform(-1.5, 1.7)


def _coefficient(bed: Bed) -> Piece:
    return number(math.copysign(_magnitude(bed.rng), bed.rng.random() - 0.5))


def _times(factor: Piece, what: Piece) -> Piece:
    return binary(factor, "*", what)


def _linear(bed: Bed, _wanted: Kind, x: Piece) -> Piece:
    return _times(_coefficient(bed), x)


def _power(bed: Bed, _wanted: Kind, x: Piece) -> Piece:
    return _times(_coefficient(bed), power(x, bed.rng.choice("223")))


def _product(bed: Bed, wanted: Kind, x: Piece) -> Piece | None:
    y = argument(bed, bed.rng.choice((wanted, "number")))
    return _times(_times(_coefficient(bed), x), y) if y else None


def _step(bed: Bed, wanted: Kind, x: Piece) -> Piece | None:
    limit, high = constant(bed), grow(bed, "number", 1)
    if high is None or (wanted == "array" and not bed.np):
        return None
    test = binary(x, bed.rng.choice(("<", "<=", "==", ">")), limit)
    return cases(bed, wanted, test, high, bed.rng.choice((number(0), constant(bed))))


def _polynomial(bed: Bed, wanted: Kind, x: Piece) -> Piece | None:
    """Of two quantities, up to the third degree; each coefficient for a magnitude of its own."""
    y = argument(bed, bed.rng.choice((wanted, "number")))
    if y is None:
        return None
    scale = bed.rng.choice((1.0, 10.0, 100.0))
    products = [
        (1, x), (1, y), (2, power(x, "2")), (2, binary(x, "*", y)), (2, power(y, "2")),
        (3, power(x, "3")), (3, binary(power(x, "2"), "*", y)), (3, binary(x, "*", power(y, "2"))),
    ]  # fmt: skip
    chosen = bed.rng.sample(products, bed.rng.randint(2, 6))
    total: Piece | None = None
    for degree, what in chosen:
        each = _times(number(bed.rng.gauss(0, 1) * scale ** (1 - degree)), what)
        total = binary(total, "+", each) if total else each
    return total


def _random(bed: Bed, wanted: Kind, _x: Piece) -> Piece | None:
    return grow(bed, wanted, 2)


def _bump(bed: Bed, wanted: Kind, x: Piece) -> Piece:
    """`a exp(-|x - b| / c)`."""
    home = f"{bed.np}.exp"
    away = magnitude(bed, wanted, binary(x, "-", constant(bed)))
    return _times(_coefficient(bed), call(home, binary(negative(away), "/", _width(bed))))


def _decay(bed: Bed, wanted: Kind, x: Piece) -> Piece:
    """`a / (1 + |x| / b)`."""
    below = binary(number(1), "+", binary(magnitude(bed, wanted, x), "/", _width(bed)))
    return binary(_coefficient(bed), "/", below)


def _width(bed: Bed) -> Piece:
    return number(_magnitude(bed.rng) + 0.01)


def _table(bed: Bed, _wanted: Kind, x: Piece) -> Piece:
    """A value of its own for each whole number up to a limit, and the last one beyond."""
    size, scale = bed.rng.choice(_LENGTHS), _magnitude(bed.rng)
    entries = ", ".join(number(bed.rng.gauss(0, scale)).text for _ in range(size))
    index = call(f"{bed.np}.clip", x, "0", str(size - 1))
    return Piece(f"{bed.np}.array([{entries}])[{index.text}.astype(int)]")


def _bent(bed: Bed, _wanted: Kind, x: Piece) -> Piece:
    """A line that bends at some points."""
    knots, scale = bed.rng.choice(_KNOTS), _magnitude(bed.rng)
    values = ", ".join(number(bed.rng.gauss(0, scale)).text for _ in knots)
    points = ", ".join(number(each).text for each in knots)
    return call(f"{bed.np}.interp", x, f"[{points}]", f"[{values}]")


def _rank(bed: Bed, _wanted: Kind, x: Piece) -> Piece:
    """Which place each element has when they are sorted."""
    order = f"{bed.np}.argsort"
    return _times(_coefficient(bed), call(order, call(order, x)))


def _running(bed: Bed, _wanted: Kind, x: Piece) -> Piece:
    """What the elements so far come to."""
    return _times(_coefficient(bed), call(f"{bed.np}.cumsum", x))


def _relative(bed: Bed, _wanted: Kind, x: Piece) -> Piece:
    """Each element as a share of the largest."""
    largest = call(f"{bed.np}.max", call(f"{bed.np}.abs", x))
    return _times(_coefficient(bed), binary(x, "/", binary(number(1), "+", largest)))
