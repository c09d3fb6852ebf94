"""The genes of this process: who is registered, and who is refused."""

from __future__ import annotations

import logging
import threading
import time
import types
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from codegenesis.errors import NotEvolvableError
from codegenesis.fragment import LOCALS, innermost
from codegenesis.runtime.kinds import function_of, refusal
from codegenesis.runtime.live import LiveGene
from codegenesis.runtime.naming import look_up, module_name
from codegenesis.runtime.seats import gather

_F = TypeVar("_F", bound=Callable[..., object])

log = logging.getLogger("codegenesis")


#: Of the time that passes, what looking for functions of inner `def`s may take.
_GATHERING = 0.001
#: Seconds until it is looked again for what was made meanwhile; twice as long each time in vain.
_GATHER_S, _LONGEST_S = 1.0, 60.0


class Registry:
    """Live genes by target; the last function of a name wins (a module may be reloaded).

    Functions around an inner `def` are known too, but are genes only when they are added.
    """

    def __init__(self) -> None:
        self._genes: dict[str, LiveGene] = {}
        self._by_function: dict[types.FunctionType, LiveGene] = {}
        self._lock = threading.RLock()
        self._gathered_s = self._rest_s = 0.0
        self._patience_s = _GATHER_S

    def __len__(self) -> int:
        return len(self._genes)

    def __iter__(self) -> Iterator[LiveGene]:
        return iter(list(self._genes.values()))

    def get(self, target: str) -> LiveGene | None:
        """The gene with this target."""
        return self._genes.get(target)

    def add(self, function: types.FunctionType, *, owner: type | None = None) -> LiveGene:
        """The live gene of a function; the same one for the same function."""
        with self._lock:
            return self._list(self._known(function, owner))

    def add_inside(
        self, function: types.FunctionType, names: Sequence[str], *, owner: type | None = None
    ) -> LiveGene | None:
        """The live gene of a `def` inside a function; None when it has none of that name.

        Args:
            names: from the outermost `def` in `function` to that which is meant.
            owner: the class that `function` is a method of.
        """
        with self._lock:
            gene: LiveGene | None = self._known(function, owner)
            for name in names:
                gene = gene.inside(name) if gene else None
            return self._list(gene) if gene else None

    def program(self, function: types.FunctionType) -> types.CodeType:
        """The code that a function was compiled to, whatever stands in front by now."""
        gene = self._by_function.get(function)
        return gene.master if gene else function.__code__

    def remove(self, gene: LiveGene) -> None:
        """Forget a gene; its function runs its own code."""
        with self._lock:
            gene.switch(gene.original())
            if gene.outer:
                gene.outer.forget(gene)
            if self._genes.get(gene.target) is gene:
                del self._genes[gene.target]
            root = gene.root
            if not root.has_inside and self._genes.get(root.target) is not root:
                self._by_function.pop(root.function, None)

    def tidy(self) -> None:
        """Look after what runs old code, and for functions of inner `def`s that are new."""
        lost = [gene for gene in self if gene.restless and gene.tidy()]
        if time.monotonic() - self._gathered_s < max(self._rest_s, 0 if lost else self._patience_s):
            return
        inner = [gene for gene in self if gene.outer]
        if inner:
            began_s = time.thread_time()
            new = gather(inner)
            self._gathered_s = time.monotonic()
            self._rest_s = (time.thread_time() - began_s) / _GATHERING
            self._patience_s = _GATHER_S if new else min(2 * self._patience_s, _LONGEST_S)

    def after_fork(self) -> None:
        """In a child: no lock is held by a thread that is not here."""
        self._lock = threading.RLock()
        for gene in self._everyone():
            gene.lock = threading.RLock()
        for gene in self:
            gene.after_fork()

    def _known(self, function: types.FunctionType, owner: type | None) -> LiveGene:
        found = self._by_function.get(function)
        if found is None:
            found = self._by_function[function] = LiveGene(function, owner=owner)
        return found

    def _list(self, gene: LiveGene) -> LiveGene:
        before = self._genes.get(gene.target)
        if before is not gene:
            if before is not None:
                self.remove(before)
            self._genes[gene.target] = gene
        return gene

    def _everyone(self) -> Iterator[LiveGene]:
        yield from self
        for gene in list(self._by_function.values()):
            yield from gene.family()


registry = Registry()


def register(function: object, *, owner: type | None = None, scope: str = "") -> LiveGene:
    """Let a function be watched and evolved from now on.

    Args:
        function: itself, or what decorators made of it; a property stands for its getter.
        owner: the class it is a method of; found by name when left out.
        scope: qualified name of the code that decorates it, see `kinds.function_of`.

    Raises:
        NotEvolvableError: it is of a kind that is not evolved; the message says which.
    """
    meant = function_of(function, scope=scope)
    reason = refusal(meant or function)
    if meant is None or reason:
        raise _refused(function, reason)
    if LOCALS not in meant.__code__.co_qualname:
        return registry.add(meant, owner=owner)
    gene = _inside(meant)
    if gene is None:
        raise _refused(function, "the function that it is defined in is not found by its name")
    gene.take_in(meant)
    return gene


def _refused(function: object, reason: str) -> NotEvolvableError:
    name = getattr(function, "__qualname__", type(function).__name__)
    return NotEvolvableError(
        f"{name} cannot be evolved: {reason}",
        remedy="Take the decorator off, or evolve the plain functions that it calls.",
    )


def _inside(function: types.FunctionType) -> LiveGene | None:
    """The gene of an inner `def`; cheap when it is known, for each function is decorated."""
    code, module = function.__code__, module_name(function)
    known = registry.get(f"{module}:{code.co_qualname}")
    if known is not None and known.makes(code):
        return known
    outer, *names = code.co_qualname.split(LOCALS)
    around = innermost(look_up(module, outer.split(".")), outer)
    if type(around) is not types.FunctionType:
        return None
    gene = registry.add_inside(around, names)
    return gene if gene and gene.makes(code) else None
