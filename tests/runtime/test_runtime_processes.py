"""Functions of every kind, swapped by real agents in processes that were forked and spawned."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from launched_app import App
from other_pythons import Python

if TYPE_CHECKING:
    from conftest import House

SHOP = """
    import functools

    def plain(x):
        return "old"

    def closed(word):
        def inner(x):
            return word
        return inner

    inner = closed("old")

    @functools.lru_cache
    def cached(x):
        return "old"

    class Shop:
        @staticmethod
        def static(x):
            return "old"
        @classmethod
        def made(cls, x):
            return "old"
        @property
        def name(self):
            return "old"
"""

MAIN = """
    import json, multiprocessing, sys, threading, time
    import shop

    CALLS = {
        "plain": lambda: shop.plain(1),
        "closed": lambda: shop.inner(1),
        "closed later": lambda: shop.closed("old")(1),
        "cached": lambda: shop.cached(1),
        "static": lambda: shop.Shop.static(1),
        "made": lambda: shop.Shop.made(1),
        "name": lambda: shop.Shop().name,
    }

    def wait(told, who):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            seen = {name: call() for name, call in CALLS.items()}
            if set(seen.values()) == {"new"}:
                break
            time.sleep(0.02)
        told.put((who, seen))

    if __name__ == "__main__":
        workers = []
        told = multiprocessing.get_context("spawn").Queue()
        for how in ("fork", "spawn"):
            process = multiprocessing.get_context(how).Process(target=wait, args=(told, how))
            process.start()
            workers.append(process)
        thread = threading.Thread(target=wait, args=(told, "thread"))
        thread.start()
        print(json.dumps(dict(told.get(timeout=90) for _ in range(3))))
        thread.join()
        for process in workers:
            process.join()
            assert process.exitcode == 0
"""

NEW = {
    "plain": "def plain(x):\n    return 'new'\n",
    "closed.<locals>.inner": "NEW = 'new'\ndef inner(x):\n    return NEW if word else None\n",
    "cached": "def cached(x):\n    return 'new'\n",
    "Shop.static": "def static(x):\n    return 'new'\n",
    "Shop.made": "def made(cls, x):\n    return 'new'\n",
    "Shop.name": "def name(self):\n    return 'new'\n",
}


@pytest.fixture
def app(house: House, tmp_path: Path, until: Callable[..., None]) -> Iterator[App]:
    made = App(house, tmp_path, until)
    yield made
    made.end()


def test_forked_and_spawned_processes_swap_all_kinds(app: App) -> None:
    all_kinds_are_swapped(app)


@pytest.mark.slow
def test_they_do_on_every_version_of_python(app: App, each_python: Python) -> None:
    app.python = each_python.program
    all_kinds_are_swapped(app, PYTHONPATH=each_python.path)


def all_kinds_are_swapped(app: App, **settings: str) -> None:
    app.write("shop.py", SHOP)
    app.write("main.py", MAIN)
    running = app.start("main.py", **settings)
    for name, source in NEW.items():
        app.house.release(app.gene(f"shop:{name}"), source)
    (line,) = running.communicate(timeout=120)[0].splitlines()
    seen = json.loads(line)
    assert {who: set(results.values()) for who, results in seen.items()} == {
        "fork": {"new"}, "spawn": {"new"}, "thread": {"new"},
    }  # fmt: skip
    assert running.returncode == 0
