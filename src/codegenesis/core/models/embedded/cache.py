"""Where models are kept: `$XDG_CACHE_HOME/codegenesis/models`.

Beside each file lies a note (`FILE.json`) of what it is. It is written last, so a file without one
is not installed, whatever broke off. Whoever changes something there holds a lock; the kernel gives
it back when its owner dies.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from codegenesis.core.models.embedded.catalogue import Entry
from codegenesis.core.models.embedded.catalogue import entry as entry_of
from codegenesis.errors import ModelError, UsageError
from codegenesis.model import Record

_LOOK_S = 0.2


class Note(Record, frozen=True, kw_only=True):
    """What lies beside a file.

    Attributes:
        bytes: of the file.
        source: where it came from, in words.
        licence: SPDX identifier, or where to read it.
    """

    name: str
    sha256: str
    bytes: int
    source: str
    licence: str


class Installed(Note, frozen=True, kw_only=True):
    """A model that is there, and where."""

    path: Path


def directory() -> Path:
    """The user's directory of models; it need not exist."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".cache"
    return base / "codegenesis" / "models"


def installed(*, cache: Path | None = None) -> tuple[Installed, ...]:
    """Models that are there and whole, by name.

    Args:
        cache: directory to look into; the user's when None.
    """
    notes = (cache or directory()).glob("*.gguf.json")
    found = (_read(note) for note in notes)
    return tuple(sorted((each for each in found if each), key=lambda each: each.name))


def remove(name: str, *, cache: Path | None = None) -> int:
    """Delete a model and what an unfinished download of it left.

    Returns:
        How many bytes that freed.

    Raises:
        UsageError: there is nothing of that name.
    """
    place = cache or directory()
    files = [each.path.name for each in installed(cache=cache) if each.name == name]
    file = files[0] if files else entry_of(name).file
    with locked(place, file):
        doomed = [*place.glob(f"{file}.*.partial"), note_of(place / file), place / file]
        sizes = [each.stat().st_size for each in doomed if each.is_file()]
        for each in doomed:
            each.unlink(missing_ok=True)
    if not sizes:
        there = ", ".join(each.name for each in installed(cache=cache)) or "none"
        raise UsageError(f"no model {name!r} is installed (installed: {there})")
    return sum(sizes)


def write_note(entry: Entry, path: Path, source: str) -> Installed:
    """Say that `path` holds `entry`, whole and checked."""
    note = Note(
        name=entry.name,
        sha256=entry.sha256,
        bytes=entry.bytes,
        source=source,
        licence=entry.licence,
    )
    half = note_of(path).with_suffix(".tmp")
    half.write_bytes(msgspec.json.encode(note))
    half.replace(note_of(path))
    return _placed(note, path)


def note_of(path: Path) -> Path:
    """Where the note of a file lies."""
    return path.with_name(f"{path.name}.json")


@contextmanager
def locked(
    place: Path,
    file: str,
    *,
    tell: Callable[[str], None] | None = None,
    cancelled: threading.Event | None = None,
) -> Iterator[None]:
    """Be the only process that changes `file`; waits for another one.

    Raises:
        ModelError: cancelled while waiting, or the directory cannot be written.
    """
    try:
        place.mkdir(parents=True, exist_ok=True)
        handle = (place / f".{file}.lock").open("ab")
    except OSError as error:
        raise ModelError(
            f"{place} cannot be written: {error.strerror}",
            remedy="Set XDG_CACHE_HOME to a directory that is yours.",
        ) from error
    with handle:
        waiting = cancelled or threading.Event()
        if not _taken(handle.fileno()):
            if tell:
                tell("another process is fetching it; waiting")
            while not _taken(handle.fileno()):
                if waiting.wait(_LOOK_S):
                    raise ModelError("cancelled while another process was fetching the model")
        yield


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(note: Path) -> Installed | None:
    """What a note says, if it still holds."""
    try:
        said = msgspec.json.decode(note.read_bytes(), type=Note)
        path = note.with_suffix("")
        if path.stat().st_size != said.bytes:
            return None
    except (OSError, msgspec.DecodeError):
        return None
    return _placed(said, path)


def _placed(note: Note, path: Path) -> Installed:
    return Installed(**msgspec.structs.asdict(note), path=path)
