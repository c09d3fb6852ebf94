"""Real servers on loopback, and the use that they saw."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codegenesis.runtime import context, rewards

#: What an endpoint answers: the use that it is part of.
SEEN = """
import json, os
from codegenesis.runtime.context import current

def seen():
    use = current()
    told = {name: getattr(use, name) for name in ("segment", "key", "trace")} if use else {}
    return json.dumps({**told, "pid": os.getpid()})
"""


class Site:
    """Applications in a directory of their own, served by programs of their own."""

    def __init__(self, directory: Path, until: Callable[..., None]) -> None:
        self.directory = directory
        self._until = until
        self._started: list[subprocess.Popen[bytes]] = []
        self.write("seen.py", SEEN)

    def write(self, name: str, source: str) -> None:
        (self.directory / name).write_text(textwrap.dedent(source))

    def start(self, *command: str, environ: dict[str, str] | None = None) -> int:
        """Run `python COMMAND` here with `{port}` filled in; the port, once it is served."""
        port = _free_port()
        self.run(*(each.format(port=port) for each in command), environ=environ)
        self._until(lambda: _answers(port), what=f"a server on {port}", seconds=30)
        return port

    def run(self, *command: str, environ: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Run `python COMMAND` here until the test ends."""
        log = (self.directory / "log").open("ab")
        with log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=self.directory,
                env=environ or os.environ.copy(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def end(self) -> None:
        """Kill what still runs; what it said is shown when the test has failed."""
        for process in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # a session of its own
            process.wait(timeout=10)
        print((self.directory / "log").read_text() if self._started else "")


@pytest.fixture
def site(tmp_path: Path, until: Callable[..., None]) -> Iterator[Site]:
    (tmp_path / "site").mkdir()
    made = Site(tmp_path / "site", until)
    yield made
    made.end()


@pytest.fixture
def get() -> Callable[..., Any]:
    """Asks a server on loopback; what it answered, parsed."""
    return _get


def _get(port: int, path: str = "/", **headers: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=named)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (answer.status, body)
        return json.loads(body)


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No segments are known, and nothing that another test told waits for an agent."""
    monkeypatch.setattr(context, "segments", context.Segments())
    rewards.box.clear()
    yield
    rewards.box.clear()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
