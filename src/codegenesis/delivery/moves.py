"""Moving a release: forward with a signed decision, backward at once.

Every move is a compare-and-set on the store, so two engines, a person and a guard in the user's
process may act at the same moment: one wins, the others find the release where they did not expect
it and let it be. Going back never waits for a signature, a lock or the engine: that is what makes
it safe to go forward.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from codegenesis.errors import StoreError
from codegenesis.ledger.book import Ledger
from codegenesis.model import Champion, Gene, Release, Stage, Variant
from codegenesis.store import Store

_GUARDED: tuple[Stage, ...] = ("rolled_back",)


class Mover:
    """The only one who writes stages.

    Args:
        policy_digest: the terms that decisions are signed under.
        clock: Unix nanoseconds.
    """

    def __init__(
        self, store: Store, ledger: Ledger, *, policy_digest: str, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._policy_digest = policy_digest
        self._clock = clock
        self._recorded: set[str] = set()

    def witness(self, gene: Gene, champion: Champion) -> None:
        """Keep the champion, and put its evidence on record unless it is there already."""
        self._store.put_champion(champion)
        entries = self._store.entries(variant=champion.variant.id)
        if not any(entry.kind == "evidence" for entry in entries):
            self._ledger.evidence(gene, champion, at_ns=self._clock())

    def advance(
        self, release: Release, stage: Stage, *, weight: float = 0.0, reason: str
    ) -> Release:
        """Forward: signed first, so that no process ever sees the stage without its decision.

        While the store is frozen nothing moves forward, and the release is given back as it is.
        """
        if self._store.frozen() is not None:
            return release
        now = self._clock()
        decision = self._ledger.decide(
            release,
            self.variant(release),
            stage=stage,
            weight=weight,
            policy_digest=self._policy_digest,
            reason=reason,
            at_ns=now,
        )
        moved = self._store.move_release(
            release.id,
            expect=(release.stage,),
            stage=stage,
            weight=weight,
            decision=decision,
            reason=reason,
            at_ns=now,
        )
        if moved is None:
            self._note(release, "superseded", f"somebody moved it before it could be {stage}")
        return moved or self.current(release)

    def retreat(
        self, release: Release, stage: Stage, *, expect: Collection[Stage] = (), reason: str
    ) -> Release:
        """Backward, from `expect` or else from the stage that `release` shows; recorded after."""
        moved = self._store.move_release(
            release.id,
            expect=expect or (release.stage,),
            stage=stage,
            reason=reason,
            at_ns=self._clock(),
        )
        if moved is None:
            return self.current(release)
        self._note(moved, stage, reason)
        return moved

    def record_guards(self) -> None:
        """Put on record what guards took out: they act in the user's process and have no key."""
        for release in self._store.releases(stages=_GUARDED):
            if release.id in self._recorded:
                continue
            entries = self._store.entries(variant=release.variant)
            if any(e.kind == "event" and e.at_ns >= release.updated_ns for e in entries):
                self._recorded.add(release.id)
            else:
                self._note(release, "rolled_back", release.reason or "a guard took it out")

    def current(self, release: Release) -> Release:
        """The release as the store has it.

        Raises:
            StoreError: it is gone.
        """
        found = self._store.release(release.id)
        if found is None:
            raise StoreError(f"release {release.id} is not in the store any more")
        return found

    def variant(self, release: Release) -> Variant:
        """The variant that the release is of.

        Raises:
            StoreError: it is not in the store.
        """
        found = self._store.variant(release.variant)
        if found is None:
            raise _missing(release, f"variant {release.variant}")
        return found

    def gene(self, release: Release) -> Gene:
        """The gene that the release is for.

        Raises:
            StoreError: it is not in the store.
        """
        found = self._store.gene(release.gene)
        if found is None:
            raise _missing(release, f"gene {release.gene}")
        return found

    def _note(self, release: Release, name: str, reason: str) -> None:
        if name == "rolled_back":
            self._recorded.add(release.id)
        self._ledger.event(release.gene, release.variant, name, reason, at_ns=self._clock())


def _missing(release: Release, what: str) -> StoreError:
    return StoreError(
        f"release {release.id} names {what}, which is not in the store",
        remedy=f"Take it out: codegenesis rollback {release.id}",
    )
