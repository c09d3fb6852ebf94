"""Killing writers at any moment loses nothing that was acknowledged."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

CRASHES = Path(__file__).with_name("crash_writer.py")


def test_what_was_acknowledged_survives_being_killed_at_any_moment(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", CRASHES, path, "30", "7"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["killed_while_opening"] > 3
    assert result["said"] > 300
    assert result["entries"] > 100
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()
