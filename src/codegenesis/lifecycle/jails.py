"""Warm sandboxes: a zygote costs an import of the target's module, a candidate only a fork."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator

from codegenesis.errors import SandboxError
from codegenesis.model import Gene
from codegenesis.sandbox import Environment, Executor, Sandbox

#: Zygotes that are kept; each holds the target's modules in memory.
KEPT = 4


class Jails:
    """Keeps the zygotes of the genes asked for last; one thread at a time."""

    def __init__(self) -> None:
        self._warm: OrderedDict[tuple[str, str], Sandbox] = OrderedDict()

    @contextlib.contextmanager
    def borrow(self, gene: Gene) -> Iterator[Executor]:
        """An executor for the gene's environment, warm if it was used lately.

        Raises:
            SandboxUnavailableError: this machine cannot isolate code.
            SandboxImportError: the module cannot be imported in the jail.
        """
        # A changed source needs a fresh import, so it is part of the key.
        key = (gene.path, gene.base)
        sandbox = self._warm.pop(key, None) or self._start(gene)
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

    @staticmethod
    def _start(gene: Gene) -> Sandbox:
        sandbox = Sandbox(Environment.for_gene(gene))
        sandbox.__enter__()
        return sandbox
