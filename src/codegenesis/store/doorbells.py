"""News of a store that is a file: SQLite tells nobody, so whoever commits rings at those who wait.

Each agent has a socket beside the file, in `genesis.db.bells/`, and sleeps on it. Who has changed
what agents obey (a release, the freeze switch) sends each a datagram without words. So a ring can
be neither forged nor trusted too far: it says "look", and agents look now and then anyway, for who
cannot be rung at (another user's agent, a file system without sockets).

Rejected: looking more often, which wakes processes that have nothing to do; inotify, which is
Linux's alone, needs ctypes in every process of an application, and would wake all of them for every
batch of observations; signals, of which the application has the say.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from codegenesis.store.bell import Bell

#: Bytes that the name of a socket may have everywhere.
_LONGEST = 100
#: More sockets than this are looked through for those of killed processes, when one is added.
_MANY = 64


class Doorbell:
    """Hears that somebody rang, or that another thread of this process wants a wait to end.

    Args:
        file: the store.

    Raises:
        OSError: this process has no descriptors left.
    """

    def __init__(self, file: Path) -> None:
        self._bell = Bell()
        self._path: Path | None = None
        self._socket: socket.socket | None = None
        with contextlib.suppress(OSError):
            self._hang(_directory(file))

    def _hang(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        path = directory / f"{os.getpid()}-{os.urandom(4).hex()}"
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            with _address(path) as address:
                made.bind(address)
        except BaseException:
            made.close()
            raise
        self._path, self._socket = path, made
        if sum(1 for _ in directory.iterdir()) > _MANY:  # an application that dies again and again
            _at_each(directory, lambda own, address: own.connect(address))

    @property
    def hangs(self) -> bool:
        """Can others ring at it?"""
        return self._socket is not None

    def wait(self, timeout_s: float) -> None:
        """Wait until it rings or the time is over."""
        listening = self._socket
        if listening is None:
            self._bell.wait(timeout_s)
            return
        self._bell.wait(timeout_s, listening.fileno())
        with contextlib.suppress(OSError):  # until there is nothing more
            while True:
                listening.recv(1)

    def wake(self) -> None:
        """End the wait of another thread, or else its next one."""
        self._bell.ring()

    def abandon(self) -> None:
        """Let go of what a forked child has inherited, and leave it to the parent."""
        self._bell.close()
        if self._socket is not None:
            self._socket.close()

    def close(self) -> None:
        """Take it down."""
        self.abandon()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()


def ring(file: Path) -> None:
    """Ring at all who wait for news of this store; never raises, and waits for nobody."""
    _at_each(_directory(file), lambda own, address: own.sendto(b"\0", address))


def _at_each(directory: Path, act: Callable[[socket.socket, str], object]) -> None:
    """Do something at each socket, and take away those at which nobody listens any more."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
        own.setblocking(False)
        for path in directory.iterdir():
            try:
                with _address(path) as address:
                    act(own, address)
            except ConnectionRefusedError:  # its process was killed
                _take_away(path)
            except OSError:
                pass  # it was rung at already, has gone meanwhile, or is somebody else's


def _take_away(path: Path) -> None:
    with contextlib.suppress(OSError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()


def _directory(file: Path) -> Path:
    return file.with_name(f"{file.name}.bells")


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """A name for the socket at this path that is short enough.

    Raises:
        OSError: there is none here.
    """
    plain = str(path)
    if len(os.fsencode(plain)) <= _LONGEST:
        yield plain
        return
    if not sys.platform.startswith("linux"):
        raise OSError("the path is too long for a socket")
    held = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{held}/{path.name}"
    finally:
        os.close(held)
