"""What ends a release from outside the canary's figures: its processes, its source, its age.

All of it is read from the store, so that it works whichever process noticed, and after a restart of
the engine.
"""

from __future__ import annotations

from codegenesis.model import Ack, Release
from codegenesis.store import Store

#: An app that has not been heard of for this long has no say any more.
GONE_NS = 15_000_000_000
#: Observations that are searched for what the original was seen to raise.
MEMORY = 5000
#: New crashes are looked for this often, and as far back again for what was flushed late.
CRASH_EVERY_NS = 1_000_000_000
CRASH_OVERLAP_NS = 3_000_000_000


def ended(store: Store, release: Release, *, now_ns: int) -> str:
    """Why the release is over without anybody's fault, in words; empty when it is not."""
    if now_ns >= release.expires_ns:
        return "its time to live is over"
    gene = store.gene(release.gene)
    if gene is not None and gene.base != release.base:
        return "the source that it was proven against has changed"
    return ""


def errors_of_original(store: Store, gene: str) -> set[str]:
    """Exception types that the original was seen to raise."""
    observations = store.observations(gene, limit=MEMORY, newest=True)
    return {each.error for each in observations if each.error and not each.variant}


class Watch:
    """Looks out for what processes report against one release."""

    def __init__(self) -> None:
        self._crashes_until_ns = 0

    def alarm(self, store: Store, release: Release, *, now_ns: int) -> str:
        """Why to roll back, in words; empty when nothing speaks for it."""
        acks = [ack for ack in store.acks(release.id) if ack.stage == release.stage]
        guards = [ack for ack in acks if ack.outcome == "rolled_back"]
        if guards:
            return f"the guard in {guards[0].process} took it out: {guards[0].detail}"
        refusal = _all_refuse(store, {ack.process: ack for ack in acks}, now_ns)
        return refusal or self._fresh_crash(store, release, now_ns)

    def _fresh_crash(self, store: Store, release: Release, now_ns: int) -> str:
        """An exception type of the new code that the old code was never seen to raise."""
        if now_ns - self._crashes_until_ns < CRASH_EVERY_NS:
            return ""
        since_ns = max(release.updated_ns, self._crashes_until_ns - CRASH_OVERLAP_NS)
        self._crashes_until_ns = now_ns
        crashes = {
            each.error
            for each in store.observations(release.gene, since_ns=since_ns)
            if each.error and each.variant == release.variant
        }
        fresh = crashes - errors_of_original(store, release.gene) if crashes else set()
        if not fresh:
            return ""
        return f"it raises {', '.join(sorted(fresh))}, which the old code was never seen to raise"


def _all_refuse(store: Store, latest: dict[str, Ack], now_ns: int) -> str:
    alive = {each.id for each in store.processes(role="app", seen_since_ns=now_ns - GONE_NS)}
    refused = {name: ack for name, ack in latest.items() if ack.outcome == "refused"}
    if not refused or not alive <= refused.keys() or len(refused) < len(latest):
        return ""
    return f"every process refuses it: {next(iter(refused.values())).detail}"
