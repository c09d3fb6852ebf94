"""What the agent asks of the store: a dozen statements on one connection, without SQLAlchemy.

Importing SQLAlchemy costs each process of an application 0.5 to 0.6 s of CPU and some 20 MiB of its
own memory, and its queries five times the time of plain ones. Looked at before: importing it at a
low priority (a thread with low priority that holds the interpreter's lock holds up the others all
the more), and in slices with pauses (the application's own import of the same package waits). A
test holds that `Store` reads what this writes, and the other way round.

The store must never hold up the application, which waits for this thread when it forks or ends:
nothing here waits longer than `BUSY_S` for a lock. What could not be written then is written with
the next batch, and only after `PATIENCE_S` is it trouble.

Statements are worded for all databases, with named parameters (`:name`).
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar

import msgspec

from codegenesis.errors import StoreError, VerificationError
from codegenesis.model import (
    Ack,
    Gene,
    Observation,
    Process,
    Record,
    Release,
    Sample,
    Stage,
    Variant,
)
from codegenesis.store import forks, freeze, rows

log = logging.getLogger("codegenesis")

#: Schema of the store that the statements below are for (`store.migrations.LATEST`).
SCHEMA = 4
#: Seconds that one operation waits for another writer.
BUSY_S = 0.25
#: Seconds without a single write until that is said.
PATIENCE_S = 5.0

_NO_LIMIT = 2**62

RecordT = TypeVar("RecordT", bound=Record)


class Box(Protocol):
    """Takes records of one kind."""

    def add(self, records: Iterable[Any], /) -> None:
        """Keep them."""


class Batch(NamedTuple):
    """Rows of one form on their way to a table.

    Attributes:
        way: added to it; put there, over what has the same `id`; or a move of a release.
    """

    way: Literal["add", "put", "move"]
    table: str
    rows: Sequence[rows.Row]

    @property
    def durable(self) -> bool:
        """Must it survive a power cut, and trouble with the store?"""
        return self.way == "move"

    def statement(self) -> str:
        """What writes one row."""
        return _statement(self.way, self.table, tuple(self.rows[0]))


class Outlet(ABC):
    """One connection to an existing store.

    Args:
        place: where that is, in words.
        waiting: what has not been written yet; it outlives this.
        directory: where keys and freeze switch are.
    """

    #: What the database's driver raises.
    errors: ClassVar[tuple[type[Exception], ...]]

    def __init__(self, place: str, waiting: deque[Batch], *, directory: Path) -> None:
        self.directory = directory
        self.gate = forks.Gate()
        self.rewards: Box = _Box(self, "rewards", packed=("arms",))
        self.events: Box = _Box(self, "events", packed=("attributes",))
        self._place = place
        self._switch = str(directory / freeze.NAME)
        self._waiting = waiting
        self._waits_since = 0.0
        self._lock = threading.RLock()
        self._refusal = ""

    def close(self) -> None:
        """Close the connection for good."""
        self._refusal = self._refusal or "the store is closed"
        self.disconnect()

    @abstractmethod
    def disconnect(self) -> None:
        """Close the connection and end a wait; the next operation opens a new one."""

    def strand(self) -> None:
        """Refuse all use: this process was forked in the middle of a transaction."""
        self._lock = threading.RLock()
        self._refusal = "this process was forked while the store was busy"

    @contextlib.contextmanager
    def _passage(self) -> Iterator[None]:
        """One operation on the connection."""
        with self.gate.passage(), self._lock, self._translated():
            if self._refusal:
                raise StoreError(f"{self._place}: {self._refusal}")
            yield

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        caught: tuple[type[Exception], ...] = (*self.errors, OSError, OverflowError)
        try:
            yield
        except caught as error:
            message, remedy = self._explain(error) or ("the store failed", "")
            raise StoreError(f"{self._place}: {message} ({error})", remedy=remedy) from error

    @abstractmethod
    def _explain(self, error: Exception) -> tuple[str, str] | None:
        """What happened and what to do about it."""

    # --- looking -----------------------------------------------------------------------------

    @abstractmethod
    def version(self) -> int:
        """Version of the schema there; 0 when there is none."""

    @abstractmethod
    def changed(self) -> bool:
        """Whether anybody else has committed since the last call."""

    @abstractmethod
    def is_told(self) -> bool:
        """Does `wait` end when there is news?"""

    @abstractmethod
    def wait(self, timeout_s: float) -> None:
        """Wait until what agents obey was changed, `wake` is called, or the time is over."""

    @abstractmethod
    def wake(self) -> None:
        """End a wait of another thread, or else its next one."""

    @abstractmethod
    def check(self) -> None:
        """Is it still the store that was opened?

        Raises:
            StoreError: it was moved, deleted or replaced.
        """

    def frozen(self) -> str | None:
        """Why evolution is frozen, None when it is not; asked at every look, so made cheap."""
        try:
            os.stat(self._switch)  # noqa: PTH116 - a twentieth of what reading a missing file costs
        except FileNotFoundError:
            return None
        except OSError:
            pass  # what cannot be read counts as pulled
        return freeze.read(self.directory)

    def releases(
        self, *, service: str | None = None, stages: Collection[Stage] | None = None
    ) -> list[Release]:
        """Releases by the time they were made, without rows that are damaged."""
        wanted, values = ["1 = 1"], dict[str, object]()
        if service is not None:
            wanted.append("service = :service")
            values["service"] = service
        if stages is not None:
            values |= {f"stage{number}": stage for number, stage in enumerate(stages)}
            wanted.append(f"stage IN ({_named(values, 'stage')})")
        query = f"SELECT * FROM releases WHERE {' AND '.join(wanted)} ORDER BY created_ns, number"  # noqa: S608 - words are our own
        return [release for row in self._all(query, values) if (release := _release(row))]

    def release(self, release_id: str) -> Release | None:
        """The release with this id."""
        found = self._all("SELECT * FROM releases WHERE id = :id", {"id": release_id})
        return _release(found[0]) if found else None

    def variant(self, variant_id: str) -> Variant | None:
        """The variant with this id.

        Raises:
            VerificationError: its row is damaged.
        """
        found = self._all("SELECT * FROM variants WHERE id = :id", {"id": variant_id})
        if not found:
            return None
        try:
            parents = msgspec.msgpack.decode(found[0]["parents"], type=tuple[str, ...])
            return _record({**found[0], "parents": parents}, Variant)
        except (msgspec.MsgspecError, TypeError) as error:
            raise VerificationError(
                f"the row of variant {variant_id} is damaged ({error})"
            ) from error

    def observations(
        self, gene_id: str, *, limit: int | None = None, newest: bool = False
    ) -> list[Observation]:
        """Observations of a gene, oldest first, without what they hold of the calls."""
        order = "DESC" if newest else "ASC"
        query = f"""SELECT gene, process, variant, at_ns, wall_ns, cpu_ns, error FROM observations
            WHERE gene = :gene ORDER BY at_ns {order}, number {order} LIMIT :limit"""  # noqa: S608 - words are our own
        most = _NO_LIMIT if limit is None else limit
        records = [Observation(**row) for row in self._all(query, {"gene": gene_id, "limit": most})]
        return records[::-1] if newest else records

    @abstractmethod
    def _all(self, query: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
        """Rows that a query finds."""

    # --- writing -----------------------------------------------------------------------------

    def put_process(self, process: Process) -> None:
        """Note that a process is alive."""
        self.write(Batch("put", "processes", [rows.to_row(process)]))

    def put_genes(self, genes: Iterable[Gene]) -> None:
        """Describe genes; the latest description wins."""
        batch = [rows.to_row(gene, id=gene.id, free=",".join(gene.free)) for gene in genes]
        self.write(Batch("put", "genes", batch))

    def add_observations(self, batch: Iterable[Observation]) -> None:
        """Add sampled calls."""
        added = [
            rows.to_row(each, outcome=None if each.outcome is None else rows.pack(each.outcome))
            for each in batch
        ]
        self.write(Batch("add", "observations", added))

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Add measured calls of canaries."""
        self.write(Batch("add", "samples", [rows.to_row(sample) for sample in samples]))

    def add_acks(self, acks: Iterable[Ack]) -> None:
        """Keep what was done with releases."""
        self.write(Batch("add", "acks", [rows.to_row(ack) for ack in acks]))

    def move_release(
        self,
        release_id: str,
        *,
        expect: Collection[Stage],
        stage: Stage,
        reason: str = "",
        at_ns: int | None = None,
    ) -> None:
        """Move a release to another stage, if it still is where the caller believes it to be."""
        values = {
            "id": release_id,
            "stage": stage,
            "reason": rows.storable(reason),
            "at_ns": time.time_ns() if at_ns is None else at_ns,
            **{f"expect{number}": each for number, each in enumerate(expect)},
        }
        self.write(Batch("move", "releases", [values]))

    def write(self, batch: Batch) -> None:
        """Write, with all that still waits; when others write for long, later."""
        if not batch.rows:
            return
        self._waiting.append(batch)
        with self._passage():
            try:
                self._commit(self._waiting)
            except BaseException as error:
                if self._is_busy(error) and not self._has_waited_long():
                    return
                self._forget()
                raise
            self._waits_since = 0.0
            self._waiting.clear()

    @abstractmethod
    def _commit(self, batches: Iterable[Batch]) -> None:
        """Write all of them in one transaction, or none."""

    @abstractmethod
    def _is_busy(self, error: BaseException) -> bool:
        """Was it only that somebody else is writing?"""

    def _has_waited_long(self) -> bool:
        self._waits_since = self._waits_since or time.monotonic()
        return time.monotonic() - self._waits_since > PATIENCE_S

    def _forget(self) -> None:
        """What is only of use now is not kept for better times."""
        kept = [each for each in self._waiting if each.durable]
        self._waiting.clear()
        self._waiting.extend(kept)


