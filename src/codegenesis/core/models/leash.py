"""What keeps one question to an endpoint short: cancelling, time, and the size of the answer.

All waiting is done in short slices in the thread that asks. Read timeouts alone do not do it: an
endpoint that sends one byte now and then never runs into one, and nobody can cancel a blocked read
(closing a socket does not wake its reader, and a thread for every question would outlive it).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2

from codegenesis.config import Endpoint
from codegenesis.core.models.failing import Failure, Kind

_SLICE_S = 0.1


class Leash:
    """Of one question.

    Args:
        name: of the model, for messages.
        endpoint: its times.
        most_bytes: of all that is read.
        cancelled: ends the question when it is set.
    """

    def __init__(
        self, name: str, endpoint: Endpoint, *, most_bytes: int, cancelled: threading.Event | None
    ) -> None:
        self._name = name
        self._limits = endpoint
        self._most_bytes = most_bytes
        self._read_bytes = 0
        self._sent = False
        self._cancelled = cancelled or threading.Event()
        self._until = time.monotonic() + endpoint.timeout_s

    @property
    def left_s(self) -> float:
        """Seconds left for the whole question; never below 0."""
        return max(0.0, self._until - time.monotonic())

    def look(self) -> None:
        """See whether to go on.

        Raises:
            Failure: it was cancelled, or took too long.
        """
        if self._cancelled.is_set():
            raise self._failure("cancelled", "cancelled")
        if not self.left_s:
            raise self._failure("slow", f"no whole answer within {self._limits.timeout_s:g} s")

    def wait(self, seconds: float) -> None:
        """Do nothing for a while.

        Raises:
            Failure: see `look`.
        """
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            self.look()
            self._cancelled.wait(min(_SLICE_S, rest, self.left_s))

    def begin_again(self) -> None:
        """Forget what was sent and read: another try begins."""
        self._read_bytes = 0
        self._sent = False

    def write(self, stream: httpcore2.NetworkStream, data: bytes, timeout: float) -> None:
        """Send something; from then on the server may count it.

        Raises:
            Failure: see `look`.
        """
        self.look()
        self._sent = True
        stream.write(data, timeout)

    def read(self, stream: httpcore2.NetworkStream, most: int) -> bytes:
        """Whatever comes next.

        Raises:
            Failure: see `look`; also when nothing comes for too long, or all in all too much.
        """
        began = time.monotonic()
        while True:
            self.look()
            try:
                data = stream.read(most, timeout=max(1e-3, min(_SLICE_S, self.left_s)))
            except httpcore2.ReadTimeout:
                if time.monotonic() - began < self._limits.pause_s:
                    continue
                words = f"nothing came for {self._limits.pause_s:g} s"
                raise self._failure("slow", words) from None
            self._read_bytes += len(data)
            if self._read_bytes > self._most_bytes:
                words = f"an endless answer, cut off after {self._most_bytes} bytes"
                raise self._failure("nonsense", words)
            return data

    def _failure(self, kind: Kind, words: str) -> Failure:
        remedy = "Raise timeout_s or pause_s of its endpoint." if kind == "slow" else ""
        return Failure(f"{self._name}: {words}", kind=kind, remedy=remedy, free=not self._sent)


class LeashedBackend(httpcore2.NetworkBackend):
    """Plain sockets; what a thread does on them is kept short by the leash that it holds."""

    def __init__(self) -> None:
        self._plain = httpcore2.SyncBackend()
        self._holding = threading.local()

    @contextmanager
    def held(self, leash: Leash) -> Iterator[None]:
        """Let this thread's sockets obey."""
        self._holding.leash = leash
        try:
            yield
        finally:
            del self._holding.leash

    @property
    def leash(self) -> Leash:
        """That of this thread."""
        leash: Leash = self._holding.leash
        return leash

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """See `NetworkBackend`."""
        self.leash.look()
        stream = self._plain.connect_tcp(
            host, port, self.limited(timeout), local_address, socket_options
        )
        return _LeashedStream(stream, self)

    def limited(self, timeout: float | None) -> float:
        """A timeout, within what is left."""
        left = max(1e-3, self.leash.left_s)
        return left if timeout is None else min(timeout, left)


class _LeashedStream(httpcore2.NetworkStream):
    def __init__(self, plain: httpcore2.NetworkStream, backend: LeashedBackend) -> None:
        self._plain = plain
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout  # the leash knows better
        return self._backend.leash.read(self._plain, max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._backend.leash.write(self._plain, buffer, self._backend.limited(timeout))

    def close(self) -> None:
        self._plain.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        limit = self._backend.limited(timeout)
        return _LeashedStream(
            self._plain.start_tls(ssl_context, server_hostname, limit), self._backend
        )

    def get_extra_info(self, info: str) -> Any:
        return self._plain.get_extra_info(info)
