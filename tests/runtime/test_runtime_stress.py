"""Eight threads call while everything that can happen to a function happens, all the time."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis.fragment import assemble
from codegenesis.model import Release
from codegenesis.runtime import probe
from codegenesis.runtime.guard import Guard
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.router import Router

if TYPE_CHECKING:
    from codegenesis.runtime.capture import Capture
    from conftest import Import, Purse

THREADS = 8
CALLS = 1_000_000
CHANGES = 600
CALLS_PER_ROUND = 10
DEADLINE_S = 60

SHOP = """
    def pair(a, b=1):
        return (1, a + b, 1)

    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    class Cart:
        def __init__(self, n):
            self.__n = n
        def total(self, extra=0, *, factor=1):
            return (self.__n + extra) * factor
        def walk(self, depth):
            return self.__n if depth == 0 else self.walk(depth - 1)
"""

#: Each variant answers as the original, but for the mark in a pair, which must be whole.
VARIANTS = {
    "pair": [
        "def pair(a, b=1):\n    mark = 2\n    return (mark, a + b, mark)",
        "MARK = 3\ndef pair(a, b=1):\n    return (MARK, b + a, MARK)",
    ],
    "fib": [
        "def fib(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n"
        "    return a",
        "import functools\n@functools.lru_cache\ndef fib(n):\n"
        "    return n if n < 2 else fib(n - 1) + fib(n - 2)",
    ],
    "Cart.total": [
        "def total(self, extra=0, *, factor=1):\n    n = self.__n\n    return (n + extra) * factor",
        "ZERO = 0\ndef total(self, extra=0, *, factor=1):\n"
        "    return ZERO + (self.__n + extra) * factor",
    ],
    "Cart.walk": [
        "def walk(self, depth):\n    return self.__n if not depth else self.walk(depth - 1)",
        "def walk(self, depth):\n    return self.__n",
    ],
}


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


@pytest.fixture(autouse=True)
def _hurried() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


class Caller(threading.Thread):
    """Calls, compares and counts."""

    def __init__(self, shop: Any, number: int, stop: threading.Event) -> None:
        super().__init__()
        self.stop = stop
        self.shop = shop
        self.number = number
        self.calls = 0
        self.wrong: list[object] = []

    def run(self) -> None:
        shop, cart = self.shop, self.shop.Cart(self.number)
        alias, bound = shop.pair, cart.total
        for n in itertools.count(self.number):
            if self.stop.is_set():
                return
            for first, middle, last in (alias(n), shop.pair(n, 1), alias(n, b=1), shop.pair(n)):
                if first != last or first not in (1, 2, 3) or middle != n + 1:
                    self.wrong.append((first, middle, last))
            own = self.number
            results = (bound(n), cart.total(extra=n), bound(n, factor=2), cart.total())
            expected = (own + n, own + n, 2 * (own + n), own)
            if results != expected:
                self.wrong.append((results, expected))
            if (cart.walk(2), shop.fib(3)) != (own, 2):
                self.wrong.append("recursion")
            self.calls += CALLS_PER_ROUND


def called(callers: list[Caller]) -> int:
    return sum(caller.calls for caller in callers)


def release() -> Release:
    return Release(
        id="r", gene="g", variant="v", base="b", stage="canary", weight=0.5, created_ns=0,
        updated_ns=0, expires_ns=1 << 62,
    )  # fmt: skip


def versions(gene: LiveGene) -> Iterator[Version]:
    """Endlessly new copies of the variants, as releases would bring them."""
    codes = [
        assemble(source, gene.function, owner=gene.owner, filename=f"<stress {gene.target} {n}>")
        for n, source in enumerate(VARIANTS[gene.qualname])
    ]
    for code in itertools.cycle(codes):
        yield Version(code, variant="v", loaded="d", release="r")


def harass(gene: LiveGene, new: Version, capture: Capture, purse: Purse) -> None:
    """Everything that can stand in front of a function, one after the other."""
    falls: deque[Any] = deque()
    probe.arm(gene, size=3, capture=capture, purse=purse)
    router = Router(
        gene, release=release(), candidate=new, samples=deque(maxlen=10), falls=falls, purse=purse
    )
    router.quota = 3
    gene.cover(router)
    yield_to_others()
    gene.switch(new, overlay=Guard(gene, release=release(), new=new, falls=falls, calls=3))
    yield_to_others()
    probe.arm(gene, size=3, capture=capture, purse=purse)
    gene.switch(gene.original())
    gene.uncover()
    assert not falls


def yield_to_others() -> None:
    time.sleep(0.0005)


@pytest.mark.slow
def test_a_million_calls_under_constant_change_give_no_wrong_result(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    functions = [shop.pair, shop.fib, shop.Cart.total, shop.Cart.walk]
    genes = [LiveGene(function) for function in functions]
    supply = {gene: versions(gene) for gene in genes}
    stop = threading.Event()
    callers = [Caller(shop, number, stop) for number in range(THREADS)]
    for caller in callers:
        caller.start()
    changes, deadline = 0, time.monotonic() + DEADLINE_S
    while (changes < CHANGES or called(callers) < CALLS) and time.monotonic() < deadline:
        for gene in genes:
            harass(gene, next(supply[gene]), capture, purse)
            changes += 1
        capture.ring.drain()
    stop.set()
    for caller in callers:
        caller.join()
    assert [caller.wrong for caller in callers] == [[]] * THREADS
    assert called(callers) >= CALLS
    assert changes >= CHANGES
    assert purse.spent_ns > 0
    for gene in genes:
        assert gene.function.__code__ is gene.current.code
