"""FunSearch's decorators: they mark functions for who reads the file, and do nothing.

Its specifications use them without an import.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from typing import TypeVar

_T = TypeVar("_T")


def run(function: _T) -> _T:
    """The function that scores."""
    return function


def evolve(function: _T) -> _T:
    """The function that is to be evolved."""
    return function


@functools.cache
def marks() -> Mapping[str, object]:
    """What a program finds in its namespace."""
    return {
        "run": run,
        "evolve": evolve,
        "funsearch": types.SimpleNamespace(run=run, evolve=evolve),
    }
