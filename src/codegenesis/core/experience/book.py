"""What became of variants, kept between runs and carried from project to project.

One small SQLite file in the user's data directory (`$XDG_DATA_HOME/codegenesis`): several processes
write to it at once, and each trial is there for the next pass of any of them. It holds figures and
names of operators, no code and no values. It is a help, not a record: a file that is damaged or
from another version is put aside and begun anew, and where nothing can be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec

from codegenesis.model import Record

#: Lessons kept: the newest, and of each operator the newest, so that one busy project does not
#: push out what others taught.
MOST, MOST_EACH = 1500, 100
#: Changes with the table and with the meaning of features.
_VERSION = 1
_PATIENCE_S = 5.0
_TABLES = """
CREATE TABLE IF NOT EXISTS lessons (
    id INTEGER PRIMARY KEY AUTOINCREMENT, variant TEXT NOT NULL UNIQUE, operator TEXT NOT NULL,
    at_ns INTEGER NOT NULL, lesson BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS memories (name TEXT NOT NULL PRIMARY KEY, body BLOB NOT NULL);
"""


class Lesson(Record, frozen=True, kw_only=True):
    """What became of one variant.

    Attributes:
        variant: digest that names it; a lesson about the same one replaces the last.
        operator: names, joined with `+` where several wrote it.
        features: of function, change and traits (`features.describe`).
        expected: logarithm of the gain that was predicted without experience.
        died_at: the gate; empty when it lived.
        log_gain: logarithm of the CPU ratio old / new, 0 when it died or was not faster; None when
            it lived and was not raced.
        seconds: that the gates took.
        foreseen_s: that they were expected to take, without experience.
    """

    variant: str
    operator: str
    features: dict[str, float]
    expected: float
    died_at: str = ""
    log_gain: float | None = None
    seconds: float = 0.0
    foreseen_s: float = 1.0


def default_path() -> Path:
    """Where experience is kept unless the owner says otherwise."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return base / "codegenesis" / "experience.sqlite3"


def book(setting: str) -> Book | None:
    """The book that the setting `experience` names: `auto`, `off` or a file."""
    if setting == "off":
        return None
    return Book(default_path() if setting == "auto" else Path(setting).expanduser())


@functools.cache
def beginning() -> tuple[Lesson, ...]:
    """What everybody begins with: lessons of the corpus of `benchmarks/predict.py`, which writes
    the file."""
    data = files(__package__).joinpath("beginning.json").read_bytes()
    return tuple(msgspec.json.decode(data, type=list[Lesson]))


class Book:
    """The lessons in one file.

    Args:
        path: created when something is first noted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def lessons(self) -> list[Lesson]:
        """All that are kept, oldest first; none when there is no file or it cannot be read."""
        if not self.path.exists():
            return []
        with contextlib.suppress(OSError, sqlite3.Error, msgspec.MsgspecError):
            with self._open() as connection:
                rows = connection.execute("SELECT lesson FROM lessons ORDER BY id").fetchall()
            return [msgspec.json.decode(row[0], type=Lesson) for row in rows]
        return []

    def note(self, lessons: Sequence[Lesson]) -> None:
        """Keep these; forget the oldest when there are too many. Never raises: see the module."""
        rows = [(o.variant, o.operator, time.time_ns(), msgspec.json.encode(o)) for o in lessons]
        if not rows:
            return
        with contextlib.suppress(OSError, sqlite3.Error), self._open() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO lessons (variant, operator, at_ns, lesson)"
                " VALUES (?, ?, ?, ?)",
                rows,
            )
            self._forget(connection, {lesson.operator for lesson in lessons})

    def recall(self, name: str) -> bytes:
        """What was last remembered under this name; empty when nothing was, or can be read."""
        if not self.path.exists():
            return b""
        with contextlib.suppress(OSError, sqlite3.Error), self._open() as connection:
            found = connection.execute("SELECT body FROM memories WHERE name = ?", [name])
            row = found.fetchone()
            return bytes(row[0]) if row else b""
        return b""

    def remember(self, name: str, body: bytes) -> None:
        """Keep this in the place of what was there. Never raises: see the module."""
        with contextlib.suppress(OSError, sqlite3.Error), self._open() as connection:
            connection.execute("INSERT OR REPLACE INTO memories VALUES (?, ?)", [name, body])

    @staticmethod
    def _forget(connection: sqlite3.Connection, operators: set[str]) -> None:
        for operator in operators:
            connection.execute(
                "DELETE FROM lessons WHERE operator = ?1 AND id NOT IN"
                " (SELECT id FROM lessons WHERE operator = ?1 ORDER BY id DESC LIMIT ?2)",
                (operator, MOST_EACH),
            )
        connection.execute(
            "DELETE FROM lessons WHERE id NOT IN (SELECT id FROM lessons ORDER BY id DESC LIMIT ?)",
            (MOST,),
        )

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection in one transaction; a file that is no such book is begun anew."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = self._connected()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # locked, or not to be written: the file itself may be all right
            self._put_aside()
            connection = self._connected()
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE_S)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise sqlite3.DatabaseError(f"of version {version}")
            connection.execute("PRAGMA quick_check").fetchone()
            connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.executescript(_TABLES)
            connection.execute("SELECT lesson FROM lessons LIMIT 1").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _put_aside(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path.replace(self.path.with_suffix(".damaged"))
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


def digest_of(lessons: Sequence[Lesson]) -> str:
    """Names exactly this experience; the same lessons in the same order, the same digest."""
    hasher = hashlib.sha256()
    for lesson in lessons:
        hasher.update(msgspec.json.encode(lesson) + b"\n")
    return hasher.hexdigest()
