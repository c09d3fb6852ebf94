"""One agent's work between two sleeps: look, write down, obey, watch.

A session belongs to one process; a forked child begins a new one on the same live genes.
"""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from codegenesis.config import Config
from codegenesis.errors import StoreError, VerificationError
from codegenesis.model import Process
from codegenesis.runtime import discover, hooks, incidents, probe
from codegenesis.runtime.capture import Capture
from codegenesis.runtime.discover import Targets, here
from codegenesis.runtime.governor import Governor
from codegenesis.runtime.intake import Intake
from codegenesis.runtime.mail import Mail
from codegenesis.runtime.modes import modes
from codegenesis.runtime.observer import Observer
from codegenesis.runtime.redaction import Redactor
from codegenesis.runtime.registry import Registry, log
from codegenesis.runtime.rewards import box
from codegenesis.runtime.router import Router
from codegenesis.runtime.scout import Scout

if TYPE_CHECKING:
    from codegenesis.ledger.signing import PublicKey
    from codegenesis.runtime.loader import Loader
    from codegenesis.runtime.outlet import Batch, Outlet

#: Seconds between two signs of life.
HEARTBEAT_S = 2.0
#: Seconds between two batches of observations.
DELIVERY_S = 1.0
#: Seconds that the first look into the store waits for imports of the application to end; and for
#: which more of them are expected when functions were found.
SETTLE_S = 5.0
#: So many times `poll_s` lie between two looks while nothing is under way.
QUIET = 5.0
#: CPU that watching may take once before it is earned: a first look, as part of the start.
FIRST_LOOK_NS = 5_000_000
#: CPU that measuring canaries may take before it is earned: some 40 000 calls.
CANARY_CREDIT_NS = 500_000_000

_JUMP_NS = 1_000_000_000


