"""Coroutines, generators and async generators in bursts: what is recorded, what it disturbs."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis import wire
from codegenesis.runtime import capture as capture_module
from codegenesis.runtime import course as course_module
from codegenesis.runtime import probe
from codegenesis.runtime.live import LiveGene, Version

if TYPE_CHECKING:
    from other_pythons import Python

    from codegenesis.runtime.capture import Capture, Raw
    from conftest import Import, Purse

SHOP = """
    import asyncio
    import contextlib
    import time

    async def fetch(n, extra=0):
        await asyncio.sleep(0)
        return n + extra

    async def fail(n):
        await asyncio.sleep(0)
        return {}[n]

    async def wait(event):
        await event.wait()
        return "done"

    async def fib(n):
        await asyncio.sleep(0)
        return n if n < 2 else await fib(n - 1) + await fib(n - 2)

    async def deep(n):
        return 0 if n == 0 else 1 + await deep(n - 1)

    async def handle(n):
        return 1 + await start(n - 1) if n else 0

    def start(n):
        return asyncio.create_task(handle(n))

    def burn(seconds):
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass

    async def work(seconds):
        for _ in range(4):
            burn(seconds / 4)
            await asyncio.sleep(0)

    async def chatter(n):
        for _ in range(n):
            await asyncio.sleep(0)
        raise LookupError(n)

    def count(n):
        for i in range(n):
            yield i
        return "done"

    def echo(first):
        sent = first
        while sent is not None:
            sent = yield sent

    def broken(n):
        for i in range(n):
            yield i
        raise ValueError(n)

    @contextlib.contextmanager
    def opened(log):
        log.append("open")
        try:
            yield log
        finally:
            log.append("closed")

    def walk(tree):
        for child in tree:
            yield from walk(child)
        yield len(tree)

    async def stream(n):
        for i in range(n):
            await asyncio.sleep(0)
            yield i

    class Cart:
        def __init__(self, items):
            self.__items = items
        async def total(self, factor=1):
            await asyncio.sleep(0)
            return sum(self.__items) * factor
        def each(self):
            yield from self.__items
        async def slowly(self):
            for item in self.__items:
                yield item
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


def calls(capture: Capture) -> list[Any]:
    return [wire.decode_call(raw.call)[0] for raw in raws(capture)]


async def read(items: Any) -> list[Any]:
    return [item async for item in items]


# --- what is recorded ----------------------------------------------------------------------------


