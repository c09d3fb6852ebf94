"""ASGI: each HTTP request and each WebSocket is a use of the application.

The use holds for all that the application does until it is done with the request: streamed bodies,
background tasks, threads that the framework hands sync endpoints to. Nothing is wrapped but the
call itself: `receive` and `send` are the server's own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from codegenesis.runtime.context import disabled, enter, leave
from codegenesis.runtime.middleware.sources import Source, Sources

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_USES = frozenset({"http", "websocket"})


class ASGIMiddleware:
    """Says for whom each request is, around any ASGI application.

    `app.add_middleware(ASGIMiddleware, segment="header:X-Plan")` in FastAPI and Starlette, or
    `application = ASGIMiddleware(get_asgi_application(), …)` in Django. It costs some microseconds
    a request, and nothing with `CODEGENESIS_DISABLED=1`.

    Args:
        app: the application.
        segment: where requests say whose they are: `header:NAME`, `cookie:NAME`, `path:N` (N-th
            part of the path, from 0), or a function of the scope.
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._off or scope["type"] not in _USES:
            await self._app(scope, receive, send)
            return
        token = enter(self._sources.use(_Request(scope)))
        try:
            await self._app(scope, receive, send)
        finally:
            leave(token)


class _Request:
    __slots__ = ("raw",)

    def __init__(self, scope: Scope) -> None:
        self.raw = scope

    def header(self, name: str) -> str:
        wanted = name.encode()
        for found, value in self.raw["headers"]:
            if found == wanted:  # servers hand them over in lower case
                return str(value, "latin-1")
        return ""

    def path(self) -> str:
        return str(self.raw["path"])
