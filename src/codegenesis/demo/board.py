"""The state of every function of the shop, read from the store and nowhere else."""

from __future__ import annotations

from collections import Counter

import msgspec

from codegenesis.model import ACTIVE_STAGES, Gene, Record, Release, Trait
from codegenesis.store import Store


class FunctionRow(Record, frozen=True, kw_only=True):
    """One function in the demo's table.

    Attributes:
        stage: stage of its newest release, empty when it has none.
        verdict: what became of it, in words.
        before_ns, after_ns: mean CPU per call in the live server, of the old and the new code, on
            calls drawn at random; None without a canary.
        gain, low, high: CPU ratio old / new with its anytime-valid interval; > 1 is faster.
        pairs: pairs of live calls that the ratio rests on.
        gates: variants that came to each gate and those that survived it, in order.
        operator: what wrote the version, empty without one.
    """

    target: str
    stage: str
    verdict: str
    before_ns: float | None = None
    after_ns: float | None = None
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    pairs: int = 0
    gates: dict[str, tuple[int, int]] = {}
    operator: str = ""
    variant: str = ""


def board(store: Store) -> tuple[FunctionRow, ...]:
    """One row for each function that was observed, those with a release first."""
    counts = store.observation_counts()
    rows = [_row(store, gene) for gene in store.genes() if counts.get(gene.id)]
    return tuple(sorted(rows, key=lambda row: (not row.stage, row.target)))


def settled(store: Store, rows: tuple[FunctionRow, ...]) -> bool:
    """Whether some function was released and nothing is under way any more."""
    moving = any(row.stage in ("shadow", "canary") for row in rows)
    busy = any(p.note.startswith("evolving") for p in store.processes(role="engine"))
    return any(row.stage for row in rows) and not moving and not busy


def _row(store: Store, gene: Gene) -> FunctionRow:
    releases = store.releases(gene=gene.id)
    tried = _gates(store, gene)
    if not releases:
        return FunctionRow(
            target=gene.target, stage="", verdict=_unreleased(gene, tried), gates=tried
        )
    release = releases[-1]
    variant = store.variant(release.variant)
    traits = {t.name: t for t in store.traits(gene.id, variant=release.variant)}
    row = FunctionRow(
        target=gene.target,
        stage=release.stage,
        verdict=_verdict(release),
        gates=tried,
        operator=variant.operator if variant else "",
        variant=release.variant,
    )
    return msgspec.structs.replace(row, **_figures(traits))


def _unreleased(gene: Gene, tried: dict[str, tuple[int, int]]) -> str:
    if gene.refused:
        return f"not evolved: {gene.refused}"
    return "kept: no version was proven better" if tried else "left alone: not worth it"


def _verdict(release: Release) -> str:
    words = {"live": "healed" if release.objective == "heal" else "faster, live"}
    waiting = release.stage in (*ACTIVE_STAGES, "proposed")
    return words.get(release.stage, release.stage if waiting else f"{release.stage}")


def _figures(traits: dict[str, Trait]) -> dict[str, float | int]:
    figures: dict[str, float | int] = {}
    if gain := traits.get("canary_gain"):
        figures |= {"gain": gain.value, "low": gain.low, "high": gain.high, "pairs": gain.n}
    for field, name in (("before_ns", "canary_cpu_ns_before"), ("after_ns", "canary_cpu_ns_after")):
        if name in traits:
            figures[field] = traits[name].value
    return figures


def _gates(store: Store, gene: Gene) -> dict[str, tuple[int, int]]:
    """How many variants came to each gate, and how many survived it."""
    came: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for variant in store.variants(gene.id):
        for trial in store.trials(variant.id):
            came[trial.gate] += 1
            passed[trial.gate] += trial.verdict != "failed"
    return {gate: (count, passed[gate]) for gate, count in came.items()}
