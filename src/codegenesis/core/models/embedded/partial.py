"""What of an unfinished download is sound, and whether a finished one is what it should be."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from codegenesis.core.models.embedded.catalogue import Entry
from codegenesis.core.models.embedded.resources import gigabytes
from codegenesis.errors import ModelError

#: Left free on the disk for others.
_MARGIN_BYTES = 64 << 20


def partial_of(place: Path, entry: Entry) -> Path:
    """Where the download of exactly this file grows; sources share it."""
    return place / f"{entry.file}.{entry.sha256[:12]}.partial"


def size_of(path: Path) -> int:
    """Bytes of a file that need not be there."""
    return path.stat().st_size if path.exists() else 0


def keep_sound(partial: Path, entry: Entry) -> int:
    """Cut off what is known to be wrong.

    Returns:
        How many bytes are left. Without digests of blocks all of them are, unless the file is
        complete: whoever asks then has found it wrong.
    """
    size = size_of(partial)
    if size == 0:
        return 0
    sound = min(size, _sound_blocks(partial, entry) if entry.blocks else size)
    if size >= entry.bytes and not entry.blocks:
        sound = 0
    os.truncate(partial, sound)
    return sound


def whole_blocks(size: int, entry: Entry) -> int:
    """How many blocks of the file fit into its first `size` bytes."""
    return len(entry.blocks) if size >= entry.bytes else size // entry.block_bytes


def is_right(path: Path, entry: Entry) -> bool:
    """Whether a file has the length and the digest that it should have."""
    if size_of(path) != entry.bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256


def require_room(place: Path, needed: int, *, free: int | None = None) -> None:
    """See that a download fits on the disk before it begins.

    Args:
        needed: bytes.
        free: bytes; asked of the system when None.

    Raises:
        ModelError: it does not; it says how much is needed and there.
    """
    free = shutil.disk_usage(place).free if free is None else free
    if free < needed + _MARGIN_BYTES:
        raise ModelError(
            f"the model needs {gigabytes(needed + _MARGIN_BYTES)} in {place} and "
            f"{gigabytes(free)} are free",
            remedy="Make room, or set XDG_CACHE_HOME to a directory on another disk.",
        )


def _sound_blocks(partial: Path, entry: Entry) -> int:
    """Bytes up to the first block that is wrong; a block that is still growing counts as sound."""
    sound = 0
    with partial.open("rb") as file:
        for digest in entry.blocks:
            block = file.read(entry.block_bytes)
            whole = len(block) == min(entry.block_bytes, entry.bytes - sound)
            if whole and hashlib.sha256(block).hexdigest() != digest:
                return sound
            sound += len(block)
    return sound
