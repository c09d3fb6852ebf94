"""What goes wrong in a process is told, and whoever heard of it before still does."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codegenesis.config import Config, load
from codegenesis.model import Event
from codegenesis.runtime import hooks, incidents, launch_environment
from codegenesis.runtime.redaction import Redactor
from codegenesis.store import Store

Take = Callable[[], list[Event]]


@pytest.fixture
def take(monkeypatch: pytest.MonkeyPatch) -> Iterator[Take]:
    """Hooks are in place; what they noted so far."""
    incidents.box.clear()
    monkeypatch.setattr(sys, "excepthook", lambda *_: None)
    monkeypatch.setattr(threading, "excepthook", lambda *_: None)
    hooks.install()
    yield lambda: incidents.box.take(service="shop", process="p", clean=Redactor().text, genes=())
    hooks.remove()
    incidents.box.clear()


def crash(key: str) -> None:
    {}[key]


def caught(key: str = "it") -> KeyError:
    try:
        crash(key)
    except KeyError as error:
        return error
    raise AssertionError


HERE = f"{__name__}:crash"


def test_unhandled_exceptions_are_noted_and_passed_on(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[object] = []
    hooks.remove()
    monkeypatch.setattr(sys, "excepthook", lambda *said: heard.append(said))
    hooks.install()
    error = caught()
    for _ in range(3):
        sys.excepthook(KeyError, error, error.__traceback__)
    (event,) = take()
    assert (event.kind, event.source, event.count) == ("crash", "exception", 3)
    assert event.fingerprint.startswith(f"builtins.KeyError in {HERE} < ")
    assert event.gene == f"shop/{HERE}"
    assert event.message == "builtins.KeyError: 'it'"
    assert heard == [(KeyError, error, error.__traceback__)] * 3


def test_a_thread_that_dies_is_noted_by_its_name(take: Take) -> None:
    thread = threading.Thread(target=crash, args=("it",), name="mailer")
    thread.start()
    thread.join()
    (event,) = take()
    assert (event.name, event.gene) == ("mailer", f"shop/{HERE}")


def test_the_end_of_a_program_is_no_crash(take: Take) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert take() == []


def test_a_task_that_nobody_waits_for_is_noted_once(
    take: Take, caplog: pytest.LogCaptureFixture
) -> None:
    async def forget() -> None:
        asyncio.get_running_loop().call_soon(crash, "it")
        await asyncio.sleep(0.01)

    asyncio.run(forget())
    (event,) = take()
    assert (event.kind, event.name, event.count) == ("crash", "asyncio", 1)
    assert event.fingerprint.startswith(f"builtins.KeyError in {HERE}")
    assert "Exception in callback" in caplog.text


def test_errors_that_are_logged_count_and_those_below_do_not(take: Take) -> None:
    log = logging.getLogger("shop.web")
    for number in range(5):
        log.error("order %d cannot be priced", number)
    log.warning("nothing to keep")
    (event,) = take()
    assert (event.kind, event.name, event.level, event.count) == ("log", "shop.web", "error", 5)
    assert event.message == "order 0 cannot be priced"
    assert event.fingerprint == "shop.web: order %d cannot be priced"


def test_the_same_line_logs_different_crashes_apart(take: Take) -> None:
    log = logging.getLogger("shop.web")
    for error in (caught(), caught(), ValueError("no")):
        log.error("request failed", exc_info=error)
    first, second = take()
    assert (first.count, first.gene) == (2, f"shop/{HERE}")
    assert (second.count, second.fingerprint) == (1, "builtins.ValueError")


def test_loggers_that_do_not_propagate_are_heard_and_ours_is_not(take: Take) -> None:
    log = logging.getLogger("shop.alone")
    log.propagate = False
    log.addHandler(logging.NullHandler())
    log.error("alone")
    logging.getLogger("codegenesis").error("ours")
    assert [event.message for event in take()] == ["alone"]
    assert logging.getLogger().handlers == logging.root.handlers


def test_secrets_in_messages_are_not_kept(take: Take) -> None:
    logging.getLogger("shop").error("cannot write to %s", "ann@example.org")
    (event,) = take()
    assert "ann@" not in event.message
    assert event.message.startswith("cannot write to ")


def test_what_cannot_be_formatted_does_no_harm(take: Take) -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError

    log = logging.getLogger("shop.odd")
    log.propagate = False
    log.addHandler(logging.NullHandler())
    log.error("%s", Odd())
    assert take() == []


def test_a_flood_of_different_errors_is_bounded_and_counted(take: Take) -> None:
    log = logging.getLogger("shop.flood")
    log.propagate = False
    log.addHandler(logging.NullHandler())
    records = [
        log.makeRecord(log.name, logging.ERROR, "f.py", line, "bad", (), None)
        for line in range(incidents.MOST + 10)
    ]
    for record in records:
        log.handle(record)
    assert incidents.box.dropped == 10
    assert len(take()) == incidents.MOST
    log.handle(records[-1])
    assert len(take()) == 1


def test_a_hook_that_was_replaced_is_renewed_and_counts_once(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    under = sys.excepthook

    def over(*said: Any) -> None:
        under(*said)

    monkeypatch.setattr(sys, "excepthook", over)
    hooks.install()
    error = caught()
    sys.excepthook(KeyError, error, error.__traceback__)
    assert [event.count for event in take()] == [1]


def test_what_was_there_before_is_there_again(take: Take) -> None:
    ours = logging.Logger.callHandlers
    hooks.remove()
    assert logging.Logger.callHandlers is not ours
    assert logging.Logger.callHandlers.__module__ == "logging"
    logging.getLogger("shop").error("nobody listens")
    assert take() == []


APP = """
    import logging, sys, threading, time
    from shop import pricing

    def main():
        for country in ("de", "it", "it"):
            try:
                pricing.quote(1, country)
            except KeyError:
                logging.getLogger("shop.web").exception("no price")
        thread = threading.Thread(target=pricing.rate, args=("es",))
        thread.start()
        thread.join()

    while "codegenesis.runtime.hooks" not in sys.modules or sys.excepthook is sys.__excepthook__:
        time.sleep(0.01)  # until somebody listens
    main()
    pricing.quote(1, "us")
"""


def test_an_app_that_is_watched_tells_of_its_crashes_and_dies_as_ever(
    shop: Path, config: Config, store: Store
) -> None:
    (shop / "app.py").write_text(textwrap.dedent(APP))
    done = subprocess.run(
        [sys.executable, "app.py"], env=launch_environment(config, os.environ, start=shop),
        cwd=shop, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("Traceback (most recent call last)") == 4
    assert done.stderr.endswith("KeyError: 'us'\n")
    events = store.events.find()
    rate = "builtins.KeyError in shop.pricing:rate"
    assert {event.gene for event in events} == {"shop/shop.pricing:rate"}
    logged = [event for event in events if event.kind == "log"]
    assert sum(event.count for event in logged) == 2
    assert {e.fingerprint for e in logged} == {f"{rate} < shop.pricing:quote < __main__:main"}
    crashed = {event.fingerprint for event in events if event.kind == "crash"}
    assert crashed == {rate, f"{rate} < shop.pricing:quote < __main__:<module>"}


def test_events_can_be_switched_off(tmp_path: Path) -> None:
    assert load(environ={}, start=tmp_path).events is True
    assert load(environ={"CODEGENESIS_EVENTS": "false"}, start=tmp_path).events is False
