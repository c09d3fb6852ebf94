"""One database file: its connections, its transactions, and whether others have written to it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from codegenesis.errors import StoreError
from codegenesis.store import forks, migrations, sqlite
from codegenesis.store.failures import translated


class Database:
    """Transactions on one SQLite file, from any thread.

    Args:
        path: the file; it must exist.
        read_only: never write, not even a migration.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.gate = forks.Gate()
        self._read_only = read_only
        self._refusal = ""
        self._watching = threading.Lock()
        self._watch: sqlite3.Connection | None = None
        self._seen = -1
        self._engine: Engine = sqlite.engine(path, read_only=read_only)
        forks.watch(self)

    def prepare(self) -> None:
        """Bring the schema up to date, or refuse it; take the mark that `changed` starts from.

        Raises:
            StoreVersionError: when the schema is newer than this CodeGenesis.
            StoreError: when it is older and this is read-only, or not a store at all.
        """
        with self.read() as connection:
            found = migrations.version(connection)
        migrations.check(found)
        if found < migrations.LATEST:
            self._migrate(found)
        self.changed()

    def _migrate(self, found: int) -> None:
        if self._read_only:
            raise StoreError(
                f"{self.path}: expected schema version {migrations.LATEST}, got {found}, and a "
                "store opened for reading is not migrated",
                remedy="Run any command that writes once, for instance `codegenesis genome`.",
            )
        with self.write() as connection:
            migrations.migrate(connection, words=sqlite.WORDS)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store, whatever others write meanwhile."""
        with self._passage(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """The writer's transaction, committed at the end of the block.

        Args:
            durable: survive a power cut once committed; without, only a crash of the process.
        """
        kind = "durable" if durable else "relaxed"
        with self._passage(), self._engine.connect() as plain:
            connection = plain.execution_options(**{sqlite.WRITE: kind})
            with connection.begin():
                yield connection

    @contextmanager
    def _passage(self) -> Iterator[None]:
        with self.gate.passage(), translated(self.path):
            if self._refusal:
                raise StoreError(
                    f"{self.path}: {self._refusal}", remedy="Open the store again: Store.open(…)."
                )
            yield

    def changed(self) -> bool:
        """Whether anything was committed, by anyone, since the last call (or since opening)."""
        with self._passage(), self._watching:
            if self._watch is None:
                self._watch = sqlite.connect(self.path, read_only=self._read_only)
            seen, self._seen = self._seen, sqlite.data_version(self._watch)
            return seen != self._seen

    def compact(self) -> None:
        """Give free pages back to the file system."""
        with self._passage(), self._engine.connect() as connection:
            sqlite.compact(connection)

    def size_bytes(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        return sum(file.stat().st_size for file in sqlite.files(self.path) if file.exists())

    def disconnect(self) -> None:
        """Close all connections; the next operation opens new ones."""
        self._engine.dispose()
        if self._watch is not None:
            self._watch.close()
        self._watch, self._seen = None, -1

    def strand(self) -> None:
        """Refuse all use: this process was forked in the middle of a transaction."""
        self._watching = threading.Lock()
        self._refusal = "this process was forked while the store was busy"

    def close(self) -> None:
        """Close for good."""
        self._refusal = self._refusal or "the store is closed"
        self.disconnect()