class Session:
    """The agent's state in one process.

    Args:
        discovering: look for targets among the imported modules, not only for what is decorated.
        on_store: called when the store's code has been imported.
    """

    def __init__(
        self,
        config: Config,
        *,
        registry: Registry,
        mail: Mail,
        discovering: bool,
        on_store: Callable[[], None] = lambda: None,
    ) -> None:
        self.config = config
        self.id = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        self.governor = Governor(
            config.probe_budget, credit_ns=FIRST_LOOK_NS, overdrawn=self._disarm
        )
        self._canaries = Governor(config.probe_budget, credit_ns=CANARY_CREDIT_NS)
        self._registry = registry
        self._mail = mail
        self._on_store = on_store
        self._started_ns = time.time_ns()
        self._settled_by = time.monotonic() + SETTLE_S
        redactor = Redactor(config.redact, values=config.redact_values)
        self._mode_of = modes(config.capture, config.capture_for, here=here())
        self._intake = Intake(
            service=config.service, process=self.id, redactor=redactor, mode_of=self._mode_of
        )
        self._redactor = redactor
        targets = Targets(config.target, here=here()) if discovering else None
        self._scout = Scout(registry, service=config.service, targets=targets)
        self._store: Outlet | None = None
        self._outbox: deque[Batch] = deque()
        self._loader: Loader | None = None
        self._observer: Observer | None = None
        self._trusted: Collection[PublicKey] | None = None
        self._next_delivery = 0.0
        self._frozen = False
        self._clock_ns = 0
        self._next_beat = 0.0
        self._lively_until = 0.0

    def visit(self) -> None:
        """One round of work.

        Raises:
            StoreError: the store cannot be used now; worth another try later.
        """
        starting, began_ns = self._store is None, time.thread_time_ns()
        try:
            self._visit()
        finally:
            if not starting:
                self.governor.work(time.thread_time_ns() - began_ns)

    def _visit(self) -> None:
        news = self._scout.look()
        if self._store is None:
            if not (news or self._scout.ready or len(self._registry)) or self._unsettled():
                return
            self._open()
            news = self._scout.everything()
        store, loader, observer = self._tools()
        if time.monotonic() >= self._next_beat:
            self._beat(store, loader)
        if news:
            self._lively_until = time.monotonic() + SETTLE_S
            store.put_genes(news)
        # First, for it waits for nobody; who delivers may have to wait for other writers.
        self._obey(store, loader, pressing=bool(news))
        self._deliver(store)
        if self._frozen:
            observer.rest(self._scout.ready)
        else:
            observer.visit(self._scout.ready, eager=loader.in_shadow)

    def pause_s(self) -> float:
        """Seconds until the next round: who is told of news need not look for it all the time."""
        usual = self.governor.pause_s(self.config.poll_s)
        if self._store is None or self._is_lively() or not self._store.is_told():
            return usual
        return max(usual, QUIET * self.config.poll_s)

    def _is_lively(self) -> bool:
        """Is something under way that lives on our visits?"""
        if self._loader is None or self._loader.pressing() or self._loader.in_shadow:
            return True
        if self._observer is not None and self._observer.is_hungry:
            return True
        overlays = (gene.overlay for gene in self._scout.ready)
        tried = any(each is not None and not isinstance(each, probe.Burst) for each in overlays)
        return tried or time.monotonic() < self._lively_until

    def rest(self, stop: threading.Event, wait_s: float) -> bool:
        """Wait for the next round, or for news from a store that tells; whether to stop."""
        if self._store is None:
            return stop.wait(wait_s)
        try:
            if not stop.is_set():
                self._store.wait(wait_s)
        except StoreError:  # the next visit meets the same
            stop.wait(wait_s)
        return stop.is_set()

    def wake(self) -> None:
        """End a rest."""
        if self._store is not None:
            self._store.wake()

    def retreat(self) -> None:
        """The store is out of reach: nothing is watched or judged until it is back."""
        for gene in self._registry:
            if gene.overlay is not None:
                gene.uncover()
        store, self._store, self._loader = self._store, None, None
        if store is not None:
            with contextlib.suppress(StoreError):
                store.close()

    def close(self) -> None:
        """Write down what waits, and let go of the store."""
        try:
            if self._store is not None:
                with contextlib.suppress(StoreError):
                    self._deliver(self._store, now=True)
        finally:
            hooks.remove()
            self.retreat()

    def _tools(self) -> tuple[Outlet, Loader, Observer]:
        if self._store is None or self._loader is None or self._observer is None:
            raise StoreError("the store is not open")
        return self._store, self._loader, self._observer

    def _unsettled(self) -> bool:
        """Imports in two threads at once can see half of a module, so ours wait for theirs."""
        return discover.importing() and time.monotonic() < self._settled_by

    def _open(self) -> None:
        from codegenesis import native
        from codegenesis.runtime.loader import Loader
        from codegenesis.runtime.outlet import open_outlet

        self._on_store()
        # Once it was there it is not made again: it may come back from where it went.
        store = open_outlet(
            self.config.location,
            directory=self.config.directory,
            create=self._observer is None,
            waiting=self._outbox,
        )
        native.use(store.directory / "artifacts")
        self._store = store
        self._loader = Loader(
            store, service=self.config.service, process=self.id, mail=self._mail,
            purse=self._canaries,
        )  # fmt: skip
        if self._observer is None:
            self._intake.key = digest_key(store.directory)
            capture = Capture(
                mode=self.config.capture,
                mode_of=self._mode_of,
                sensitive=self._redactor.sensitive,
                key=self._intake.key,
                ring=self._mail.ring,
            )
            self._observer = Observer(
                size=self.config.burst, capture=capture, governor=self.governor
            )
        if self._trusted:
            self._loader.trust(self._trusted)
        self._next_beat = 0.0

    def _beat(self, store: Outlet, loader: Loader) -> None:
        """Say that we live, and look whether what we rely on is still there."""
        self._next_beat = time.monotonic() + HEARTBEAT_S
        if self._trusted is None:
            self._read_trust(store, loader)
        store.check()
        store.put_process(self._process())

    def _read_trust(self, store: Outlet, loader: Loader) -> None:
        """Whom to believe: read once, so that a key planted later changes nothing here."""
        from codegenesis.ledger.keys import KeyRing

        try:
            approvers = KeyRing(store.directory / "keys").trusted_approvers()
        except VerificationError as error:
            log.warning("no new code is let in: %s. %s", error, error.remedy)
            self._trusted = ()
            return
        if approvers:
            self._trusted = approvers
            loader.trust(approvers)

    def _process(self) -> Process:
        """No trouble, or we could not say so; how much watching goes on."""
        now = self.governor.shares()
        return Process(
            id=self.id,
            service=self.config.service,
            role="app",
            host=socket.gethostname(),
            pid=os.getpid(),
            python=platform.python_version(),
            started_ns=self._started_ns,
            seen_ns=time.time_ns(),
            probe_share=self.governor.share(),
            probe_budget=self.governor.budget,
            watching=now.watching,
            canaries=self._canaries.shares().watching,
            agent=now.agent,
            dropped=self._mail.ring.dropped + box.dropped + incidents.box.dropped,
        )

    def _disarm(self) -> None:
        """The budget is used up: end all bursts, in the thread of the application that did it."""
        for gene in self._scout.ready:
            if gene.overlay is not None:
                probe.disarm(gene)

    def _deliver(self, store: Outlet, *, now: bool = False) -> None:
        """Samples at once, they decide about a canary; observations once a second, in a batch."""
        samples = list(self._intake.samples(self._mail.take_samples()))
        if samples:
            store.add_samples(samples)
        if time.monotonic() < self._next_delivery and not now:
            return
        self._next_delivery = time.monotonic() + DELIVERY_S
        began_ns = time.thread_time_ns()
        observations = list(self._intake.observations(self._mail.ring.drain()))
        if observations:
            store.add_observations(observations)
        self.governor.handle(time.thread_time_ns() - began_ns)
        # What the application told by itself is no watching: it must not keep calls unseen.
        rewards = box.take(service=self.config.service, process=self.id, secret=self._intake.key)
        if rewards:
            store.rewards.add(rewards)
        self._tell(store)

    def _tell(self, store: Outlet) -> None:
        """What went wrong in this process."""
        if self.config.events:
            hooks.install()
            told = incidents.box.take(
                service=self.config.service,
                process=self.id,
                clean=self._redactor.text,
                genes=self._registry,
            )
            store.events.add(told)

    def _clock_jumped(self) -> bool:
        """Was the time of day set? Then what has expired has to be looked at anew."""
        before, self._clock_ns = self._clock_ns, time.time_ns() - time.monotonic_ns()
        return abs(self._clock_ns - before) > _JUMP_NS

    def _obey(self, store: Outlet, loader: Loader, *, pressing: bool) -> None:
        frozen = store.frozen() is not None
        pressing = pressing or loader.pressing() or frozen != self._frozen or self._clock_jumped()
        if store.changed() or pressing:
            self._frozen = frozen
            loader.visit(self._scout.ready, frozen=frozen)
        if self._canaries.left_ns() <= 0:
            return
        for gene in self._scout.ready:
            if isinstance(gene.overlay, Router):
                gene.overlay.renew()


def digest_key(directory: Path) -> bytes:
    """The key of call digests: one per store, so that repeats are seen across processes.

    A process that can neither read nor make the file has a key of its own.
    """
    path, key = directory / "digest.key", os.urandom(32)
    beside = directory / f".digest.key.{key.hex()[:8]}"
    with contextlib.suppress(OSError):
        descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        try:
            os.link(beside, path)  # whole, or there already
        finally:
            beside.unlink()
    with contextlib.suppress(OSError):
        found = path.read_bytes()
        return found if len(found) == len(key) else key
    return key
