"""The shop as its customers see it: a real server, real HTTP, a catalogue made from a seed."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from codegenesis.demo import shop, traffic
from codegenesis.errors import UsageError

SOURCE = Path(shop.__file__).parent
SESSION = {"cookie": "session=anna"}


@contextmanager
def served(directory: Path, *command: str, seed: int = 0) -> Iterator[str]:
    """A shop on a free port, with its database in `directory`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "SHOP_SEED": str(seed), "PYTHONDONTWRITEBYTECODE": "1"}
    server = subprocess.Popen(
        [sys.executable, "-m", *command, "--port", str(port)],
        cwd=directory,
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_open(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def wait_until_open(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert server.poll() is None, "the shop's server ended before it served"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the shop did not open its port in 30 s")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("shop"), "codegenesis.demo.shop") as url:
        yield url


@pytest.fixture
def browser(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=address, headers=SESSION, trust_env=False) as client:
        yield client


def links(page: httpx2.Response, kind: str) -> list[str]:
    return [
        part.partition('"')[0]
        for part in page.text.split('href="')[1:]
        if part.startswith(f"/{kind}/")
    ]


def products(browser: httpx2.Client) -> list[str]:
    categories = links(browser.get("/"), "category")
    return [link for name in categories for link in links(browser.get(name), "product")]


def status_of(browser: httpx2.Client, path: str) -> int:
    """After a crash the server hangs up, so a fresh connection for each."""
    return browser.get(path, headers={"connection": "close"}).status_code


def test_the_home_page_leads_to_every_category(browser: httpx2.Client) -> None:
    categories = links(browser.get("/"), "category")
    assert len(categories) == 16
    assert all(browser.get(name).status_code == 200 for name in categories)


def test_a_category_shows_what_is_in_stock_and_its_facets(browser: httpx2.Client) -> None:
    page = browser.get("/category/cookware")
    assert 80 < len(links(page, "product")) < 125
    assert '<a href="?tag=copper">' in page.text


def test_search_finds_titles_that_hold_every_word(browser: httpx2.Client) -> None:
    page = browser.get("/search", params={"department": "kitchen", "q": "oak PAN"})
    titles = page.text.split('<td class="title">')[1:]
    assert titles
    assert all("oak pan" in title.partition("<")[0] for title in titles)


def test_search_takes_the_query_literally(browser: httpx2.Client) -> None:
    page = browser.get("/search", params={"department": "kitchen", "q": ".*("})
    assert page.status_code == 200
    assert not links(page, "product")


def test_a_product_page_shows_stars_and_recent_reviews(browser: httpx2.Client) -> None:
    texts = [browser.get(link).text for link in products(browser)[:3]]
    assert any("stars, " in text for text in texts)


def test_a_product_without_reviews_is_an_internal_error(browser: httpx2.Client) -> None:
    shown = [status_of(browser, link) for link in products(browser)[:200]]
    assert set(shown) == {200, 500}
    assert 0 < shown.count(500) < 20


@pytest.mark.parametrize("path", ["/category/none", "/search?department=none", "/product/none"])
def test_what_is_not_there_is_not_found(browser: httpx2.Client, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_a_cart_becomes_an_order(browser: httpx2.Client) -> None:
    skus = [link.rpartition("/")[2] for link in products(browser)[:5]]
    lines = [{"sku": sku, "quantity": 3} for sku in skus]
    assert browser.post("/cart", json={"lines": lines}).json() == {"added": 5}
    assert all(sku in browser.get("/cart").text for sku in skus)
    order = browser.post("/checkout").json()
    assert order["total"] > 0
    assert not any(sku in browser.get("/cart").text for sku in skus)


def test_a_reorder_list_is_checked_for_repeats_and_unknown_articles(
    browser: httpx2.Client,
) -> None:
    sku = products(browser)[0].rpartition("/")[2]
    lines = [{"sku": name, "quantity": 1} for name in (sku, "HM-0", sku, "HM-0", sku)]
    answer = browser.post("/reorder/check", json={"lines": lines}).json()
    assert answer == {"repeated": [sku, "HM-0"], "unknown": ["HM-0", "HM-0"]}


def test_the_same_seed_gives_the_same_pages_and_another_seed_others(
    browser: httpx2.Client, tmp_path: Path
) -> None:
    paths = ["/", "/category/lighting", "/search?department=office&q=oak", products(browser)[0]]
    pages = [browser.get(path).text for path in paths]
    for seed, same in ((0, True), (1, False)):
        directory = tmp_path / str(seed)
        directory.mkdir()
        with served(directory, "codegenesis.demo.shop", seed=seed) as url:
            again = [httpx2.get(url + path, trust_env=False).text for path in paths]
        assert (again == pages) is same


def test_the_shop_runs_without_codegenesis_and_under_the_uvicorn_command(tmp_path: Path) -> None:
    shutil.copytree(SOURCE, tmp_path / "wares", ignore=shutil.ignore_patterns("__pycache__"))
    assert not [
        path for path in SOURCE.glob("*.py") if "import codegenesis" in path.read_text("utf-8")
    ]
    with served(tmp_path, "uvicorn", "wares.app:app") as url:
        assert httpx2.get(f"{url}/category/paper", trust_env=False).status_code == 200


def test_traffic_visits_every_kind_of_page_and_counts_what_clients_saw(address: str) -> None:
    phase = asyncio.run(traffic.drive(address, seconds=3, concurrency=3, seed=4, rate=100))
    assert set(phase.pages) == {
        "category",
        "product",
        "search",
        "reorder",
        "add",
        "cart",
        "checkout",
    }
    assert phase.requests == sum(phase.pages.values()) == sum(phase.statuses.values())
    assert set(phase.statuses) <= {200, 500}
    assert phase.failures == phase.statuses.get(500, 0)
    assert 0 < phase.p50_ms <= phase.p99_ms


def test_traffic_stops_when_it_is_told_to(address: str) -> None:
    async def told_at_once() -> traffic.Phase:
        stop = asyncio.Event()
        stop.set()
        return await asyncio.wait_for(traffic.drive(address, stop=stop), 20)

    assert asyncio.run(told_at_once()).requests == 0


@pytest.mark.parametrize("url", ["http://example.org", "http://10.0.0.1:80", "http://localhost.x"])
def test_traffic_refuses_every_other_host(url: str) -> None:
    with pytest.raises(UsageError, match="this machine only") as refusal:
        asyncio.run(traffic.drive(url, seconds=1))
    assert "127.0.0.1" in refusal.value.remedy
