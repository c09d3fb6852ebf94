"""What is there besides the code of a test: its descendants, open descriptors and mounts."""

import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GONE = FileNotFoundError, ProcessLookupError


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(*GONE):  # a thread may end, or a process, while we look
            for child in map(int, task.read_text().split()):
                found |= {child} | descendants(child)
    return found


def running(pids: Iterable[int]) -> set[int]:
    """Those that exist and are not merely waiting to be buried by init."""
    alive = set()
    for pid in pids:
        with suppress(*GONE):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z":
                alive.add(pid)
    return alive


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """A block after which there is nothing that was not there before.

    What earlier tests left to the collector or to init may go meanwhile, and a thread of theirs may
    have something open for a moment; what a sandbox leaves does not go away.
    """
    gc.collect()
    before = _present()
    yield
    until(lambda: not _present() - before, seconds=5.0)


def _present() -> Counter[str]:
    """Descendants, mounts and open descriptors of this process."""
    found = Counter(f"process {pid}" for pid in descendants(os.getpid()))
    found.update(Path("/proc/self/mountinfo").read_text().splitlines())
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists
            found[str(entry.readlink())] += 1
    return found
