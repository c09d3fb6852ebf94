"""The store as the agent uses it, without SQLAlchemy: one connection of `sqlite3`.

Importing SQLAlchemy costs each process of an application 0.5 to 0.6 s of CPU and some 20 MiB of its
own memory, for a dozen plain statements; on `sqlite3` alone, opening the store costs 5 ms. Looked
at before: importing it at a low priority (a thread with low priority that holds the interpreter's
lock holds up the others all the more), and in slices with pauses (the application's own import of
the same package waits). A test holds that both write the same rows.

The store must never hold up the application, which waits for this thread when it forks or ends:
nothing here waits longer than `BUSY_S` for a lock. What could not be written then is written with
the next batch, and only after `PATIENCE_S` is it trouble.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import quote

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
from codegenesis.store.doorbells import Doorbell, ring
from codegenesis.store.failures import of_file

log = logging.getLogger("codegenesis")

#: Schema of the store that the statements below are for (`store.migrations.LATEST`).
SCHEMA = 4
#: Seconds that one operation waits for another writer.
BUSY_S = 0.25
#: Seconds without a single write until that is said.
PATIENCE_S = 5.0

_RELEASES = """SELECT * FROM releases WHERE (?1 IS NULL OR service = ?1)
    AND (?2 IS NULL OR stage IN (SELECT value FROM json_each(?2))) ORDER BY created_ns, number"""
_NEWEST = """SELECT gene, process, variant, at_ns, wall_ns, cpu_ns, error FROM observations
    WHERE gene = ? ORDER BY at_ns DESC, number DESC LIMIT ?"""
_MOVE = """UPDATE releases SET stage = :stage, weight = 0, decision = '', reason = :reason,
    updated_ns = :at_ns WHERE id = :id AND stage IN (SELECT value FROM json_each(:expect))"""

RecordT = TypeVar("RecordT", bound=Record)


class Box(Protocol):
    """Takes records of one kind."""

    def add(self, records: Iterable[Any], /) -> None:
        """Keep them."""


class Batch(NamedTuple):
    """One statement with its rows, on its way to the file.

    Attributes:
        durable: must survive a power cut, and trouble with the store.
    """

    sql: str
    rows: Sequence[rows.Row]
    durable: bool


class SqliteOutlet:
    """One connection to an existing store.

    Args:
        waiting: what has not been written yet; it outlives this.
        directory: where keys and freeze switch are.
    """

    def __init__(self, path: Path, waiting: deque[Batch], *, directory: Path) -> None:
        self.path = path
        self.directory = directory
        self._switch = str(self.directory / freeze.NAME)
        self.gate = forks.Gate()
        self.rewards: Box = _Box(self, "rewards", packed=("arms",))
        self.events: Box = _Box(self, "events", packed=("attributes",))
        self._waiting = waiting
        self._waits_since = 0.0
        self._lock = threading.RLock()
        self._doorbell: Doorbell | None = None
        self._connection: sqlite3.Connection | None = None
        self._seen = -1
        self._refusal = ""
        self._inode = path.stat().st_ino
        forks.watch(self)
        try:
            self.changed()
        except BaseException:
            self.disconnect()
            raise

    def close(self) -> None:
        """Close the connection for good."""
        self._refusal = self._refusal or "the store is closed"
        self.disconnect()

    def disconnect(self) -> None:
        """Close the connection and end a wait; the next operation opens a new one."""
        connection, self._connection, self._seen = self._connection, None, -1
        if connection is not None:
            connection.close()
        doorbell, self._doorbell = self._doorbell, None
        if doorbell is not None:
            doorbell.close()

    def strand(self) -> None:
        """Refuse all use: this process was forked in the middle of a transaction."""
        self._lock = threading.RLock()
        doorbell, self._doorbell = self._doorbell, None
        if doorbell is not None:
            doorbell.abandon()
        self._refusal = "this process was forked while the store was busy"

    @contextlib.contextmanager
    def _passage(self) -> Iterator[sqlite3.Connection]:
        with self.gate.passage(), self._lock, self._translated():
            if self._refusal:
                raise StoreError(f"{self.path}: {self._refusal}")
            yield self._connection or self._open()

    def _open(self) -> sqlite3.Connection:
        connection = _connect(self.path)
        try:
            self._doorbell = Doorbell(self.path)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, OverflowError) as error:
            message, remedy = of_file(self.path, error) or ("the store failed", "")
            raise StoreError(f"{self.path}: {message} ({error})", remedy=remedy) from error

    # --- looking -----------------------------------------------------------------------------

    def changed(self) -> bool:
        """Whether anybody else has committed since the last call; about 3 us."""
        with self._passage() as connection:
            seen, self._seen = self._seen, connection.execute("PRAGMA data_version").fetchone()[0]
            return bool(seen != self._seen)

    def wait(self, timeout_s: float) -> None:
        """Wait until somebody has changed what agents obey, `wake` is called, or for this long."""
        with self._passage():
            doorbell = self._doorbell
        assert doorbell is not None  # it comes with the connection
        doorbell.wait(timeout_s)

    def wake(self) -> None:
        """End a wait of another thread, or else its next one."""
        doorbell = self._doorbell
        if doorbell is not None:
            doorbell.wake()

    def check(self) -> None:
        """Is the file still the one that was opened?

        Raises:
            StoreError: it was moved, deleted or replaced.
        """
        try:
            there = self.path.stat().st_ino == self._inode
        except OSError:
            there = False
        if not there:
            raise gone(self.path)

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
        wanted = None if stages is None else json.dumps(list(stages))
        found = self._all(_RELEASES, service, wanted)
        return [release for row in found if (release := _release(row)) is not None]

    def release(self, id_or_prefix: str) -> Release | None:
        """The release with this id."""
        found = self._all("SELECT * FROM releases WHERE id = ?", id_or_prefix)
        return _release(found[0]) if found else None

    def variant(self, id_or_prefix: str) -> Variant | None:
        """The variant with this id.

        Raises:
            VerificationError: its row is damaged.
        """
        found = self._all("SELECT * FROM variants WHERE id = ?", id_or_prefix)
        if not found:
            return None
        try:
            row = dict(found[0])
            row["parents"] = msgspec.msgpack.decode(row["parents"], type=tuple[str, ...])
            return _record(row, Variant)
        except (msgspec.MsgspecError, TypeError) as error:
            raise VerificationError(
                f"the row of variant {id_or_prefix} is damaged ({error})"
            ) from error

    def observations(
        self, gene_id: str, *, limit: int | None = None, newest: bool = False
    ) -> list[Observation]:
        """Observations of a gene, oldest first, without what they hold of the calls."""
        query = _NEWEST if newest else _NEWEST.replace("DESC", "ASC")
        found = self._all(query, gene_id, -1 if limit is None else limit)
        records = [Observation(**dict(row)) for row in found]
        return records[::-1] if newest else records

    def _all(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._passage() as connection:
            return connection.execute(query, values).fetchall()

    # --- writing -----------------------------------------------------------------------------

    def put_process(self, process: Process) -> None:
        """Note that a process is alive."""
        row = rows.to_row(process)
        self.write(_upsert("processes", tuple(row)), [row])

    def put_genes(self, genes: Iterable[Gene]) -> None:
        """Describe genes; the latest description wins."""
        batch = [rows.to_row(gene, id=gene.id, free=",".join(gene.free)) for gene in genes]
        if batch:
            self.write(_upsert("genes", tuple(batch[0])), batch)

    def add_observations(self, batch: Iterable[Observation]) -> None:
        """Add sampled calls."""
        self.insert(
            "observations",
            [
                rows.to_row(each, outcome=None if each.outcome is None else rows.pack(each.outcome))
                for each in batch
            ],
        )

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Add measured calls of canaries."""
        self.insert("samples", [rows.to_row(sample) for sample in samples])

    def add_acks(self, acks: Iterable[Ack]) -> None:
        """Keep what was done with releases."""
        self.insert("acks", [rows.to_row(ack) for ack in acks])

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
            "expect": json.dumps(list(expect)),
            "stage": stage,
            "reason": rows.storable(reason),
            "at_ns": time.time_ns() if at_ns is None else at_ns,
        }
        self.write(_MOVE, [values], durable=True)
        ring(self.path)

    def insert(self, table: str, batch: Sequence[rows.Row]) -> None:
        """Add rows to a table."""
        if batch:
            self.write(_insert(table, tuple(batch[0])), batch)

    def write(self, sql: str, batch: Sequence[rows.Row], *, durable: bool = False) -> None:
        """Write, with all that still waits; when others write for long, later."""
        self._waiting.append(Batch(sql, batch, durable))
        with self._passage() as connection:
            if self._begun(connection):
                self._commit(connection)

    def _begun(self, connection: sqlite3.Connection) -> bool:
        """Is it our turn to write?"""
        durable = any(each.durable for each in self._waiting)
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                self._forget()
                raise
            self._waits_since = self._waits_since or time.monotonic()
            if time.monotonic() - self._waits_since > PATIENCE_S:
                self._forget()
                raise
            return False
        self._waits_since = 0.0
        return True

    def _commit(self, connection: sqlite3.Connection) -> None:
        try:
            for each in self._waiting:
                connection.executemany(each.sql, each.rows)
            connection.execute("COMMIT")
        except BaseException:
            self._forget()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._waiting.clear()

    def _forget(self) -> None:
        """What is only of use now is not kept for better times."""
        kept = [each for each in self._waiting if each.durable]
        self._waiting.clear()
        self._waiting.extend(kept)


