"""The parent's end of a candidate: one request, one answer, within limits, against an enemy.

The candidate only runs while a request is open: it is stopped before the answer is looked at, so it
cannot work ahead, put work off, or disturb a rival that is being timed. Its CPU clock is read from
outside. An answer is measured before it is read; one byte too many, or one that nobody asked for,
disqualifies.
"""

from __future__ import annotations

import os
import select
import signal
import time
from typing import NamedTuple

from codegenesis.errors import CodeGenesisError
from codegenesis.sandbox.messages import HEADER

_PIECE = 1 << 20
_LAST_MOMENT_NS = 300_000_000


class CandidateDied(CodeGenesisError):
    """A candidate broke a limit, the protocol, or itself."""


class EndedItself(CandidateDied):
    """A candidate closed its end; if it has also ended, its wait status says more."""


class Cost(NamedTuple):
    """What one exchange took, in nanoseconds.

    CPU counts from the end of the exchange before, so none is lost between two readings of the
    clock: what a candidate does before the signal to stop reaches it, the next exchange pays.
    """

    cpu_ns: int
    wall_ns: int


class Channel:
    """A candidate's two pipes, its pidfd and its CPU clock.

    Args:
        requests: descriptor to write requests to; owned from here on.
        answers: descriptor to read answers from; owned from here on.
        pidfd: the process; owned from here on.
        pid: the same process, for its clock; it is not reaped while this channel is in use.
    """

    def __init__(self, *, requests: int, answers: int, pidfd: int, pid: int) -> None:
        self._requests, self._answers, self._pidfd = requests, answers, pidfd
        self.pid = pid
        self._charged_ns = 0
        self._clock = ~pid << 3 | 2  # man 2 clock_gettime: the CPU clock of another process
        os.set_blocking(requests, False)
        os.set_blocking(answers, False)

    def exchange(
        self, request: bytes | None, *, cpu_s: float, wall_s: float, most_bytes: int
    ) -> tuple[bytes, Cost]:
        """Send one request, receive its answer, leave the candidate stopped.

        Args:
            request: None for the answer that it gives unasked, when it has locked itself in.

        Raises:
            CandidateDied: it did not answer as it must; the reason is for people.
        """
        if request is not None:
            self._require_silence()
        charged, started = self._charged_ns, time.monotonic_ns()
        budget = _Budget(self, charged + int(cpu_s * 1e9), started + int(wall_s * 1e9))
        self._signal(signal.SIGCONT)
        try:
            if request is not None:
                self._send(HEADER.pack(len(request)) + request, budget)
            answer = self._receive(budget, most_bytes)
            wall_ns = time.monotonic_ns() - started
        finally:
            self._signal(signal.SIGSTOP)
        self._charged_ns = self.cpu_ns()
        self._require_silence()
        return answer, Cost(self._charged_ns - charged, wall_ns)

    def cpu_ns(self) -> int:
        """CPU of the process since it was cloned."""
        try:
            return time.clock_gettime_ns(self._clock)
        except OSError:  # reaped by somebody else, because the zygote is gone
            raise EndedItself("it ended with the sandbox") from None

    def ends(self) -> bool:
        """Whether it is ending by itself: descriptors go first, the process a moment later."""
        return _wait(self._pidfd, select.POLLIN, _LAST_MOMENT_NS)

    def kill(self) -> None:
        """End the process and wait until it is dead."""
        self._signal(signal.SIGKILL)
        _wait(self._pidfd, select.POLLIN, None)

    def close(self) -> None:
        """Give the descriptors back."""
        for fd in (self._requests, self._answers, self._pidfd):
            os.close(fd)

    def _signal(self, number: signal.Signals) -> None:
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            pass

    def _require_silence(self) -> None:
        try:
            unasked = os.read(self._answers, 1)
        except BlockingIOError:
            return
        if unasked:
            raise CandidateDied("it wrote more than it was asked for")
        raise EndedItself("it closed its pipe without being asked")

    def _send(self, data: bytes, budget: _Budget) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._requests, left) :]
            except BlockingIOError:
                budget.wait(self._requests, select.POLLOUT)
            except BrokenPipeError:
                raise EndedItself("it closed its pipe instead of reading") from None

    def _receive(self, budget: _Budget, most_bytes: int) -> bytes:
        data, expected = bytearray(), HEADER.size
        while len(data) < expected:
            budget.wait(self._answers, select.POLLIN)
            piece = os.read(self._answers, min(_PIECE, expected - len(data)))
            if not piece:
                raise EndedItself("it closed its pipe instead of answering")
            data += piece
            if len(data) == expected == HEADER.size:
                (size,) = HEADER.unpack(data)
                if size > most_bytes:
                    raise CandidateDied(f"its answer is larger than {most_bytes} bytes")
                expected += size
        return bytes(data[HEADER.size :])


class _Budget:
    """When one exchange must be over, by two clocks."""

    def __init__(self, channel: Channel, cpu_ns: int, wall_ns: int) -> None:
        self._channel = channel
        self._cpu_ns, self._wall_ns = cpu_ns, wall_ns

    def wait(self, fd: int, event: int) -> None:
        """Wait for the descriptor; a single thread cannot use CPU faster than time passes."""
        while True:
            cpu_left = self._cpu_ns - self._channel.cpu_ns()
            wall_left = self._wall_ns - time.monotonic_ns()
            if cpu_left <= 0:
                raise CandidateDied("it used more CPU than allowed")
            if wall_left <= 0:
                raise CandidateDied("it took longer than allowed")
            if _wait(fd, event, min(cpu_left, wall_left)):
                return


def _wait(fd: int, event: int, timeout_ns: int | None) -> bool:
    poll = select.poll()
    poll.register(fd, event)
    return bool(poll.poll(None if timeout_ns is None else timeout_ns // 1_000_000 + 1))