def test_a_coroutine_is_recorded_with_what_awaiting_it_gave(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = armed(shop.fetch, capture, purse, size=2)
    assert [asyncio.run(shop.fetch(n)) for n in range(3)] == [0, 1, 2]
    recorded = raws(capture)
    assert [wire.decode_call(raw.call) for raw in recorded] == [((0,), {}), ((1,), {})]
    assert [wire.decode(raw.value) for raw in recorded] == [0, 1]
    assert all(raw.after == raw.call for raw in recorded)
    assert gene.overlay is None
    assert purse.spent_ns > 0


def test_an_error_of_a_coroutine_is_recorded(shop: Any, capture: Capture, purse: Purse) -> None:
    gene = armed(shop.fail, capture, purse)
    with pytest.raises(KeyError):
        asyncio.run(shop.fail(3))
    (raw,) = raws(capture)
    assert raw.error == "builtins.KeyError"
    assert raw.fingerprint == f"builtins.KeyError in {shop.__name__}:fail"
    assert raw.value == wire.encode_exception(KeyError(3))
    assert gene.seen_errors == {"builtins.KeyError"}


def test_a_generator_is_recorded_without_its_items(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.count, capture, purse)
    assert list(shop.count(5)) == [0, 1, 2, 3, 4]
    (raw,) = raws(capture)
    assert raw.keep
    assert wire.decode_call(raw.call) == ((5,), {})
    assert raw.sketch == {"n": {"type": "int", "value": 5}}
    assert not raw.value


def test_an_async_generator_is_recorded(shop: Any, capture: Capture, purse: Purse) -> None:
    armed(shop.stream, capture, purse)
    assert asyncio.run(read(shop.stream(4))) == [0, 1, 2, 3]
    (raw,) = raws(capture)
    assert wire.decode_call(raw.call) == ((4,), {})
    assert not raw.error


def test_methods_that_suspend_are_recorded(shop: Any, capture: Capture, purse: Purse) -> None:
    for method in (shop.Cart.total, shop.Cart.each, shop.Cart.slowly):
        armed(method, capture, purse, size=1)
    cart = shop.Cart([1, 2])
    assert asyncio.run(cart.total(factor=2)) == 6
    assert list(cart.each()) == [1, 2]
    assert asyncio.run(read(cart.slowly())) == [1, 2]
    assert [raw.gene.name for raw in raws(capture)] == ["total", "each", "slowly"]


def test_an_error_after_items_is_recorded_as_such(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.broken, capture, purse)
    for n in (0, 2):
        with pytest.raises(ValueError, match=str(n)):
            list(shop.broken(n))
    at_once, later = raws(capture)
    assert at_once.error == later.error == "builtins.ValueError"
    assert at_once.value == wire.encode_exception(ValueError(0))
    assert not later.value


# --- how calls end -------------------------------------------------------------------------------


def test_what_is_never_begun_is_not_recorded(shop: Any, capture: Capture, purse: Purse) -> None:
    gene = armed(shop.count, capture, purse)
    shop.count(3)
    assert not raws(capture)
    assert gene.overlay is not None


def test_a_coroutine_that_is_never_awaited_warns_as_ever(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.fetch, capture, purse)
    with pytest.warns(RuntimeWarning, match="coroutine 'fetch' was never awaited"):
        shop.fetch(1)
    assert not raws(capture)


def test_a_cancelled_call_is_no_error(shop: Any, capture: Capture, purse: Purse) -> None:
    armed(shop.wait, capture, purse)

    async def give_up() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(shop.wait(asyncio.Event()), timeout=0.001)

    asyncio.run(give_up())
    (raw,) = raws(capture)
    assert not raw.error
    assert not raw.value


@pytest.mark.parametrize("end", ["close", "collect"])
def test_a_generator_that_is_not_read_to_its_end_is_recorded(
    shop: Any, capture: Capture, purse: Purse, end: str
) -> None:
    armed(shop.count, capture, purse)
    items = shop.count(5)
    assert next(items) == 0
    assert not raws(capture)
    if end == "close":
        items.close()
    del items
    gc.collect()
    assert calls(capture) == [(5,)]
    assert not capture.underway


def test_an_async_generator_that_is_left_is_closed_and_recorded(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.stream, capture, purse)

    async def first() -> int:
        async for item in shop.stream(5):
            return item
        return -1

    assert asyncio.run(first()) == 0
    assert calls(capture) == [(5,)]


def test_what_is_sent_arrives(shop: Any, capture: Capture, purse: Purse) -> None:
    armed(shop.echo, capture, purse)
    talk = shop.echo("a")
    assert [next(talk), talk.send("b"), talk.send("c")] == ["a", "b", "c"]
    assert next(talk, "over") == "over"
    assert calls(capture) == [("a",)]


def test_an_error_of_the_block_under_a_context_manager_is_not_its_own(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.opened.__wrapped__, capture, purse)
    log: list[str] = []
    with pytest.raises(ZeroDivisionError), shop.opened(log):
        log.append(str(1 / 0))
    assert log == ["open", "closed"]
    (raw,) = raws(capture)
    assert not raw.error


def test_a_value_that_a_generator_returns_is_handed_on(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.count, capture, purse)

    def outer() -> Any:
        return (yield from shop.count(2))

    items = outer()
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(StopIteration) as stop:
        next(items)
    assert stop.value.value == "done"


def test_too_many_calls_on_their_way_are_not_watched(
    shop: Any, capture: Capture, purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_module, "UNDERWAY", 3)
    gene = armed(shop.count, capture, purse, size=10)
    waiting = [shop.count(n) for n in range(1, 6)]
    assert [next(items) for items in waiting] == [0] * 5
    assert gene.overlay is None
    assert len(capture.underway) == 3
    for items in waiting:
        items.close()
    assert calls(capture) == [(1,), (2,), (3,)]


def test_nobody_can_tell_from_a_dialogue_whether_a_call_is_watched() -> None:
    script = Path(__file__).with_name("suspending_dialogues.py")
    done = subprocess.run(
        [sys.executable, str(script), "150"], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("150\n", "")


# --- tasks and recursion -------------------------------------------------------------------------


def test_tasks_that_interleave_are_calls_of_their_own(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = armed(shop.fetch, capture, purse, size=20)

    async def together() -> list[int]:
        return await asyncio.gather(*(shop.fetch(n) for n in range(20)))

    assert asyncio.run(together()) == list(range(20))
    assert sorted(calls(capture)) == [(n,) for n in range(20)]
    assert not gene.recursive


def test_generators_that_interleave_are_calls_of_their_own(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = armed(shop.count, capture, purse, size=3)
    assert list(zip(shop.count(2), shop.count(3), strict=False)) == [(0, 0), (1, 1)]
    assert sorted(calls(capture)) == [(2,), (3,)]
    assert not gene.recursive


def test_tasks_that_a_call_starts_are_calls_of_their_own(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.handle, capture, purse, size=10)
    assert asyncio.run(shop.handle(3)) == 3
    assert sorted(calls(capture)) == [(0,), (1,), (2,), (3,)]


def test_a_coroutine_that_awaits_itself_is_recorded_once(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = armed(shop.fib, capture, purse, size=2)

    async def together() -> list[int]:
        return await asyncio.gather(shop.fib(6), shop.fib(7), shop.fib(5))

    assert asyncio.run(together()) == [8, 13, 5]
    assert sorted(calls(capture)) == [(6,), (7,)]
    assert gene.overlay is None


def test_a_generator_that_delegates_to_itself_is_recorded_once(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.walk, capture, purse, size=2)
    for _ in range(3):
        assert list(shop.walk([[], [[]]])) == [0, 0, 1, 2]
    assert len(raws(capture)) == 2
    assert shop.walk.__code__.co_consts != ()


@pytest.mark.parametrize("name", ["deep", "walk"])
def test_the_depth_of_a_recursion_that_suspends_is_the_applications_own(
    shop: Any, capture: Capture, purse: Purse, name: str
) -> None:
    def tree(depth: int) -> list[Any]:
        found: list[Any] = []
        for _ in range(depth):
            found = [found]
        return found

    def call(depth: int) -> None:
        if name == "walk":
            list(shop.walk(tree(depth)))
        else:
            with contextlib.suppress(StopIteration):
                shop.deep(depth).send(None)

    bare = deepest(call, lambda: None)
    gene = LiveGene(getattr(shop, name))
    gene.recursive = False  # it shows when it happens
    watched = deepest(call, lambda: probe.arm(gene, size=9999, capture=capture, purse=purse))
    assert bare - 15 <= watched <= bare


def deepest(call: Any, before: Any) -> int:
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


# --- what it costs -------------------------------------------------------------------------------


def test_cpu_is_what_the_call_itself_took_and_wall_runs_to_its_end(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.wait, capture, purse, size=1)
    armed(shop.work, capture, purse, size=1)

    async def together() -> None:
        event = asyncio.Event()
        waiting = asyncio.create_task(shop.wait(event))
        await shop.work(0.08)
        event.set()
        await waiting

    began = time.perf_counter_ns()
    asyncio.run(together())
    elapsed = time.perf_counter_ns() - began
    cost = {raw.gene.name: raw.cost for raw in raws(capture)}
    assert cost["work"].cpu_ns >= 79_000_000
    assert cost["wait"].cpu_ns < 40_000_000
    assert 59_000_000 <= cost["wait"].wall_ns <= elapsed  # it began after a quarter of the work


def test_the_cost_of_a_long_generator_is_estimated_from_a_part_of_its_steps(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.count, capture, purse, size=1)
    began = time.thread_time_ns()
    assert sum(shop.count(30_000)) == 449_985_000
    took = time.thread_time_ns() - began
    (raw,) = raws(capture)
    assert 0 < raw.cost.cpu_ns < 10 * took
    assert 0 < purse.spent_ns < 10 * took


@pytest.mark.parametrize("name", ["count", "stream", "chatter"])
def test_a_long_call_that_nobody_looks_at_any_more_ends_as_ever(
    shop: Any, capture: Capture, purse: Purse, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(course_module, "DRIVEN", 5)
    armed(getattr(shop, name), capture, purse)
    if name == "count":
        assert list(shop.count(20)) == list(range(20))
    elif name == "stream":
        assert asyncio.run(read(shop.stream(20))) == list(range(20))
    else:
        with pytest.raises(LookupError):
            asyncio.run(shop.chatter(20))
    (raw,) = raws(capture)
    assert raw.error == ("builtins.LookupError" if name == "chatter" else "")
    assert raw.cost.wall_ns > raw.cost.cpu_ns > 0
    assert not capture.underway


def test_a_long_generator_is_closed_and_recorded_when_it_is_left(
    shop: Any, capture: Capture, purse: Purse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course_module, "DRIVEN", 5)
    armed(shop.count, capture, purse)
    items = shop.count(20)
    assert [next(items) for _ in range(10)] == list(range(10))
    items.close()
    assert calls(capture) == [(20,)]


def test_a_probed_call_inside_a_probed_one_does_not_count_its_probe(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    inner = armed(shop.fetch, capture, purse, size=100)

    async def outer() -> None:
        for n in range(100):
            await shop.fetch(n)

    shop.outer = outer
    outer.__module__, outer.__qualname__ = shop.__name__, "outer"
    gene = armed(outer, capture, purse, size=1)
    before = probe.local.cpu_ns
    asyncio.run(outer())
    watching = probe.local.cpu_ns - before
    cost = next(raw.cost for raw in raws(capture) if raw.gene is gene)
    assert inner.overlay is None
    assert cost.cpu_ns < 2 * watching


# --- swaps ---------------------------------------------------------------------------------------


def test_calls_on_their_way_go_on_in_their_old_code(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = LiveGene(shop.count)
    probe.arm(gene, size=1, capture=capture, purse=purse)
    watched = shop.count(3)
    assert next(watched) == 0
    bare = shop.count(3)
    assert next(bare) == 0
    old = weakref.ref(gene.current.code)
    gene.switch(Version(shop.echo.__code__.replace(co_name="count"), variant="v"))
    assert next(shop.count("new")) == "new"
    assert [*watched, *bare] == [1, 2, 1, 2]
    del watched, bare
    raws(capture)
    assert gene.drained()
    assert old() is None


def test_a_version_has_not_drained_while_a_call_of_it_is_on_its_way(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = armed(shop.fetch, capture, purse)
    waiting = shop.fetch(1)
    waiting.send(None)
    gene.switch(gene.original())
    assert not gene.drained()
    waiting.close()
    del waiting
    raws(capture)
    assert gene.drained()


def test_what_is_suspended_when_the_loop_ends_is_closed_once(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    armed(shop.stream, capture, purse)
    kept = []
    said: list[dict[str, Any]] = []

    async def leave() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: said.append(what))
        items = shop.stream(5)
        kept.append(items)
        assert await anext(items) == 0

    asyncio.run(leave())
    assert not said
    assert calls(capture) == [(5,)]


def test_a_program_may_end_while_watched_calls_are_on_their_way(each_python: Python) -> None:
    script = Path(__file__).with_name("suspended_at_exit.py")
    assert each_python.run(script).split("\n") == ["3", "count is over", "count is over", ""]


def test_corners_of_asyncio_are_the_same_whether_calls_are_watched(each_python: Python) -> None:
    script = Path(__file__).with_name("suspending_corners.py")
    assert each_python.run(script) == "11 nothing\n"
