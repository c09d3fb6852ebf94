"""The genes of this process: who is registered, and who is refused."""

from __future__ import annotations

import logging
import threading
import types
from collections.abc import Callable, Iterator
from typing import TypeVar

from codegenesis.errors import NotEvolvableError
from codegenesis.runtime.kinds import behind_contracts, refusal, unsupported
from codegenesis.runtime.live import LiveGene

_F = TypeVar("_F", bound=Callable[..., object])

log = logging.getLogger("codegenesis")


class Registry:
    """Live genes by target; the last function of a name wins (a module may be reloaded)."""

    def __init__(self) -> None:
        self._genes: dict[str, LiveGene] = {}
        self._by_function: dict[types.FunctionType, LiveGene] = {}
        self._lock = threading.RLock()

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
            known = self._by_function.get(function)
            if known is not None:
                return known
            gene = LiveGene(function, owner=owner)
            before = self._genes.get(gene.target)
            if before is not None:
                self.remove(before)
            self._genes[gene.target] = self._by_function[function] = gene
            return gene

    def remove(self, gene: LiveGene) -> None:
        """Forget a gene; its function runs its own code."""
        with self._lock:
            gene.switch(gene.original())
            self._by_function.pop(gene.function, None)
            if self._genes.get(gene.target) is gene:
                del self._genes[gene.target]

    def after_fork(self) -> None:
        """In a child: no lock is held by a thread that is not here."""
        self._lock = threading.RLock()
        for gene in self:
            gene.after_fork()


registry = Registry()


def register(function: object, *, owner: type | None = None) -> LiveGene:
    """Let a function be watched and evolved from now on.

    Args:
        owner: the class it is a method of; found by name when left out.

    Raises:
        NotEvolvableError: it is of a kind that is not evolved; the message says which.
    """
    function = behind_contracts(function)
    reason = refusal(function)
    if reason or not isinstance(function, types.FunctionType):
        name = getattr(function, "__qualname__", type(function).__name__)
        raise NotEvolvableError(
            f"{name} cannot be evolved: {reason}",
            remedy="Take the decorator off, or evolve the plain functions that it calls.",
        )
    return registry.add(function, owner=owner)


def evolve(function: _F) -> _F:
    """What `codegenesis.evolvable` does, where it is not disabled.

    Raises:
        NotEvolvableError: it is of a kind that is not evolved; the message says which.
    """
    if inert():
        return function
    register(function)
    from codegenesis.runtime.agent import agent

    agent.start()
    return function


_told = False


def inert() -> bool:
    """Can nothing be evolved in this interpreter? Says so, once."""
    global _told  # noqa: PLW0603
    reason = unsupported()
    if reason and not _told:
        _told = True
        log.warning("%s. The application runs as it is.", reason)
    return bool(reason)
