"""Keeps an eye on what the application imports: what is there to evolve, and what is fit for it."""

from __future__ import annotations

import sys
import time
import types
from collections.abc import Sequence
from typing import NamedTuple

from codegenesis.errors import FragmentError
from codegenesis.model import Gene
from codegenesis.runtime import discover
from codegenesis.runtime.describe import gene_of, refused
from codegenesis.runtime.discover import Found, Targets
from codegenesis.runtime.live import LiveGene
from codegenesis.runtime.registry import Registry, log

#: Seconds between two looks into modules that were looked into before (reloads, late definitions).
_AGAIN_S = 1.0
#: Seconds that a decorated function may take to appear under its name.
_PATIENCE_S = 5.0

_STANDING = {
    "missing": "its module does not hold it under its name",
    "other": (
        "something else stands under its name: a later definition, or what a decorator made that "
        "does not say what it wraps (functools.wraps)"
    ),
}


class _Wanted(NamedTuple):
    file: str
    names: Sequence[str]


class Scout:
    """Fills the registry and tells which of its genes can be worked with.

    Args:
        targets: what to look for; None to take only what is decorated.
    """

    def __init__(self, registry: Registry, *, service: str, targets: Targets | None) -> None:
        self.ready: list[LiveGene] = []
        self._registry = registry
        self._service = service
        self._targets = targets
        self._seen: dict[str, int] = {}
        self._wanted: dict[str, _Wanted] = {}
        self._since: dict[LiveGene, float] = {}
        self._settled: set[LiveGene] = set()
        self._refused: dict[str, Gene] = {}
        self._unfit: set[types.CodeType] = set()
        self._looked: discover.Known = {}
        self._news: list[Gene] = []
        self._next_look = 0.0
        self._modules = 0

    def look(self) -> list[Gene]:
        """Look around; descriptions of what is new since the last time."""
        again = time.monotonic() >= self._next_look
        if again:
            self._next_look = time.monotonic() + _AGAIN_S
        if self._targets is not None:
            self._discover(self._targets, again=again)
        for gene in self._registry:
            if gene not in self._settled:
                self._settle(gene)
        if again:
            self._registry.tidy()
        self.ready = [gene for gene in self._registry if gene in self._settled]
        news, self._news = self._news, []
        return news

    def everything(self) -> list[Gene]:
        """Descriptions of all that is known (for a store that knows nothing yet)."""
        return [gene_of(gene, service=self._service) for gene in self.ready] + [
            *self._refused.values()
        ]

    def _discover(self, targets: Targets, *, again: bool) -> None:
        if not again and len(sys.modules) == self._modules:
            return  # the cheap answer, five times a second
        self._modules = len(sys.modules)
        fresh = []
        for name, _, file in discover.modules(self._seen):
            names = targets.of_module(name, file)
            if names:
                self._wanted[name] = _Wanted(file, names)
                fresh.append(name)
        if again:
            fresh = list(self._wanted)
        for name in fresh:
            try:
                self._search(name, *self._wanted[name])
            except Exception:  # noqa: BLE001 - boundary: a module may hold anything
                log.debug("%s cannot be looked into", name, exc_info=True)
                del self._wanted[name]

    def _search(self, name: str, file: str, names: Sequence[str]) -> None:
        module = sys.modules.get(name)
        if module is None:
            return
        for found in discover.search(
            name, module, file, names, program=self._registry.program, known=self._looked
        ):
            if found.function is None:
                self._refuse(found, found.reason)
            elif found.inside:
                self._registry.add_inside(found.function, found.inside, owner=found.owner)
            elif self._registry.program(found.function) not in self._unfit:
                self._registry.add(found.function, owner=found.owner)

    def _settle(self, gene: LiveGene) -> None:
        """Is the gene what stands under its name, with its source? Not before its import ends."""
        since = self._since.setdefault(gene, time.monotonic())
        module = sys.modules.get(gene.module)
        if module is None or not discover.complete(module):
            return
        standing = gene.standing()
        if standing == "missing" and time.monotonic() - since < _PATIENCE_S:
            return
        del self._since[gene]
        try:
            if standing != "there":
                raise FragmentError(_STANDING[standing])
            described = gene_of(gene, service=self._service)
        except FragmentError as error:
            self._registry.remove(gene)
            self._unfit.add(gene.master)
            self._refuse(gene, str(error))
        else:
            self._settled.add(gene)
            self._news.append(described)

    def _refuse(self, what: Found | LiveGene, reason: str) -> None:
        target = f"{what.module}:{what.qualname}"
        if target not in self._refused:
            self._refused[target] = refused(what, reason, service=self._service)
            self._news.append(self._refused[target])
