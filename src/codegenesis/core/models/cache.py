"""Answers that were had before, so that a run that is taken up again pays nothing twice.

An answer is looked up by the digest of everything that makes it: endpoint, model and the whole
request. A request without a seed (and not at temperature 0) asks for something new each time, so
it is never answered from here. One SQLite file beside the store; the oldest answers make room.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import msgspec

from codegenesis.core.models.model import Answer, Request, Usage
from codegenesis.errors import StoreError
from codegenesis.model import digest

#: Most bytes of answers that are kept.
LIMIT_BYTES = 64 << 20

#: How full it is left when the oldest had to go.
_AFTERWARDS = 0.9

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
  key TEXT PRIMARY KEY, answer BLOB NOT NULL, used_ns INTEGER NOT NULL
) WITHOUT ROWID
"""


def request_digest(request: Request) -> str:
    """What two requests share only when they are the same."""
    return digest(msgspec.json.encode(request, order="deterministic"))


class AnswerCache:
    """Answers by request; may be used from several threads and processes.

    Args:
        file: made with its directory when it is not there.
        limit_bytes: of all answers together.

    Raises:
        StoreError: it cannot be used.
    """

    def __init__(self, file: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._lock = threading.Lock()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._rows = sqlite3.connect(
                file, timeout=10, isolation_level=None, check_same_thread=False
            )
            self._begin()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"earlier answers of models cannot be kept in {file}: {error}",
                remedy="Delete it, or make room; it holds nothing else.",
            ) from error

    def get(self, member: str, request: Request) -> Answer | None:
        """An earlier answer of this member of a fleet; it costs nothing now."""
        if not _repeats(request):
            return None
        try:
            data = self._read(_key(member, request))
            answer = msgspec.json.decode(data, type=Answer) if data else None
        except (sqlite3.Error, msgspec.MsgspecError):
            return None  # locked for too long, or written by another version: asked again
        return msgspec.structs.replace(answer, usage=Usage(), cached=True) if answer else None

    def put(self, member: str, request: Request, answer: Answer) -> None:
        """Keep an answer."""
        if not _repeats(request):
            return
        try:
            self._write(_key(member, request), msgspec.json.encode(answer))
        except sqlite3.Error:
            pass  # locked for too long, or the disk is full: an answer is no less an answer

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._rows.close()

    def _begin(self) -> None:
        self._rows.execute("PRAGMA journal_mode=WAL")
        self._rows.execute("PRAGMA synchronous=NORMAL")
        self._rows.execute(_SCHEMA)
        self._size = self._counted()

    def _read(self, key: str) -> bytes | None:
        with self._lock:
            row = self._rows.execute("SELECT answer FROM answers WHERE key=?", [key]).fetchone()
            if row is None:
                return None
            self._rows.execute("UPDATE answers SET used_ns=? WHERE key=?", [time.time_ns(), key])
        return bytes(row[0])

    def _write(self, key: str, data: bytes) -> None:
        with self._lock:
            row = [key, data, time.time_ns()]
            self._rows.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", row)
            self._size += len(data)
            if self._size > self._limit:
                self._make_room()
                self._size = self._counted()

    def _counted(self) -> int:
        size = "SELECT COALESCE(SUM(LENGTH(answer)), 0) FROM answers"
        return int(self._rows.execute(size).fetchone()[0])

    def _make_room(self) -> None:
        kept = 0
        rows = self._rows.execute("SELECT key, LENGTH(answer) FROM answers ORDER BY used_ns DESC")
        for key, size in rows.fetchall():
            kept += size
            if kept > self._limit * _AFTERWARDS:
                self._rows.execute("DELETE FROM answers WHERE key=?", [key])


def _repeats(request: Request) -> bool:
    return request.seed is not None or request.temperature == 0


def _key(member: str, request: Request) -> str:
    return digest(member, request_digest(request))
