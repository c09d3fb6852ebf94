"""Router and guard in front of coroutines and generators."""

from __future__ import annotations

import asyncio
import textwrap
import threading
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis.delivery.tally import CANCELLED
from codegenesis.fragment import assemble
from codegenesis.model import Release
from codegenesis.runtime.guard import Guard
from codegenesis.runtime.live import LiveGene, Version
from codegenesis.runtime.router import QUOTA, Router

if TYPE_CHECKING:
    from codegenesis.runtime.net import Fall
    from codegenesis.runtime.router import Drawn
    from conftest import Import, Purse

SHOP = """
    import asyncio

    LOG = []

    async def which(x):
        await asyncio.sleep(0)
        return "old"

    async def take(items):
        await asyncio.sleep(0)
        return items.pop()

    async def fib(n):
        await asyncio.sleep(0)
        return n if n < 2 else await fib(n - 1) + await fib(n - 2)

    def count(n):
        for i in range(n):
            yield i

    async def stream(n):
        for i in range(n):
            await asyncio.sleep(0)
            yield i

    def walk(tree):
        for child in tree:
            yield from walk(child)
        yield "old"
"""

NEW = "async def which(x):\n    return 'new'"
BROKEN = {
    "which": "async def which(x):\n    await asyncio.sleep(0)\n    return 1 / 0",
    "count": "def count(n):\n    1 / 0\n    yield 1",
    "stream": "async def stream(n):\n    await asyncio.sleep(0)\n    1 / 0\n    yield 1",
}


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


class Front:
    """What stands in front of a function, and what it leaves behind."""

    def __init__(self, function: Any, source: str, *, pure: bool = False) -> None:
        self.gene = LiveGene(function)
        self.pure = pure
        self.samples: deque[Drawn] = deque()
        self.falls: deque[Fall] = deque()
        code = assemble(textwrap.dedent(source), function, filename=f"<test {self.gene.target}>")
        self.new = Version(code, variant="v", loaded="d", release="r")

    def canary(self, purse: Purse, *, weight: float = 0.5) -> Router:
        router = Router(
            self.gene,
            release=release(stage="canary", weight=weight, pure=self.pure),
            candidate=self.new,
            samples=self.samples,
            falls=self.falls,
            purse=purse,
        )
        self.gene.cover(router)
        return router

    def guard(self, *, calls: int = 1000) -> Guard:
        guard = Guard(
            self.gene, release=release(pure=self.pure), new=self.new, falls=self.falls, calls=calls
        )
        self.gene.switch(self.new, overlay=guard)
        return guard

    def arms(self) -> Counter[str]:
        return Counter(drawn.arm for drawn in self.samples)


def release(**changes: Any) -> Release:
    fields = {
        "id": "r", "gene": "g", "variant": "v", "base": "b", "stage": "live", "created_ns": 0,
        "updated_ns": 0, "expires_ns": 1 << 62,
    }  # fmt: skip
    return Release(**{**fields, **changes})


async def read(items: Any) -> list[Any]:
    return [item async for item in items]


def all_of(name: str, call: Any) -> Any:
    """What a call comes to, whatever it is."""
    if name == "which":
        return asyncio.run(call)
    return list(call) if name == "count" else asyncio.run(read(call))


# --- the canary ----------------------------------------------------------------------------------


def test_coroutines_are_drawn_and_measured(shop: Any, purse: Purse) -> None:
    front = Front(shop.which, NEW)
    router = front.canary(purse)
    router.quota = 200

    async def together() -> list[str]:
        return await asyncio.gather(*(shop.which(n) for n in range(200)))

    results = Counter(
        {"old": "control", "new": "variant"}[each] for each in asyncio.run(together())
    )
    assert front.arms() == results
    assert set(results) == {"control", "variant"}
    assert all(drawn.cost.wall_ns > 0 and not drawn.error for drawn in front.samples)
    assert purse.spent_ns > 0


def test_the_quota_bounds_what_is_measured(shop: Any, purse: Purse) -> None:
    front = Front(shop.count, "def count(n):\n    yield from range(n)")
    router = front.canary(purse)
    router.quota = 5
    assert [list(shop.count(3)) for _ in range(20)] == [[0, 1, 2]] * 20
    assert len(front.samples) == 5


