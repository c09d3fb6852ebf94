"""One engine per store, however the last one died."""

import subprocess
import sys

from codegenesis.lifecycle.lock import EngineLock

HOLDER = """
import sys
from pathlib import Path
from codegenesis.lifecycle.lock import EngineLock
lock = EngineLock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_turned_away_until_the_first_lets_go(tmp_path):
    first, second = EngineLock(tmp_path), EngineLock(tmp_path)
    assert first.acquire()
    assert not second.acquire()
    assert second.held_elsewhere()
    first.release()
    assert second.acquire()
    second.release()


def test_the_kernel_releases_the_lock_of_a_killed_engine(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout.readline() == "True\n"
        assert EngineLock(tmp_path).held_elsewhere()
        holder.kill()
    assert not EngineLock(tmp_path).held_elsewhere()
