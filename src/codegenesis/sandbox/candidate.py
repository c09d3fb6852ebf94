"""A candidate as the trusted side sees it: outcomes, timings, and a last word when it dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from typing import Self, TypeVar

import msgspec

from codegenesis.errors import FragmentError, SandboxError
from codegenesis.model import Outcome
from codegenesis.sandbox import messages
from codegenesis.sandbox.channel import CandidateDied, Channel, Cost, EndedItself
from codegenesis.sandbox.executor import Limits, Timing
from codegenesis.sandbox.serving import Answer

_DETAIL_CHARS = 500
_DEATHS = {
    signal.SIGSYS: "it made a system call of another machine",
    signal.SIGKILL: "it was killed, perhaps for want of memory",
    signal.SIGSEGV: "it crashed the interpreter (SIGSEGV)",
}

_T = TypeVar("_T")


class JailedCandidate:
    """See `Candidate`; made by `Sandbox.candidate`.

    Args:
        channel: the process; owned from here on.
        bury: is told of the dead process once, and returns its wait status if that is asked for.
    """

    def __init__(
        self, channel: Channel, limits: Limits, *, bury: Callable[[JailedCandidate, bool], int]
    ) -> None:
        self._channel = channel
        self._limits = limits
        self._tell = bury
        self._uncharged_ns = 0
        self._died = self._listener = ""
        self._last = Cost()
        self._buried = False

    @property
    def pid(self) -> int:
        """Its process, until it is buried."""
        return self._channel.pid

    @property
    def alive(self) -> bool:
        """Whether it can answer another call."""
        return not self._buried

    def setup(self, qualname: str, source: str | None) -> None:
        """Choose the function and install the fragment.

        Raises:
            FragmentError: it does not fit, or it fails or exceeds the limits while it is assembled.
            SandboxError: the process did not come up.
        """
        request = messages.Setup(qualname, source)
        try:
            self._ask(None, messages.done)
            self._channel.begin()
        except CandidateDied as error:
            raise SandboxError(f"a candidate could not be locked in: {error}") from None
        try:
            done, cost = self._ask(request, messages.done, cpu_s=self._limits.setup_s)
        except CandidateDied as error:
            raise FragmentError(f"the fragment cannot be assembled: {error}") from None
        if done.error:
            raise FragmentError(_printable(done.error))
        self._uncharged_ns = cost.cpu_ns

    def converse(self, qualname: str) -> None:
        """Choose the function that takes what is said from now on: `say` instead of `call`.

        It is called once, with two functions: one returns what was said next, one answers it. It
        is named along with what is said first: one exchange less.

        Raises:
            SandboxError: the process did not come up.
        """
        self._listener = qualname
        try:
            self._ask(None, messages.done)
            self._channel.begin()
        except CandidateDied as error:
            raise SandboxError(f"a candidate could not be locked in: {error}") from None

    def say(self, body: bytes, *, cpu_s: float, wall_s: float) -> tuple[bytes, Cost]:
        """Say something to a candidate that converses, and hear its answer: both are data.

        Raises:
            CandidateDied: it gave none within these limits; it has ended.
        """
        if self._died:
            raise CandidateDied(self._died)
        if self._listener:
            body = messages.encode(messages.Converse(self._listener, body))
            self._listener = ""
        return self._exchange(body, bytes, cpu_s=cpu_s, wall_s=wall_s)

    def call(self, call: bytes) -> Outcome:
        """See `Candidate.call`."""
        if self._died:
            return Outcome(kind="died", detail=self._died)
        try:
            (answer,), cost = self._ask(messages.Call(call), _answers(1))
        except CandidateDied as error:
            answer, cost = Answer("died", detail=str(error)), self._last
        return _outcome(answer, cost)

    def time(self, calls: Sequence[bytes]) -> Timing:
        """See `Candidate.time`."""
        if self._died:
            return Timing(run_ns=0, overhead_ns=0, died=self._died)
        try:
            _, load = self._ask(messages.Load(list(calls)), messages.done)
            _, run = self._ask(messages.Run(), messages.done)
            answers, collect = self._ask(messages.Collect(), _answers(len(calls)))
        except CandidateDied as error:
            return Timing(run_ns=0, overhead_ns=0, died=str(error))
        overhead_ns = self._uncharged_ns + load.cpu_ns + collect.cpu_ns
        self._uncharged_ns = 0
        outcomes = tuple(
            _outcome(answer, Cost(peak_bytes=collect.peak_bytes)) for answer in answers
        )
        return Timing(run_ns=run.cpu_ns, overhead_ns=overhead_ns, outcomes=outcomes)

    def close(self) -> None:
        """See `Candidate.close`."""
        if not self._buried:
            self._died = self._died or "it was closed"
            self._bury(asked=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(
        self,
        request: messages.Request | None,
        understand: Callable[[bytes], _T],
        *,
        cpu_s: float = 0,
    ) -> tuple[_T, Cost]:
        limits = self._limits
        body = messages.encode(request) if request else None
        cpu_s = cpu_s or limits.cpu_s
        return self._exchange(body, understand, cpu_s=cpu_s, wall_s=limits.wall_s)

    def _exchange(
        self,
        body: bytes | None,
        understand: Callable[[bytes], _T],
        *,
        cpu_s: float,
        wall_s: float,
    ) -> tuple[_T, Cost]:
        """One exchange; whatever goes wrong ends the candidate and raises CandidateDied."""
        limits = self._limits
        try:
            answer, cost = self._channel.exchange(
                body,
                cpu_s=cpu_s,
                wall_s=wall_s,
                real_bytes=limits.real_bytes,
                most_bytes=limits.output_bytes,
            )
            return understand(answer), cost
        except msgspec.DecodeError:
            died = CandidateDied("its answer is malformed")
        except CandidateDied as error:
            died = error
        except BaseException:  # interrupted: its answer would be taken for the next one's
            self.close()
            raise
        raise self._lost(died) from None

    def _lost(self, error: CandidateDied) -> CandidateDied:
        by_itself = isinstance(error, EndedItself) and self._channel.ends()
        self._last = self._channel.spent()
        status = self._bury(asked=by_itself)
        self._died = _last_words(status) if by_itself else str(error)
        return CandidateDied(self._died)

    def _bury(self, *, asked: bool) -> int:
        self._buried = True
        self._channel.kill()
        try:
            return self._tell(self, asked)
        except SandboxError:  # the zygote is gone, and everything it started with it
            return signal.SIGKILL
        finally:
            self._channel.close()


def _answers(count: int) -> Callable[[bytes], list[Answer]]:
    def understand(data: bytes) -> list[Answer]:
        said = messages.answers(data).answers
        if len(said) != count:
            raise CandidateDied(f"expected {count} answers, came {len(said)}")
        return said

    return understand


def _outcome(answer: Answer, cost: Cost) -> Outcome:
    return Outcome(
        kind=answer.kind,
        value=answer.value,
        after=answer.after,
        waited=answer.waited,
        detail=_printable(answer.detail),
        cpu_ns=cost.cpu_ns,
        wall_ns=cost.wall_ns,
        peak_bytes=cost.peak_bytes,
    )


def _printable(text: str) -> str:
    """What a candidate says is data: short, and without control characters."""
    return "".join(c if c.isprintable() else " " for c in text[:_DETAIL_CHARS])


def _last_words(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return _DEATHS.get(signal.Signals(number), f"it was ended by signal {number}")
    return f"it ended itself with status {os.WEXITSTATUS(status)}"
