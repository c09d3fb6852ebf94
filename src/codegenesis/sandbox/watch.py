"""What another process uses, read from outside it: CPU and real memory, and when that is too much.

The kernel keeps both counts, so no code in the process can lie about them. CPU comes from the clock
of the process, memory from the high-water mark in `/proc/PID/status` (world-readable, also when the
process is not dumpable; 7 µs a reading). RLIMIT_CPU and RLIMIT_RSS were rejected: the first makes
the clock coarse, the second does nothing since Linux 2.4. Memory is looked at every few
milliseconds, and once more at the end, so a bound is overshot for a moment, never unnoticed.
"""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from typing import Literal

from codegenesis.errors import CodeGenesisError, SandboxError
from codegenesis.sandbox.kernel import MissingFeatureError

Resource = Literal["CPU", "time", "memory"]

_LOOK_NS = 10_000_000
_STATUS_BYTES = 4096
#: How a call that has used up its CPU is told of.
OUT_OF_CPU = "it used more CPU than allowed"
_WORDS: dict[Resource, str] = {
    "CPU": OUT_OF_CPU,
    "time": "it took longer than allowed",
    "memory": "it used more memory than allowed",
}


class Exceeded(CodeGenesisError):
    """A limit was exceeded.

    Args:
        what: which one.
    """

    def __init__(self, what: Resource) -> None:
        super().__init__(_WORDS[what])
        self.what = what


class Gone(SandboxError):
    """The process does not exist any more."""


class Watch:
    """One process, from now on.

    Args:
        pidfd: the process; stays the caller's.
        parent: its parent must be this process; whoever sent the pidfd is not trusted to send one
            of its own.

    Raises:
        Gone: it has ended, and is buried.
        SandboxError: it is no child of that process.
        MissingFeatureError: `/proc` does not show it.
    """

    def __init__(self, pidfd: int, *, parent: int) -> None:
        self.pid = _pid(pidfd)
        self._clock = ~self.pid << 3 | 2  # man 2 clock_gettime: the CPU clock of another process
        try:
            self._status = os.open(f"/proc/{self.pid}/status", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            if ready(pidfd, select.POLLIN, 0):
                raise Gone("it has ended") from None
            raise MissingFeatureError("proc", error.strerror or str(error)) from error
        try:
            self._start = self._mark(parent)
        except BaseException:
            self.close()
            raise

    def _mark(self, parent: int) -> int:
        status = self._read()
        if _field(status, b"\nPPid:") != parent:
            raise SandboxError("the sandbox passed a process that is not its own")
        with suppress(ValueError):  # a process that is ending has no memory
            return _field(status, b"\nVmHWM:") << 10
        return 0

    def cpu_ns(self) -> int:
        """CPU of the process since it began, all threads together; raises Gone."""
        try:
            return time.clock_gettime_ns(self._clock)
        except OSError:
            raise Gone("it ended with the sandbox") from None

    def peak_bytes(self) -> int:
        """The most real memory that it had at any time, above what it had at first; raises Gone."""
        try:
            mark = _field(self._read(), b"\nVmHWM:")
        except (ProcessLookupError, ValueError):
            raise Gone("it ended with the sandbox") from None
        return max(0, (mark << 10) - self._start)

    def restart(self) -> None:
        """Let the peak count from what it has had so far; raises Gone."""
        self._start += self.peak_bytes()

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._status)

    def _read(self) -> bytes:
        return os.pread(self._status, _STATUS_BYTES, 0)


class Budget:
    """When something must be over, by three measures.

    Args:
        cpu_ns: CPU on the clock of the process at which it ends.
        wall_ns: `time.monotonic_ns` at which it ends.
        real_bytes: memory, see `Watch.peak_bytes`.
    """

    def __init__(self, watch: Watch, *, cpu_ns: int, wall_ns: int, real_bytes: int) -> None:
        self._watch = watch
        self._cpu_ns, self._wall_ns, self._real_bytes = cpu_ns, wall_ns, real_bytes

    def wait(self, fd: int, event: int) -> None:
        """Wait for the descriptor.

        Raises:
            Exceeded: a limit was reached first.
            Gone: the process has ended, and nobody will answer.
        """
        while True:
            cpu_left = self._cpu_ns - self._watch.cpu_ns()
            wall_left = self._wall_ns - time.monotonic_ns()
            if cpu_left <= 0:
                raise Exceeded("CPU")
            if wall_left <= 0:
                raise Exceeded("time")
            if ready(fd, event, min(cpu_left, wall_left, _LOOK_NS)):
                return
            self.settle()

    def settle(self) -> int:
        """Peak memory in bytes; raises Exceeded when it is too much."""
        peak = self._watch.peak_bytes()
        if peak > self._real_bytes:
            raise Exceeded("memory")
        return peak


def ready(fd: int, event: int, timeout_ns: int | None) -> bool:
    """Whether a descriptor is ready within that time (None: however long it takes)."""
    poll = select.poll()
    poll.register(fd, event)
    return bool(poll.poll(None if timeout_ns is None else -(-timeout_ns // 1_000_000)))


def _pid(pidfd: int) -> int:
    """The process of a pidfd, as this process' `/proc` numbers it."""
    try:
        with open(f"/proc/self/fdinfo/{pidfd}", "rb", buffering=0) as info:  # noqa: PTH123
            return _field(info.read(_STATUS_BYTES), b"\nPid:")
    except (OSError, ValueError):
        raise SandboxError("the sandbox passed something that is not a process") from None


def _field(text: bytes, name: bytes) -> int:
    start = text.index(name) + len(name)
    return int(text[start : text.index(b"\n", start)].removesuffix(b" kB"))
