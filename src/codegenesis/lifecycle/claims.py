"""Who of several engines does what: one moves the releases, and each gene is evolved by one.

A store in a file has one engine, which holds the lock beside it (`lock`): everything is its own. A
store on a server may have an engine on every host. Each takes leases there: one for the task of
moving releases and tidying up, one for each gene that it evolves. A thread renews them. When an
engine is killed its leases run out after `TTL_S`; within another second somebody else takes
them, and the gene that was being evolved begins anew, once. Together that is about 6 s, and the
server's clock decides.

Why leases and not PostgreSQL's advisory locks, which end with their session at once: a session also
ends when the network hiccups, and outlives a host that vanished; and a lock cannot be looked at in
the transaction of a write, which is what keeps an engine that was stopped and woke up late from
releasing what another one has taken over (`store.leases`).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from codegenesis.errors import StoreError
from codegenesis.model import Gene
from codegenesis.store import Store

#: How long a lease lasts, how often it is renewed, and how often it is looked for a free one.
TTL_S = 5.0
RENEW_S = 1.0
LOOK_S = 1.0
#: The task of moving releases along and tidying up.
RELEASES = "*releases*"
#: What an engine left behind is taken up once in this time, lest it kills one engine after another.
AGAIN_S = 3600.0
_AGAIN = "*again* "


class Claims(Protocol):
    """What this engine may do."""

    def leads(self) -> bool:
        """Whether it is the one that moves releases now."""

    def claim(self, gene: str) -> bool:
        """Take a gene; False when another engine works on it."""

    def let_go(self, gene: str) -> None:
        """Give a gene back."""

    def elsewhere(self) -> Collection[str]:
        """Genes that are not for this engine now."""

    def orphan(self) -> Gene | None:
        """Take a gene on which an engine died; None when there is none."""

    def on(self, name: str) -> AbstractContextManager[None]:
        """Around work on a gene or on `RELEASES`: writes are refused once another took over."""

    def close(self) -> None:
        """Give all back."""


def claims(store: Store, *, engine: str) -> Claims:
    """The claims of an engine (`Process.id`) on this store."""
    return Leased(store, holder=engine) if store.shared else Alone()


class Alone:
    """The only engine of its store; a `Claims`."""

    def leads(self) -> bool:
        """Always."""
        return True

    def claim(self, gene: str) -> bool:  # noqa: ARG002 (of the Protocol)
        """Always."""
        return True

    def let_go(self, gene: str) -> None:
        """Nobody else waits for it."""

    def elsewhere(self) -> Collection[str]:
        """None: there is no other engine."""
        return ()

    def orphan(self) -> Gene | None:
        """None: what an engine had begun is on record as tried."""
        return None

    def on(self, name: str) -> AbstractContextManager[None]:  # noqa: ARG002 (of the Protocol)
        """Nobody can take over."""
        return nullcontext()

    def close(self) -> None:
        """There is nothing to give back."""


class Leased:
    """One of several engines; a `Claims`.

    Args:
        holder: `Process.id` of this engine.
        ttl_s: how long a lease lasts without being renewed.
        clock: seconds, for what this process believes of its own leases.
    """

    def __init__(
        self,
        store: Store,
        *,
        holder: str,
        ttl_s: float = TTL_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._leases = store.leases
        self._holder = holder
        self._ttl_s = ttl_s
        self._clock = clock
        self._until: dict[str, float] = {}  # by our clock, counted from before we asked
        self._next_look = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="codegenesis-leases", daemon=True)
        self._thread.start()

    def leads(self) -> bool:
        """Whether the task of moving releases is ours, or can be had now."""
        if self._holds(RELEASES):
            return True
        if self._clock() < self._next_look:
            return False
        self._next_look = self._clock() + LOOK_S
        return self.claim(RELEASES)

    def claim(self, gene: str) -> bool:
        """Take a gene, or the task of moving releases."""
        asked = self._clock()
        lease = self._leases.take(gene, holder=self._holder, ttl_s=self._ttl_s)
        if lease is not None:
            self._until[gene] = asked + self._ttl_s
        return lease is not None

    def let_go(self, gene: str) -> None:
        """Give a gene back."""
        self._until.pop(gene, None)
        self._leases.let_go(gene, holder=self._holder)

    def elsewhere(self) -> Collection[str]:
        """Genes that other engines work on, and those whose file is not on this host."""
        taken = {lease.name for lease in self._leases.held() if lease.holder != self._holder}
        return taken | {gene.id for gene in self._store.genes() if not _is_here(gene)}

    def orphan(self) -> Gene | None:
        """Take a gene on which an engine died."""
        for lease in self._leases.abandoned():
            if lease.name.startswith(_AGAIN):
                self._leases.let_go(lease.name, holder=lease.holder)
            elif lease.name != RELEASES and self._inherit(lease.name):
                return self._store.gene(lease.name)
        return None

    def _inherit(self, name: str) -> bool:
        gene = self._store.gene(name)
        if (gene is not None and not _is_here(gene)) or not self.claim(name):
            return False
        nobody = secrets.token_hex(8)  # not us: we renew ours
        first = self._leases.take(_AGAIN + name, holder=nobody, ttl_s=AGAIN_S)
        if gene is None or first is None:
            self.let_go(name)
        return gene is not None and first is not None

    def on(self, name: str) -> AbstractContextManager[None]:
        """Around work on what was claimed."""
        return self._leases.under(name, holder=self._holder)

    def close(self) -> None:
        """Give all back, so that nobody has to wait for it."""
        self._end.set()
        self._thread.join(TTL_S)
        for name in list(self._until):
            self.let_go(name)

    def _holds(self, name: str) -> bool:
        return self._clock() < self._until.get(name, 0.0)

    def _renew(self) -> None:
        while not self._end.wait(RENEW_S):
            asked = self._clock()
            try:
                renewed = self._leases.renew(holder=self._holder, ttl_s=self._ttl_s)
            except StoreError:
                continue  # the next round of the engine meets the same, and says so
            for lease in renewed:
                if lease.name in self._until:
                    self._until[lease.name] = asked + self._ttl_s


def _is_here(gene: Gene) -> bool:
    return Path(gene.path).exists()
