"""The engine process: one loop that evolves one gene at a time and moves releases along.

It talks to applications through the store alone, and shares the work with engines of other hosts,
where there are any, by leases (`claims`). Evolving takes seconds, so it happens on a worker
thread (the work itself is in jailed processes), while the loop goes on stepping releases: a canary
that must be rolled back does not wait for a race to end.
"""

from __future__ import annotations

import logging
import os
import platform
import socket
import threading
import time
from concurrent.futures import Future
from contextlib import ExitStack

import msgspec

from codegenesis.config import Config
from codegenesis.delivery import Delivery
from codegenesis.errors import CodeGenesisError
from codegenesis.genome.retention import tidy
from codegenesis.ledger import Ledger
from codegenesis.lifecycle.asking import Authors, authors
from codegenesis.lifecycle.claims import RELEASES, claims
from codegenesis.lifecycle.evolution import Evolver
from codegenesis.lifecycle.evolved import Evolution
from codegenesis.lifecycle.jails import Jails
from codegenesis.lifecycle.schedule import next_gene, note_attempt
from codegenesis.lifecycle.snapshot import TROUBLE
from codegenesis.model import Gene, Process, Release, Stage
from codegenesis.store import Store

log = logging.getLogger("codegenesis.engine")

#: Looking for the next gene reads all traits, so it is not done at every poll.
LOOK_EVERY_S = 1.0
#: What is too old to be kept is looked for this often.
PRUNE_EVERY_S = 3600.0
#: While an error lasts it is said this often, not at every poll.
REPEAT_S = 30.0


class Engine:
    """The autonomous loop over one store.

    Args:
        store, ledger, config: what it works on; they stay the caller's to close.
        parent: pid whose end ends the loop too; 0 for none.
    """

    def __init__(self, store: Store, ledger: Ledger, config: Config, *, parent: int = 0) -> None:
        self._store = store
        self._config = config
        self._parent = parent
        self._delivery = Delivery(store, ledger, config)
        self._jails = Jails(config)
        self._evolver = Evolver(store, ledger, config)
        self._evolving: tuple[Gene, Future[Evolution]] | None = None
        self._next_look = 0.0
        self._next_prune = time.monotonic() + PRUNE_EVERY_S
        self._trouble = ""
        self._said: dict[str, float] = {}
        self._stages: dict[str, Stage] = {}
        self._process = _describe(config)
        self._claims = claims(store, engine=self._process.id)
        self._leading = True
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask the loop to end after this tick; safe from signal handlers and threads."""
        self._stop.set()

    def run(self) -> None:
        """Loop until `stop`, or until the parent is gone."""
        log.info("engine %s watches %s", self._process.id, self._store.place)
        with ExitStack() as models:
            self._evolver.authors = self._authors(models)
            try:
                while not self._stop.wait(self._config.poll_s) and not self._orphaned():
                    self.tick()
            finally:
                self._evolver.cancel()
                self._jails.close()
                self._give_back()

    def tick(self) -> None:
        """One round: say that we live, move releases, collect or start an evolution."""
        try:
            self._heartbeat()
            self._leading = self._claims.leads()
            if self._leading:
                self._lead()
            self._collect()
            if self._evolving is None and self._store.frozen() is None:
                self._start_next()
        except CodeGenesisError as error:
            # The loop outlives a bad round: the store may be locked or the disk full for a while.
            self._complain(error)

    def _lead(self) -> None:
        """What one engine of all does."""
        with self._claims.on(RELEASES):
            self._tell(self._delivery.round(executor=self._jails.borrow))
            self._prune()

    def _give_back(self) -> None:
        try:
            self._claims.close()
        except CodeGenesisError as error:
            self._complain(error)  # the leases run out by themselves

    def _authors(self, stack: ExitStack) -> Authors | None:
        """Models that the owner has named; without them, or with wrong settings, rules alone."""
        try:
            return stack.enter_context(authors(self._config, unattended=True, tell=log.info))
        except CodeGenesisError as error:
            self._complain(error)
            return None

    def _orphaned(self) -> bool:
        return bool(self._parent) and os.getppid() != self._parent

    def _heartbeat(self) -> None:
        note = "watching" if self._leading else "standing by, another engine moves the releases"
        note = f"evolving {self._evolving[0].target}" if self._evolving else note
        note = self._trouble or note
        self._process = msgspec.structs.replace(self._process, seen_ns=time.time_ns(), note=note)
        self._store.put_process(self._process)

    def _tell(self, releases: list[Release]) -> None:
        for release in releases:
            if self._stages.get(release.id) != release.stage:
                self._stages[release.id] = release.stage
                log.info("%s: %s, %s", release.gene, release.stage, release.reason)

    def _collect(self) -> None:
        if self._evolving is None or not self._evolving[1].done():
            return
        (gene, future), self._evolving = self._evolving, None
        try:
            self._land(gene, future)
        finally:
            self._claims.let_go(gene.id)

    def _land(self, gene: Gene, future: Future[Evolution]) -> None:
        try:
            evolution = future.result()
        except CodeGenesisError as error:
            # This gene cannot be evolved here; others may. It is not tried again until twice as
            # much is known of it.
            self._complain(error)
            self._trouble = f"{TROUBLE}{error} {error.remedy}" if error.exit_code == 8 else ""
            return
        self._trouble = ""
        log.info("%s: %s", gene.target, evolution.reason)
        if evolution.champion is not None:
            with self._claims.on(gene.id):
                self._delivery.open(evolution.champion, gene)

    def _prune(self) -> None:
        if time.monotonic() >= self._next_prune:
            left = tidy(self._store, self._config).waiting
            self._next_prune = time.monotonic() + (0.0 if left else PRUNE_EVERY_S)

    def _start_next(self) -> None:
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_EVERY_S
        gene = self._claims.orphan()
        if gene is not None:
            log.info("evolving %s: the engine that did is gone", gene.target)
            self._evolving = (gene, self._begin(gene))
            return
        candidate = next_gene(self._store, leave=self._claims.elsewhere())
        if candidate is not None and self._claims.claim(candidate.gene.id):
            log.info("evolving %s: %s", candidate.gene.target, candidate.reason)
            note_attempt(self._store, candidate.gene)
            self._evolving = (candidate.gene, self._begin(candidate.gene))

    def _begin(self, gene: Gene) -> Future[Evolution]:
        """On a daemon thread: when the engine is to end, it does not wait for a race."""
        future: Future[Evolution] = Future()

        def work() -> None:
            try:
                with self._claims.on(gene.id):
                    future.set_result(self._evolver.evolve(gene))
            except BaseException as error:  # noqa: BLE001 (thread boundary: handed on)
                future.set_exception(error)

        threading.Thread(target=work, name="codegenesis-evolve", daemon=True).start()
        return future

    def _complain(self, error: CodeGenesisError) -> None:
        words = f"{error} {error.remedy}".strip()
        if time.monotonic() - self._said.get(words, -REPEAT_S) >= REPEAT_S:
            self._said[words] = time.monotonic()
            log.warning("%s", words)


def _describe(config: Config) -> Process:
    now, host = time.time_ns(), socket.gethostname()
    return Process(
        id=f"engine-{host}-{os.getpid()}-{now // 1_000_000_000}",
        service=config.service,
        role="engine",
        host=host,
        pid=os.getpid(),
        python=platform.python_version(),
        started_ns=now,
        seen_ns=now,
    )
