"""Everything that `status` shows, read in one go."""

from __future__ import annotations

from codegenesis.model import ACTIVE_STAGES, Process, Record, Release
from codegenesis.store import Store

#: A process that has not been heard of for this long is gone.
GONE_NS = 15_000_000_000
#: An engine whose note begins so is of no use on this machine.
TROUBLE = "cannot evolve: "


class Snapshot(Record, frozen=True, kw_only=True):
    """The state of the loop.

    Attributes:
        frozen: reason of the freeze, None when not frozen.
        problems: what is wrong, in words; empty when healthy.
    """

    at_ns: int
    frozen: str | None
    processes: tuple[Process, ...]
    releases: tuple[Release, ...]
    genes: tuple[str, ...]
    observations: int
    problems: tuple[str, ...]


def snapshot(store: Store, *, at_ns: int) -> Snapshot:
    """Read the state; `at_ns` decides which processes count as gone."""
    processes = store.processes(seen_since_ns=at_ns - GONE_NS)
    releases = store.releases()
    return Snapshot(
        at_ns=at_ns,
        frozen=store.frozen(),
        processes=tuple(processes),
        releases=tuple(releases),
        genes=tuple(sorted(gene.target for gene in store.genes())),
        observations=sum(store.observation_counts().values()),
        problems=tuple(_problems(store, processes, releases)),
    )


def _problems(store: Store, processes: list[Process], releases: list[Release]) -> list[str]:
    problems = [f"{p.id}: {p.note}" for p in processes if p.role == "app" and p.note]
    problems += [f"{p.id} {p.note}" for p in processes if p.note.startswith(TROUBLE)]
    apps = any(p.role == "app" for p in processes)
    if apps and not any(p.role == "engine" for p in processes):
        problems.append("an app is running but no engine: start one with `codegenesis engine`")
    for release in releases:
        if release.stage in ACTIVE_STAGES:
            refused = [a for a in store.acks(release.id) if a.outcome == "refused"]
            problems += [f"{a.process} refuses release {release.id}: {a.detail}" for a in refused]
    return problems
