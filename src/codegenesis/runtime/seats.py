"""Which function objects run a gene's code.

Of a `def` in a module or a class there is one. Of a `def` inside a function there are as many as
the outer one has made and not yet dropped, and it makes more: those that exist are known by weak
references, those to come get their code from a constant of the outer function's code.

The interpreter tells nobody when it makes a function, and a code object does not know who runs it.
So the functions that exist are looked for (`gather`): when a gene is new, at a swap, when one was
met that was made in between, and now and then, for a thousandth of the time. For one gene the
garbage collector says who refers to its code (19 ms for 600 000 objects, in which no other thread
runs); that grows with the number of codes, so for many genes all objects are looked at (50 ms, in
which others run). Rejected: a trampoline that stays (100 ns in every call), and a call in the outer
code after each `def` (other bytecode than what was compiled).
"""

from __future__ import annotations

import gc
import types
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from codegenesis.fragment import layers
from codegenesis.runtime.naming import Cache

if TYPE_CHECKING:
    from codegenesis.runtime.live import Cells, LiveGene

_SOUGHT = frozenset({types.FunctionType, Cache})
#: Up to so many objects it is cheaper to ask who refers to them.
_FEW = 12
#: Marks functions that run a version for a trampoline: they are nobody's gene.
BARE = "<codegenesis bare>"


class Seats(Protocol):
    """The functions that run a gene's code."""

    def put(self, code: types.CodeType) -> None:
        """Make all of them run `code`."""

    def at(self, cells: Cells) -> types.FunctionType | None:
        """The one with these free variables; None when it cannot be told."""


class Alone:
    """One function, made once."""

    def __init__(self, function: types.FunctionType) -> None:
        self._function = function

    def put(self, code: types.CodeType) -> None:
        """One store, which other threads see whole or not at all."""
        self._function.__code__ = code

    def at(self, cells: Cells) -> types.FunctionType:  # noqa: ARG002
        """It is always this one."""
        return self._function


class Everywhere:
    """All that were made, and will be made, of one `def` inside a function.

    Args:
        prototype: shows what they run, and is called by nobody.
        outer: the gene that makes them.
    """

    def __init__(self, prototype: types.FunctionType, outer: LiveGene) -> None:
        self._prototype = prototype
        self._outer = outer
        self._known: weakref.WeakSet[types.FunctionType] = weakref.WeakSet()
        self._caches: weakref.WeakSet[Any] = weakref.WeakSet()

    def put(self, code: types.CodeType) -> None:
        """Those to come first: nobody falls in between but what is on its way in outer frames."""
        self._prototype.__code__ = code
        self._outer.redress()
        for function in list(self._known):
            function.__code__ = code

    def add(self, function: types.FunctionType) -> bool:
        """One that exists; was it not known yet?"""
        new = function not in self._known
        self._known.add(function)
        function.__code__ = self._prototype.__code__
        return new

    def at(self, cells: Cells) -> types.FunctionType | None:
        """One that calls itself holds itself, in the cell of its name."""
        names = self._prototype.__code__.co_freevars
        for name, cell in zip(names, cells or (), strict=False):
            if name == self._prototype.__name__:
                return _function_in(cell)
        return None

    def surround(self, cache: Any) -> None:
        """What `functools.lru_cache` has put around one of them."""
        self._caches.add(cache)

    def caches(self) -> list[Callable[[], object]]:
        """What empties the caches around those that exist."""
        return [cache.cache_clear for cache in list(self._caches)]


def _function_in(cell: types.CellType) -> types.FunctionType | None:
    try:
        found = cell.cell_contents
    except ValueError:
        return None
    return found if type(found) is types.FunctionType else None


def gather(genes: Iterable[LiveGene]) -> int:
    """Find the functions that exist of inner `def`s, and bring them in step with their genes.

    Returns:
        How many were not known yet.
    """
    by_code = {id(code): (code, gene) for gene in genes for code in gene.codes()}
    for _, gene in by_code.values():
        gene.strayed = False
    new = 0
    for each in _sought([code for code, _ in by_code.values()]):
        for function in _functions(each):
            known = by_code.get(id(function.__code__))
            if known and known[0] is function.__code__ and BARE not in function.__dict__:
                new += known[1].take_in(function, around=each)
    return new


def _sought(codes: list[types.CodeType]) -> list[object]:
    """Functions that may run one of the codes, and caches that may be around these."""
    if len(codes) <= _FEW:
        referring = gc.get_referrers(*codes)
        functions = [each for each in referring if type(each) is types.FunctionType]
        if len(functions) <= _FEW:
            around = gc.get_referrers(*functions) if functions else []
            return functions + [each for each in around if type(each) is Cache]
    return [each for each in gc.get_objects() if type(each) in _SOUGHT]


def _functions(found: object) -> Iterable[types.FunctionType]:
    """Itself, or those that a cache is around."""
    if type(found) is types.FunctionType:
        return (found,)
    return (each for each in layers(found) if type(each) is types.FunctionType)
