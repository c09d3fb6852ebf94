"""The store as a thing: where it is, what is new in it, its switch and its size.

What is in it is asked of `facade.Store`, which is this and more.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from codegenesis.errors import StoreError
from codegenesis.store import freeze
from codegenesis.store.database import Database
from codegenesis.store.failures import translated
from codegenesis.store.freeze import SharedSwitch
from codegenesis.store.leases import Leases


class Upkeep:
    """An open store.

    Args:
        directory: this host's, of keys, freeze switch and anchor.
    """

    def __init__(self, database: Database, *, directory: Path) -> None:
        self._database = database
        self._directory = directory
        #: Who works on what.
        self.leases = Leases(database)
        shared = SharedSwitch(database.listen, self.leases.frozen)
        self._switch = shared if self.shared else None

    @property
    def path(self) -> Path:
        """The database file.

        Raises:
            StoreError: the store is on a server.
        """
        path = self._database.backend.path
        if path is None:
            raise StoreError(f"the store is no file but {self.place}")
        return path

    @property
    def place(self) -> str:
        """Where it is: a path, or a URL without its password."""
        return self._database.backend.place

    @property
    def shared(self) -> bool:
        """Whether processes of several hosts may use it."""
        return self._database.backend.shared

    @property
    def directory(self) -> Path:
        """This host's directory of keys, freeze switch and anchor."""
        return self._directory

    def close(self) -> None:
        """Close all connections; closing twice is fine."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def changed(self) -> bool:
        """Whether a release or the switch was changed, by anyone, since the last call; about 10 µs.

        On SQLite, where they cost nothing, all other commits count as well.
        """
        return self._database.changed()

    def wait(self, timeout_s: float) -> bool:
        """Wait until there is news, `wake` is called, or the time is over.

        PostgreSQL tells at once; SQLite is looked at when the time is over (agents are rung at,
        see `doorbells`).

        Returns:
            Whether `changed` has something to say.
        """
        return self._database.wait(timeout_s)

    def wake(self) -> None:
        """End a `wait` of another thread, or else its next one; never blocks."""
        self._database.wake()

    def check(self) -> None:
        """See that this still is the store that was opened.

        Raises:
            StoreError: its file was moved or deleted.
        """
        self._database.backend.check()

    def frozen(self) -> str | None:
        """Why evolution is frozen, here or everywhere; None when it is not."""
        here = freeze.read(self.directory)
        return self._switch.read() if here is None and self._switch else here

    def freeze(self, reason: str) -> None:
        """Pull the switch: a file `FREEZE` in the directory, or what all hosts share.

        Raises:
            StoreError: the switch that hosts share is out of reach; this host is frozen by file.
        """
        if self._switch is None:
            self._freeze_here(reason)
            return
        try:
            self.leases.freeze(reason)
        except StoreError as error:
            self._freeze_here(reason)
            raise StoreError(
                f"only this host is frozen: {error}",
                remedy="Freeze the others where they are, too (touch FREEZE in their directory).",
            ) from error

    def _freeze_here(self, reason: str) -> None:
        with translated(self.directory / freeze.NAME):
            freeze.write(self.directory, reason)
        self._database.backend.tell()

    def thaw(self) -> None:
        """Release the switch, here and everywhere."""
        with translated(self.directory / freeze.NAME):
            freeze.remove(self.directory)
        self._database.backend.tell()
        if self._switch is not None:
            self.leases.thaw()

    def size_bytes(self) -> int:
        """Bytes on disk: of the file and its write-ahead log, or of the tables on the server."""
        return self._database.size_bytes()
