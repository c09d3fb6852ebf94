"""The demo is the product in a minute: what it promises is tested by playing it."""

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_demo_evolves_the_shop_and_takes_a_bad_release_out(tmp_path):
    command = [sys.executable, "-m", "codegenesis", "demo", "--json", "--keep", str(tmp_path / "d")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    live = {row["target"]: row for row in report["functions"] if row["stage"] == "live"}
    assert len(live) >= 2
    assert all(row["low"] > 1 for row in live.values() if row["verdict"] == "faster, live")
    assert report["bad_release"]["rolled_back"]
    assert report["bad_release"]["errors_seen"] == 0
    assert all(check["ok"] for check in report["verified"]["checks"])
    assert report["first_swap_s"] > 0
    assert report["before"]["requests"] > 100
    assert report["after"]["requests"] > 100
    healthy = {row["target"].rpartition(":")[2] for row in report["functions"] if not row["stage"]}
    assert {"page", "line_total", "order_total"} <= healthy
