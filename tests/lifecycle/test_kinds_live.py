"""The loop closes on an asyncio program: every kind of function is swapped while it serves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codegenesis.ledger import KeyRing, verify_all
from codegenesis.store import Store

APP = Path(__file__).parent / "kinds_app.py"
SETTINGS = """\
[project]
name = "kinds"
version = "1"

[tool.codegenesis]
target = ["app.py:*"]
capture = "values"
probe_budget = 0.2
poll_s = 0.05
budget_s = 10
symbolic_s = 0
search_share = 0
min_strength = 0
canary_pairs = 60
shadow_calls = 8
"""
WANTED = {
    "Ledger.largest",
    "words",
    "once",
    "doublets",
    "trickle",
    "greeter.<locals>.greet",
}
PATIENCE_S = 400.0


def live(store):
    return {r.gene.rpartition(":")[2] for r in store.releases(stages=["live"])}


def eventually(holds, what):
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:g} s: {what()}"
        time.sleep(0.1)


@pytest.mark.slow
def test_functions_of_every_kind_are_swapped_while_the_program_serves(tmp_path):
    shutil.copy(APP, tmp_path / "app.py")
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CODEGENESIS_")}
    command = [sys.executable, "-m", "codegenesis", "run", "--", sys.executable, "app.py"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    app = subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, **pipes)
    database = tmp_path / ".codegenesis" / "genesis.db"
    try:
        eventually(database.exists, lambda: "a store")
        with Store.open(database) as store:
            eventually(
                lambda: live(store) >= WANTED or app.poll() is not None,
                lambda: (WANTED - live(store), [g for g in store.genes() if g.refused]),
            )
            assert app.poll() is None, app.communicate()
            report = verify_all(store, KeyRing(database.parent / "keys"))
            assert report.ok, [check for check in report.checks if not check.ok]
        out, err = app.communicate("", timeout=60)
    finally:
        app.kill()
        app.communicate()
    assert app.returncode == 0, err
    assert out == "served\n"
