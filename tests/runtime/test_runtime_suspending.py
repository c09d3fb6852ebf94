"""Coroutines, generators and async generators under bursts, routers and guards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from codegenesis import wire
from codegenesis.runtime import probe
from codegenesis.runtime.live import LiveGene

if TYPE_CHECKING:
    from codegenesis.runtime.capture import Capture, Raw
    from conftest import Import, Purse

SHOP = """
    import asyncio

    async def fetch(n, extra=0):
        await asyncio.sleep(0)
        return n + extra

    async def fail(n):
        await asyncio.sleep(0)
        return {}[n]

    def count(n):
        for i in range(n):
            yield i
        return "done"

    async def stream(n):
        for i in range(n):
            await asyncio.sleep(0)
            yield i
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


def test_a_coroutine_is_recorded_with_what_awaiting_it_gave(
    shop: Any, capture: Capture, purse: Purse
) -> None:
    gene = armed(shop.fetch, capture, purse, size=2)
    assert [asyncio.run(shop.fetch(n)) for n in range(3)] == [0, 1, 2]
    recorded = raws(capture)
    assert [wire.decode_call(raw.call) for raw in recorded] == [((0,), {}), ((1,), {})]
    assert [wire.decode(raw.value) for raw in recorded] == [0, 1]
    assert gene.overlay is None


def test_an_error_of_a_coroutine_is_recorded(shop: Any, capture: Capture, purse: Purse) -> None:
    armed(shop.fail, capture, purse)
    with pytest.raises(KeyError):
        asyncio.run(shop.fail(3))
    (raw,) = raws(capture)
    assert raw.error == "builtins.KeyError"
    assert raw.fingerprint == f"builtins.KeyError in {shop.__name__}:fail"


def test_a_generator_is_recorded(shop: Any, capture: Capture, purse: Purse) -> None:
    armed(shop.count, capture, purse)
    assert list(shop.count(5)) == [0, 1, 2, 3, 4]
    (raw,) = raws(capture)
    assert raw.keep
    assert wire.decode_call(raw.call) == ((5,), {})
    assert not raw.value


def test_an_async_generator_is_recorded(shop: Any, capture: Capture, purse: Purse) -> None:
    armed(shop.stream, capture, purse)

    async def read() -> list[int]:
        return [i async for i in shop.stream(4)]

    assert asyncio.run(read()) == [0, 1, 2, 3]
    (raw,) = raws(capture)
    assert wire.decode_call(raw.call) == ((4,), {})
