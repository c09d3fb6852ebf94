"""Threads make closures and call them while their genes, and the one around, change all the time.

python closures_under_change.py CALLS CHANGES
"""

from __future__ import annotations

import gc
import importlib.util
import itertools
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

from calls_under_change import DEADLINE_S, Purse, harass

from codegenesis.fragment import assemble
from codegenesis.runtime.capture import Capture, Ring
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.registry import Registry

THREADS = 6

SHOP = """
    def scale(rate, unit="EUR"):
        def apply(amount, fee=1):
            return amount * rate + fee, unit
        return apply

    def walker(step):
        def walk(n):
            return 0 if n == 0 else step + walk(n - 1)
        return walk

    def counter():
        count = 0
        def more(by=1):
            nonlocal count
            count += by
            return count
        return more

    def stream(step):
        def items(n):
            for at in range(n):
                yield at * step
        return items
"""

VARIANTS = {
    "scale": [
        'def scale(rate, unit="EUR"):\n    def apply(amount, fee=1):\n'
        "        return amount * rate + fee, unit\n    return apply",
        'def scale(rate, unit="EUR"):\n    def apply(amount, fee=1):\n'
        "        return fee + rate * amount, unit\n    return apply",
    ],
    "scale.<locals>.apply": [
        "def apply(amount, fee=1):\n    result = rate * amount\n    return result + fee, unit",
        "ZERO = 0\ndef apply(amount, fee=1):\n    return ZERO + amount * rate + fee, unit",
    ],
    "walker.<locals>.walk": [
        "def walk(n):\n    return step * n",
        "def walk(n):\n    return step + walk(n - 1) if n else 0",
    ],
    "counter.<locals>.more": [
        "def more(by=1):\n    nonlocal count\n    count = count + by\n    return count",
        "ZERO = 0\ndef more(by=1):\n    nonlocal count\n    count += by + ZERO\n    return count",
    ],
    "stream.<locals>.items": [
        "def items(n):\n    yield from range(0, n * step, step)",
        "ZERO = 0\ndef items(n):\n    at = ZERO\n    while at < n:\n        yield at * step\n"
        "        at += 1",
    ],
}


class Caller(threading.Thread):
    def __init__(self, shop: Any, number: int, stop: threading.Event) -> None:
        super().__init__()
        self.shop, self.number, self.stop = shop, number, stop
        self.calls = 0
        self.wrong: list[object] = []

    def run(self) -> None:
        shop, own = self.shop, self.number + 1
        apply, more, walk = shop.scale(own), shop.counter(), shop.walker(own)
        for n in itertools.count(1):
            if self.stop.is_set():
                return
            came = (
                apply(n), shop.scale(n, "USD")(own, fee=0), more(), walk(4), shop.walker(n)(3),
                list(shop.stream(own)(3)),
            )  # fmt: skip
            expected = (
                (n * own + 1, "EUR"), (n * own, "USD"), n, 4 * own, 3 * n, [0, own, 2 * own],
            )  # fmt: skip
            if came != expected:
                self.wrong.append((came, expected))
            self.calls += 6


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


def supply(gene: LiveGene) -> Any:
    assert gene.definition
    codes = [
        assemble(source, gene.function, owner=None, filename=f"<stress {gene.target} {n}>")
        for n, source in enumerate(VARIANTS[gene.qualname])
    ]
    for code in itertools.cycle(codes):
        yield Version(code, variant="v", loaded="d", release="r")


def main(calls: int, changes: int) -> None:
    sys.setswitchinterval(1e-5)
    shop, stop, purse, ours = load(), threading.Event(), Purse(), Registry()
    capture = Capture(mode="plain", sensitive=lambda _: False, key=b"k" * 32, ring=Ring())
    genes = [ours.add(shop.scale)]
    for name in VARIANTS:
        outer, _, inner = name.partition(".<locals>.")
        gene = ours.add_inside(getattr(shop, outer), [inner]) if inner else None
        genes += [gene] if gene else []
    versions = {gene: supply(gene) for gene in genes}
    callers = [Caller(shop, n, stop) for n in range(THREADS)]
    for caller in callers:
        caller.start()
    changed, deadline = 0, time.monotonic() + DEADLINE_S
    while changed < changes or sum(caller.calls for caller in callers) < calls:
        assert time.monotonic() < deadline, (changed, [caller.calls for caller in callers])
        for gene in genes:
            harass(gene, next(versions[gene]), capture, purse)
            changed += 1
        ours.tidy()
        capture.ring.drain()
    stop.set()
    for caller in callers:
        caller.join()
        assert not caller.wrong, caller.wrong[:3]
    gc.collect()
    for gene in genes:
        assert gene.function.__code__ is gene.current.code
        assert gene.drained(), gene
    print(sum(caller.calls for caller in callers), changed)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
