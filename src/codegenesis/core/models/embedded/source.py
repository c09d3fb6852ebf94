"""The seam to a place that models come from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from codegenesis.core.models.embedded.catalogue import Entry


class Source(Protocol):
    """Has the bytes of models."""

    #: In one word, for people.
    name: str

    def pin(self, entry: Entry) -> Entry:
        """The entry with length and digest, as far as the source has to tell them.

        Raises:
            Unavailable: it does not have this model, or cannot be reached.
            VerificationError: it has something else under that name.
        """

    def words(self, entry: Entry) -> str:
        """Where exactly it comes from, for the record."""

    def spare_bytes(self, entry: Entry) -> int:
        """Room that fetching takes on the disk beside the file itself."""

    def fill(
        self,
        entry: Entry,
        partial: Path,
        *,
        arrived: Callable[[int], None],
        cancelled: threading.Event | None,
    ) -> None:
        """Make `partial` complete, going on behind what it has.

        Raises:
            Unavailable: it broke off for good; what arrived is kept.
            Cancelled: it was stopped; what arrived is kept.
            ModelError: the disk is full.
        """
