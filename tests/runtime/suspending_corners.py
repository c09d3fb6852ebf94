"""A script: corners of asyncio and contextlib, the same whether their calls are watched or not."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from codegenesis.model import Release
from codegenesis.runtime import probe
from codegenesis.runtime.capture import Capture, Ring
from codegenesis.runtime.governor import Governor
from codegenesis.runtime.guard import Guard
from codegenesis.runtime.live import LiveGene
from codegenesis.runtime.redaction import Redactor
from codegenesis.runtime.router import Router

SHOP = """
import asyncio
import contextvars
import threading

SEEN = contextvars.ContextVar("SEEN", default="nothing")

async def fetch(n):
    await asyncio.sleep(0)
    SEEN.set(n)
    return n

async def at_once(n):
    return n

async def forever():
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        SEEN.set("cleaned up")

async def fail(n):
    await asyncio.sleep(0)
    raise LookupError(n)

async def elsewhere(n):
    return await asyncio.to_thread(lambda: (n, threading.current_thread().name[:7]))

async def from_future(future):
    return await future

def opened(log):
    log.append("open")
    try:
        yield log
    except KeyError:
        log.append("swallowed")
    finally:
        log.append("closed")

async def aopened(log):
    log.append("open")
    await asyncio.sleep(0)
    try:
        yield log
    except KeyError:
        log.append("swallowed")
    finally:
        await asyncio.sleep(0)
        log.append("closed")

async def ticks(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i
"""
MODES = ("bare", "burst", "control", "variant", "guard")


def load() -> Any:
    path = Path(tempfile.mkdtemp()) / "corners.py"
    path.write_text(SHOP)
    spec = spec_from_file_location("corners", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["corners"] = module
    spec.loader.exec_module(module)
    return module


async def variables(shop: Any) -> Any:
    """What a coroutine sets is seen by who awaits it, and not by who starts it as a task."""
    await asyncio.create_task(shop.fetch(1))
    before = shop.SEEN.get()
    await shop.fetch(2)
    return before, shop.SEEN.get()


async def groups(shop: Any) -> Any:
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(shop.forever())
            group.create_task(shop.fail(3))
            group.create_task(shop.fetch(4))
    except ExceptionGroup as errors:
        return [repr(error) for error in errors.exceptions]


async def timeouts(shop: Any) -> Any:
    try:
        async with asyncio.timeout(0.001):
            await shop.forever()
    except TimeoutError as error:
        return type(error.__cause__).__name__, shop.SEEN.get()


async def threads(shop: Any) -> Any:
    return await shop.elsewhere(5)


async def futures(shop: Any) -> Any:
    loop = asyncio.get_running_loop()
    good, bad = loop.create_future(), loop.create_future()
    loop.call_soon(good.set_result, 6)
    loop.call_soon(bad.set_exception, OSError(7))
    results = await asyncio.gather(
        shop.from_future(good), shop.from_future(bad), return_exceptions=True
    )
    return [repr(each) for each in results]


async def managers(shop: Any) -> Any:
    log: list[str] = []
    with contextmanager(shop.opened)(log):
        log.append("inside")
        raise KeyError
    async with asynccontextmanager(shop.aopened)(log):
        raise KeyError
    return log


async def comprehensions(shop: Any) -> Any:
    return {i: [k async for k in shop.ticks(i)] async for i in shop.ticks(4)}


async def halves(shop: Any) -> Any:
    items = shop.ticks(9)
    first = [await anext(items), await anext(items)]
    await items.aclose()
    return first, await anext(items, "over"), items.ag_running


async def shields(shop: Any) -> Any:
    inner = asyncio.ensure_future(shop.fetch(8))
    outer = asyncio.create_task(_await(asyncio.shield(inner)))
    await asyncio.sleep(0)
    outer.cancel()
    ended = await asyncio.gather(outer, return_exceptions=True)
    return [type(each).__name__ for each in ended], await inner


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def eager(shop: Any) -> Any:
    """Tasks whose first step runs while they are made."""
    factory = getattr(asyncio, "eager_task_factory", None)
    asyncio.get_running_loop().set_task_factory(factory)
    tasks = [asyncio.create_task(each) for each in (shop.at_once(1), shop.fetch(2))]
    return await asyncio.gather(*tasks)


async def kinds(shop: Any) -> Any:
    made = shop.fetch(1), shop.ticks(1), shop.opened([])
    told = [inspect.iscoroutine(made[0]), inspect.isasyncgen(made[1]), inspect.isgenerator(made[2])]
    asked = inspect.iscoroutinefunction(shop.fetch), inspect.isasyncgenfunction(shop.ticks)
    await made[0]
    return told, asked, [each.__name__ for each in made]


CORNERS: list[Callable[[Any], Awaitable[Any]]] = [
    variables, groups, timeouts, threads, futures, managers, comprehensions, halves, shields, eager,
    kinds,
]  # fmt: skip


def put_in_front(gene: LiveGene, mode: str, capture: Capture, falls: deque[Any]) -> None:
    gene.uncover()
    gene.seen_errors |= {"builtins.LookupError", "builtins.OSError", "builtins.KeyError"}
    release = Release(
        id="r", gene="g", variant="v", base="b", stage="live", weight=float(mode == "variant"),
        created_ns=0, updated_ns=0, expires_ns=1 << 62,
    )  # fmt: skip
    if mode == "burst":
        assert probe.arm(gene, size=100, capture=capture, purse=Governor(0.5))
    elif mode == "guard":
        gene.cover(Guard(gene, release=release, new=gene.current, falls=falls))
    elif mode != "bare":
        gene.cover(
            Router(gene, release=release, candidate=gene.original(), samples=deque(),
                   falls=falls, purse=Governor(0.5))
        )  # fmt: skip


def main() -> None:
    shop = load()
    names = [name for name, each in vars(shop).items() if inspect.isfunction(each)]
    genes = [LiveGene(getattr(shop, name)) for name in names]
    capture = Capture(mode="plain", sensitive=Redactor(()).sensitive, key=b"k" * 32, ring=Ring())
    falls: deque[Any] = deque()
    heard: dict[str, list[Any]] = {}
    for mode in MODES:
        for gene in genes:
            put_in_front(gene, mode, capture, falls)
        heard[mode] = [asyncio.run(corner(shop), debug=True) for corner in CORNERS]
        assert heard[mode] == heard["bare"], (mode, heard[mode], heard["bare"])
    assert not falls, falls
    assert not capture.underway
    assert threading.active_count() == 1
    print(len(CORNERS), contextvars.copy_context().get(shop.SEEN, "nothing"))


if __name__ == "__main__":
    main()
