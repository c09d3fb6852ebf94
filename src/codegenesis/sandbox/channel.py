"""The parent's end of a candidate: one request, one answer, within limits, against an enemy.

The candidate only runs while a request is open: it is stopped before the answer is looked at, so it
cannot work ahead, put work off, or disturb a rival that is being timed. Its CPU clock is read from
outside, and so is its memory. An answer is measured before it is read; one byte too many, or one
that nobody asked for, disqualifies.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from typing import NamedTuple

from codegenesis.errors import CodeGenesisError
from codegenesis.sandbox.messages import HEADER
from codegenesis.sandbox.watch import Budget, Exceeded, Gone, Watch, ready

_PIECE = 1 << 20
_LAST_MOMENT_NS = 300_000_000


class CandidateDied(CodeGenesisError):
    """A candidate broke a limit, the protocol, or itself."""


class EndedItself(CandidateDied):
    """A candidate closed its end; if it has also ended, its wait status says more."""


class Cost(NamedTuple):
    """What one exchange took: nanoseconds, and the most memory that the process had so far.

    CPU counts from the end of the exchange before, so none is lost between two readings of the
    clock: what a candidate does before the signal to stop reaches it, the next exchange pays.
    """

    cpu_ns: int = 0
    wall_ns: int = 0
    peak_bytes: int = 0


class Channel:
    """A candidate's two pipes, its pidfd and its CPU clock.

    Args:
        requests: descriptor to write requests to; owned from here on.
        answers: descriptor to read answers from; owned from here on.
        pidfd: the process; owned from here on. It is not reaped while this channel is in use.
        watch: the same process; owned from here on.
    """

    def __init__(self, *, requests: int, answers: int, pidfd: int, watch: Watch) -> None:
        self._requests, self._answers, self._pidfd = requests, answers, pidfd
        self._watch = watch
        self._charged_ns = self._started_ns = 0
        os.set_blocking(requests, False)
        os.set_blocking(answers, False)

    @property
    def pid(self) -> int:
        """The process, as this process numbers it."""
        return self._watch.pid

    def exchange(
        self,
        request: bytes | None,
        *,
        cpu_s: float,
        wall_s: float,
        real_bytes: int,
        most_bytes: int,
    ) -> tuple[bytes, Cost]:
        """Send one request, receive its answer, leave the candidate stopped.

        Args:
            request: None for the answer that it gives unasked, when it has locked itself in.

        Raises:
            CandidateDied: it did not answer as it must; the reason is for people.
        """
        try:
            return self._exchange(request, cpu_s, wall_s, real_bytes, most_bytes)
        except Exceeded as error:
            raise CandidateDied(str(error)) from None
        except Gone as error:
            raise EndedItself(str(error)) from None

    def _exchange(
        self, request: bytes | None, cpu_s: float, wall_s: float, real_bytes: int, most_bytes: int
    ) -> tuple[bytes, Cost]:
        if request is not None:
            self._require_silence()
        charged, started = self._charged_ns, time.monotonic_ns()
        self._started_ns = started
        budget = Budget(
            self._watch,
            cpu_ns=charged + int(cpu_s * 1e9),
            wall_ns=started + int(wall_s * 1e9),
            real_bytes=real_bytes,
        )
        self._signal(signal.SIGCONT)
        try:
            if request is not None:
                self._send(HEADER.pack(len(request)) + request, budget)
            answer = self._receive(budget, most_bytes)
            wall_ns = time.monotonic_ns() - started
        finally:
            if request is not None:  # unasked, it has run none of the candidate's code yet
                self._signal(signal.SIGSTOP)
        self._charged_ns = self._watch.cpu_ns()
        self._require_silence()
        return answer, Cost(self._charged_ns - charged, wall_ns, budget.settle())

    def spent(self) -> Cost:
        """What an exchange that failed took; 0 for memory that is given back already."""
        wall_ns, cpu_ns, peak = time.monotonic_ns() - self._started_ns, self._charged_ns, 0
        with suppress(Gone):
            cpu_ns = self._watch.cpu_ns()
            peak = self._watch.peak_bytes()
        return Cost(cpu_ns - self._charged_ns, wall_ns, peak)

    def begin(self) -> None:
        """Charge no memory that it has by now; raises CandidateDied."""
        try:
            self._watch.restart()
        except Gone as error:
            raise EndedItself(str(error)) from None

    def ends(self) -> bool:
        """Whether it is ending by itself: descriptors go first, the process a moment later."""
        return ready(self._pidfd, select.POLLIN, _LAST_MOMENT_NS)

    def kill(self) -> None:
        """End the process and wait until it is dead."""
        self._signal(signal.SIGKILL)
        ready(self._pidfd, select.POLLIN, None)

    def close(self) -> None:
        """Give the descriptors back."""
        for fd in (self._requests, self._answers, self._pidfd):
            os.close(fd)
        self._watch.close()

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

    def _send(self, data: bytes, budget: Budget) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._requests, left) :]
            except BlockingIOError:
                budget.wait(self._requests, select.POLLOUT)
            except BrokenPipeError:
                raise EndedItself("it closed its pipe instead of reading") from None

    def _receive(self, budget: Budget, most_bytes: int) -> bytes:
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
