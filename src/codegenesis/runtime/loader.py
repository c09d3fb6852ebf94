"""Brings what the store says of releases, once it is proven, into the live functions.

State is not kept here but read off the genes (`gene.current`, `gene.overlay`), so that a forked
child, or an agent that comes back after trouble with the store, goes on from what really runs.

Of the active releases of a gene, the newest live one is what should run, and the newest in canary
what should stand in front of it. A release that is not (or no longer) proven, expired, or made for
another source counts as none; then the original runs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from codegenesis.errors import CodeGenesisError, FragmentError, VerificationError
from codegenesis.fragment import assemble
from codegenesis.ledger.signing import PublicKey, admit
from codegenesis.model import ACTIVE_STAGES, Ack, Release, Stage, Variant, digest
from codegenesis.runtime.guard import Guard
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.mail import Mail
from codegenesis.runtime.outlet import Outlet
from codegenesis.runtime.probe import Purse
from codegenesis.runtime.router import Router

log = logging.getLogger("codegenesis")

#: Observations searched for what the original raised, before code of a gene is let in.
_MEMORY = 1000


class Wanted(NamedTuple):
    """What the store asks for of one gene."""

    live: Release | None = None
    canary: Release | None = None


class Loader:
    """Keeps the genes of this process in step with the releases in the store.

    Args:
        process: `Process.id`.
        mail: where canaries and guards leave word.
    """

    def __init__(
        self,
        store: Outlet,
        *,
        service: str,
        process: str,
        mail: Mail,
        purse: Purse,
    ) -> None:
        self.in_shadow: set[str] = set()
        self._store = store
        self._service = service
        self._process = process
        self._mail = mail
        self._purse = purse
        self._trusted: Collection[PublicKey] = ()
        self._acks: list[Ack] = []
        self._proven: dict[str, tuple[Release, Variant]] = {}
        self._refused: dict[str, Release] = {}
        self._acknowledged: set[tuple[str, Stage, float]] = set()
        self._due_ns = 0
        self._waiting = False

    def trust(self, approvers: Collection[PublicKey]) -> None:
        """Believe these keys from now on; the agent calls it once, so later files do not count."""
        self._trusted = approvers
        self._refused.clear()
        self._due_ns = 0

    def pressing(self) -> bool:
        """Is there something to do although the store has not changed?"""
        return self._waiting or bool(self._mail.falls) or time.time_ns() >= self._due_ns

    def visit(self, genes: Iterable[LiveGene], *, frozen: bool) -> None:
        """Bring all genes in step, and tell the store what became of it.

        Raises:
            StoreError: the store cannot be read or written.
        """
        self._note_falls()
        releases = self._store.releases(service=self._service, stages=ACTIVE_STAGES)
        now_ns = time.time_ns()
        self._due_ns = min(
            (r.expires_ns for r in releases if r.expires_ns > now_ns), default=1 << 62
        )
        self._waiting = False
        by_gene: dict[str, list[Release]] = {}
        for release in releases:
            by_gene.setdefault(release.gene, []).append(release)
        self.in_shadow = {r.gene.partition("/")[2] for r in releases if r.stage == "shadow"}
        for gene in genes:
            self._one(gene, by_gene.get(f"{self._service}/{gene.target}", []), frozen=frozen)
        self._send_acks()

    def retreat(self, genes: Iterable[LiveGene]) -> None:
        """Nobody can be told how canaries fare: take them out; what is live stays."""
        for gene in genes:
            if isinstance(gene.overlay, Router):
                gene.uncover()

    def _one(self, gene: LiveGene, releases: list[Release], *, frozen: bool) -> None:
        wanted = self._wanted(gene, releases, frozen=frozen)
        self._align_live(gene, wanted.live)
        self._align_canary(gene, wanted.canary)

    def _wanted(self, gene: LiveGene, releases: list[Release], *, frozen: bool) -> Wanted:
        live = canary = None
        for release in releases:  # oldest first, so the newest wins
            if release.stage == "shadow" or release.id in self._mail.fallen:
                continue
            loaded = gene.current.release == release.id
            if frozen and (release.stage == "canary" or not loaded):
                continue
            if not self._proves(gene, release):
                continue
            if release.stage == "live":
                live = release
            else:
                canary = release
        return Wanted(live, canary)

    # --- proof -----------------------------------------------------------------------------------

    def _proves(self, gene: LiveGene, release: Release) -> bool:
        """May this release run here? Nothing of it is compiled before this says yes."""
        if time.time_ns() >= release.expires_ns:
            return False
        proven = self._proven.get(release.id)
        if proven is not None and proven[0] == release:
            return True
        if self._refused.get(release.id) == release:
            return False
        try:
            variant = self._admit(gene, release)
        except (VerificationError, FragmentError) as error:
            self._refuse(gene, release, error)
            return False
        self._proven[release.id] = (release, variant)
        return True

    def _admit(self, gene: LiveGene, release: Release) -> Variant:
        variant = self._store.variant(release.variant)
        if variant is None:
            raise VerificationError(f"variant {release.variant} is not in the store")
        if not self._trusted:
            raise VerificationError("no approver's key was there when this process started")
        admit(release, variant, trusted=self._trusted)
        if release.base != gene.base:
            raise FragmentError("it was proven against another source than the one that runs here")
        if variant.backend != "python":
            raise FragmentError(f"its backend {variant.backend!r} is not known here")
        return variant

    def _refuse(self, gene: LiveGene, release: Release, error: CodeGenesisError) -> None:
        self._refused[release.id] = release
        self._proven.pop(release.id, None)
        log.warning(
            "%s keeps its code, release %s (%s) is refused: %s. %s",
            gene.target, release.id, release.stage, error, error.remedy,
        )  # fmt: skip
        self._ack(release, "refused", gene, detail=str(error))

    # --- the stores ------------------------------------------------------------------------------

    def _align_live(self, gene: LiveGene, release: Release | None) -> None:
        current = gene.current
        if release is None:
            if current.variant:
                gene.switch(gene.original())
                self._reverted(gene, current.release)
            return
        if current.release != release.id:
            version = self._version(gene, release)
            if version is None:
                return
            guard = Guard(gene, release=release, new=version, falls=self._mail.falls)
            gene.switch(version, overlay=guard)
        self._swapped(gene, release, gene.current)

    def _align_canary(self, gene: LiveGene, release: Release | None) -> None:
        router = gene.overlay if isinstance(gene.overlay, Router) else None
        if router and (release is None or router.release.id != release.id):
            gene.uncover(router)
            self._reverted(gene, router.release.id)
            router = None
        if release is None:
            return
        if router is None:
            version = self._version(gene, release)
            if version is None:
                return
            router = Router(
                gene, release=release, candidate=version, samples=self._mail.samples,
                falls=self._mail.falls, purse=self._purse,
            )  # fmt: skip
            gene.cover(router)
        router.weight, router.purse = release.weight, self._purse
        self._swapped(gene, release, router.brings)

    def _version(self, gene: LiveGene, release: Release) -> Version | None:
        """The release's code; None when it has to wait, or does not fit."""
        router = gene.overlay
        if isinstance(router, Router) and router.release.id == release.id:
            return router.brings  # from canary to live the code stays the same object
        if not gene.drained():
            self._waiting = True
            return None
        variant = self._proven[release.id][1]
        try:
            code = assemble(
                variant.source, gene.function, owner=gene.owner,
                filename=f"<codegenesis {gene.target} {variant.id[:8]}>",
            )  # fmt: skip
        except FragmentError as error:
            self._refuse(gene, release, error)
            return None
        self._recall_errors(gene)
        return Version(code, variant=variant.id, loaded=digest(variant.source), release=release.id)

    def _recall_errors(self, gene: LiveGene) -> None:
        """What the original raised in other processes is nothing new here either."""
        known = self._store.observations(
            f"{self._service}/{gene.target}", limit=_MEMORY, newest=True
        )
        gene.seen_errors |= {each.error for each in known if each.error and not each.variant}

    # --- the answers -----------------------------------------------------------------------------

    def _note_falls(self) -> None:
        """New code was taken out by its net: say so, and take the release out everywhere."""
        while self._mail.falls:
            fall = self._mail.falls[0]
            self._mail.fallen.add(fall.release)
            log.warning(
                "%s went back to its old code: the new code %s", fall.gene.target, fall.reason
            )
            release = self._store.release(fall.release)
            if release is not None:
                self._ack(release, "rolled_back", fall.gene, detail=fall.reason)
                self._store.move_release(
                    release.id, expect=("canary", "live"), stage="rolled_back",
                    reason=f"guard in {self._process}: {fall.reason}", at_ns=time.time_ns(),
                )  # fmt: skip
            self._mail.falls.popleft()

    def _send_acks(self) -> None:
        """A refusal last: it is what the engine has to learn, whatever was undone for it."""
        acks, self._acks = self._acks, []
        if acks:
            self._store.add_acks(sorted(acks, key=lambda ack: ack.outcome == "refused"))

    def _swapped(self, gene: LiveGene, release: Release, version: Version) -> None:
        key = (release.id, release.stage, release.weight)
        if key not in self._acknowledged:
            self._acknowledged.add(key)
            self._ack(release, "swapped", gene, loaded=version.loaded)

    def _reverted(self, gene: LiveGene, release_id: str) -> None:
        self._acknowledged = {key for key in self._acknowledged if key[0] != release_id}
        release = self._store.release(release_id)
        if release is not None:
            self._ack(release, "reverted", gene)

    def _ack(
        self,
        release: Release,
        outcome: Literal["swapped", "reverted", "refused", "rolled_back"],
        gene: LiveGene,
        *,
        loaded: str | None = None,
        detail: str = "",
    ) -> None:
        at_ns = time.time_ns()
        ack = Ack(
            release=release.id,
            process=self._process,
            stage=release.stage,
            outcome=outcome,
            loaded=gene.current.loaded if loaded is None else loaded,
            detail=detail,
            at_ns=at_ns,
            latency_ns=max(at_ns - release.updated_ns, 0),
        )
        self._acks.append(ack)
