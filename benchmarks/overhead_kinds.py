"""What being evolvable costs a call of each kind of function while nothing is watched: ns, as JSON.

A script of its own, for `runtime_overhead` runs it with every Python that is here. Two modules with
the same source are imported, one whose functions are registered and one whose are not. In each
round both are called in a loop of the same length (`timeit`), in random order; "added" is the
difference within a round, with the 10th and 90th percentile over rounds.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import random
import statistics
import sys
import tempfile
import timeit
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

SOURCE = """
import functools

@mark
def function(x):
    return x

@mark
def recursive(n):
    return n and recursive(n - 1)

class Shop:
    @mark
    def method(self, x):
        return x
    @staticmethod
    @mark
    def static(x):
        return x
    @classmethod
    @mark
    def classy(cls, x):
        return x
    @property
    @mark
    def quality(self):
        return 1

def making():
    free = 1
    @mark
    def closure(x):
        return free
    @mark
    def nested(x):
        return x
    return closure, nested

closure, nested = making()

def passing(inner):
    @functools.wraps(inner)
    def wrapper(*args):
        return inner(*args)
    return wrapper

@passing
@mark
def wrapped(x):
    return x

@functools.lru_cache(maxsize=None)
@mark
def cached(x):
    return x

@functools.lru_cache(maxsize=0)
@mark
def missed(x):
    return x

@functools.singledispatch
@mark
def dispatched(x):
    return x

@mark
async def coroutine(x):
    return x

@mark
def generator(n):
    for i in range(n):
        yield i

@mark
async def async_generator(n):
    for i in range(n):
        yield i

async def collect(n):
    async for _ in async_generator(n):
        pass

def drive(awaitable):
    try:
        awaitable.send(None)
    except StopIteration as end:
        return end.value

shop = Shop()
"""

#: Kind and the call that is timed.
CALLS = {
    "function": "function(1)",
    "recursive, 10 deep": "recursive(10)",
    "method": "shop.method(1)",
    "static method": "shop.static(1)",
    "class method": "shop.classy(1)",
    "property": "shop.quality",
    "closure": "closure(1)",
    "nested": "nested(1)",
    "functools.wraps": "wrapped(1)",
    "lru_cache, hit": "cached(1)",
    "lru_cache, miss": "missed(1)",
    "singledispatch": "dispatched(1)",
    "coroutine": "drive(coroutine(1))",
    "generator, 3 items": "list(generator(3))",
    "async generator, 3 items": "drive(collect(3))",
}


def imported(name: str, mark: Callable[[Any], Any], directory: Path) -> types.ModuleType:
    """The source as a module of this name."""
    path = directory / f"{name}.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    module.__dict__["mark"] = mark
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def registered(function: Any) -> Any:
    """Evolvable from now on; no agent is started, so nothing is watched."""
    from codegenesis.runtime.registry import register

    register(function)
    return function


def measure(rounds: int, seconds: float) -> list[dict[str, Any]]:
    """All kinds, interleaved."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        spaces = {
            "plain": vars(imported("plain_shop", lambda f: f, directory)),
            "idle": vars(imported("evolvable_shop", registered, directory)),
        }
        found: dict[str, dict[str, list[float]]] = {k: {"plain": [], "idle": []} for k in CALLS}
        timers = {
            (kind, way): timeit.Timer(call, globals=space)
            for kind, call in CALLS.items()
            for way, space in spaces.items()
        }
        lengths = {kind: _length(timers[kind, "plain"], seconds) for kind in CALLS}
        for _ in range(rounds):
            for kind in random.sample(list(CALLS), len(CALLS)):
                for way in random.sample(list(spaces), len(spaces)):  # close to each other in time
                    spent = timers[kind, way].timeit(lengths[kind])
                    found[kind][way].append(spent / lengths[kind] * 1e9)
    return [_row(kind, ways) for kind, ways in found.items()]


def _length(timer: timeit.Timer, seconds: float) -> int:
    return max(1000, int(seconds / (timer.timeit(5000) / 5000)))


def _row(kind: str, ways: dict[str, list[float]]) -> dict[str, Any]:
    added = [idle - plain for idle, plain in zip(ways["idle"], ways["plain"], strict=True)]
    return {
        "kind": kind,
        "plain_ns": statistics.median(ways["plain"]),
        "idle_ns": statistics.median(ways["idle"]),
        "added_ns": spread(added),
    }


def spread(figures: list[float]) -> dict[str, float]:
    """Median, 10th and 90th percentile."""
    tenths = statistics.quantiles(figures, n=10) if len(figures) > 1 else figures * 9
    return {"median": statistics.median(figures), "p10": tenths[0], "p90": tenths[-1]}


if __name__ == "__main__":
    rows = measure(int(sys.argv[1]), float(sys.argv[2]))
    print(json.dumps({"python": platform.python_version(), "kinds": rows}))