class _Box:
    """Records of one kind, each with some columns packed."""

    def __init__(self, outlet: SqliteOutlet, table: str, *, packed: Sequence[str]) -> None:
        self._outlet = outlet
        self._table = table
        self._packed = packed

    def add(self, records: Iterable[Record], /) -> None:
        """Keep them; they survive a crash of the process."""
        batch = [rows.to_row(record, packed=self._packed) for record in records]
        self._outlet.insert(self._table, batch)


@functools.cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({values})"  # noqa: S608 - names are our own


@functools.cache
def _upsert(table: str, columns: tuple[str, ...]) -> str:
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "id")
    return f"{_insert(table, columns)} ON CONFLICT (id) DO UPDATE SET {changes}"


def _release(row: sqlite3.Row) -> Release | None:
    """None for a row that is damaged: it must not keep the others from coming in."""
    try:
        return _record({**dict(row), "pure": bool(row["pure"])}, Release)
    except msgspec.ValidationError as error:
        log.warning("release %s is not looked at, its row is damaged: %s", row["id"], error)
        return None


def _record(row: rows.Row, kind: type[RecordT]) -> RecordT:
    """The record of a row, with its types checked: SQLite keeps anything in any column."""
    return msgspec.convert({name: row[name] for name in kind.__struct_fields__}, kind)


def gone(path: Path) -> StoreError:
    """What is said when a store is not where it was."""
    return StoreError(f"{path} is not there any more", remedy="Put it back, or restart the app.")


def version(path: Path) -> int:
    """Version of the schema there; 0 when there is none, or something else."""
    if not path.is_file():
        return 0
    with contextlib.suppress(sqlite3.Error), contextlib.closing(_connect(path)) as connection:
        found = connection.execute("SELECT max(version) FROM schema_version").fetchone()[0]
        return int(found or 0)
    return 0


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_S,
    )
    connection.row_factory = sqlite3.Row
    return connection
