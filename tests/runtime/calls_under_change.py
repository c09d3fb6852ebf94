"""A script: eight threads call while everything that can happen to a function happens to it.

Six call functions, methods and generators, two run an event loop with coroutines and asynchronous
generators. Prints how many calls there were; fails at the first wrong result.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import itertools
import sys
import tempfile
import textwrap
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from codegenesis.fragment import assemble
from codegenesis.model import Release
from codegenesis.runtime import probe
from codegenesis.runtime.capture import Capture, Ring
from codegenesis.runtime.guard import Guard
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.router import Router

THREADS, LOOPS = 6, 2
DEADLINE_S = 240

SHOP = """
    import asyncio

    def pair(a, b=1):
        return (1, a + b, 1)

    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    def count(n, *, step=1):
        for i in range(0, n, step):
            yield i
        return n

    async def fetch(n, extra=0):
        await asyncio.sleep(0)
        return n + extra

    async def afib(n):
        if n % 2:
            await asyncio.sleep(0)
        return n if n < 2 else await afib(n - 1) + await afib(n - 2)

    async def stream(n):
        for i in range(n):
            await asyncio.sleep(0)
            yield i

    class Cart:
        def __init__(self, n):
            self.__n = n
        def total(self, extra=0, *, factor=1):
            return (self.__n + extra) * factor
        def walk(self, depth):
            return self.__n if depth == 0 else self.walk(depth - 1)
        def down(self, depth):
            yield self.__n
            if depth:
                yield from self.down(depth - 1)
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
    "count": [
        "def count(n, *, step=1):\n    yield from range(0, n, step)\n    return n",
        "ZERO = 0\ndef count(n, *, step=1):\n    i = ZERO\n    while i < n:\n        yield i\n"
        "        i += step\n    return n",
    ],
    "fetch": [
        "async def fetch(n, extra=0):\n    return extra + n",
        "ZERO = 0\nasync def fetch(n, extra=0):\n    await asyncio.sleep(ZERO)\n"
        "    return extra + n + ZERO",
    ],
    "afib": [
        "async def afib(n):\n    await asyncio.sleep(0)\n    a, b = 0, 1\n"
        "    for _ in range(n):\n        a, b = b, a + b\n    return a",
        "async def afib(n):\n    return n if n < 2 else await afib(n - 2) + await afib(n - 1)",
    ],
    "stream": [
        "async def stream(n):\n    for i in range(n):\n        yield i",
        "ZERO = 0\nasync def stream(n):\n    for i in range(n):\n"
        "        await asyncio.sleep(ZERO)\n        yield i + ZERO",
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
    "Cart.down": [
        "def down(self, depth):\n    for _ in range(depth + 1):\n        yield self.__n",
        "ONE = 1\ndef down(self, depth):\n    yield self.__n\n"
        "    if depth:\n        yield from self.down(depth - ONE)",
    ],
}


class Purse:
    """Counts what watching cost."""

    def __init__(self) -> None:
        self.spent_ns = 0

    def spend(self, cpu_ns: int) -> None:
        self.spent_ns += cpu_ns


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
        alias, cart = self.shop.pair, self.shop.Cart(self.number)
        bound = cart.total
        for n in itertools.count(self.number):
            if self.stop.is_set():
                return
            self.call(n, alias, cart, bound)

    def call(self, n: int, alias: Any, cart: Any, bound: Any) -> None:
        shop, own = self.shop, self.number
        for first, middle, last in (alias(n), shop.pair(n, 1), alias(n, b=1), shop.pair(n)):
            if first != last or first not in (1, 2, 3) or middle != n + 1:
                self.wrong.append((first, middle, last))
        self.expect(
            (bound(n), cart.total(extra=n), bound(n, factor=2), cart.total()),
            (own + n, own + n, 2 * (own + n), own),
        )
        self.expect((cart.walk(2), shop.fib(3)), (own, 2))
        self.expect((list(shop.count(3)), list(cart.down(2))), ([0, 1, 2], [own] * 3))
        two = zip(shop.count(4), shop.count(8, step=2), strict=True)
        self.expect(list(two), [(0, 0), (1, 2), (2, 4), (3, 6)])
        half = shop.count(3)
        self.expect(next(half), 0)
        half.close()
        self.calls += 15

    def expect(self, came: object, expected: object) -> None:
        if came != expected:
            self.wrong.append((came, expected))


class LoopCaller(Caller):
    """The same with tasks that take turns."""

    def run(self) -> None:
        asyncio.run(self.serve())

    async def serve(self) -> None:
        for n in itertools.count(self.number):
            if self.stop.is_set():
                return
            came = await asyncio.gather(*(self.one(n + k) for k in range(10)))
            self.expect(came, [n + k for k in range(10)])

    async def one(self, n: int) -> int:
        shop = self.shop
        self.expect((await shop.afib(4), await shop.fetch(n, extra=1)), (3, n + 1))
        self.expect([item async for item in shop.stream(3)], [0, 1, 2])
        task = asyncio.create_task(shop.fetch(n))
        async for item in shop.stream(3):
            self.expect(item, 0)
            break
        self.calls += 5
        result: int = await task
        return result


def load() -> Any:
    path = Path(tempfile.mkdtemp()) / "stressed.py"
    path.write_text(textwrap.dedent(SHOP))
    spec = importlib.util.spec_from_file_location("stressed", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["stressed"] = module
    spec.loader.exec_module(module)
    return module


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
    assert not falls, falls


def yield_to_others() -> None:
    time.sleep(0.0005)


def called(callers: list[Caller]) -> int:
    return sum(caller.calls for caller in callers)


def main(calls: int, changes: int) -> None:
    sys.setswitchinterval(1e-5)
    shop, stop, purse = load(), threading.Event(), Purse()
    capture = Capture(mode="plain", sensitive=lambda _: False, key=b"k" * 32, ring=Ring())
    functions = [getattr(shop, name) for name in VARIANTS if "." not in name]
    functions += [getattr(shop.Cart, name.partition(".")[2]) for name in VARIANTS if "." in name]
    genes = [LiveGene(function) for function in functions]
    supply = {gene: versions(gene) for gene in genes}
    callers = [Caller(shop, n, stop) for n in range(THREADS)]
    callers += [LoopCaller(shop, n, stop) for n in range(LOOPS)]
    for caller in callers:
        caller.start()
    changed, deadline = 0, time.monotonic() + DEADLINE_S
    while (changed < changes or called(callers) < calls) and time.monotonic() < deadline:
        for gene in genes:
            harass(gene, next(supply[gene]), capture, purse)
            changed += 1
        capture.ring.drain()
    stop.set()
    for caller in callers:
        caller.join()
    check(callers, genes, capture, purse)
    assert called(callers) >= calls, called(callers)
    print(called(callers), changed)


def check(callers: list[Caller], genes: list[LiveGene], capture: Capture, purse: Purse) -> None:
    """Nothing was wrong, and nothing is left behind."""
    for caller in callers:
        assert not caller.wrong, caller.wrong[:3]
        assert caller.calls, type(caller)
    assert purse.spent_ns > 0
    gc.collect()
    capture.ring.drain()
    assert not capture.underway
    for gene in genes:
        assert gene.function.__code__ is gene.current.code
        assert gene.drained(), gene


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
