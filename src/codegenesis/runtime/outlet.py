"""What the agent asks of the store: of SQLite by a light way, else of the whole `Store`."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Protocol

from codegenesis.model import Ack, Gene, Observation, Process, Release, Sample, Stage, Variant
from codegenesis.runtime.sqlite_outlet import SCHEMA, Batch, Box, SqliteOutlet, gone, version


class Outlet(Protocol):
    """What the agent needs; `codegenesis.store.Store` is the other implementation."""

    @property
    def directory(self) -> Path:
        """Where keys and freeze switch are."""

    @property
    def rewards(self) -> Box:
        """Takes what uses of the application were worth."""

    @property
    def events(self) -> Box:
        """Takes what the application told."""

    def close(self) -> None:
        """Let go of it."""

    def changed(self) -> bool:
        """Whether anybody else has committed since the last call."""

    def wait(self, timeout_s: float) -> object:
        """Wait until it tells of news (where it does), `wake` is called, or the time is over."""

    def wake(self) -> None:
        """End a wait of another thread, or else its next one."""

    def check(self) -> None:
        """Is it still the store that was opened?

        Raises:
            StoreError: it was moved, deleted or replaced.
        """

    def frozen(self) -> str | None:
        """Why evolution is frozen, None when it is not."""

    def put_process(self, process: Process) -> None:
        """Note that a process is alive."""

    def put_genes(self, genes: Iterable[Gene]) -> None:
        """Describe genes."""

    def add_observations(self, batch: Iterable[Observation]) -> None:
        """Add sampled calls."""

    def observations(
        self, gene_id: str, *, limit: int | None = None, newest: bool = False
    ) -> list[Observation]:
        """Observations of a gene, oldest first."""

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Add measured calls of canaries."""

    def add_acks(self, acks: Iterable[Ack]) -> None:
        """Keep what was done with releases."""

    def releases(
        self, *, service: str | None = None, stages: Collection[Stage] | None = None
    ) -> list[Release]:
        """Releases by the time they were made."""

    def release(self, id_or_prefix: str) -> Release | None:
        """One release."""

    def variant(self, id_or_prefix: str) -> Variant | None:
        """One variant."""

    def move_release(
        self,
        release_id: str,
        *,
        expect: Collection[Stage],
        stage: Stage,
        reason: str = "",
        at_ns: int | None = None,
    ) -> object:
        """Move a release to another stage, if it still is where the caller believes it to be."""


def open_outlet(
    where: str | Path, *, directory: str | Path, create: bool, waiting: deque[Batch]
) -> Outlet:
    """The store as the agent uses it.

    Args:
        directory: where keys and freeze switch are.
        create: make it where it is missing.
        waiting: what has not been written yet; it outlives the outlet.

    Raises:
        StoreVersionError: the store was written by a newer CodeGenesis.
        StoreError: it is missing, damaged or out of reach.
    """
    if "://" in str(where):
        from codegenesis.store import Store

        return Store.open(where, create=create, directory=directory)
    path = Path(where).absolute()
    if not create and not path.exists():
        raise gone(path)
    if version(path) != SCHEMA:
        from codegenesis.store import Store

        Store.open(path, create=create).close()
    return SqliteOutlet(path, waiting, directory=Path(directory).absolute())
