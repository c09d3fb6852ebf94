"""The run-time support that every Cython build carries: checked numbers, and arrays for lists.

Written for builds whose effects are private until the end, so whatever cannot be done exactly
raises `Outside` and the Python body runs from the start. What differs between C and Python is
decided here, once: rounding of large integers, signs of zero, powers, shifts, negative indices,
the order in which `min` looks. Arithmetic follows CPython's `floatobject.c` and `longobject.c`.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

_UNLIKELY = "? -4611686018427388977"
#: Letter, C type, `except` clause (of a value that is unlikely to be met), can it be ordered?
_ARRAYS = (
    ("l", "ll", _UNLIKELY, True),
    ("d", "double", "? -1.2345678901234567e-301", True),
    ("n", "num", " *", False),
)


@cache
def support() -> str:
    """What every build carries, as Cython source."""
    parts = [_template("numbers")]
    for letter, held, fails, ordered in _ARRAYS:
        text = _template("array") + (_template("ordered") if ordered else "")
        text = text.replace("except FAIL", f"except{fails}").replace("VX", f"V{letter}")
        text = text.replace("X2o", f"{letter}2o").replace("o2X", f"o2{letter}")
        parts.append(text.replace("CT", held))
    return "".join([*parts, _template("sums")])


def random_support() -> str:
    """For programs that use the module-level generator of `random`."""
    return _template("random")


def _template(name: str) -> str:
    """A piece of Cython source that stands in a file of its own."""
    folder = resources.files("codegenesis.compiler.native") / "templates"
    return (folder / f"{name}.pyx").read_text(encoding="utf-8")
