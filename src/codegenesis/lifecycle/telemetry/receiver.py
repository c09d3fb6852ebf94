"""The receiver: OTLP over HTTP with protobuf bodies, as the specification has it.

    POST /v1/traces, /v1/metrics, /v1/logs      application/x-protobuf, gzip or plain
    GET  /metrics                               what is known, for Prometheus

Starlette and uvicorn serve it: a server of one's own would have to get slow senders, pipelining and
limits right again. JSON bodies are answered with 415: exporters of applications send protobuf.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from codegenesis.errors import StoreError
from codegenesis.lifecycle.telemetry import bodies
from codegenesis.lifecycle.telemetry.intake import SIGNALS, DecodeError, Intake, Unavailable

#: Seconds between two batches to the store.
FLUSH_S = 1.0
#: Names under which a server on loopback is asked; a page in a browser that was sent here under
#: another name is not answered.
LOCAL = ("localhost", "127.0.0.1", "::1", "[::1]")

_Endpoint = Callable[[Request], Awaitable[Response]]


def application(
    intake: Intake, *, scrape: Callable[[], tuple[bytes, str]], hosts: tuple[str, ...] = LOCAL
) -> Starlette:
    """The receiver as an ASGI application.

    Args:
        scrape: the page for Prometheus and its content type.
        hosts: names in the `Host` header that are answered; `*` for any.
    """

    async def page(_request: Request) -> Response:
        try:
            body, kind = await asyncio.to_thread(scrape)
        except StoreError as error:
            raise HTTPException(503, str(error)) from None
        return Response(body, media_type=kind)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        flushing = asyncio.create_task(_flush_for_ever(intake))
        yield
        flushing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await flushing
        await asyncio.to_thread(intake.flush, all_of_them=True)

    posts = [Route(f"/v1/{name}", _taker(intake, name), methods=["POST"]) for name in SIGNALS]
    return Starlette(
        routes=[*posts, Route("/metrics", page)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))],
        exception_handlers={HTTPException: _refuse},
        lifespan=lifespan,
    )


async def _flush_for_ever(intake: Intake) -> None:
    while True:
        await asyncio.to_thread(intake.flush)
        await asyncio.sleep(FLUSH_S)


def _taker(intake: Intake, name: str) -> _Endpoint:
    signal = SIGNALS[name]

    async def take(request: Request) -> Response:
        body = await bodies.read(request)
        try:
            answer = await asyncio.to_thread(intake.take, signal, body)
        except DecodeError:
            raise HTTPException(400, f"the body is no payload of {name}") from None
        except Unavailable as trouble:
            raise HTTPException(503, str(trouble), headers={"Retry-After": "5"}) from None
        return Response(answer, media_type=bodies.PROTOBUF)

    return take


async def _refuse(_request: Request, error: Exception) -> Response:
    """Errors are answered with a `Status` message, as the specification has it."""
    assert isinstance(error, HTTPException)
    status = Status(message=error.detail).SerializeToString()
    return Response(status, error.status_code, error.headers, media_type=bodies.PROTOBUF)
