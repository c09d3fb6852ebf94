"""Killing writers at any moment loses nothing that was acknowledged."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

CRASHES = Path(__file__).with_name("crash_writer.py")


def crashed(where: str, *, rounds: int) -> dict[str, int]:
    """What the crashing writers counted."""
    done = subprocess.run(
        [sys.executable, "-W", "error", CRASHES, where, str(rounds), "7"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_what_was_acknowledged_survives_being_killed_at_any_moment(path: Path) -> None:
    result = crashed(str(path), rounds=30)
    assert result["killed_while_opening"] > 3
    assert result["said"] > 300
    assert result["entries"] > 100
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()


def test_a_server_keeps_what_was_acknowledged_by_who_was_killed(on_server: str) -> None:
    result = crashed(on_server, rounds=8)
    assert result["said"] > 80
    assert result["entries"] > 20
