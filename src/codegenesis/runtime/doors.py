"""What a trampoline calls, made so that it may travel.

Libraries that send functions by value (cloudpickle in joblib, Dask, Ray and Spark; functions inside
functions, and all of `__main__`) take the code object with its constants. One of them is what the
trampoline calls, and that leads to locks, threads and the store: sending would fail, or take
the agent along. So it goes as the function that runs behind it, and nobody watches that elsewhere.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codegenesis.runtime.live import LiveGene


class Door(functools.partial[Any]):
    """Calls what stands in front of a gene; some 30 ns, while it stands there."""

    gene: LiveGene

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        function = self.gene.bare(self.gene.current.code)
        return (Closing if self.gene.outer else _itself, (function,))


def door(gene: LiveGene, entry: Callable[..., object]) -> Door:
    """The door of a gene that leads to `entry`."""
    made = Door(entry)
    made.gene = gene
    return made


class Closing:
    """Elsewhere, in the place of the door of an inner `def`: gives each closure its function."""

    def __init__(self, function: types.FunctionType) -> None:
        self._function = function

    def __call__(self, holder: types.FunctionType) -> types.FunctionType:
        """Like `LiveGene.bare`, on the cells of the closure that is called."""
        ours = self._function
        return types.FunctionType(
            ours.__code__, ours.__globals__, ours.__name__, None, holder.__closure__
        )


def _itself(function: types.FunctionType) -> types.FunctionType:
    return function
