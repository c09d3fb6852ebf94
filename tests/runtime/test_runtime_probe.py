"""Bursts: what they record, and that they leave no trace."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis import wire
from codegenesis.runtime import probe
from codegenesis.runtime.capture import Capture, Raw
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.local import local

if TYPE_CHECKING:
    from conftest import Import, Purse

SHOP = """
    def add(a, b=1, *rest, c=2, **more):
        return a + b + c

    def fail(d):
        return d["missing"]

    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    def even(n):
        return True if n == 0 else odd(n - 1)

    def odd(n):
        return False if n == 0 else even(n - 1)

    def inner(x):
        return x

    def outer(x):
        total = 0
        for _ in range(200):
            total += inner(x)
        return total

    def change(items):
        items.append(1)

    class Cart:
        def __init__(self):
            self.__items = [1, 2]
        def total(self, factor=1):
            return sum(self.__items) * factor
        def walk(self, n):
            return 0 if n == 0 else 1 + self.walk(n - 1)
"""


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


def armed(function: Any, capture: Capture, purse: Purse, *, size: int = 4) -> LiveGene:
    gene = LiveGene(function)
    assert probe.arm(gene, size=size, capture=capture, purse=purse)
    return gene


def raws(capture: Capture) -> list[Raw]:
    return capture.ring.drain()


def test_a_burst_records_its_calls_and_leaves(shop: Any, capture: Capture, purse: Purse) -> None:
    gene = armed(shop.add, capture, purse, size=3)
    assert [shop.add(n) for n in range(5)] == [3, 4, 5, 6, 7]
    recorded = raws(capture)
    assert [wire.decode_call(raw.call) for raw in recorded] == [((n,), {}) for n in range(3)]
    assert [wire.decode(raw.value) for raw in recorded] == [3, 4, 5]
    assert all(raw.after == raw.call for raw in recorded)
    assert gene.overlay is None
    assert shop.add.__code__ is gene.current.code
    assert purse.spent_ns > 0


def test_nothing_is_armed_twice_or_over_something_else(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = armed(shop.add, capture, purse)
    assert not probe.arm(gene, size=4, capture=capture, purse=purse)
    probe.disarm(gene)
    assert shop.add.__code__ is gene.current.code
    assert probe.arm(gene, size=4, capture=capture, purse=purse)


def test_every_kind_of_parameter_arrives(shop: Any, capture: Capture, purse: Purse) -> None:
    armed(shop.add, capture, purse)
    assert shop.add(1, 2, 3, 4, c=5, d=6) == 8
    (raw,) = raws(capture)
    assert wire.decode_call(raw.call) == ((1, 2, 3, 4), {"c": 5, "d": 6})
    assert set(raw.sketch) == {"a", "b", "rest", "c", "d"}


def test_exceptions_pass_and_are_recorded(shop: Any, capture: Capture, purse: Purse) -> None:
    gene = armed(shop.fail, capture, purse)
    with pytest.raises(KeyError):
        shop.fail({})
    (raw,) = raws(capture)
    assert raw.error == "builtins.KeyError"
    assert raw.fingerprint == f"builtins.KeyError in {shop.__name__}:fail"
    assert raw.value == wire.encode_exception(KeyError("missing"))
    assert gene.seen_errors == {"builtins.KeyError"}


def test_what_a_call_does_to_its_arguments_is_recorded(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.change, capture, purse)
    shop.change([0])
    (raw,) = raws(capture)
    assert wire.decode_call(raw.call) == (([0],), {})
    assert wire.decode_call(raw.after) == (([0, 1],), {})


def test_only_the_outermost_call_of_a_recursion_is_recorded(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.fib, capture, purse, size=3)
    armed(shop.even, capture, purse, size=3)
    assert shop.fib(12) == 144
    assert shop.even(20) is True
    assert [wire.decode_call(raw.call)[0] for raw in raws(capture)] == [(12,), (20,)]


def test_after_a_recursive_call_the_burst_goes_on(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = armed(shop.fib, capture, purse, size=2)
    shop.fib(5)
    assert gene.overlay is not None
    shop.fib(6)
    shop.fib(7)
    assert [wire.decode_call(raw.call)[0] for raw in raws(capture)] == [(5,), (6,)]
    assert gene.overlay is None


@pytest.mark.parametrize("name", ["even", "walk"])
def test_the_recursion_depth_of_the_application_is_its_own(
    shop: Any, capture: Capture, purse: Purse, name: str
) -> None:
    function = shop.Cart.walk if name == "walk" else getattr(shop, name)
    call = shop.Cart().walk if name == "walk" else function
    bare = _deepest(call, lambda: None)
    gene = LiveGene(function)
    watched = _deepest(call, lambda: probe.arm(gene, size=10_000, capture=capture, purse=purse))
    assert bare - 10 <= watched <= bare


def _deepest(call: Any, before: Any) -> int:
    low, high = 1, 4000
    while low < high:
        before()
        middle = (low + high + 1) // 2
        try:
            call(middle)
            low = middle
        except RecursionError:
            high = middle - 1
    return low


def test_methods_are_recorded_with_self_as_a_sketch(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.Cart.total, capture, purse)
    assert shop.Cart().total(2) == 6
    (raw,) = raws(capture)
    assert raw.sketch["self"] == {"type": f"{shop.__name__}:Cart"}
    assert raw.sketch["factor"] == {"type": "int", "value": 2}


def test_a_probe_inside_a_probed_function_does_not_count_as_its_cost(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = armed(shop.inner, capture, purse, size=200)
    outer = armed(shop.outer, capture, purse, size=1)
    before = local.cpu_ns
    shop.outer(1)
    watching = local.cpu_ns - before
    cost = next(raw.cost for raw in raws(capture) if raw.gene is outer)
    assert gene.overlay is None
    assert watching > 0
    assert cost.cpu_ns < watching  # 200 additions against 200 probes


def test_the_rate_is_calls_over_time_since_arming(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.add, capture, purse, size=100)
    began = time.perf_counter_ns()
    for n in range(50):
        shop.add(n)
    elapsed = time.perf_counter_ns() - began
    watch = raws(capture)[-1].watch
    assert watch.rate() >= 49 / (elapsed / 1e9) * 0.5
    assert watch.rate() > 0


def test_an_observation_says_which_variant_ran(shop: Any, capture: Capture, purse: Purse) -> None:
    gene = LiveGene(shop.inner)
    gene.switch(Version(shop.change.__code__, variant="v1", loaded="d", release="r"))
    probe.arm(gene, size=1, capture=capture, purse=purse)
    shop.inner([])
    assert [raw.watch.variant for raw in raws(capture)] == ["v1"]


def test_a_burst_keeps_no_old_code_alive(shop: Any, capture: Capture, purse: Purse) -> None:
    gc.disable()
    try:
        gene = armed(shop.inner, capture, purse, size=2)
        old = weakref.ref(gene.current.code)
        for n in range(3):
            shop.inner(n)
        gene.switch(gene.original())
        assert old() is None
        assert gene.drained()
    finally:
        gc.enable()


def test_bursts_in_eight_threads_record_what_happened(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = LiveGene(shop.add)
    wrong: list[object] = []
    stop = threading.Event()

    def work(base: int) -> None:
        n = base
        while not stop.is_set():
            n += 1
            if shop.add(n, 1) != n + 3:
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(k * 1_000_000,)) for k in range(8)]
    for thread in threads:
        thread.start()
    recorded = []
    for _ in range(30):
        probe.arm(gene, size=16, capture=capture, purse=purse)
        recorded += raws(capture)
        time.sleep(0.002)
    stop.set()
    for thread in threads:
        thread.join()
    recorded += raws(capture)
    probe.disarm(gene)
    assert not wrong
    assert len(recorded) > 30
    for raw in recorded:
        if raw.keep:
            (a, *_), _ = wire.decode_call(raw.call)
            assert wire.decode(raw.value) == a + 3


def test_the_observer_of_a_failing_capture_does_not_disturb(
    shop: Any, capture: Capture, purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "_before", lambda *_: 1 / 0)
    armed(shop.add, capture, purse)
    assert shop.add(1) == 4
    (raw,) = raws(capture)
    assert raw.cost.cpu_ns >= 0
    assert not raw.keep
