"""Leases: one holder at a time, by the store's clock, and no write by who has lost one."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from codegenesis.errors import LeaseLostError
from codegenesis.model import Gene, Release
from codegenesis.store import Store

BRIEF_S = 0.05


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_lease_has_one_holder_until_it_gives_it_back(store: Store) -> None:
    lease = store.leases.take("gene", holder="a", ttl_s=60)
    assert lease is not None
    assert (lease.name, lease.holder) == ("gene", "a")
    assert store.leases.take("gene", holder="b", ttl_s=60) is None
    assert store.leases.held() == [lease]
    store.leases.let_go("gene", holder="b")
    assert store.leases.held() == [lease]
    store.leases.let_go("gene", holder="a")
    assert store.leases.held() == []
    assert store.leases.take("gene", holder="b", ttl_s=60) is not None


def test_of_many_that_ask_one_gets_it(store: Store) -> None:
    def ask(number: int) -> int:
        names = (f"gene{n}" for n in range(10))
        return sum(
            store.leases.take(name, holder=f"e{number}", ttl_s=60) is not None for name in names
        )

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(ask, range(6))) == 10


def test_a_lease_that_ran_out_is_free_and_known_to_be_abandoned(store: Store) -> None:
    store.leases.take("gene", holder="a", ttl_s=BRIEF_S)
    until(lambda: store.leases.held() == [])
    assert [lease.holder for lease in store.leases.abandoned()] == ["a"]
    assert store.leases.renew(holder="a", ttl_s=60) == []
    assert store.leases.take("gene", holder="b", ttl_s=60) is not None
    assert store.leases.abandoned() == []


def test_renewing_keeps_all_that_a_holder_has(store: Store) -> None:
    for name in ("one", "two"):
        store.leases.take(name, holder="a", ttl_s=30)
    store.leases.take("other", holder="b", ttl_s=30)
    before = {lease.name: lease.until_ns for lease in store.leases.held()}
    renewed = store.leases.renew(holder="a", ttl_s=60)
    assert [lease.name for lease in renewed] == ["one", "two"]
    assert all(lease.until_ns > before[lease.name] + 25 * 10**9 for lease in renewed)
    assert store.leases.held()[1].until_ns == before["other"]


def test_who_has_lost_a_lease_cannot_release_under_it(
    store: Store, gene: Gene, release_of: Callable[..., Release]
) -> None:
    store.leases.take("gene", holder="a", ttl_s=60)
    with store.leases.under("gene", holder="a"):
        store.put_release(release_of(gene, "r1"))
        store.leases.let_go("gene", holder="a")
        store.leases.take("gene", holder="b", ttl_s=60)
        with pytest.raises(LeaseLostError, match="taken over"):
            store.move_release("r1", expect=["proposed"], stage="shadow")
        with pytest.raises(LeaseLostError):
            store.append_entry(kind="event", gene="g", variant="", envelope="{}", at_ns=1)
    assert [release.stage for release in store.releases()] == ["proposed"]
    assert store.entries() == []
    store.put_release(release_of(gene, "r2"))  # outside, nothing is asked


def test_other_threads_do_not_work_under_our_lease(
    store: Store, gene: Gene, release_of: Callable[..., Release]
) -> None:
    with store.leases.under("gene", holder="nobody"), ThreadPoolExecutor(1) as pool:
        pool.submit(store.put_release, release_of(gene, "r1")).result()
    assert len(store.releases()) == 1
