"""The budget of watching holds, whatever calls cost, and `status` says how it is used."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis import reward
from codegenesis.runtime import probe
from codegenesis.runtime.capture import Capture, Ring
from codegenesis.runtime.governor import Governor
from codegenesis.runtime.observer import BLIND, Observer

if TYPE_CHECKING:
    from conftest import House, Import

SHOP = """
    def small(x):
        return x

    def large(items):
        return len(items)

    def burn(n):
        return sum(i * i for i in range(n))
"""


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


def burn(seconds: float) -> None:
    """Use CPU."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        sum(range(1000))


def spent(governor: Governor) -> Governor:
    """What this process has earned so far, in other tests, is used up."""
    governor.spend(int(governor.left_ns()))
    return governor


def test_what_a_process_uses_earns_a_share_of_it() -> None:
    governor = spent(Governor(0.1))
    before = governor.left_ns()
    burn(0.05)
    assert governor.left_ns() - before >= 0.1 * 0.05e9


def test_one_call_that_uses_up_the_rest_says_so_at_once() -> None:
    said: list[int] = []
    governor = Governor(0.01, overdrawn=lambda: said.append(1))
    left = governor.left_ns()
    governor.spend(int(left / 2))
    assert said == []
    governor.spend(int(left))
    assert said == [1]


def test_chores_take_at_most_half_of_what_is_earned() -> None:
    governor = spent(Governor(0.1))
    governor.work(int(3600e9))
    before = governor.left_ns()
    burn(0.05)
    assert governor.left_ns() - before >= 0.4 * 0.1 * 0.05e9


def test_the_agent_looks_less_often_when_looking_is_dear() -> None:
    governor = Governor(0.005)
    assert governor.pause_s(0.2) == 0.2
    governor.work(3_000_000_000)
    assert governor.pause_s(0.2) == 0.2
    for _ in range(100):
        governor.work(3_000_000)
    assert governor.pause_s(0.2) == pytest.approx(0.6, rel=0.1)
    for _ in range(100):
        governor.work(300_000_000)
    assert governor.pause_s(0.2) == 1.0


def test_handling_counts_as_watching_and_not_as_a_chore() -> None:
    governor = Governor(0.5)
    left = governor.left_ns()
    governor.handle(1_000_000)
    governor.work(1_000_000)
    burn(0.01)
    assert governor.share() > 0
    assert governor.left_ns() < left + 0.5 * 1e9
    now = governor.shares()
    assert now.watching == pytest.approx(now.agent)


def test_credit_is_spent_first_and_earned_later() -> None:
    governor = Governor(0.001, credit_ns=1e9)
    assert governor.left_ns() > 0.9e9
    governor.spend(2_000_000_000)
    assert governor.left_ns() < 0
    burn(0.02)
    assert governor.left_ns() < 0


def test_bursts_are_dealt_out_by_what_calls_cost() -> None:
    governor = Governor(1.0)
    burn(0.01)
    cheap = governor.bursts(16)
    for _ in range(5):
        governor.spend(10_000_000)
    burn(0.06)
    assert governor.bursts(16) < max(cheap, 1)


def test_huge_arguments_among_small_ones_do_not_break_the_budget(
    open_house: Callable[..., House], shop: Any
) -> None:
    """Costs of a call range over three orders of magnitude; what is booked stays in the budget."""
    house = open_house(probe_budget=0.02)
    for function in (shop.small, shop.large, shop.burn):
        house.add(function)
    governor, chance = house.session.governor, random.Random(7)
    huge = [str(n) * 8 for n in range(4000)]
    dearest, booked, spend = 0, 0, governor.spend

    def note(cpu_ns: int) -> None:
        nonlocal dearest, booked
        dearest, booked = max(dearest, cpu_ns), booked + cpu_ns
        spend(cpu_ns)

    governor.spend = note  # type: ignore[method-assign]
    end = time.process_time() + 0.25
    while time.process_time() < end:
        house.visit()
        for _ in range(20):
            shop.large(huge if chance.random() < 0.5 else [1])
            shop.small(1)
            shop.burn(2000)
    assert booked > 0
    assert booked <= 0.02 * time.process_time() * 1e9 + dearest


def test_an_overdraft_ends_every_burst_in_the_middle(
    open_house: Callable[..., House], shop: Any
) -> None:
    house = open_house(probe_budget=1.0, burst=1000)
    genes = [house.add(shop.small), house.add(shop.large)]
    house.visit()
    assert all(gene.overlay is not None for gene in genes)
    shop.small(1)
    house.session.governor.spend(int(3600e9))
    assert all(gene.overlay is None for gene in genes)


def test_canaries_are_measured_only_while_they_can_be_paid(
    open_house: Callable[..., House], shop: Any
) -> None:
    house = open_house(probe_budget=0.01)
    gene = house.add(shop.small)
    house.visit()
    house.release(gene, "def small(x):\n    return x", stage="canary", weight=0.5)
    house.visit()
    router: Any = gene.overlay
    router.quota = 0
    house.visit()
    assert router.quota > 0
    router.quota = 0
    house.session._canaries.spend(int(3600e9))
    house.visit()
    assert router.quota == 0


def test_a_process_says_what_watching_takes(house: House, shop: Any) -> None:
    house.add(shop.small)
    house.visit()
    (process,) = house.store.processes()
    assert process.note == ""
    assert process.probe_budget == 0.005
    assert process.watching >= 0.0
    assert process.agent >= process.watching
    assert process.dropped == 0


def test_what_the_application_tells_by_itself_keeps_no_call_unseen(house: House, shop: Any) -> None:
    house.add(shop.small)
    house.visit()
    for _ in range(2000):
        reward(1.0)
    governor = house.session.governor
    watching, agent = governor._spent_ns, governor._agent_ns
    house.session._next_delivery = 0.0
    house.visit()
    assert len(house.store.rewards.find(service=house.config.service)) == 2000
    assert 2 * (governor._spent_ns - watching) < governor._agent_ns - agent


def test_what_cannot_be_written_down_is_watched_seldom(house: House, imported: Any) -> None:
    module = imported("def drawn(chance):\n    return chance\n\n\ndef plain(x):\n    return x\n")
    blind, plain = house.add(module.drawn), house.add(module.plain)
    capture = Capture(mode="plain", sensitive=lambda _: False, key=b"k", ring=Ring())
    governor = Governor(1.0, credit_ns=1e12)
    observer = Observer(size=BLIND, capture=capture, governor=governor)
    observer.visit([blind, plain])
    for _ in range(BLIND):
        module.drawn(iter(()))
        module.plain(1)
    assert (blind.blind, plain.blind) == (BLIND, 0)
    armed = {blind: 0, plain: 0}
    for _ in range(200):
        observer.visit([blind, plain])
        for gene in armed:
            armed[gene] += gene.overlay is not None
            probe.disarm(gene)
    assert armed[plain] == 200
    assert 0 < armed[blind] < 100
