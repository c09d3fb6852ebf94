"""One database: its connections, its transactions, and whether others have written to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from codegenesis.errors import StoreError
from codegenesis.store import batches, failures, forks, migrations
from codegenesis.store.backend import WRITE, Backend, Watch
from codegenesis.store.bell import Bell

#: Looks at what must hold for a durable write, in its transaction, and raises where it does not.
Fence = Callable[[Connection], None]


class Database:
    """Transactions on one database, from any thread.

    Args:
        backend: what and where it is.
        read_only: never write, not even a migration.
    """

    def __init__(self, backend: Backend, *, read_only: bool = False) -> None:
        self.backend = backend
        self.gate = forks.Gate()
        #: How often anything was heard of; it moves with each commit of interest.
        self.heard = 0
        #: What holds for durable writes of this thread, or of this task.
        self.fences: ContextVar[tuple[Fence, ...]] = ContextVar("fences", default=())
        self._read_only = read_only
        self._refusal = ""
        self._watching = threading.Lock()
        self._watch: Watch | None = None
        self._bell: Bell | None = None
        self._news = False
        self._engine: Engine = backend.engine()
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
                f"{self.backend.place}: expected schema version {migrations.LATEST}, got {found}, "
                "and a store opened for reading is not migrated",
                remedy="Run any command that writes once, for instance `codegenesis genome`.",
            )
        with self.write() as connection:
            batches.alone(connection, "schema")
            migrations.migrate(connection, words=self.backend.words)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store, whatever others write meanwhile."""
        with self._passage(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True, tell: bool = False) -> Iterator[Connection]:
        """A writer's transaction, committed at the end of the block.

        Args:
            durable: survive a power cut once committed; without, only a crash of the process.
            tell: others, who may wait for it (`changed`, `wait`); it is durable then.
        """
        kind = "told" if tell else "durable" if durable else "relaxed"
        with self._passage(), self._engine.connect() as plain:
            connection = plain.execution_options(**{WRITE: kind})
            with connection.begin():
                for fence in self.fences.get() if durable else ():
                    fence(connection)
                yield connection
        if tell:
            self._note()
            self.backend.tell()

    @contextmanager
    def _passage(self) -> Iterator[None]:
        with self.gate.passage(), _translated(self.backend):
            if self._refusal:
                raise StoreError(
                    f"{self.backend.place}: {self._refusal}",
                    remedy="Open the store again: Store.open(…).",
                )
            yield

    def changed(self) -> bool:
        """Whether anybody told of a commit since the last call (or since opening)."""
        with self._passage(), self._watching:
            self._listen()
            news, self._news = self._news, False
            return news

    def wait(self, timeout_s: float) -> bool:
        """Wait until `changed` would say so, `wake` is called, or the time is over.

        Returns:
            What `changed` will say.
        """
        with self._passage(), self._watching:
            descriptor = self._listen()
            if self._news:
                return True
            self._bell = bell = self._bell or Bell()
        bell.wait(timeout_s, descriptor)
        with self._passage(), self._watching:
            self._listen()
            return self._news

    def wake(self) -> None:
        """End a wait of another thread; safe from signal handlers."""
        bell = self._bell
        if bell is not None:
            bell.ring()

    def listen(self) -> int:
        """How often anything was heard of up to now."""
        with self._passage(), self._watching:
            self._listen()
            return self.heard

    def _listen(self) -> int:
        """Take in what there is to hear; the descriptor that tells of more."""
        if self._watch is None:
            self._watch = self.backend.watch()
        try:
            heard = self._watch.look()
        except BaseException:
            self._deafen()
            raise
        if heard:
            self._note()
        return self._watch.descriptor

    def _note(self) -> None:
        self._news = True
        self.heard += 1

    def _deafen(self) -> None:
        """Let go of the watch. Whatever it would have heard of counts as news."""
        watch, self._watch = self._watch, None
        bell, self._bell = self._bell, None
        self._note()
        if watch is not None:
            watch.close()
        if bell is not None:
            bell.close()

    def compact(self) -> None:
        """Give the space of deleted rows back."""
        with self._passage():
            self.backend.compact(self._engine)

    def size_bytes(self) -> int:
        """Bytes on disk."""
        with self._passage():
            return self.backend.size_bytes(self._engine)

    def disconnect(self) -> None:
        """Close all connections; the next operation opens new ones."""
        self._engine.dispose()
        self._deafen()

    def strand(self) -> None:
        """Refuse all use: this process was forked in the middle of a transaction."""
        self._watching = threading.Lock()
        self._refusal = "this process was forked while the store was busy"

    def close(self) -> None:
        """Close for good."""
        self._refusal = self._refusal or "the store is closed"
        self.disconnect()


@contextmanager
def _translated(backend: Backend) -> Iterator[None]:
    """Turn any failure of the database into one `StoreError` with a remedy."""
    try:
        yield
    except DBAPIError as error:
        cause = error.orig or error
        raise failures.failed(backend.place, backend.explain(cause), cause) from error
    except OverflowError as error:
        raise failures.too_big(error) from error
    except (SQLAlchemyError, OSError) as error:
        raise failures.failed(backend.place, backend.explain(error), error) from error
    except backend.errors as error:
        raise failures.failed(backend.place, backend.explain(error), error) from error
