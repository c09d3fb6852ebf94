"""Where the search starts, in the workshop: a process that searches, and one that looks after it.

Everything of the user's runs in the child. When a helper takes it down, or hangs in one instruction
that no signal can stop, the parent sees who ran last, and starts again without it.
"""

from __future__ import annotations

import mmap
import os
import resource
import select
import signal
import struct
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

import msgspec

from codegenesis.arena.synthesis import messages
from codegenesis.arena.synthesis.leaves import SlowError, helper_names, helpers
from codegenesis.arena.synthesis.messages import Beat, Ended, Plan, Stop
from codegenesis.arena.synthesis.problem import problem
from codegenesis.arena.synthesis.search import Search
from codegenesis.hosted.line import Line
from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.loading import load

_HEADER = struct.Struct("<I")
_BEAT_S = 0.2
_SILENCE_S = 10.0
_HELPER_S = 2.0  # while a helper runs, which is to end after a fraction of that
_START_S = 30.0
_RESTARTS = 6
_CHILD_BYTES = 1536 << 20
_NAMES_BYTES = 4096


def main(file: str) -> NoReturn:
    """Do what the plan in this file says; ends the process."""
    plan = messages.plan(Path(file).read_bytes())
    line = Line.of_environment()
    reason, trials = "", 0
    broken = list(plan.broken)
    for _ in range(_RESTARTS):
        ended = _Watch(msgspec.structs.replace(plan, broken=tuple(broken)), line).over()
        reason, trials = ended.reason, trials + ended.trials
        if not ended.culprit:
            break
        broken.append(ended.culprit)
    line.exchange(messages.encode(Ended(reason, trials)))
    os._exit(0)


class _Over(NamedTuple):
    """How a child ended; `culprit` names a helper that took it down."""

    reason: str
    trials: int
    culprit: str = ""


class _Watch:
    """One child, from its start to its end."""

    def __init__(self, plan: Plan, line: Line) -> None:
        self._line = line
        self._shared = mmap.mmap(-1, 1 + _NAMES_BYTES)
        self._trials = 0
        out, into = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            os.close(out)
            _child(plan, into, self._shared)
        os.close(into)
        self._out = out

    def over(self) -> _Over:
        """Pass on what the child says until it ends, or has to be ended."""
        reason, heard_at, patience = "", time.monotonic(), _START_S
        while not reason:
            ready, _, _ = select.select([self._out], [], [], _BEAT_S)
            if ready:
                heard_at, patience = time.monotonic(), _SILENCE_S
                reason = self._heard()
            elif time.monotonic() - heard_at > (_HELPER_S if self._shared[0] else patience):
                reason = "it was silent"
        return self._ended(reason)

    def _heard(self) -> str:
        """Why it is over; empty while it is not."""
        try:
            (size,) = _HEADER.unpack(_read(self._out, _HEADER.size))
            said = messages.said(_read(self._out, min(size, 1 << 22)))
        except (EOFError, msgspec.DecodeError):
            return "it was taken down"
        if isinstance(said, Ended):
            self._trials = said.trials
            return said.reason
        self._trials = max(self._trials, said.trials)
        heard = messages.heard(self._line.exchange(messages.encode(said)))
        return "stopped" if isinstance(heard, Stop) else ""

    def _ended(self, reason: str) -> _Over:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._out)
        number, names = self._shared[0], self._shared[1:].rstrip(b"\0").decode().split()
        lost = reason in ("it was silent", "it was taken down")
        culprit = names[number - 1] if lost and 0 < number <= len(names) else ""
        return _Over(reason, self._trials, culprit)


class _Teller:
    """The child's words; it is never answered, and ended when nobody wants more."""

    def __init__(self, into: int) -> None:
        self._into = into
        self._beat_at = 0.0

    def tell(self, message: messages.Said) -> None:
        body = messages.encode(message)
        _write(self._into, _HEADER.pack(len(body)) + body)

    def beat(self, trials: int) -> None:
        """Say that we live, five times a second."""
        now = time.monotonic()
        if now - self._beat_at > _BEAT_S:
            self._beat_at = now
            self.tell(Beat(trials))


def _child(plan: Plan, into: int, shared: mmap.mmap) -> NoReturn:
    teller = _Teller(into)
    try:
        _quiet()
        reason, trials = _search(plan, teller, shared)
    except BaseException as error:  # noqa: BLE001 (process boundary: the user's module runs here)
        reason, trials = f"{type(error).__name__}: {error}"[:300], 0
    teller.tell(Ended(reason, trials))
    os._exit(0)


def _search(plan: Plan, teller: _Teller, shared: mmap.mmap) -> tuple[str, int]:
    module = load(Environment(root=plan.root, module=plan.module, path=plan.path, setup=plan.setup))
    given = problem(plan, module)
    if not given.known:
        return "no example says what a call returns", 0
    extra = helpers(given, plan.broken, shared)
    names = " ".join(helper_names(extra)).encode()[:_NAMES_BYTES]
    shared[1 : 1 + len(names)] = names
    search = Search(given, extra=extra, tell=teller.tell, seed=plan.seed, enough=plan.enough)
    for trials in search.run():
        teller.beat(trials)
        if trials >= plan.trials:
            return f"its {plan.trials} trials are used up", trials
    return "it has looked at all that it knows to make", search.trials


def _quiet() -> None:
    """What helpers print is nobody's; what they eat has an end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    resource.setrlimit(resource.RLIMIT_AS, (_CHILD_BYTES, _CHILD_BYTES))
    signal.signal(signal.SIGALRM, _alarmed)


def _alarmed(_number: int, _frame: object) -> None:
    raise SlowError("it took too long")


def _write(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def _read(fd: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = os.read(fd, size - len(data))
        if not piece:
            raise EOFError("the other side has gone")
        data += piece
    return bytes(data)
