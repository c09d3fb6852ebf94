"""What fragments compiled by numba need; numba itself is imported when one of them is loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from codegenesis.errors import FragmentError
from codegenesis.native.outside import Outside

#: Integers that go in are smaller; the build's growth is bounded from there.
_LIMIT = 1 << 24


def jit(function: Callable[..., Any], signature: str) -> Callable[..., Any]:
    """Compile now, for this signature only, with Python's errors and checked indices.

    Raises:
        FragmentError: numba is not installed, or cannot compile the function.
    """
    try:
        from numba import njit
        from numba.core.errors import NumbaError
    except ImportError as error:
        raise FragmentError(
            "numba is not installed", remedy="pip install 'codegenesis[native]'"
        ) from error
    try:
        made: Callable[..., Any] = njit(
            signature, error_model="python", boundscheck=True, cache=False, fastmath=False
        )(function)
    except NumbaError as error:
        words = str(error).strip().partition("\n")[0]
        raise FragmentError(f"numba cannot compile it: {words}") from error
    return made


def within(value: int) -> int:
    """An integer that is small enough; raises `Outside`."""
    if -_LIMIT < value < _LIMIT:
        return value
    raise Outside


def integers(values: list[int]) -> Any:
    """A list of small integers as an array; raises `Outside`."""
    if set(map(type, values)) <= {int} and all(-_LIMIT < each < _LIMIT for each in values):
        return _array(values, "int64")
    raise Outside


def floats(values: list[float]) -> Any:
    """A list of floats as an array; raises `Outside`."""
    if set(map(type, values)) <= {float}:
        return _array(values, "float64")
    raise Outside


def _array(values: list[Any], dtype: str) -> Any:
    import numpy as np

    return np.array(values, dtype=dtype)
