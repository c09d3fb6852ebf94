"""A store with genes of a small shop, and a receiver on it, served over real HTTP on loopback."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codegenesis.config import Config, load
from codegenesis.model import Event, Gene
from codegenesis.store import Store

PRICING = '''\
"""Prices."""


def rate(country):
    return {"de": 0.19, "fr": 0.2}[country]


def quote(net, country):
    """What a customer pays."""
    return net * (1 + rate(country))


class Cart:
    def total(self):
        return sum(self.items)
'''


def _gene(root: Path, qualname: str, line: int, lines: int) -> Gene:
    source = "\n".join(PRICING.splitlines()[line - 1 : line - 1 + lines])
    return Gene(
        service="shop",
        module="shop.pricing",
        qualname=qualname,
        kind="method" if "." in qualname else "function",
        path=str(root / "shop" / "pricing.py"),
        root=str(root),
        line=line,
        source=source,
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The directory of package `shop`, which is written into it."""
    root = tmp_path / "project"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "__init__.py").write_text("")
    (root / "shop" / "pricing.py").write_text(PRICING)
    return root


@pytest.fixture
def genes(shop: Path) -> list[Gene]:
    """`rate`, `quote` and `Cart.total`."""
    return [_gene(shop, "rate", 4, 2), _gene(shop, "quote", 8, 3), _gene(shop, "Cart.total", 14, 2)]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    overrides = {"service": "shop", "directory": str(tmp_path / ".codegenesis")}
    return load(overrides=overrides, environ={}, start=tmp_path)


@pytest.fixture
def store(config: Config, genes: list[Gene]) -> Iterator[Store]:
    with Store.open(config.database) as opened:
        opened.put_genes(genes)
        yield opened


class Receiver:
    """A receiver in a thread of its own.

    Attributes:
        address: `http://127.0.0.1:PORT`.
    """

    def __init__(self, store: Store, config: Config) -> None:
        uvicorn = pytest.importorskip("uvicorn")
        from codegenesis.lifecycle.telemetry.intake import Intake
        from codegenesis.lifecycle.telemetry.prometheus import Page
        from codegenesis.lifecycle.telemetry.receiver import application

        self.store, self.config = store, config
        self.intake = Intake(store, config)
        self.intake.flush()
        app = application(self.intake, scrape=Page(store).text)
        settings = uvicorn.Config(app, port=0, log_level="error", lifespan="on")
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run)

    def start(self) -> None:
        self._thread.start()
        _until(lambda: self._server.started, what="the receiver")
        host, port = self._server.servers[0].sockets[0].getsockname()
        self.address = f"http://{host}:{port}"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)

    def events(self, **wanted: str) -> list[Event]:
        """What was told so far, written down now."""
        self.intake.flush(all_of_them=True)
        return self.store.events.find(**wanted)  # type: ignore[arg-type]


@pytest.fixture
def receiver(store: Store, config: Config) -> Iterator[Receiver]:
    served = Receiver(store, config)
    served.start()
    with contextlib.closing(served):
        yield served


@pytest.fixture
def until() -> Callable[..., None]:
    """Polls until something has come about, or fails the test."""
    return _until


def _until(condition: Callable[[], object], *, what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.01)
