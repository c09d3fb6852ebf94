"""Forked workers of a host on a shared store: each records, and the server may go away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codegenesis.errors import StoreError
from codegenesis.store import Store

if TYPE_CHECKING:
    from codegenesis.store.throwaway import Server

PROGRAM = """
import os, threading

def work(n):
    return sum(range(n))

def main():
    workers = []
    for _ in range(2):
        if os.getpid() == PARENT:
            workers.append(os.fork())
    while not done.wait(0.002):
        assert work(50) == 1225
    if os.getpid() == PARENT:
        assert [os.waitpid(pid, 0)[1] for pid in workers] == [0, 0]
        print("served", flush=True)

PARENT = os.getpid()
done = threading.Event()
def watch():
    os.read(0, 1)
    done.set()
if __name__ == "__main__":
    work(1)
    os.register_at_fork(after_in_child=lambda: threading.Thread(target=watch, daemon=True).start())
    threading.Thread(target=watch, daemon=True).start()
    main()
"""

pytestmark = pytest.mark.slow


def eventually(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def poll_s() -> float:
    """How often agents look by themselves."""
    return 0.2


@pytest.fixture
def app(url: str, tmp_path: Path, poll_s: float) -> Iterator[subprocess.Popen[str]]:
    """A program with two forked workers, watched; no engine."""
    (tmp_path / "app.py").write_text(PROGRAM)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CODEGENESIS_")}
    environment |= {
        "CODEGENESIS_STORE": url,
        "CODEGENESIS_ENGINE": "off",
        "CODEGENESIS_POLL_S": str(poll_s),
        "CODEGENESIS_PROBE_BUDGET": "0.2",
        "CODEGENESIS_TARGET": "app.py:*",
    }
    command = [sys.executable, "-m", "codegenesis", "run", "--", sys.executable, "app.py"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_forked_workers_record_and_serve_on_while_the_server_is_away(
    app: subprocess.Popen[str], store: Store, postgres: Server
) -> None:
    def recording() -> set[str]:
        return {each.process for gene in store.genes() for each in store.observations(gene.id)}

    eventually(lambda: len(recording()) == 3, "three processes that record")
    postgres.stop()
    postgres.start()
    eventually(lambda: answers(store), "the server is back")
    now_ns = time.time_ns()
    eventually(
        lambda: len(store.processes(role="app", seen_since_ns=now_ns)) == 3, "all are there again"
    )
    out, err = app.communicate("", timeout=30)
    assert (app.returncode, out) == (0, "served\n"), err


@pytest.mark.parametrize("poll_s", [600.0])
def test_agents_hear_of_news_long_before_they_would_look(
    app: subprocess.Popen[str], store: Store
) -> None:
    eventually(lambda: len(store.processes(role="app")) == 3, "three processes")

    def answered(since_ns: int) -> bool:
        store.freeze("news")
        return len(store.processes(role="app", seen_since_ns=since_ns)) == 3

    now_ns = time.time_ns()
    eventually(lambda: answered(now_ns), "all three have looked")
    out, err = app.communicate("", timeout=30)
    assert (app.returncode, out) == (0, "served\n"), err


def answers(store: Store) -> bool:
    """Whether the store answers; the first try after a restart may not."""
    try:
        store.head()
    except StoreError:
        return False
    return True
