"""What differs between the formats in which endpoints are asked and answer."""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec

from codegenesis.core.models.model import Finish, Request
from codegenesis.model import Record

#: A count of tokens that a server may tell: no negative one, none beyond sense.
Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class Counts(Record, frozen=True):
    """Tokens as a server counts them; None is not told.

    Attributes:
        input: all of the question's, those that were cached included.
    """

    input: int | None = None
    output: int | None = None
    cached: int | None = None

    def updated(self, later: Counts) -> Counts:
        """These, where a later word on them says nothing else."""
        return Counts(
            input=self.input if later.input is None else later.input,
            output=self.output if later.output is None else later.output,
            cached=self.cached if later.cached is None else later.cached,
        )


class Piece(Record, frozen=True, kw_only=True):
    """What one event of an answer says.

    Attributes:
        finish: how the answer ended, in the event that says so.
        error: what the server says is wrong, instead of going on.
        last: nothing comes after it.
    """

    text: str = ""
    finish: Finish | None = None
    counts: Counts = Counts()
    error: str | None = None
    last: bool = False


class Dialect(Protocol):
    """One format; without state."""

    @property
    def path(self) -> str:
        """Where questions are sent, below the endpoint's url."""

    @property
    def options(self) -> tuple[str, ...]:
        """Parts of a question that an endpoint may refuse, to be left out or said otherwise."""

    def key_headers(self, key: str) -> dict[str, str]:
        """What carries the key, or nothing where it is empty; and what else it needs."""

    def body(self, model: str, request: Request, *, without: frozenset[str]) -> bytes:
        """A question, without the options that the endpoint refused."""

    def piece(self, data: str) -> Piece:
        """One event of a streamed answer.

        Raises:
            msgspec.MsgspecError: it is none.
        """

    def whole(self, data: bytes) -> Piece:
        """An answer that came all at once.

        Raises:
            msgspec.MsgspecError: it is none.
        """


class _Words(msgspec.Struct):
    message: str = ""


class _Wrong(msgspec.Struct):
    error: _Words | str | None = None
    message: str = ""
    detail: str = ""


def error_words(data: bytes) -> str:
    """What a server says went wrong, found in the forms that are common, else as it is."""
    try:
        wrong = msgspec.json.decode(data, type=_Wrong)
    except msgspec.MsgspecError:
        return data.decode("utf-8", errors="replace")
    said = wrong.error.message if isinstance(wrong.error, _Words) else wrong.error
    return said or wrong.message or wrong.detail or data.decode("utf-8", errors="replace")