class _Box:
    """Records of one kind, each with some columns packed."""

    def __init__(self, outlet: Outlet, table: str, *, packed: Sequence[str]) -> None:
        self._outlet = outlet
        self._table = table
        self._packed = packed

    def add(self, records: Iterable[Record], /) -> None:
        """Keep them; they survive a crash of the process."""
        batch = [rows.to_row(record, packed=self._packed) for record in records]
        self._outlet.write(Batch("add", self._table, batch))


@functools.cache
def _statement(way: str, table: str, columns: tuple[str, ...]) -> str:
    # Names are those of our own records.
    if way == "move":
        return (
            "UPDATE releases SET stage = :stage, weight = 0, decision = '', reason = :reason,"  # noqa: S608
            f" updated_ns = :at_ns WHERE id = :id AND stage IN ({_named(columns, 'expect')})"
        )
    values = ", ".join(f":{name}" for name in columns)
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608
    if way == "add":
        return insert
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "id")
    return f"{insert} ON CONFLICT (id) DO UPDATE SET {changes}"


def _named(names: Iterable[str], begin: str) -> str:
    """Parameters whose names begin so, as a list that is never empty."""
    return ", ".join(f":{name}" for name in names if name.startswith(begin)) or "NULL"


def _release(row: rows.Row) -> Release | None:
    """None for a row that is damaged: it must not keep the others from coming in."""
    try:
        return _record({**row, "pure": bool(row["pure"])}, Release)
    except msgspec.ValidationError as error:
        log.warning("release %s is not looked at, its row is damaged: %s", row["id"], error)
        return None


def _record(row: rows.Row, kind: type[RecordT]) -> RecordT:
    """The record of a row, with its types checked: SQLite keeps anything in any column."""
    return msgspec.convert({name: row[name] for name in kind.__struct_fields__}, kind)
