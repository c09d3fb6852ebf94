"""The life of a release: proposed, shadow, canary, live, and out again.

    open ─► proposed ─► shadow ─► canary ─► live ─► retired     forward: by signed decisions
               │           │         │        │
               └──► rejected ◄───────┘        └──► rolled_back  backward: no signature needed

`rejected` is a release that never carried all calls: a mismatch in shadow, or a canary that stayed
undecided. `rolled_back` is one that a guard, the canary or a person took out. `retired` is one that
ended without a fault: its time was over, or the source changed.

What a canary has shown is kept in memory and built again from the store after a restart.
"""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Callable

from codegenesis.config import Config
from codegenesis.delivery.canary import LATE_NS, Canary, attempt
from codegenesis.delivery.moves import Mover
from codegenesis.delivery.policy import needs_person, policy_digest, rule_for
from codegenesis.delivery.sequential import Judgement
from codegenesis.delivery.shadow import ExecutorFactory, Shadow
from codegenesis.delivery.watch import Watch, ended
from codegenesis.errors import PolicyRefusedError, UsageError
from codegenesis.ledger.book import Ledger
from codegenesis.model import ACTIVE_STAGES, Champion, Gene, Release, Stage
from codegenesis.store import Store

#: Stages in which a release is under way; a gene has at most one.
OPEN_STAGES: tuple[Stage, ...] = ("proposed", *ACTIVE_STAGES)

#: A shadow gives up when this many times the wanted calls turned out not to be repeatable.
NOT_REPEATABLE = 8


