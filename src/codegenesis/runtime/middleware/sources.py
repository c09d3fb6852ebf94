"""Where a request says for whom it is: a header, a cookie, its path, or what the owner computes.

All of it was written by clients. It is cut short, segments are few (`context.Segments`), keys are
digested, a trace id has its form or is made anew. Cookies are read by hand, in one pass over a
bounded text: `http.cookies` gives up on the first odd cookie, and takes 30 times as long.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any, Protocol

from codegenesis.errors import UsageError
from codegenesis.runtime.context import OTHER, Context, is_trace, make

#: What a request says: `header:NAME`, `cookie:NAME`, `path:N` (its N-th part, from 0), or a
#: function of the ASGI scope or WSGI environ.
Source = str | Callable[[Any], object]

log = logging.getLogger("codegenesis")

_LONGEST = 16 << 10
_EXPECTED = "expected header:NAME, cookie:NAME, path:N or a function"


class Request(Protocol):
    """What middleware knows of a request."""

    @property
    def raw(self) -> Any:
        """The ASGI scope or WSGI environ, for functions of the owner's."""

    def header(self, name: str) -> str:
        """Value of the header with this name in lower case; empty when there is none."""

    def path(self) -> str:
        """The path that was asked for."""


class Sources:
    """Makes the use that a request is.

    Args:
        segment, key: where to find them; without a source for the key, a request sticks to itself.
        segments: the only ones that there are; the rest is `other`. Worth giving where clients
            choose the name, or the first 50 that somebody makes up are all there is.

    Raises:
        UsageError: a source has none of the forms above.
    """

    def __init__(
        self, *, segment: Source | None, key: Source | None, segments: Collection[str]
    ) -> None:
        self._segment = _reader(segment) if segment is not None else None
        self._key = _reader(key) if key is not None else None
        self._segments = frozenset(segments)
        self._told = False

    def use(self, request: Request) -> Context:
        """The use; whatever a source raises, the request goes on without what it would say."""
        try:
            trace = trace_of(request.header("traceparent"))
            segment = self._segment(request) if self._segment else None
            if segment and self._segments and segment not in self._segments:
                segment = OTHER
            return make(segment=segment, key=self._key_of(request), trace=trace)
        except Exception as error:  # noqa: BLE001 - boundary: the owner's function, on what a client sent
            self._say(error)
            return make()

    def _key_of(self, request: Request) -> object:
        """A request whose source says nothing sticks to itself, not to all others like it."""
        return (self._key(request) if self._key else None) or None

    def _say(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "a request's segment or key could not be read, such requests have none: %s: %s",
                type(error).__name__, error,
            )  # fmt: skip


def trace_of(traceparent: str) -> str:
    """The trace id of a W3C `traceparent` header; empty when it has not got its form."""
    parts = traceparent[:128].split("-")
    known = len(parts) >= 4 and len(parts[0]) == 2 and parts[0] != "ff"
    return parts[1] if known and is_trace(parts[1]) else ""


def _reader(source: Source) -> Callable[[Request], object]:
    if callable(source):
        function = source
        return lambda request: function(request.raw)
    kind, _, name = source.partition(":")
    name = name.strip()
    if kind == "header" and name:
        return lambda request: request.header(name.lower())
    if kind == "cookie" and name:
        return lambda request: cookie(request.header("cookie"), name)
    if kind == "path" and name.isdecimal():
        return lambda request: _part(request.path(), int(name))
    raise UsageError(
        f"{_EXPECTED}, got {source!r}",
        remedy='Write for instance segment="header:X-Plan", key="cookie:session" or "path:0".',
    )


def cookie(header: str, name: str) -> str:
    """The value of one cookie; empty when there is none."""
    for pair in header[:_LONGEST].split(";"):
        found, _, value = pair.partition("=")
        if found.strip() == name:
            return value.strip().strip('"')
    return ""


def _part(path: str, number: int) -> str:
    parts = path[:_LONGEST].strip("/").split("/")
    return parts[number] if number < len(parts) else ""
