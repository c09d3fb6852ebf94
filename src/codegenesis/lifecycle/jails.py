"""Sandboxes for genes, under the owner's settings: fresh ones, and ones kept warm.

A zygote costs an import of the target's module, a candidate only a fork, so the engine keeps those
that it used last.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator

from codegenesis.config import Config
from codegenesis.errors import SandboxError
from codegenesis.model import Gene
from codegenesis.sandbox import Environment, Executor, Limits, Sandbox

#: Zygotes that are kept; each holds the target's modules in memory.
KEPT = 4


def open_sandbox(
    gene: Gene, config: Config, *, limits: Limits | None = None, preload: tuple[str, ...] = ()
) -> Sandbox:
    """A sandbox for the gene, as its owner wants it; the caller closes it.

    Args:
        preload: modules to import before the target's.

    Raises:
        SandboxUnavailableError: this machine cannot isolate code.
        SandboxImportError: the module cannot be imported in the jail.
    """
    environment = Environment.for_gene(
        gene,
        setup=config.sandbox_setup,
        preload=preload,
        artifacts=str(config.artifacts) if config.artifacts.is_dir() else "",
    )
    return Sandbox(environment, limits=limits, tier=config.tier)


class Jails:
    """Keeps the zygotes of the genes asked for last; one thread at a time."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._warm: OrderedDict[tuple[str, str], Sandbox] = OrderedDict()

    @contextlib.contextmanager
    def borrow(self, gene: Gene) -> Iterator[Executor]:
        """An executor for the gene's environment, warm if it was used lately; raises like
        `open_sandbox`."""
        # A changed source needs a fresh import, so it is part of the key.
        key = (gene.path, gene.base)
        sandbox = self._warm.pop(key, None) or open_sandbox(gene, self._config)
        try:
            yield sandbox
        except SandboxError:
            sandbox.close()  # it may be the zygote that failed: do not keep it
            raise
        self._warm[key] = sandbox
        while len(self._warm) > KEPT:
            self._warm.popitem(last=False)[1].close()

    def close(self) -> None:
        """End all of them."""
        while self._warm:
            self._warm.popitem()[1].close()
