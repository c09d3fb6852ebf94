"""Waiting for input that another thread may end: a pair of sockets, as event loops have it."""

from __future__ import annotations

import select
import socket


class Bell:
    """Ends a wait from another thread."""

    def __init__(self) -> None:
        self._inside, self._outside = socket.socketpair()
        self._inside.setblocking(False)
        self._outside.setblocking(False)

    def ring(self) -> None:
        """End the wait under way, or else the next one."""
        try:
            self._outside.send(b"\0")
        except OSError:
            pass  # it was rung already, or closed

    def wait(self, timeout_s: float, descriptor: int = -1) -> None:
        """Wait until it rings, `descriptor` has input, or the time is over."""
        poll = select.poll()  # select() knows no descriptor above 1023
        try:
            for each in (self._inside.fileno(), descriptor):
                if each >= 0:
                    poll.register(each, select.POLLIN)
            poll.poll(timeout_s * 1000)
            self._inside.recv(4096)
        except OSError:
            pass  # closed in the meantime, or it did not ring

    def close(self) -> None:
        """Ring, and be of no use any more."""
        self.ring()
        self._inside.close()
        self._outside.close()
