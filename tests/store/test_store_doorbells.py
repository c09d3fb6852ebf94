"""Who waits for news of a file is rung at, and what it leaves behind is taken away."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codegenesis.store.doorbells import Doorbell, ring

FOREVER_S = 60.0


def heard(doorbell: Doorbell, cause: Callable[[], None]) -> None:
    """`cause` ends a wait."""
    waiting = threading.Thread(target=doorbell.wait, args=(FOREVER_S,))
    waiting.start()
    cause()
    waiting.join(FOREVER_S / 2)
    assert not waiting.is_alive()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "genesis.db"


@pytest.fixture
def doorbell(file: Path) -> Iterator[Doorbell]:
    made = Doorbell(file)
    yield made
    made.close()


def bells(file: Path) -> list[str]:
    return sorted(each.name for each in file.with_name("genesis.db.bells").iterdir())


def test_a_ring_ends_a_wait(file: Path, doorbell: Doorbell) -> None:
    heard(doorbell, lambda: ring(file))


def test_a_ring_before_the_wait_ends_it_and_the_next_one_lasts(
    file: Path, doorbell: Doorbell
) -> None:
    for _ in range(3):
        ring(file)
    heard(doorbell, lambda: None)
    began = time.monotonic()
    doorbell.wait(0.05)
    assert time.monotonic() - began >= 0.05


def test_another_process_hears_it(file: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom codegenesis.store.doorbells import Doorbell\n"
        f"doorbell = Doorbell(Path(sys.argv[1]))\nprint('hung', flush=True)\n"
        f"doorbell.wait({FOREVER_S})\ndoorbell.close()\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"hung\n"
    ring(file)
    assert other.wait(FOREVER_S / 2) == 0
    other.stdout.close()
    assert bells(file) == []


def test_another_thread_can_end_a_wait(doorbell: Doorbell) -> None:
    heard(doorbell, doorbell.wake)


def test_it_is_gone_when_it_is_closed(file: Path) -> None:
    doorbell = Doorbell(file)
    assert len(bells(file)) == 1
    doorbell.close()
    assert bells(file) == []
    doorbell.close()


def test_who_inherits_it_leaves_it_where_it_is(file: Path, doorbell: Doorbell) -> None:
    pid = os.fork()
    if pid == 0:
        doorbell.abandon()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    heard(doorbell, lambda: ring(file))


def test_what_a_killed_process_leaves_is_taken_away_and_nothing_else(file: Path) -> None:
    left = Doorbell(file)
    left.abandon()
    foreign = file.with_name("genesis.db.bells") / "notes.txt"
    foreign.write_text("somebody's")
    (foreign.parent / "link").symlink_to(foreign)
    ring(file)
    assert bells(file) == ["link", "notes.txt"]


def test_what_killed_processes_leave_does_not_pile_up(file: Path, doorbell: Doorbell) -> None:
    for _ in range(200):
        Doorbell(file).abandon()
    assert len(bells(file)) < 100
    began = time.monotonic()
    doorbell.wait(0.05)  # nobody was rung at for this
    assert time.monotonic() - began >= 0.05
    heard(doorbell, lambda: ring(file))
    assert len(bells(file)) == 1


def test_ringing_where_nobody_has_a_bell_is_fine(file: Path) -> None:
    ring(file)
    file.with_name("genesis.db.bells").write_text("no directory")
    ring(file)
    doorbell = Doorbell(file)  # there is no place for it: who waits looks when the time is over
    doorbell.wait(0.01)
    heard(doorbell, doorbell.wake)
    doorbell.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="long names need /proc")
def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 120) / "genesis.db"
    deep.parent.mkdir()
    doorbell = Doorbell(deep)
    heard(doorbell, lambda: ring(deep))
    doorbell.close()
    assert bells(deep) == []


def test_somebody_who_does_not_listen_holds_up_nobody(file: Path, doorbell: Doorbell) -> None:
    for _ in range(5000):  # more than fit in front of one door
        ring(file)
    heard(doorbell, lambda: None)
