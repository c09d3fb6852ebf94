"""Generated shoppers over real HTTP, so that what the demo measures is what a client would feel.

Each session browses, looks at products (about one in thirty has no reviews, which the shop cannot
bear), searches, checks a reorder list, fills a cart and checks out. Sessions are seeded; requests
leave on a fixed schedule, and when the server falls behind the schedule slips instead of piling
up, so that the load stays bounded. Only a server on this machine is ever driven.

Looked at locust and hey: a load tool is one more dependency, or not Python, for 100 lines.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx2

from codegenesis.errors import UsageError
from codegenesis.model import Record

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_DEPARTMENTS = ("workshop", "kitchen", "garden", "office")
_WORDS = ("steel", "oak", "brass", "copper", "walnut", "linen", "glass", "cork", "matt", "black")
#: Lateness that the schedule makes up for; beyond it, requests are left out.
_SLACK_S = 0.1


class Phase(Record, frozen=True, kw_only=True):
    """What the clients saw during one phase.

    Attributes:
        seconds: how long it lasted.
        failures: answers of 500 and above, and requests without an answer.
        rate: requests per second that were served.
        p50_ms, p99_ms: latency as the client measures it; NaN without a request.
        statuses: answers by status code; 0 stands for none.
        pages: requests by kind of page.
    """

    seconds: float
    requests: int
    failures: int
    rate: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int]
    pages: dict[str, int]


class _Request(Record, frozen=True, kw_only=True):
    page: str
    path: str
    body: object = None


class _Log:
    """Latencies and status codes while a phase lasts."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.latencies_s: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.pages: Counter[str] = Counter()

    def phase(self) -> Phase:
        seconds = time.monotonic() - self.started
        ordered = sorted(self.latencies_s)
        return Phase(
            seconds=seconds,
            requests=len(ordered),
            failures=sum(n for status, n in self.statuses.items() if not 0 < status < 500),
            rate=len(ordered) / seconds,
            p50_ms=_quantile(ordered, 0.5) * 1e3,
            p99_ms=_quantile(ordered, 0.99) * 1e3,
            statuses=dict(sorted(self.statuses.items())),
            pages=dict(sorted(self.pages.items())),
        )


class _Schedule:
    """Hands out moments to send at, `rate` a second; what is later than `_SLACK_S` is skipped."""

    def __init__(self, rate: float) -> None:
        self._step = 1.0 / rate
        self._next = time.monotonic()

    async def turn(self) -> None:
        now = time.monotonic()
        self._next = max(self._next + self._step, now - _SLACK_S)
        await asyncio.sleep(max(0.0, self._next - now))


async def drive(
    base_url: str,
    *,
    seconds: float = math.inf,
    concurrency: int = 4,
    seed: int = 0,
    rate: float = 230.0,
    stop: asyncio.Event | None = None,
) -> Phase:
    """Send sessions to the shop until `seconds` have passed or `stop` is set.

    Args:
        base_url: the shop, on this machine.
        concurrency: sessions under way at once.
        seed: seed of what the shoppers do.
        rate: most requests per second.

    Raises:
        UsageError: `base_url` is not on the loopback interface.
    """
    _refuse_strangers(base_url)
    stop = stop or asyncio.Event()
    async with _client(base_url, concurrency) as client:
        skus, categories = await _learn(client)
        sessions = (_session(f"{seed}/{n}", skus, categories) for n in itertools.count())
        log, schedule = _Log(), _Schedule(rate)
        deadline = log.started + seconds

        async def shopper() -> None:
            for name, requests in sessions:
                for request in requests:
                    await schedule.turn()
                    if stop.is_set() or time.monotonic() >= deadline:
                        return
                    await _send(client, name, request, log)

        await asyncio.gather(*(shopper() for _ in range(concurrency)))
    return log.phase()


def _refuse_strangers(base_url: str) -> None:
    host = urlsplit(base_url).hostname
    if host not in _LOOPBACK:
        raise UsageError(
            f"generated traffic goes to this machine only, and {base_url!r} is not on it",
            remedy="Serve the shop on 127.0.0.1 and give its address.",
        )


@asynccontextmanager
async def _client(base_url: str, concurrency: int) -> AsyncIterator[httpx2.AsyncClient]:
    limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx2.AsyncClient(
        base_url=base_url, limits=limits, timeout=10.0, trust_env=False
    ) as client:
        yield client


async def _learn(client: httpx2.AsyncClient) -> tuple[list[str], list[str]]:
    """Article numbers and categories, as a shopper would find them: by following links."""
    home = await client.get("/")
    categories = re.findall(r'href="/category/([^"]+)"', home.text)
    skus: list[str] = []
    for category in categories:
        page = await client.get(f"/category/{category}")
        skus += re.findall(r'href="/product/([^"]+)"', page.text)
    if not skus:
        raise UsageError(
            f"expected the demo's shop at {client.base_url}, and no product is linked there",
            remedy="Start it with `python -m codegenesis.demo.shop --port 8000`.",
        )
    return skus, categories


def _session(name: str, skus: list[str], categories: list[str]) -> tuple[str, Iterator[_Request]]:
    return name.replace("/", "-"), _steps(random.Random(name), skus, categories)


def _steps(chance: random.Random, skus: list[str], categories: list[str]) -> Iterator[_Request]:
    for _ in range(2):
        yield _Request(page="category", path=f"/category/{chance.choice(categories)}")
        yield _Request(page="product", path=f"/product/{chance.choice(skus)}")
    for count in (1, 2):
        query = "+".join(chance.sample(_WORDS, count))
        department = chance.choice(_DEPARTMENTS)
        yield _Request(page="search", path=f"/search?department={department}&q={query}")
    reorder = _lines(chance, skus, chance.randint(300, 400))
    for size in (len(reorder), len(reorder) - 10):
        yield _Request(page="reorder", path="/reorder/check", body=reorder[:size])
    yield _Request(page="add", path="/cart", body=_lines(chance, skus, chance.randint(100, 160)))
    yield _Request(page="cart", path="/cart")
    yield _Request(page="checkout", path="/checkout", body=[])


def _lines(chance: random.Random, skus: list[str], count: int) -> list[dict[str, object]]:
    return [{"sku": chance.choice(skus), "quantity": chance.randint(1, 12)} for _ in range(count)]


async def _send(client: httpx2.AsyncClient, session: str, request: _Request, log: _Log) -> None:
    started = time.perf_counter()
    try:
        status = await _status(client, session, request)
    except httpx2.HTTPError:
        status = 0
    log.latencies_s.append(time.perf_counter() - started)
    log.statuses[status] += 1
    log.pages[request.page] += 1


async def _status(client: httpx2.AsyncClient, session: str, request: _Request) -> int:
    """Ask once more on a fresh connection where a kept one was closed, as browsers do.

    After an unhandled exception the server answers 500 and hangs up.
    """
    method = "GET" if request.body is None else "POST"
    body = None if request.body is None else {"lines": request.body}
    headers = {"cookie": f"session={session}"}
    try:
        response = await client.request(method, request.path, headers=headers, json=body)
    except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
        response = await client.request(method, request.path, headers=headers, json=body)
    return response.status_code


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan
