"""A small house with one release that has gone all the way to live, honestly."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from codegenesis.ledger import KeyRing, Ledger, Report, verify_all
from codegenesis.model import Ack, Champion, Gain, Gene, Release, Trial, Variant, digest
from codegenesis.store import Store

DAY_NS = 86400 * 10**9

#: When everything was decided: long before "now", so that nothing counts as under way.
THEN_NS = 1_700_000_000 * 10**9
NOW_NS = THEN_NS + DAY_NS
EXPIRES_NS = THEN_NS + 30 * DAY_NS


@dataclass
class House:
    """All that takes part, and the times at which it happens."""

    day_ns = DAY_NS
    then_ns = THEN_NS
    now_ns = NOW_NS
    expires_ns = EXPIRES_NS

    store: Store
    keys: KeyRing
    ledger: Ledger
    gene: Gene
    champion: Champion

    @property
    def variant(self) -> Variant:
        """The champion's variant."""
        return self.champion.variant

    @property
    def release(self) -> Release:
        """The release as the store has it."""
        found = self.store.release("rel1")
        assert found is not None
        return found

    def verify(self, *, now_ns: int = NOW_NS) -> Report:
        """Check with keys freshly read from disk, as a command does."""
        return verify_all(self.store, KeyRing(self.keys.directory), now_ns=now_ns)

    def advance(self, stage: str, weight: float = 0.0, *, at_ns: int = THEN_NS) -> Release:
        """Decide and move, as delivery does."""
        before = self.release
        decision = self.ledger.decide(
            before,
            self.variant,
            stage=stage,  # type: ignore[arg-type]
            weight=weight,
            policy_digest="p" * 64,
            reason=f"fit for {stage}",
            at_ns=at_ns,
        )
        moved = self.store.move_release(
            before.id,
            expect=(before.stage,),
            stage=stage,  # type: ignore[arg-type]
            weight=weight,
            decision=decision,
            at_ns=at_ns,
        )
        assert moved is not None
        return moved

    def acknowledge(self, source: str | None = None) -> None:
        """A process says that it swapped the release in."""
        loaded = digest(self.variant.source if source is None else source)
        release = self.release
        ack = Ack(
            release=release.id,
            process="h-1-1",
            stage=release.stage,
            outcome="swapped",
            loaded=loaded,
            at_ns=THEN_NS,
        )
        self.store.add_acks([ack])


def make_champion(gene: Gene, source: str) -> Champion:
    """A champion with one trial."""
    variant = Variant(gene=gene.id, base=gene.base, source=source, operator="hoist", seed=7)
    trial = Trial(
        variant=variant.id,
        gate="replay",
        verdict="passed",
        checks=9,
        measurements={"calls": 9, "share": float("nan")},
    )
    gain = Gain(ratio=4.2, low=4.0, high=float("inf"), n=50, before_ns=420, after_ns=100.5)
    return Champion(
        variant=variant, objective="speed", gain=gain, trials=(trial,), pure=True, diff="--- a\n"
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of a house whose release went from proposed to live, everything signed."""
    gene = Gene(
        service="shop",
        module="shop.pricing",
        qualname="quote",
        kind="function",
        path="/srv/shop/pricing.py",
        root="/srv",
        line=3,
        source="def quote(basket):\n    return sum(basket)\n",
    )
    champion = make_champion(gene, "def quote(basket):\n    return sum(basket) + 0\n")
    directory = tmp_path_factory.mktemp("house") / ".codegenesis"
    with Store.open(directory / "genesis.db") as store:
        keys = KeyRing(directory / "keys").ensure()
        made = House(store, keys, Ledger(store, keys), gene, champion)
        store.put_genes([gene])
        store.put_champion(champion)
        release = Release(
            id="rel1",
            gene=gene.id,
            variant=champion.variant.id,
            base=gene.base,
            stage="proposed",
            pure=True,
            created_ns=THEN_NS,
            updated_ns=THEN_NS,
            expires_ns=EXPIRES_NS,
        )
        made.ledger.provenance(gene, champion.variant, objective="speed", seed=7, at_ns=THEN_NS)
        made.ledger.evidence(gene, champion, at_ns=THEN_NS)
        store.put_release(release)
        made.advance("shadow")
        made.advance("canary", 0.5)
        made.acknowledge()
        made.advance("live", 1.0)
        made.acknowledge()
    return directory


@pytest.fixture
def house(built: Path, tmp_path: Path) -> Iterator[House]:
    """A house of the test's own, to do with as it likes."""
    directory = shutil.copytree(built, tmp_path / ".codegenesis")
    with Store.open(directory / "genesis.db") as store:
        keys = KeyRing(directory / "keys")
        (gene,) = store.genes()
        (champion,) = store.champions(gene.id)
        yield House(store, keys, Ledger(store, keys), gene, champion)
