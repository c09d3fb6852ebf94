"""Keeping what is compared, and who compares, on one core; why is told in `track`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from codegenesis.sandbox import Candidate


def cores() -> list[int]:
    """Those that this thread may use."""
    return sorted(os.sched_getaffinity(0))


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Keep this thread on one core for a while."""
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {core})
        yield
    finally:
        os.sched_setaffinity(0, before)


def follow(candidate: Candidate) -> None:
    """Move a candidate to where this thread is; one of another kind has no process here."""
    pid = getattr(candidate, "pid", 0)
    if pid:
        try:
            os.sched_setaffinity(pid, os.sched_getaffinity(0))
        except OSError:
            return  # it has just died: the next request says so
