"""Watching a world of processes from outside: time, CPU, memory and number, all together.

Everything in a PID namespace descends from its first process, so the kernel's lists of children
find it. A memory cgroup would do this more exactly, but it is rarely ours to make, and stays behind
when its maker is killed; here the hard limits per process bound what can happen between two looks.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from codegenesis.sandbox.work import WorkLimits

_EVERY_S = 0.02
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_REAL = (b"RssAnon:", b"RssShmem:", b"VmPTE:", b"VmSwap:")
#: Twice net.core.wmem_max as kernels have it; what is sent waits with its sender's account.
_MOST_IN_A_SOCKET = 2 * 212_992
_SHARES = (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")


class Overseer(threading.Thread):
    """Ends the process behind `pidfd`, and with it its world, when a limit is exceeded.

    Attributes:
        verdict: which limit was hit; empty when none was.
        cpu_ns, peak_bytes: most CPU and real memory seen.
    """

    def __init__(self, pid: int, pidfd: int, limits: WorkLimits) -> None:
        super().__init__(daemon=True, name="codegenesis-overseer")
        self.verdict = ""
        self.cpu_ns = self.peak_bytes = 0
        self._pid, self._pidfd, self._limits = pid, pidfd, limits
        self._deadline_ns = time.monotonic_ns() + int(limits.wall_s * 1e9)
        self._over = threading.Event()

    def run(self) -> None:
        """Look until told to stop or somebody had to be ended."""
        while not self._over.wait(_EVERY_S):
            if verdict := self._excess():
                self.end(verdict)
                return

    def end(self, verdict: str) -> None:
        """End the world; the first reason given counts."""
        self.verdict = self.verdict or verdict
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def stop(self) -> None:
        """Look no more; call before the descriptor is closed."""
        self._over.set()
        if self.is_alive():
            self.join()

    def _excess(self) -> str:
        limits = self._limits
        if time.monotonic_ns() > self._deadline_ns:
            return f"it took longer than {limits.wall_s:g} s"
        world = dict(_world(self._pid))
        pids = list(world)
        if sum(world.values()) > limits.processes + 1:
            return f"it had more than {limits.processes} processes and threads"
        self.cpu_ns = max(self.cpu_ns, sum(map(_cpu_ns, pids)))
        if self.cpu_ns > limits.cpu_s * 1e9:
            return f"it used more than {limits.cpu_s:g} s of CPU"
        buffers = _buffers(self._pid)
        used = buffers + sum(_memory(pid, "status", _REAL) or 0 for pid in pids)
        if used > limits.memory_bytes:  # what several share was counted for each
            used = buffers + sum(map(_share, pids))
        self.peak_bytes = max(self.peak_bytes, used)
        if used > limits.memory_bytes:
            return f"it used more than {limits.memory_bytes} bytes of memory"
        return ""


def _world(first: int) -> Iterator[tuple[int, int]]:
    """Each process and the number of its threads."""
    waiting = [first]
    while waiting:
        pid = waiting.pop()
        threads = 0
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                threads += 1
                waiting += map(int, (task / "children").read_bytes().split())
        yield pid, threads


def _cpu_ns(pid: int) -> int:
    """Of the process and of its children that it has buried."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    return sum(map(int, stat.rpartition(b")")[2].split()[11:15])) * _TICK_NS


def _share(pid: int) -> int:
    exact = _memory(pid, "smaps_rollup", _SHARES)
    return (_memory(pid, "status", _REAL) or 0) if exact is None else exact


def _buffers(pid: int) -> int:
    """What the sockets of this process' network namespace could hold in the kernel's memory."""
    try:
        sockets = Path(f"/proc/{pid}/net/unix").read_bytes().count(b"\n") - 1
    except OSError:
        return 0
    return sockets * _MOST_IN_A_SOCKET


def _memory(pid: int, name: str, lines: tuple[bytes, ...]) -> int | None:
    try:
        text = Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return None
    found = (line.split() for line in text.splitlines() if line.startswith(lines))
    return sum(int(words[1]) for words in found) * 1024