def test_a_slower_generator_is_seen_to_be_slower(shop: Any, purse: Purse) -> None:
    source = "def count(n):\n    for i in range(n):\n        sum(range(2000))\n        yield i"
    front = Front(shop.count, source)
    front.canary(purse).quota = 40
    for _ in range(40):
        list(shop.count(50))
    costs: dict[str, list[int]] = {"control": [], "variant": []}
    for drawn in front.samples:
        costs[drawn.arm].append(drawn.cost.cpu_ns)
    assert min(costs["variant"]) > 2 * min(costs["control"]) > 0


def test_a_recursion_stays_in_its_arm_also_between_its_steps(shop: Any, purse: Purse) -> None:
    source = """
        def walk(tree):
            for child in tree:
                yield from walk(child)
            yield "new"
    """
    front = Front(shop.walk, source)
    front.canary(purse)
    tree: list[Any] = [[[], []], []]
    for _ in range(20):
        pairs = zip(shop.walk(tree), shop.walk(tree), strict=True)
        left, right = zip(*pairs, strict=True)
        assert len(set(left)) == len(set(right)) == 1
    assert len(front.samples) == 40
    assert set(front.arms()) == {"control", "variant"}


def test_threads_with_a_recursion_that_suspends_answer_right(shop: Any, purse: Purse) -> None:
    source = """
        async def fib(n):
            await asyncio.sleep(0)
            return n if n < 2 else await fib(n - 2) + await fib(n - 1)
    """
    front = Front(shop.fib, source)
    router = front.canary(purse)
    router.quota = 1 << 30
    wrong: list[int] = []

    async def work() -> None:
        for _ in range(5):
            results = await asyncio.gather(*(shop.fib(n) for n in (5, 6, 7)))
            if results != [5, 8, 13]:
                wrong.append(1)

    threads = [threading.Thread(target=lambda: asyncio.run(work())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert set(front.arms()) == {"control", "variant"}
    assert not front.falls


def test_an_error_of_the_old_code_is_the_callers_and_remembered(shop: Any, purse: Purse) -> None:
    front = Front(shop.take, "async def take(items):\n    return 'healed'")
    front.canary(purse, weight=0.0)
    with pytest.raises(IndexError):
        asyncio.run(shop.take([]))
    assert front.samples[0].error == "builtins.IndexError"
    assert front.gene.seen_errors == {"builtins.IndexError"}
    assert not front.falls


def test_a_generator_that_nobody_reads_to_its_end_is_a_sample(shop: Any, purse: Purse) -> None:
    front = Front(shop.count, "def count(n):\n    yield from range(n)")
    front.canary(purse)
    for _ in range(10):
        items = shop.count(5)
        assert next(items) == 0
        del items
    assert len(front.samples) == 10
    assert not any(drawn.error for drawn in front.samples)


def test_a_cancelled_call_is_a_sample_of_one_that_did_not_return(shop: Any, purse: Purse) -> None:
    front = Front(shop.which, "async def which(x):\n    await asyncio.Event().wait()")
    front.canary(purse, weight=1.0)

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(shop.which(1), timeout=0.001)

    asyncio.run(give_up())
    (drawn,) = front.samples
    assert drawn.error == CANCELLED
    assert not front.gene.seen_errors
    assert not front.falls


@pytest.mark.parametrize("name", ["which", "count", "stream"])
def test_calls_that_are_not_measured_pass_through_and_are_caught(
    shop: Any, purse: Purse, name: str
) -> None:
    function = getattr(shop, name)
    front = Front(function, BROKEN[name].replace("1 / 0", "1 / max(GOOD, 0)"), pure=True)
    shop.GOOD = 1
    router = front.canary(purse, weight=1.0)
    expected = {"which": 1.0, "count": [1], "stream": [1]}[name]
    assert [all_of(name, function(2)) for _ in range(QUOTA + 5)] == [expected] * (QUOTA + 5)
    assert len(front.samples) == QUOTA
    router.weight = 0.0
    assert all_of(name, function(2)) == {"which": "old"}.get(name, [0, 1])
    router.weight, shop.GOOD = 1.0, 0
    assert all_of(name, function(2)) == {"which": "old"}.get(name, [0, 1])
    assert len(front.falls) == 1


# --- the net -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"), [("which", "old"), ("count", [0, 1]), ("stream", [0, 1])]
)
@pytest.mark.parametrize("stage", ["canary", "live"])
def test_new_code_of_a_pure_gene_that_fails_is_answered_by_the_old(
    shop: Any, purse: Purse, name: str, expected: object, stage: str
) -> None:
    function = getattr(shop, name)
    front = Front(function, BROKEN[name], pure=True)
    if stage == "canary":
        front.canary(purse, weight=1.0)
    else:
        front.guard()
    assert all_of(name, function(2)) == expected
    (fall,) = front.falls
    assert "raised builtins.ZeroDivisionError where the old code returned" in fall.reason
    assert front.gene.overlay is None
    assert front.gene.current.variant == ""
    assert all_of(name, function(2)) == expected
    assert [(d.error, d.regression) for d in front.samples] == [
        ("builtins.ZeroDivisionError", True)
    ] * len(front.samples)


def test_what_was_begun_is_not_answered_twice(shop: Any, purse: Purse) -> None:
    source = "def count(n):\n    yield 0\n    1 / 0"
    front = Front(shop.count, source, pure=True)
    front.canary(purse, weight=1.0)
    items = shop.count(3)
    assert next(items) == 0
    with pytest.raises(ZeroDivisionError):
        next(items)
    assert "never seen to raise" in front.falls[0].reason
    assert list(shop.count(3)) == [0, 1, 2]


def test_new_code_of_a_gene_with_effects_is_taken_out_and_raises(shop: Any, purse: Purse) -> None:
    front = Front(shop.which, BROKEN["which"])
    front.guard()
    with pytest.raises(ZeroDivisionError):
        asyncio.run(shop.which(1))
    assert len(front.falls) == 1
    assert asyncio.run(shop.which(1)) == "old"


def test_a_call_whose_arguments_were_changed_is_not_repeated(shop: Any, purse: Purse) -> None:
    source = "async def take(items):\n    items.pop()\n    return 1 / 0"
    front = Front(shop.take, source, pure=True)
    front.canary(purse, weight=1.0)
    items = [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        asyncio.run(shop.take(items))
    assert items == [1, 2]
    assert len(front.falls) == 1


def test_the_old_codes_own_error_is_no_regression_and_has_no_context(
    shop: Any, purse: Purse
) -> None:
    front = Front(shop.take, "async def take(items):\n    return 1 / 0", pure=True)
    front.canary(purse, weight=1.0)
    with pytest.raises(IndexError) as caught:
        asyncio.run(shop.take([]))
    assert caught.value.__context__ is None
    assert not front.falls
    assert not front.samples[0].regression


def test_what_its_consumer_throws_in_is_not_held_against_new_code(shop: Any, purse: Purse) -> None:
    front = Front(shop.count, "def count(n):\n    yield from range(n)", pure=True)
    front.canary(purse, weight=1.0)
    items = shop.count(3)
    assert next(items) == 0
    with pytest.raises(LookupError):
        items.throw(LookupError())
    assert not front.falls
    assert [drawn.error for drawn in front.samples] == [""]


def test_a_cancelled_call_is_not_held_against_new_code(shop: Any, purse: Purse) -> None:
    front = Front(shop.which, "async def which(x):\n    await asyncio.Event().wait()", pure=True)
    front.guard()

    async def cancel() -> None:
        task = asyncio.create_task(shop.which(1))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
    assert not front.falls


def test_a_guard_leaves_after_its_calls(shop: Any) -> None:
    front = Front(shop.which, NEW)
    front.guard(calls=5)
    assert [asyncio.run(shop.which(n)) for n in range(6)] == ["new"] * 6
    assert shop.which.__code__ is front.new.code


def test_what_went_live_is_not_undone_for_calls_that_are_still_on_their_way(shop: Any) -> None:
    front = Front(shop.count, "def count(n):\n    yield 'new'")
    old = shop.count(3)
    assert next(old) == 0
    front.guard(calls=1)
    assert list(shop.count(3)) == ["new"]
    assert not front.gene.drained()
    assert list(old) == [1, 2]
    del old
    assert front.gene.drained()
