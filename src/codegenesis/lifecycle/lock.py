"""One engine per directory: an advisory lock that the kernel lets go of however its holder dies.

That is one engine per store where the store is a file in it. Hosts that share a store on a server
have a directory, and perhaps an engine, each; `claims` divides the work among those.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType


class EngineLock:
    """`flock` on `engine.lock` beside the store.

    Args:
        directory: this host's, of keys and switch.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / "engine.lock"
        self._descriptor = -1

    def acquire(self) -> bool:
        """Take the lock if nobody has it; True when it is ours now."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back; harmless when it was never ours."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def held_elsewhere(self) -> bool:
        """Whether some process, perhaps this one through another object, holds it."""
        if not self.acquire():
            return True
        self.release()
        return False

    def __enter__(self) -> EngineLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