class Delivery:
    """Moves releases along, one step at a time.

    Args:
        clock: Unix nanoseconds; another one for tests.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        config: Config,
        *,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._mover = Mover(store, ledger, policy_digest=policy_digest(config), clock=clock)
        self._shadows: dict[str, Shadow] = {}
        self._canaries: dict[str, Canary] = {}
        self._watches: defaultdict[str, Watch] = defaultdict(Watch)

    def open(self, champion: Champion, gene: Gene) -> Release:
        """Start a release of `champion`: in shadow, or proposed where a person has to approve.

        Raises:
            PolicyRefusedError: healing is off, the champion is for an older source, or the gene
                already has a release under way.
        """
        return self._step_proposed(self._proposed(champion, gene))

    def _proposed(self, champion: Champion, gene: Gene) -> Release:
        self._refuse(champion, gene)
        now = self._clock()
        release = Release(
            id=secrets.token_hex(4),
            gene=gene.id,
            variant=champion.variant.id,
            base=gene.base,
            objective=champion.objective,
            stage="proposed",
            pure=champion.pure,
            reason=self._why(champion),
            created_ns=now,
            updated_ns=now,
            expires_ns=now + int(self._config.ttl_s * 1e9),
        )
        self._mover.witness(gene, champion)
        self._store.put_release(release)
        return release

    def force(self, champion: Champion, gene: Gene, *, reason: str) -> Release:
        """Start a release in canary at once: a person with the approver's key skips the shadow.

        The guard, the sequential rule and rollback stay in force. The decision names the reason.

        Raises:
            PolicyRefusedError: as for `open`.
        """
        release = self._proposed(champion, gene)
        weight = self._config.canary_weight
        forced = self._mover.advance(release, "canary", weight=weight, reason=f"forced: {reason}")
        if forced.stage != "shadow":
            return forced
        # An engine saw it between the two writes and took it into shadow: go on from there.
        return self._mover.advance(forced, "canary", weight=weight, reason=f"forced: {reason}")

    def approve(self, release_id: str, *, by: str = "a person") -> Release:
        """Let a proposed release begin.

        Args:
            release_id: id or unique prefix.
            by: who approves, for the record.

        Raises:
            UsageError: there is no such release, or it is not waiting for approval.
            PolicyRefusedError: the store is frozen.
        """
        release = self._find(release_id)
        if release.stage != "proposed":
            raise UsageError(
                f"release {release.id} is {release.stage}, only a proposed one can be approved",
                remedy="`codegenesis status` lists the releases that wait for approval.",
            )
        frozen = self._store.frozen()
        if frozen is not None:
            raise PolicyRefusedError(
                f"nothing moves forward while evolution is frozen ({frozen})",
                remedy="Thaw it first: codegenesis thaw",
            )
        return self._mover.advance(release, "shadow", reason=f"approved by {by}")

    def rollback(self, release_id: str, reason: str) -> Release:
        """Take a release out, whatever stage it is in; the old code is back at the next poll.

        Args:
            release_id: id or unique prefix.

        Returns:
            The release as it now is; one that was out already is left as it was.

        Raises:
            UsageError: there is no such release.
        """
        release = self._find(release_id)
        stage: Stage = "rejected" if release.stage == "proposed" else "rolled_back"
        return self._mover.retreat(release, stage, expect=OPEN_STAGES, reason=reason)

    def step(self, release: Release, *, executor: ExecutorFactory) -> Release:
        """Look at one release and move it if it is time; the release as it now is.

        While the store is frozen nothing moves forward; everything may still move back.

        Args:
            executor: makes a sandbox for a gene, for replaying live calls in shadow.
        """
        if release.stage not in OPEN_STAGES:
            return release
        now = self._clock()
        over = ended(self._store, release, now_ns=now)
        if over:
            stage: Stage = "rejected" if release.stage in ("proposed", "shadow") else "retired"
            return self._mover.retreat(release, stage, reason=over)
        if release.stage == "proposed":
            return self._step_proposed(release)
        if release.stage == "shadow":
            return self._step_shadow(release, executor)
        alarm = self._watches[release.id].alarm(self._store, release, now_ns=now)
        if alarm:
            return self._mover.retreat(release, "rolled_back", reason=alarm)
        return self._step_canary(release) if release.stage == "canary" else self._step_live(release)

    def round(self, *, executor: ExecutorFactory) -> list[Release]:
        """Step every release under way, and record what guards took out by themselves.

        Returns:
            The releases that were under way, as they now are.
        """
        self._mover.record_guards()
        under_way = self._store.releases(stages=OPEN_STAGES)
        self._forget_all_but({release.id for release in under_way})
        return [self.step(release, executor=executor) for release in under_way]

    def judgement(self, release_id: str) -> Judgement | None:
        """What the canary of this release has shown so far; None before its first step."""
        canary = self._canaries.get(release_id)
        return canary.judgement if canary else None

    def _why(self, champion: Champion) -> str:
        waits = needs_person(self._config, champion)
        hypothesis = champion.variant.hypothesis
        return f"waits for approval: {waits}; {hypothesis}" if waits else hypothesis

    def _step_proposed(self, release: Release) -> Release:
        champion = self._store.champion(release.variant)
        if champion is None or needs_person(self._config, champion):
            return release
        return self._mover.advance(release, "shadow", reason="opened under the owner's policy")

    def _step_shadow(self, release: Release, executor: ExecutorFactory) -> Release:
        shadow = self._shadows.setdefault(release.id, Shadow(release.updated_ns + 1))
        found = shadow.look(
            self._store,
            self._mover.gene(release),
            self._mover.variant(release),
            objective=release.objective,
            executors=executor,
        )
        wanted = self._config.shadow_calls
        counts = f"{found.agreed} fresh calls agree in shadow, {found.excluded} are not repeatable"
        if found.mismatch:
            return self._mover.retreat(release, "rejected", reason=f"{counts}; {found.mismatch}")
        if found.agreed >= wanted:
            weight = self._config.canary_weight
            return self._mover.advance(release, "canary", weight=weight, reason=counts)
        if found.excluded >= NOT_REPEATABLE * wanted or self._is_late(release):
            reason = f"{counts}; {wanted} have to agree"
            return self._mover.retreat(release, "rejected", reason=reason)
        return release

    def _step_canary(self, release: Release) -> Release:
        canary = self._canaries.get(release.id)
        if canary is None:
            rule = rule_for(self._config, release, attempt=attempt(self._store, release))
            patience_ns = int(self._config.canary_s * 0.5e9)
            canary = Canary(release, rule, patience_ns=patience_ns)
            self._canaries[release.id] = canary
        judgement = canary.look(self._store, release, now_ns=self._clock())
        self._store.put_traits(canary.traits(release, at_ns=self._clock()))
        if judgement.verdict == "roll_back":
            return self._mover.retreat(release, "rolled_back", reason=judgement.reason)
        if judgement.verdict == "promote":
            return self._mover.advance(release, "live", weight=1.0, reason=judgement.reason)
        if self._is_late(release):
            reason = f"undecided after {self._config.canary_s:g} s; {judgement.reason}"
            return self._mover.retreat(release, "rejected", reason=reason)
        return release

    def _step_live(self, release: Release) -> Release:
        """Rewards of uses that its canary has met may come late."""
        canary = self._canaries.get(release.id)
        if canary is None or self._clock() - release.updated_ns > LATE_NS:
            return release
        worse = canary.worse(self._store, release)
        return self._mover.retreat(release, "rolled_back", reason=worse) if worse else release

    def _refuse(self, champion: Champion, gene: Gene) -> None:
        if champion.objective == "heal" and self._config.heal == "off":
            raise PolicyRefusedError(
                f"a version of {gene.target} handles what the original crashes on, "
                "and healing is off",
                remedy="Set heal to approve or auto to let such versions in.",
            )
        if champion.variant.base != gene.base:
            raise PolicyRefusedError(
                f"the champion was made for an older source of {gene.target}",
                remedy="Let it evolve again from the present source.",
            )
        busy = self._store.releases(gene=gene.id, stages=OPEN_STAGES)
        if busy:
            raise PolicyRefusedError(
                f"{gene.target} already has release {busy[0].id} under way ({busy[0].stage})",
                remedy=f"Wait for it, or take it out: codegenesis rollback {busy[0].id}",
            )

    def _find(self, release_id: str) -> Release:
        found = self._store.release(release_id)
        if found is None:
            raise UsageError(
                f"there is no release {release_id!r}",
                remedy="`codegenesis status` lists the releases.",
            )
        return found

    def _is_late(self, release: Release) -> bool:
        return self._clock() - release.updated_ns > self._config.canary_s * 1e9

    def _forget_all_but(self, under_way: set[str]) -> None:
        for progress in (self._shadows, self._canaries, self._watches):
            for gone in progress.keys() - under_way:
                del progress[gone]
