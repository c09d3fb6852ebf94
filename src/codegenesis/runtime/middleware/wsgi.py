"""WSGI: each request is a use of the application, to the last byte of its body.

A WSGI application answers with an iterable that the server reads after the call has returned, so
the use is entered again for each step of it. Lists, tuples and the server's own file wrapper are
handed on as they are: servers treat them specially (Content-Length, sendfile), and no code of the
application runs in them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from codegenesis.runtime.context import Context, disabled, enter, leave
from codegenesis.runtime.middleware.sources import Source, Sources

Environ = dict[str, Any]
Start = Callable[..., Any]
App = Callable[[Environ, Start], Iterable[bytes]]


class WSGIMiddleware:
    """Says for whom each request is, around any WSGI application.

    `app.wsgi_app = WSGIMiddleware(app.wsgi_app, key="cookie:id")` in Flask, or
    `application = WSGIMiddleware(get_wsgi_application(), …)` in Django. It costs some microseconds
    a request, and nothing with `CODEGENESIS_DISABLED=1`.

    Args:
        app: the application.
        segment: where requests say whose they are: `header:NAME`, `cookie:NAME`, `path:N` (N-th
            part of the path, from 0), or a function of the environ.
        key: the same for what requests stick to; without it, each to itself.
        segments: the only ones that there are; the rest is `other`.

    Raises:
        UsageError: `segment` or `key` has another form.
    """

    def __init__(
        self,
        app: App,
        *,
        segment: Source | None = None,
        key: Source | None = None,
        segments: Collection[str] = (),
    ) -> None:
        self._app = app
        self._sources = Sources(segment=segment, key=key, segments=segments)
        self._off = disabled()

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        if self._off:
            return self._app(environ, start_response)
        use = self._sources.use(_Request(environ))
        token = enter(use)
        try:
            body = self._app(environ, start_response)
        finally:
            leave(token)
        as_it_is = (list, tuple, environ.get("wsgi.file_wrapper", list))
        return body if _is_one_of(body, as_it_is) else _Body(body, use)


def _is_one_of(body: object, kinds: tuple[Any, ...]) -> bool:
    return any(isinstance(kind, type) and isinstance(body, kind) for kind in kinds)


class _Body:
    """The application's answer, each step of which is part of the use."""

    def __init__(self, body: Iterable[bytes], use: Context) -> None:
        self._body = body
        self._use = use
        self._steps: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = enter(self._use)
        try:
            if self._steps is None:
                self._steps = iter(self._body)
            return next(self._steps)
        finally:
            leave(token)

    def close(self) -> None:
        """Servers call it when the answer was sent, or the client has gone."""
        close = getattr(self._body, "close", None)
        if close is None:
            return
        token = enter(self._use)
        try:
            close()
        finally:
            leave(token)


class _Request:
    __slots__ = ("raw",)

    def __init__(self, environ: Environ) -> None:
        self.raw = environ

    def header(self, name: str) -> str:
        return str(self.raw.get("HTTP_" + name.upper().replace("-", "_"), ""))

    def path(self) -> str:
        return str(self.raw.get("SCRIPT_NAME", "")) + str(self.raw.get("PATH_INFO", ""))
