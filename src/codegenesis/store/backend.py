"""What the store asks of a database: one small Protocol, kept by `sqlite` and by `postgres`.

Queries are SQLAlchemy's and the same for both. What is not (how to connect, begin, hear of news,
give space back, and what a failure means) is asked of a backend; statements that only differ in
their wording are in `batches`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

#: Execution option that makes a transaction a writer: "told" (and durable), "durable" or "relaxed".
WRITE = "codegenesis_write"


class Watch(Protocol):
    """Hears of what others commit."""

    #: Becomes readable when there is news; -1 where one has to look.
    descriptor: int

    def look(self) -> bool:
        """Whether anything was committed since the last look (or since this was made)."""

    def close(self) -> None:
        """Stop listening."""


class Backend(Protocol):
    """One database, and all that is special about its kind.

    Attributes:
        place: where it is, in words that hold no password.
        path: its file; None where it is not one.
        shared: processes of several hosts may use it.
        words: how the migrations spell what differs between databases.
        errors: what its driver raises beside SQLAlchemy's errors.
    """

    place: str
    path: Path | None
    shared: bool
    words: Mapping[str, str]
    errors: tuple[type[Exception], ...]

    def engine(self) -> Engine:
        """A pool of connections for the threads of this process, on which `WRITE` works."""

    def watch(self) -> Watch:
        """A connection of its own that hears of commits from now on."""

    def tell(self) -> None:
        """A transaction that others wait for was committed: let them hear of it."""

    def explain(self, error: BaseException) -> tuple[str, str] | None:
        """What happened and what to do about it; None when this error is not known."""

    def check(self) -> None:
        """See that it still is where it was opened.

        Raises:
            StoreError: it was moved or deleted.
        """

    def compact(self, engine: Engine) -> None:
        """Give space of deleted rows back."""

    def size_bytes(self, engine: Engine) -> int:
        """Bytes on disk."""
