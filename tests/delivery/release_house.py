"""A service with one gene, for tests of releases: real store, ledger and delivery."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
from canary_data import calls

from codegenesis import wire
from codegenesis.config import Config
from codegenesis.delivery import Delivery
from codegenesis.ledger.book import Ledger
from codegenesis.ledger.keys import KeyRing
from codegenesis.ledger.signing import admit, open_envelope
from codegenesis.model import (
    Ack,
    Champion,
    Gain,
    Gene,
    Observation,
    Process,
    Release,
    Variant,
)
from codegenesis.sandbox import Environment
from codegenesis.sandbox.testing import InProcessExecutor
from codegenesis.store import Store

ORIGINAL = """\
def mean(values):
    total = 0
    for value in values:
        total += value
    return total / len(values)
"""
FASTER = """\
def mean(values):
    return sum(values) / len(values)
"""
WRONG = """\
def mean(values):
    return sum(values) // len(values)
"""
HEALED = """\
def mean(values):
    return sum(values) / len(values) if values else 0.0
"""
CLOCK_NS = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


class House:
    """A service with one gene, its store, ledger and delivery, and a clock that stands still."""

    def __init__(self, directory: Path, **settings: object) -> None:
        self.path = directory / "stats.py"
        self.path.write_text(ORIGINAL)
        self.store = Store.open(directory / ".codegenesis" / "genesis.db")
        self.keys = KeyRing(self.store.directory / "keys").ensure()
        self.ledger = Ledger(self.store, self.keys)
        self.now_ns = CLOCK_NS
        self.gene = Gene(
            service="shop",
            module="stats",
            qualname="mean",
            kind="function",
            path=str(self.path),
            root=str(directory),
            line=1,
            source=ORIGINAL,
        )
        self.store.put_genes([self.gene])
        self.configure(**settings)

    def configure(self, **settings: object) -> None:
        """Settings anew, and a delivery that remembers nothing: an engine that restarted."""
        self.config = Config(
            **{"shadow_calls": 3, "canary_pairs": 200, "min_strength": 0.0, **settings}
        )  # type: ignore[arg-type]
        self.delivery = Delivery(self.store, self.ledger, self.config, clock=lambda: self.now_ns)

    def champion(self, source: str = FASTER, **fields: object) -> Champion:
        variant = Variant(gene=self.gene.id, base=self.gene.base, source=source, operator="test")
        gain = Gain(ratio=2.0, low=1.9, high=2.1, n=50, before_ns=2000, after_ns=1000)
        known = {"objective": "speed", "gain": gain, "trials": (), "pure": True, "diff": ""}
        return Champion(variant=variant, **{**known, **fields})  # type: ignore[arg-type]

    def open(self, source: str = FASTER, **fields: object) -> Release:
        return self.delivery.open(self.champion(source, **fields), self.gene)

    @contextlib.contextmanager
    def executor(self, gene: Gene) -> Iterator[InProcessExecutor]:
        with InProcessExecutor(Environment.for_gene(gene)) as executor:
            yield executor

    def live_call(self, *arguments: object, answer: bytes | None = None, **fields: object) -> None:
        """The live process answers one call with the old code, and records it."""
        self.now_ns += 1000
        call = wire.encode_call(arguments, {})
        with self.executor(self.gene) as executor:
            outcome = executor.candidate("mean", None).call(call)
        if answer is not None:
            outcome = msgspec.structs.replace(outcome, value=answer)
        observation = {"call": call, "outcome": outcome, **fields}
        self.observe(**observation)

    def observe(self, **fields: object) -> None:
        known = {"gene": self.gene.id, "process": "p", "wall_ns": 1, "cpu_ns": 1}
        self.store.add_observations([Observation(at_ns=self.now_ns, **{**known, **fields})])  # type: ignore[arg-type]

    def step(self, release: Release) -> Release:
        return self.delivery.step(self.reread(release), executor=self.executor)

    def reread(self, release: Release) -> Release:
        found = self.store.release(release.id)
        assert found is not None
        return found

    def in_canary(self, source: str = FASTER, **fields: object) -> Release:
        release = self.open(source, **fields)
        for number in range(self.config.shadow_calls):
            self.live_call([number, 2, 3])
        release = self.step(release)
        assert release.stage == "canary"
        return release

    def live(self) -> Release:
        release = self.in_canary()
        self.store.add_samples(calls(2000, cost=0.3, release=release.id))
        release = self.step(release)
        assert release.stage == "live"
        return release

    def ack(self, release: Release, outcome: str, process: str = "p", detail: str = "") -> None:
        self.store.add_acks(
            [
                Ack(
                    release=release.id,
                    process=process,
                    stage=release.stage,
                    outcome=outcome,  # type: ignore[arg-type]
                    detail=detail,
                    at_ns=self.now_ns,
                )
            ]
        )

    def app(self, name: str, *, seen_ns: int | None = None) -> None:
        seen = self.now_ns if seen_ns is None else seen_ns
        process = {"service": "shop", "role": "app", "host": "h", "pid": 1, "python": "3.11"}
        self.store.put_process(Process(id=name, started_ns=1, seen_ns=seen, **process))  # type: ignore[arg-type]

    def record(self, kind: str) -> list[dict[str, object]]:
        """Predicates of the ledger's entries of one kind."""
        trusted = (*self.keys.trusted_approvers(), *self.keys.trusted_engines())
        entries = [entry for entry in self.store.entries() if entry.kind == kind]
        return [open_envelope(entry.envelope, trusted)["predicate"] for entry in entries]

    def admitted(self, release: Release) -> None:
        """What a process checks before it loads anything."""
        variant = self.store.variant(release.variant)
        assert variant is not None
        admit(release, variant, trusted=self.keys.trusted_approvers(), now_ns=self.now_ns)
