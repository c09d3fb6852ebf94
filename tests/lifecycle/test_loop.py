"""The loop closes on a program that knows nothing of it: all processes, the jail, the store."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codegenesis.ledger import KeyRing, verify_all
from codegenesis.store import Store

HERE = Path(__file__).parent
SETTINGS = """\
[project]
name = "books"
version = "1"

[tool.codegenesis]
target = ["app.py:*"]
capture = "values"
probe_budget = 0.2
poll_s = 0.05
budget_s = 8
symbolic_s = 0
min_strength = 0
canary_pairs = 60
shadow_calls = 8
"""
PATIENCE_S = 90.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project: the program and its settings."""
    shutil.copy(HERE / "app.py", tmp_path / "app.py")
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    return tmp_path


@contextlib.contextmanager
def running(project: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`codegenesis run -- python app.py`, ended by closing its standard input."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CODEGENESIS_")}
    command = [sys.executable, "-m", "codegenesis", "run", *options, "--", sys.executable, "app.py"]
    app = subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield app
    finally:
        app.kill()
        app.communicate()


def eventually(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:g} s: {what}"
        time.sleep(0.05)


def live(store: Store) -> set[str]:
    """Bare names of the functions that run an evolved version."""
    return {r.gene.rpartition(":")[2] for r in store.releases(stages=["live"])}


def test_weak_functions_of_a_running_program_are_replaced_and_it_serves_on(project):
    database = project / ".codegenesis" / "genesis.db"
    with running(project) as app:
        eventually(database.exists, "a store")
        with Store.open(database) as store:
            wanted = {"doublets", "Ledger.largest", "steps"}
            eventually(lambda: wanted <= live(store), f"live versions of {wanted}")
            release = store.releases(stages=["live"])[0]
            eventually(
                lambda: any(
                    a.outcome == "swapped" and a.stage == "live" for a in store.acks(release.id)
                ),
                "the program's acknowledgement",
            )
            report = verify_all(store, KeyRing(database.parent / "keys"))
            assert report.ok, [check for check in report.checks if not check.ok]
            assert {p.role for p in store.processes()} == {"app", "engine"}
        out, err = app.communicate("", timeout=30)
    assert app.returncode == 0, err
    assert out == "served\n"


@pytest.mark.slow
def test_code_that_nobody_signed_is_refused_and_the_program_says_so(project):
    database = project / ".codegenesis" / "genesis.db"
    with running(project) as app:
        eventually(database.exists, "a store")
        with Store.open(database) as store:
            eventually(lambda: store.releases(stages=["live"]), "a live version")
            release = store.releases(stages=["live"])[0]
            tamper(database, release.variant)
            touched = store.release(release.id)
            store.move_release(
                release.id, expect=["live"], stage="live", weight=1.0, decision=touched.decision,
                reason="touched", at_ns=time.time_ns(),
            )  # fmt: skip
            eventually(
                lambda: any(ack.outcome == "refused" for ack in store.acks(release.id)), "a refusal"
            )
            assert not verify_all(store, KeyRing(database.parent / "keys")).ok
        out, err = app.communicate("", timeout=30)
    assert app.returncode == 0, err
    assert out == "served\n"
    assert "refused" in err


def tamper(database: Path, variant: str) -> None:
    """Change the source of a variant in the store, as somebody with the file could."""
    connection = sqlite3.connect(database, timeout=10)
    with connection:
        connection.execute(
            "UPDATE variants SET source = source || '\n# and more' WHERE id = ?", (variant,)
        )
    connection.close()


def test_the_engine_ends_with_the_program_that_started_it(project):
    with running(project) as app:
        database = project / ".codegenesis" / "genesis.db"
        eventually(database.exists, "a store")
        with Store.open(database) as store:
            eventually(lambda: store.processes(role="engine"), "an engine")
            engine = store.processes(role="engine")[0].pid
        app.kill()
        app.wait()
    eventually(lambda: not Path(f"/proc/{engine}").exists(), "the end of the engine")


def test_a_program_is_watched_but_not_evolved_with_the_engine_off(project):
    with running(project, "--set", "engine=off") as app:
        database = project / ".codegenesis" / "genesis.db"
        eventually(database.exists, "a store")
        with Store.open(database) as store:
            eventually(lambda: len(store.observation_counts()) >= 3, "observations")
            assert store.processes(role="engine") == []
        out, _ = app.communicate("", timeout=30)
    assert (app.returncode, out) == (0, "served\n")
