"""Forked workers: what a version does to its process is gone with the process.

Versions share a worker where the cases leave nothing behind; what kills or hangs a worker costs
that one version, and the rest go on in a new one.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

import msgspec

from codegenesis.arena import messages
from codegenesis.arena.messages import Score, Traced
from codegenesis.arena.scoring import Case, Scorer, ring
from codegenesis.arena.tracing import Tracer

#: Versions that share a process.
SHARED = 128
_HEADER = struct.Struct("<I")
_DIED = Score(error="it took its process down, or did not end")


class Crew:
    """Starts workers, and ends those that hang.

    Args:
        scorer: as it is before any version was put in place.
        stateless: versions may share a process.
        silence_s: wall seconds for which a worker may say nothing.
        memory_bytes: that a worker may map beyond what is mapped now.
    """

    def __init__(
        self, scorer: Scorer, *, stateless: bool, silence_s: float, memory_bytes: int
    ) -> None:
        self._scorer = scorer
        self._share = SHARED if stateless else 1
        self._silence_s, self._memory = silence_s, memory_bytes

    def score(
        self,
        sources: Sequence[str],
        *,
        steps: int,
        first_failure: bool = False,
        alone: bool = False,
    ) -> list[Score]:
        """Scores in order; a version that took its worker down has an `error`."""
        scores: list[Score] = []
        share = 1 if alone else self._share

        def work() -> Iterator[bytes]:
            for source in part:
                score = self._scorer.score(
                    source, steps=steps, first_failure=first_failure, ticking=steps > 0
                )
                yield messages.encode(score)

        while len(scores) < len(sources):
            part = sources[len(scores) : len(scores) + share]
            done = [_read(messages.score, body) for body in self._told(work)]
            scores += done[: len(part)]
            if len(done) < len(part):
                scores.append(_DIED)
        return scores

    def trace(self, source: str, cases: Sequence[Case], *, steps: int) -> list[Traced]:
        """Cases share a process where they may; what takes it down costs that one case."""
        traced: list[Traced] = []
        share = min(self._share, len(cases))

        def work() -> Iterator[bytes]:
            with self._scorer.placed(source):
                for case in part:
                    ran = partial(self._scorer.run, case, steps)
                    yield messages.encode(Tracer().follow(ran))

        while len(traced) < len(cases):
            part = cases[len(traced) : len(traced) + share]
            told = list(self._told(work))
            traced += [msgspec.msgpack.decode(body, type=Traced) for body in told]
            if len(told) < len(part):
                traced.append(Traced(ending="died"))
        return traced

    def _told(self, work: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
        """What a worker says, until it has said all, dies or falls silent."""
        out, inward = os.pipe()
        pid = os.fork()
        if pid == 0:
            _work(work, inward, self._memory)
        os.close(inward)
        try:
            yield from _frames(out, self._silence_s)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(out)


def _read(decode: Callable[[bytes], Score], body: bytes) -> Score:
    try:
        return decode(body)
    except msgspec.DecodeError:
        return _DIED


def _work(work: Callable[[], Iterator[bytes]], out: int, memory_bytes: int) -> None:
    """A worker's life; never returns."""
    try:
        _settle(memory_bytes)
        for body in work():
            data = memoryview(_HEADER.pack(len(body)) + body)
            while data:
                data = data[os.write(out, data) :]
    finally:
        os._exit(0)


def _settle(memory_bytes: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    space = _mapped() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGVTALRM, ring)


def _mapped() -> int:
    """Bytes of address space that this process has; a guess where that cannot be seen."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return 1 << 30


def _frames(out: int, silence_s: float) -> Iterator[bytes]:
    data = bytearray()
    deadline = time.monotonic() + silence_s
    while True:
        ready, _, _ = select.select([out], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(out, 1 << 20) if ready else b""
        if not piece:
            return
        data += piece
        while len(data) >= _HEADER.size:
            (size,) = _HEADER.unpack_from(data)
            if len(data) < _HEADER.size + size:
                break
            yield bytes(data[_HEADER.size : _HEADER.size + size])
            del data[: _HEADER.size + size]
            deadline = time.monotonic() + silence_s
