"""The real processes of the demo: the shop under `codegenesis run`, an engine, and shoppers.

Nothing is special about them: the same commands work for any app, which is the point.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import httpx2

from codegenesis.config import Config, load
from codegenesis.demo.traffic import Phase, drive
from codegenesis.errors import UnhealthyError
from codegenesis.lifecycle import start_engine, stop_engine

SETTINGS = """\
[project]
name = "shop"
version = "1"

[tool.codegenesis]
target = ["codegenesis.demo.shop.*"]
capture = "values"   # the shop's arguments are lists, dicts and small objects
heal = "auto"        # a fix for a crash may go in without a person's approval
engine = "off"       # the demo starts the engine itself, after it has measured "before"
# A demo has seconds, not days: it may watch 20 % of the CPU, not 0.5 %; a function gets 5 s of
# evolution, not 60, without a solver's search and without measuring how much the evidence would
# notice; a shadow 16 fresh calls, not 32, and a canary may decide from 150 pairs on, not 400.
probe_budget = 0.2
budget_s = 5
symbolic_s = 0
min_strength = 0
shadow_calls = 16
canary_pairs = 150
"""

#: Requests a second: two cores are shared by the shop, the shoppers, the engine and the jail.
RATE = 160.0


class Scene:
    """A working directory with a served shop in it.

    Args:
        directory: where the store, the catalogue and the logs go.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = _free_port()
        (directory / "pyproject.toml").write_text(SETTINGS)
        self.config: Config = load(start=directory)

    @property
    def url(self) -> str:
        """Base address of the shop."""
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def serving(self, *, watched: bool, patience_s: float = 20.0) -> Iterator[None]:
        """The shop for as long as the block runs.

        Args:
            watched: under `codegenesis run`; else as it is.

        Raises:
            UnhealthyError: it does not answer within `patience_s`.
        """
        serve = [sys.executable, "-m", "codegenesis.demo.shop", "--port", str(self.port)]
        run = [sys.executable, "-m", "codegenesis", "run", "--"] if watched else []
        with (self.directory / "shop.log").open("ab") as log:
            shop = subprocess.Popen(
                [*run, *serve], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._await_answer(shop, patience_s)
            yield
        finally:
            _end(shop)

    @contextlib.contextmanager
    def evolving(self) -> Iterator[None]:
        """An engine at work on the shop's store."""
        engine = start_engine(self.config)
        try:
            yield
        finally:
            stop_engine(engine)

    @contextlib.contextmanager
    def shoppers(self, *, seed: int) -> Iterator[Future[Phase]]:
        """Traffic in the background until the block ends; the future holds what they saw."""
        stop = asyncio.Event()
        loop = asyncio.new_event_loop()
        phase: Future[Phase] = Future()

        def shop() -> None:
            try:
                phase.set_result(
                    loop.run_until_complete(drive(self.url, seed=seed, rate=RATE, stop=stop))
                )
            except BaseException as error:  # noqa: BLE001 (thread boundary: handed on)
                phase.set_exception(error)

        thread = threading.Thread(target=shop, name="shoppers")
        thread.start()
        try:
            yield phase
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.close()

    def measure(self, seconds: float, *, seed: int) -> Phase:
        """Traffic for so long, and what the shoppers saw."""
        return asyncio.run(drive(self.url, seconds=seconds, seed=seed, rate=RATE))

    def _await_answer(self, shop: subprocess.Popen[bytes], patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and shop.poll() is None:
            with contextlib.suppress(httpx2.TransportError):
                httpx2.get(self.url, trust_env=False)
                return
            time.sleep(0.1)
        log = (self.directory / "shop.log").read_text(errors="replace")[-2000:]
        raise UnhealthyError(
            f"the demo's shop does not answer on {self.url}:\n{log}",
            remedy="`codegenesis doctor` tells whether this machine is fit.",
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment_note() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"
