"""The agent's session on a real store: only what is proven runs, and everything can be undone."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis.errors import StoreError
from codegenesis.ledger import statements
from codegenesis.ledger.keys import _public_pem
from codegenesis.ledger.signing import Signer, sign
from codegenesis.model import Observation, Variant, digest
from codegenesis.runtime.guard import Guard
from codegenesis.runtime.probe import Burst
from codegenesis.runtime.router import Router

if TYPE_CHECKING:
    from conftest import House, Import

SHOP = """
    def which(x):
        return "old"

    def wait():
        gate()
        return "old"

    class Cart:
        def which(self):
            return "old"
"""

NEW = "def which(x):\n    return 'new'"

BAD = "def which(x):\n    return 1 / 0"


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


def test_a_gene_is_described_once_it_is_known(house: House, shop: Any) -> None:
    function, method = house.add(shop.which), house.add(shop.Cart.which)
    house.visit()
    genes = {gene.id: gene for gene in house.store.genes()}
    assert set(genes) == {f"shop/{function.target}", f"shop/{method.target}"}
    gene = genes[f"shop/{method.target}"]
    assert (gene.kind, gene.qualname, gene.line) == ("method", "Cart.which", 10)
    assert gene.source == 'def which(self):\n    return "old"\n'
    assert gene.base == method.base
    assert gene.root == gene.path.rpartition("/")[0]


def test_the_process_gives_a_sign_of_life(house: House, shop: Any) -> None:
    house.add(shop.which)
    house.visit()
    (process,) = house.store.processes(role="app")
    assert (process.service, process.id) == ("shop", house.session.id)
    assert 0 <= process.probe_share < 1


def test_calls_are_observed_and_stored(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    for n in range(5):
        shop.which(n)
    house.session.close()
    observed = house.observations(gene)
    assert [each.process for each in observed] == [house.session.id] * 5
    assert all(each.call and each.outcome and each.call_digest for each in observed)
    assert all(each.burst_rate > 0 for each in observed)


def test_a_live_release_is_swapped_in_guarded_and_acknowledged(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, NEW)
    house.visit()
    assert shop.which(1) == "new"
    assert isinstance(gene.overlay, Guard)
    (ack,) = house.acks(release)
    assert (ack.outcome, ack.stage, ack.loaded) == ("swapped", "live", digest(NEW))
    assert ack.latency_ns > 0
    house.visit(3)
    assert len(house.acks(release)) == 1


def test_a_method_is_swapped_too(house: House, shop: Any) -> None:
    gene = house.add(shop.Cart.which)
    house.visit()
    house.release(gene, "X = 'new'\ndef which(self):\n    return X + type(self).__name__")
    house.visit()
    assert shop.Cart().which() == "newCart"


@pytest.mark.parametrize("stage", ["rolled_back", "retired"])
def test_a_release_that_ends_gives_the_original_back(house: House, shop: Any, stage: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, NEW)
    house.visit()
    house.move(release, stage)
    house.visit()
    assert shop.which(1) == "old"
    assert house.outcomes(release) == ["swapped", "reverted"]
    assert house.acks(release)[-1].stage == stage
    assert house.acks(release)[-1].loaded == ""


def test_an_expired_release_gives_the_original_back(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, NEW, ttl_s=0.5)
    house.visit()
    assert shop.which(1) == "new"
    while time.time_ns() < release.expires_ns:
        time.sleep(0.01)
    house.visit()  # nothing has changed in the store, but the time has come
    assert shop.which(1) == "old"
    assert house.outcomes(release) == ["swapped", "reverted"]


def test_a_release_for_a_gene_that_comes_later_is_loaded_then(house: House, shop: Any) -> None:
    gene = house.add(shop.Cart.which)
    house.visit()
    later = house.add(shop.which)
    house.release(later, NEW)
    del gene
    house.visit()
    assert shop.which(1) == "new"


def test_shadow_swaps_nothing_but_watches_at_every_visit(
    open_house: Callable[..., House], shop: Any
) -> None:
    house = open_house(probe_budget=1.0)
    gene = house.add(shop.which)
    house.visit()
    house.release(gene, NEW, stage="shadow")
    house.visit()
    for n in range(40):
        assert shop.which(n) == "old"
        house.visit()
        assert isinstance(gene.overlay, Burst)


def test_a_canary_is_routed_and_promoted_with_the_same_code(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, NEW, stage="canary", weight=0.5)
    house.visit()
    router = gene.overlay
    assert isinstance(router, Router)
    router.quota = 200
    results = [shop.which(n) for n in range(200)]
    assert {"old", "new"} == set(results)
    house.visit()
    samples = house.store.samples(release.id)
    assert len(samples) == 200
    assert sum(sample.arm == "variant" for sample in samples) == results.count("new")
    assert all(sample.cpu_ns > 0 and sample.wall_ns > 0 for sample in samples)
    house.move(release, "live")
    house.visit()
    assert gene.current is router.brings
    assert {shop.which(n) for n in range(20)} == {"new"}
    assert [(a.outcome, a.stage) for a in house.acks(release)] == [
        ("swapped", "canary"),
        ("swapped", "live"),
    ]


def test_the_weight_of_a_canary_can_be_raised(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, NEW, stage="canary", weight=0.001)
    house.visit()
    house.move(release, "canary", weight=1.0)
    house.visit()
    assert {shop.which(n) for n in range(50)} == {"new"}


def test_a_failing_canary_is_rolled_back_everywhere_by_itself(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, BAD, stage="canary", weight=1.0, pure=True)
    house.visit()
    assert shop.which(1) == "old"
    assert gene.overlay is None
    house.visit()
    stored = house.store.release(release.id)
    assert stored
    assert stored.stage == "rolled_back"
    assert "ZeroDivisionError" in stored.reason
    assert house.outcomes(release) == ["swapped", "rolled_back"]
    assert [(s.error, s.regression) for s in house.store.samples(release.id)] == [
        ("builtins.ZeroDivisionError", True)
    ]


def test_a_fallen_release_does_not_come_back_whatever_the_store_says(
    house: House, shop: Any
) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, BAD, pure=True)
    house.visit()
    assert shop.which(1) == "old"
    house.visit()
    moved = house.store.release(release.id)
    assert moved
    house.move(moved, "live")
    house.visit()
    assert gene.current.variant == ""


def test_errors_seen_elsewhere_take_nothing_out(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    code = "def which(x):\n    raise LookupError(x)"
    house.store.add_observations(
        [
            Observation(
                gene=f"shop/{gene.target}", process="other", at_ns=1, wall_ns=1, cpu_ns=1,
                error="builtins.LookupError",
            )
        ]
    )  # fmt: skip
    release = house.release(gene, code)
    house.visit()
    with pytest.raises(LookupError):
        shop.which(1)
    house.visit()
    assert house.outcomes(release) == ["swapped"]


# --- what is refused ------------------------------------------------------------------------------


def refused(house: House, release: Any) -> str:
    acks = house.acks(release)
    assert acks[-1].outcome == "refused"
    return acks[-1].detail


def test_an_unsigned_release_is_refused_once_and_said_once(
    house: House, shop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gene = house.add(shop.which)
    house.visit()
    with caplog.at_level(logging.WARNING, "codegenesis"):
        release = house.release(gene, NEW, signed=False)
        house.visit(3)
    assert shop.which(1) == "old"
    assert len(house.acks(release)) == 1
    assert refused(house, release)
    assert len([r for r in caplog.records if "refused" in r.getMessage()]) == 1


@pytest.mark.parametrize(
    ("column", "value", "stage"),
    [("weight", 0.9, "canary"), ("pure", 1, "live"), ("stage", "live", "canary"),
     ("expires_ns", 1 << 61, "live"), ("objective", "heal", "live")],
)  # fmt: skip
def test_a_tampered_release_is_refused(
    house: House, shop: Any, column: str, value: object, stage: Any
) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, NEW, stage=stage)
    _tamper(house, f"UPDATE releases SET {column} = ?", value)
    house.visit()
    assert {shop.which(n) for n in range(50)} == {"old"}
    assert "does not match its signed decision" in refused(house, release)


def test_a_tampered_variant_is_refused_before_it_is_compiled(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    shop.hacked = False
    release = house.release(gene, NEW)
    evil = "globals()['hacked'] = True\ndef which(x):\n    return 'evil'"
    _tamper(house, "UPDATE variants SET source = ?", evil)
    house.visit()
    assert shop.which(1) == "old"
    assert shop.hacked is False
    assert refused(house, release)


def test_a_running_release_that_is_tampered_with_ends(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, NEW, stage="canary", weight=0.1)
    house.visit()
    assert isinstance(gene.overlay, Router)
    _tamper(house, "UPDATE releases SET weight = ?", 1.0)
    house.visit()
    assert not isinstance(gene.overlay, Router)
    assert {shop.which(n) for n in range(50)} == {"old"}
    assert house.outcomes(release) == ["swapped", "reverted", "refused"]


def test_a_key_that_is_planted_later_is_not_believed(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, NEW, signed=False)
    variant = house.store.variant(release.variant)
    assert variant
    mallory = Signer.generate()
    statement = statements.decision(
        release, variant, policy_digest="p", approver=mallory.public.id, reason="", at_ns=1
    )
    (house.keys.directory / "approver-mallory.pub").write_bytes(_public_pem(mallory.public))
    _tamper(house, "UPDATE releases SET decision = ?", sign(statement, mallory))
    house.visit()
    assert shop.which(1) == "old"
    assert "signature" in refused(house, release)


def test_a_release_for_another_source_is_refused(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    stale = Variant(gene=f"shop/{gene.target}", base=digest("other"), source=NEW, operator="t")
    house.store.put_variant(stale)
    release = house.release(gene, stale)
    house.visit()
    assert shop.which(1) == "old"
    assert "another source" in refused(house, release)


def test_a_fragment_that_does_not_fit_is_refused(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, "def which(x, y):\n    return 'new'")
    house.visit(2)
    assert shop.which(1) == "old"
    assert "takes (x)" in refused(house, release)
    assert len(house.acks(release)) == 1


def test_without_keys_nothing_is_loaded(house: House, shop: Any) -> None:
    for path in house.keys.directory.iterdir():
        path.rename(path.with_suffix(path.suffix + ".away"))
    gene = house.add(shop.which)
    house.visit()
    release = house.release(gene, NEW, signed=False)
    house.visit()
    assert shop.which(1) == "old"
    assert "no approver's key" in refused(house, release)


# --- freeze and drain -----------------------------------------------------------------------------


def test_freeze_takes_canaries_out_and_lets_nothing_in_live_stays(house: House, shop: Any) -> None:
    live, canary = house.add(shop.which), house.add(shop.Cart.which)
    late = house.add(shop.wait)
    house.visit()
    house.release(live, NEW)
    house.release(canary, "def which(self):\n    return 'new'", stage="canary", weight=1.0)
    house.visit()
    assert shop.Cart().which() == "new"
    house.store.freeze("test")
    house.release(late, "def wait():\n    return 'new'")
    shop.gate = lambda: None
    house.visit()
    assert (shop.which(1), shop.Cart().which(), shop.wait()) == ("new", "old", "old")
    house.store.thaw()
    house.visit()
    assert (shop.which(1), shop.Cart().which(), shop.wait()) == ("new", "new", "new")


def test_while_frozen_nothing_is_watched(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit(2)
    assert isinstance(gene.overlay, Burst)
    house.store.freeze("test")
    house.visit()
    assert gene.overlay is None
    house.store.thaw()
    house.visit()
    assert isinstance(gene.overlay, Burst)


def test_a_third_version_waits_until_the_first_has_drained(house: House, shop: Any) -> None:
    entered, go = threading.Event(), threading.Event()
    shop.gate = lambda: (entered.set(), go.wait(20))
    gene = house.add(shop.wait)
    house.visit()
    thread = threading.Thread(target=shop.wait)
    thread.start()
    assert entered.wait(20)
    first = house.release(gene, "def wait():\n    return 'second'")
    house.visit()
    assert shop.wait() == "second"
    third = house.release(gene, "def wait():\n    return 'third'")
    house.visit(3)
    assert shop.wait() == "second"
    assert house.acks(third) == []
    go.set()
    thread.join(20)
    house.visit()
    assert shop.wait() == "third"
    assert house.outcomes(third) == ["swapped"]
    assert house.outcomes(first)[0] == "swapped"


def test_going_back_never_waits(house: House, shop: Any) -> None:
    entered, go = threading.Event(), threading.Event()
    shop.gate = lambda: (entered.set(), go.wait(20))
    gene = house.add(shop.wait)
    house.visit()
    thread = threading.Thread(target=shop.wait)
    thread.start()
    assert entered.wait(20)
    release = house.release(gene, "def wait():\n    return 'second'")
    house.visit()
    house.move(release, "rolled_back")
    house.visit()
    assert gene.current.variant == ""
    go.set()
    thread.join(20)


def test_a_store_that_goes_away_takes_canaries_out_and_comes_back(house: House, shop: Any) -> None:
    gene = house.add(shop.which)
    house.visit()
    house.release(gene, NEW, stage="canary", weight=1.0)
    house.visit()
    assert shop.which(1) == "new"
    away = house.store.directory.with_name("away")
    house.store.directory.rename(away)
    house.session._next_beat = 0.0
    with pytest.raises(StoreError, match="not there any more"):
        house.visit()
    house.session.retreat()
    assert shop.which(1) == "old"
    away.rename(house.store.directory)
    house.visit(2)
    assert shop.which(1) == "new"


def _tamper(house: House, statement: str, value: object) -> None:
    with sqlite3.connect(house.store.path) as connection:
        connection.execute(statement, (value,))
    connection.close()
