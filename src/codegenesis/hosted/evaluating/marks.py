"""FunSearch's decorators: they mark functions for who reads the file, and do nothing.

Its specifications use them without an import; who writes `import funsearch` gets them as well.
"""

from __future__ import annotations

import functools
import sys
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
    """What a program finds in its namespace, and may import."""
    module = types.ModuleType("funsearch")
    vars(module).update(run=run, evolve=evolve)
    sys.modules.setdefault("funsearch", module)
    return {"run": run, "evolve": evolve, "funsearch": module}
