"""A real server, whose requests take turns: their coroutines watched, drawn and swapped."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from codegenesis.runtime.live import LiveGene
    from conftest import House, Import

pytest.importorskip("uvicorn")

CLIENTS = 6

SHOP = """
    import asyncio

    async def quote(n):
        await asyncio.sleep(0.001)
        return f"old {n}"

    def lines(n):
        for i in range(n):
            yield f" {i}"

    async def stream(n):
        yield await quote(n)
        for line in lines(3):
            await asyncio.sleep(0)
            yield line

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        n = int(scope["path"][1:])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        async for part in stream(n):
            await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
"""

NEW = {
    "quote": "async def quote(n):\n    await asyncio.sleep(0)\n    return f'new {n}'",
    "lines": "def lines(n):\n    yield from (f' {i}' for i in range(n))",
    "stream": """
        async def stream(n):
            first = await quote(n)
            yield first
            for line in lines(3):
                yield line
    """,
}


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported(SHOP)


class Served:
    """The application behind a server, and clients that ask it all the time.

    Attributes:
        heard: the first words of right answers.
        wrong: answers that are not.
    """

    def __init__(self, app: Any) -> None:
        import uvicorn

        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        config = uvicorn.Config(app, log_level="critical", lifespan="off", loop="asyncio")
        self.server = uvicorn.Server(config)
        self.serving = threading.Thread(target=self.server.run, args=([self.socket],))
        self.clients = [threading.Thread(target=self.ask, args=(k,)) for k in range(CLIENTS)]
        self.stop = threading.Event()
        self.heard: Counter[str] = Counter()
        self.wrong: list[str] = []
        for thread in (self.serving, *self.clients):
            thread.start()

    def ask(self, first: int) -> None:
        n = first
        while not self.stop.is_set():
            n += CLIENTS
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{n}", timeout=20) as answer:
                came = answer.read().decode()
            if came not in (f"old {n} 0 1 2", f"new {n} 0 1 2"):
                self.wrong.append(came)
            self.heard[came[:3]] += 1

    def end(self) -> None:
        self.stop.set()
        for client in self.clients:
            client.join(30)
        self.server.should_exit = True
        self.serving.join(30)
        self.socket.close()


@pytest.fixture
def served(shop: Any) -> Iterator[Served]:
    made = Served(shop.app)
    yield made
    made.end()


def test_requests_are_answered_right_whatever_happens_to_their_coroutines(
    house: House, shop: Any, served: Served, until: Callable[..., None]
) -> None:
    genes = {name: house.add(getattr(shop, name)) for name in NEW}

    def seen(gene: LiveGene) -> bool:
        house.visit()
        return bool(house.observations(gene))

    for gene in genes.values():
        until(lambda gene=gene: seen(gene), what=f"a recorded call of {gene.name}")
    canary = house.release(genes["quote"], NEW["quote"], stage="canary", weight=0.5)

    def drawn() -> bool:
        house.visit()
        return {sample.arm for sample in house.store.samples(canary.id)} == {"control", "variant"}

    until(drawn, what="samples of both arms")
    house.move(canary, "live")
    for name in ("lines", "stream"):
        house.release(genes[name], NEW[name])

    def swapped() -> bool:
        house.visit()
        return all(gene.current.variant for gene in genes.values())

    until(swapped, what="all new code live")
    served.heard.clear()
    until(lambda: served.heard["new"] > 20, what="answers of the new code")
    assert not served.wrong
    assert not house.mail.fallen
