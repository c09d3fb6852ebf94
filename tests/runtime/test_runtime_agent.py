"""The agent's thread: it works by itself, and never takes the application down."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from codegenesis.config import load
from codegenesis.runtime import session
from codegenesis.runtime.agent import Agent
from codegenesis.runtime.governor import Governor
from codegenesis.runtime.registry import Registry
from codegenesis.runtime.router import Router

if TYPE_CHECKING:
    from conftest import House, Import

NEW = "def which(x):\n    return 'new'"

Until = Callable[..., None]


@pytest.fixture
def shop(imported: Import) -> Any:
    return imported("def which(x):\n    return 'old'\n")


@pytest.fixture
def agent() -> Iterator[Agent]:
    made = Agent(Registry())
    yield made
    made.stop()


def config(directory: Path, **settings: object) -> Any:
    overrides = {"service": "shop", "directory": str(directory), "poll_s": 0.02, **settings}
    return load(overrides=overrides, environ={}, start=directory.parent)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "codegenesis"]


def test_an_agent_watches_swaps_and_writes_down(
    agent: Agent, house: House, shop: Any, until: Until
) -> None:
    gene = agent._registry.add(shop.which)
    agent.start(house.config)
    until(lambda: house.store.find_genes(gene.target), what="the description")

    def observed() -> bool:
        shop.which(1)
        return bool(house.observations(gene))

    until(observed, what="an observation")
    release = house.release(gene, NEW)
    until(lambda: shop.which(1) == "new", what="the swap")
    until(lambda: house.outcomes(release) == ["swapped"], what="the acknowledgement")
    agent.stop()
    assert not agent.running
    assert shop.which(1) == "new"


def test_news_reach_an_agent_that_would_not_look_for_an_hour(
    agent: Agent, house: House, shop: Any, until: Until
) -> None:
    gene = agent._registry.add(shop.which)
    agent.start(replace(house.config, poll_s=3600.0))
    until(lambda: house.store.find_genes(gene.target), what="the description")
    house.store.freeze("stop")
    until(lambda: agent.session is not None and agent.session._frozen, what="the switch")
    house.release(gene, NEW)
    assert shop.which(1) == "old"
    house.store.thaw()
    until(lambda: shop.which(1) == "new", what="the swap")


def test_an_agent_looks_often_while_something_is_under_way(
    open_house: Any, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "SETTLE_S", 0.0)
    house = open_house(poll_s=0.5)
    gene = house.add(shop.which)
    house.visit(2)
    assert house.session.pause_s() == session.QUIET * 0.5
    release = house.release(gene, NEW, stage="shadow")
    house.visit()
    assert house.session.pause_s() == 0.5
    release = house.move(release, "canary", weight=0.5)
    house.visit()
    assert house.session.pause_s() == 0.5
    house.move(release, "rolled_back")
    house.visit(2)
    assert house.session.pause_s() == session.QUIET * 0.5


def test_an_agent_that_can_pay_for_more_looks_often(
    open_house: Any, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "SETTLE_S", 0.0)
    house = open_house(poll_s=0.5, probe_budget=0.5)
    house.add(shop.which)
    house.visit()
    for call in range(house.config.burst + 1):
        shop.which(call)
    house.visit()
    assert house.session.pause_s() == 0.5
    house.visit()  # nobody has called it since
    assert house.session.pause_s() == session.QUIET * 0.5


def test_an_agent_that_cannot_be_rung_at_looks_by_itself(
    open_house: Any, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "SETTLE_S", 0.0)
    house = open_house(poll_s=0.5)
    house.add(shop.which)
    house.store.path.with_name("genesis.db.bells").write_text("in the way")
    house.visit(2)
    assert house.session.pause_s() == 0.5


def test_starting_twice_starts_one_thread(agent: Agent, tmp_path: Path) -> None:
    agent.start(config(tmp_path / "d"))
    first = agent._thread
    agent.start()
    agent.start()
    assert agent._thread is first


def test_an_agent_without_genes_opens_nothing(agent: Agent, tmp_path: Path, until: Until) -> None:
    agent.start(config(tmp_path / "d"))
    until(lambda: agent.session, what="the session")
    agent.stop()
    assert not (tmp_path / "d").exists()


def test_a_store_that_cannot_be_made_is_said_once_and_the_app_serves(
    agent: Agent, shop: Any, tmp_path: Path, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "d").write_text("a file where the directory should be")
    agent._registry.add(shop.which)
    agent.start(config(tmp_path / "d"))
    until(lambda: warnings(caplog), what="the warning")
    threading.Event().wait(0.3)  # some more rounds
    (message,) = warnings(caplog)
    assert message.startswith("nothing is observed or evolved for now: ")
    assert agent.running
    assert shop.which(1) == "old"


def test_a_store_that_comes_back_is_used_again(
    agent: Agent, shop: Any, tmp_path: Path, until: Until
) -> None:
    blocked = tmp_path / "d"
    blocked.write_text("")
    agent._registry.add(shop.which)
    agent.start(config(blocked))
    until(lambda: agent._told, what="the trouble")
    blocked.unlink()
    until((blocked / "genesis.db").exists, what="the store")


def test_a_newer_store_switches_the_agent_off(
    agent: Agent, house: House, shop: Any, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite3.connect(house.store.path) as connection:
        connection.execute("INSERT INTO schema_version VALUES (999, 0)")
    connection.close()
    agent._registry.add(shop.which)
    agent.start(config(house.store.directory))
    until(lambda: warnings(caplog), what="the warning")
    until(lambda: not agent.running, what="the end of the thread")
    (message,) = warnings(caplog)
    assert message.startswith("the agent is switched off, the application serves on: ")
    assert shop.which(1) == "old"
    agent.start()
    assert not agent.running


def test_a_wrong_setting_switches_the_agent_off(
    agent: Agent, shop: Any, until: Until, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("CODEGENESIS_BURST", "many")
    agent._registry.add(shop.which)
    agent.start()
    until(lambda: warnings(caplog), what="the warning")
    assert "burst: expected a whole number" in warnings(caplog)[0]


def test_an_unexpected_failure_switches_the_agent_off_and_clears_the_way(
    agent: Agent, house: House, shop: Any, until: Until, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    gene = agent._registry.add(shop.which)
    agent.start(config(house.store.directory))
    until(lambda: house.store.find_genes(gene.target), what="the description")
    house.release(gene, NEW, stage="canary", weight=1.0)
    until(lambda: isinstance(gene.overlay, Router), what="the canary")
    monkeypatch.setattr(agent._session, "_deliver", lambda *_, **__: 1 / 0)
    until(lambda: warnings(caplog), what="the warning")
    until(lambda: not agent.running, what="the end of the thread")
    assert warnings(caplog) == [
        "the agent is switched off, the application serves on: ZeroDivisionError: division by zero"
    ]
    assert gene.overlay is None
    assert shop.which(1) == "old"


def test_modules_are_discovered_as_they_are_imported(
    agent: Agent, house: House, imported: Import, until: Until
) -> None:
    settings = config(house.store.directory, target=["late_*"])
    agent.start(settings, discovering=True)
    until(lambda: agent.session, what="the session")
    module = imported("def which(x):\n    return 'old'\n", name="late_shop")
    until(lambda: house.store.find_genes("late_shop:which"), what="the gene")
    house.release(house.store.find_genes("late_shop:which")[0], NEW)
    until(lambda: module.which(1) == "new", what="the swap")


def test_new_settings_begin_a_new_session(agent: Agent, tmp_path: Path, until: Until) -> None:
    agent.start(config(tmp_path / "a"))
    until(lambda: agent.session, what="the session")
    first = agent.session
    agent.start(config(tmp_path / "b"))
    until(lambda: agent.session not in (None, first), what="the second session")
    assert agent.session
    assert agent.session.config.directory.endswith("b")


def test_the_governor_stops_watching_when_it_is_spent() -> None:
    governor = Governor(0.5)
    assert governor.left_ns() > 0
    governor.spend(3600_000_000_000)
    assert governor.left_ns() < 0
    assert governor.share() > 1


def test_nothing_is_armed_without_budget(open_house: Any, shop: Any) -> None:
    house = open_house(probe_budget=0.5)
    gene = house.add(shop.which)
    house.visit()
    assert gene.overlay is not None
    gene.uncover()
    house.session.governor.spend(3600_000_000_000)
    house.visit(3)
    assert gene.overlay is None


def test_the_threads_name_is_ours_and_it_is_a_daemon(agent: Agent, tmp_path: Path) -> None:
    agent.start(config(tmp_path / "d"))
    (thread,) = [t for t in threading.enumerate() if t is agent._thread]
    assert (thread.name, thread.daemon) == ("codegenesis", True)


@pytest.fixture(autouse=True)
def _loud(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "codegenesis")
