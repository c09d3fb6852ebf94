"""An answer as it comes from an endpoint, read with suspicion.

Whatever is not what the format says, or is more than was asked for, makes it no answer at all: what
lies in one place is not believed in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx2
import msgspec

from codegenesis.core.models.dialect import Counts, Dialect, Piece
from codegenesis.core.models.failing import Failure
from codegenesis.core.models.keys import Veil
from codegenesis.core.models.model import Finish, Request
from codegenesis.core.models.speaker import Speaker
from codegenesis.model import Record

#: No token of a tokeniser in use is longer.
_LONGEST_TOKEN = 256


class Said(Record, frozen=True, kw_only=True):
    """An answer, and what the server counted."""

    text: str
    finish: Finish
    counts: Counts


def read(
    response: httpx2.Response,
    *,
    speaker: Speaker,
    dialect: Dialect,
    request: Request,
    told: Callable[[str], None] | None,
) -> Said:
    """The whole answer, without the speaker's key in it.

    Args:
        told: gets the words as they come.

    Raises:
        Failure: it is none.
    """
    texts: list[str] = []
    finish: Finish | None = None
    counts = Counts()
    veil = Veil(speaker.secret)
    room = request.max_tokens * _LONGEST_TOKEN
    for piece in _pieces(response, speaker, dialect):
        if piece.error is not None:
            words = f"it stopped with an error: {speaker.shown(piece.error)}"
            raise speaker.failure(words, "broken")
        room -= len(piece.text)
        if room < 0:
            raise _nonsense(speaker, f"an answer far beyond {request.max_tokens} tokens")
        _pass_on(veil.passed(piece.text), texts, told)
        finish = piece.finish or finish
        counts = counts.updated(piece.counts)
        if piece.last:
            finish = finish or "stop"
            break
    _pass_on(veil.rest(), texts, told)
    if finish is None:
        raise speaker.failure("the answer broke off", "broken")
    return Said(text="".join(texts), finish=finish, counts=counts)


class _Listed(msgspec.Struct):
    id: str


class _List(msgspec.Struct):
    data: list[_Listed]


def names(response: httpx2.Response, *, speaker: Speaker) -> tuple[str, ...]:
    """Of the models that an endpoint lists.

    Raises:
        Failure: it lists none.
    """
    _see_plain(response, speaker)
    try:
        listed = msgspec.json.decode(response.read(), type=_List).data
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _nonsense(speaker, f"no list of models ({speaker.shown(str(error))})") from None
    return tuple(speaker.shown(each.id) for each in listed)


def _pass_on(text: str, texts: list[str], told: Callable[[str], None] | None) -> None:
    if text:
        texts.append(text)
        if told:
            told(text)


def _pieces(response: httpx2.Response, speaker: Speaker, dialect: Dialect) -> Iterator[Piece]:
    _see_plain(response, speaker)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "text/event-stream":
            for event in httpx2.EventSource(response):
                yield dialect.piece(event.data)
        else:
            yield dialect.whole(response.read())
    except (msgspec.MsgspecError, httpx2.SSEError, RecursionError) as error:
        raise _nonsense(speaker, f"what is no answer ({speaker.shown(str(error))})") from None


def _see_plain(response: httpx2.Response, speaker: Speaker) -> None:
    """A few bytes can be unpacked to any size, so nothing packed is read."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise _nonsense(speaker, "packed bytes, though none were asked for")


def _nonsense(speaker: Speaker, words: str) -> Failure:
    remedy = "See whether `wire` and `url` of its endpoint are right."
    return speaker.failure(f"it sent {words}", "nonsense", remedy=remedy)
