"""From the header of a request to a release that is rolled back: a real site with two workers."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from codegenesis.config import load
from codegenesis.delivery import Delivery
from codegenesis.model import Gene, Release
from codegenesis.runtime import launch_environment

if TYPE_CHECKING:
    from conftest import Site

    from ..conftest import House

SHOP = """
    def which(x):
        return "control"
"""
WEB = """
    import os
    import codegenesis
    from shop import which
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def front(request):
        arms = {which(n) for n in range(5)}
        codegenesis.reward(-1 if "variant" in arms else 1, name="pleased")
        return JSONResponse([sorted(arms), os.getpid()])

    use = Middleware(codegenesis.ASGIMiddleware, segment="header:X-Plan", key="cookie:sid")
    app = Starlette(routes=[Route("/", front)], middleware=[use])
"""


@pytest.fixture
def port(house: House, site: Site) -> int:
    """The site under uvicorn, as `codegenesis run` starts it."""
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    site.write("shop.py", SHOP)
    site.write("web.py", WEB)
    overrides = {
        "service": "shop", "directory": house.config.directory, "poll_s": 0.05, "target": ["shop"],
    }  # fmt: skip
    config = load(overrides=overrides, environ={}, start=site.directory)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("CODEGENESIS_")}
    return site.start(
        "-m", "uvicorn", "web:app", "--port", "{port}", "--workers", "2", "--log-level", "error",
        environ=launch_environment(config, environ, start=site.directory),
    )  # fmt: skip


def canary(house: House, until: Callable[..., None]) -> Release:
    until(lambda: house.store.find_genes("shop:which"), what="the gene", seconds=40)
    gene: Any = house.store.find_genes("shop:which")[0]
    release = house.release(gene, "def which(x):\n    return 'variant'", stage="canary")

    def swapped() -> bool:
        return len({ack.process for ack in house.acks(release) if ack.outcome == "swapped"}) >= 2

    until(swapped, what="the canary in both workers", seconds=40)
    return release


def test_a_user_meets_one_version_everywhere_and_what_users_like_less_is_rolled_back(
    house: House, port: int, until: Callable[..., None], get: Callable[..., Any]
) -> None:
    release = canary(house, until)
    met: dict[str, set[str]] = {}
    workers: list[int] = []

    def ask(user: str) -> list[str]:
        arms, worker = get(port, X_Plan="gold", Cookie=f"sid={user}")
        workers.append(worker)
        met.setdefault(user, set()).update(arms)
        return arms

    users = [f"user{number}" for number in range(30)]
    with ThreadPoolExecutor(8) as at_once:
        list(at_once.map(ask, users * 8))
    assert len(set(workers)) == 2
    assert {len(arms) for arms in met.values()} == {1}
    assert set.union(*met.values()) == {"control", "variant"}

    def told() -> bool:
        return len(house.store.rewards.find(service="shop")) == len(workers)

    until(told, what="the rewards of all requests")
    rewards = house.store.rewards.find(service="shop")
    assert {(each.name, each.segment) for each in rewards} == {("pleased", "gold")}
    values = {each.arms[release.id]: each.value for each in rewards if each.arms}
    assert values == {"control": 1.0, "variant": -1.0}
    samples = house.store.samples(release.id)
    assert {each.segment for each in samples} == {"gold"}
    keys = {each.key for each in samples}
    assert 2 <= len(keys) <= len(users)  # the same user has the same digest in both workers
    assert keys <= {each.key for each in rewards}
    assert not any(user in key for user in users for key in keys)

    moved = Delivery(house.store, house.ledger, house.config).step(release, executor=no_jail)
    assert moved.stage == "rolled_back"
    assert moved.reason.startswith("its uses are worth less: pleased is good in 0 and bad in ")
    until(lambda: all(ask(user) == ["control"] for user in users), what="the old code for all")


def no_jail(gene: Gene) -> NoReturn:
    raise AssertionError("a canary is judged without replaying anything")
