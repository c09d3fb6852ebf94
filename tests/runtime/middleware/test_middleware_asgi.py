"""ASGI applications, with real frameworks: whatever a request runs is part of its use."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

import codegenesis
from codegenesis.runtime.context import current, stuck

if TYPE_CHECKING:
    from conftest import Site

fastapi = pytest.importorskip("fastapi")
uvicorn = pytest.importorskip("uvicorn")
starlette_responses = pytest.importorskip("starlette.responses")

TRACE = "0af7651916cd43dd8448eb211c80319c"
AFTERWARDS: list[Any] = []


def seen() -> dict[str, str]:
    use = current()
    assert use
    return {"segment": use.segment, "key": use.key, "trace": use.trace}


def afterwards() -> None:
    AFTERWARDS.append(seen())


def application(**sources: Any) -> Any:
    """A FastAPI application with all that it runs code in."""
    app = fastapi.FastAPI()
    app.add_middleware(codegenesis.ASGIMiddleware, **sources)

    @app.get("/suspending")
    async def suspending() -> Any:
        await asyncio.sleep(0)
        return seen()

    @app.get("/in-thread")
    def in_thread() -> Any:
        return seen()

    @app.get("/streamed")
    async def streamed() -> Any:
        async def body() -> Any:
            yield "[1"
            await asyncio.sleep(0)
            yield f', "{seen()["segment"]}"]'

        return starlette_responses.StreamingResponse(body())

    @app.get("/afterwards")
    async def with_task(tasks: fastapi.BackgroundTasks) -> Any:
        tasks.add_task(afterwards)
        return None

    @app.get("/rewarded")
    async def rewarded() -> Any:
        codegenesis.reward(3, name="checkout")
        return None

    @app.websocket("/chat")
    async def chat(socket: fastapi.WebSocket) -> None:
        await socket.accept()
        await socket.send_json({"heard": await socket.receive_text(), **seen()})
        await socket.close()

    return app


@contextlib.contextmanager
def served(app: Any) -> Iterator[int]:
    """uvicorn in a thread, on a port of its own."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(application(segment="header:X-Plan", key="cookie:sid")) as port:
        yield port


Get = Callable[..., Any]


@pytest.fixture(autouse=True)
def is_up(port: int, until: Callable[..., None]) -> None:
    def answers() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    until(answers, what="uvicorn")


@pytest.mark.parametrize("path", ["/suspending", "/in-thread"])
def test_endpoints_of_fastapi_see_their_use(port: int, get: Get, path: str) -> None:
    parent = f"00-{TRACE}-b7ad6b7169203331-01"
    answer = get(port, path, X_Plan="gold", Cookie="a=b; sid=ann", traceparent=parent)
    assert answer == {"segment": "gold", "key": stuck("ann"), "trace": TRACE}
    bare, again = get(port, path), get(port, path)
    assert bare["segment"] == ""
    assert bare["key"] == bare["trace"] != again["trace"]


def test_a_streamed_body_is_part_of_the_use(port: int, get: Get) -> None:
    assert get(port, "/streamed", X_Plan="gold") == [1, "gold"]


def test_a_background_task_is_part_of_the_use(
    port: int, get: Get, until: Callable[..., None]
) -> None:
    AFTERWARDS.clear()
    get(port, "/afterwards", X_Plan="gold")
    until(lambda: AFTERWARDS, what="the task")
    assert AFTERWARDS[0]["segment"] == "gold"


def test_a_reward_is_that_of_the_request(port: int, get: Get) -> None:
    from codegenesis.runtime.rewards import box

    get(port, "/rewarded", X_Plan="gold", Cookie="sid=ann")
    (found,) = box.take(service="s", process="p", secret=b"s")
    assert (found.name, found.value, found.segment) == ("checkout", 3.0, "gold")


def test_requests_at_once_do_not_mix(port: int, get: Get) -> None:
    found: dict[str, set[str]] = {}

    def ask(plan: str) -> None:
        found[plan] = {get(port, "/suspending", X_Plan=plan)["segment"] for _ in range(10)}

    threads = [threading.Thread(target=ask, args=(plan,)) for plan in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {plan: {plan} for plan in "abcd"}


def scope(kind: str, **fields: Any) -> dict[str, Any]:
    headers = [(b"x-plan", b"gold"), (b"host", b"here")]
    return {
        "type": kind, "asgi": {"version": "3.0"}, "headers": headers, "query_string": b"",
        "root_path": "", "scheme": "ws", "server": ("here", 80), "client": ("there", 1), **fields,
    }  # fmt: skip


def spoken(app: Any, scope: dict[str, Any], *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What an application sends when it is sent these messages."""
    waiting, sent = list(messages), []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def test_a_websocket_is_one_use() -> None:
    sent = spoken(
        application(segment="header:x-plan"),
        scope("websocket", path="/chat", raw_path=b"/chat", subprotocols=[]),
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "hello"},
    )
    assert [message["type"] for message in sent] == [
        "websocket.accept", "websocket.send", "websocket.close",
    ]  # fmt: skip
    assert '"heard":"hello","segment":"gold"' in sent[1]["text"].replace(" ", "")


def test_what_is_no_request_passes_through_untouched() -> None:
    calls: list[tuple[Any, ...]] = []

    async def app(*call: Any) -> None:
        calls.append((*call, current()))

    wrapped = codegenesis.ASGIMiddleware(app, segment=lambda scope: 1 / 0)
    lifespan = {"type": "lifespan"}
    asyncio.run(wrapped(lifespan, spoken, served))
    assert calls == [(lifespan, spoken, served, None)]


def test_an_error_of_the_application_is_the_servers_and_the_use_ends() -> None:
    async def app(*call: Any) -> None:
        raise LookupError("theirs")

    async def asked() -> None:
        with pytest.raises(LookupError, match="theirs"):
            await codegenesis.ASGIMiddleware(app)(scope("http", path="/"), None, None)
        assert current() is None

    asyncio.run(asked())


def test_disabled_it_looks_at_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEGENESIS_DISABLED", "1")
    uses: list[Any] = []

    async def app(*call: Any) -> None:
        uses.append(current())

    asyncio.run(codegenesis.ASGIMiddleware(app, key=lambda scope: 1 / 0)({"type": "http"}, 1, 2))
    assert uses == [None]


def test_a_django_application_sees_its_use(site: Site, get: Get) -> None:
    pytest.importorskip("django")
    site.write(
        "web.py",
        """
        import django
        from django.conf import settings
        from django.http import HttpResponse, StreamingHttpResponse
        from django.urls import path
        from seen import seen

        settings.configure(SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])

        async def suspending(request):
            return HttpResponse(seen())

        def in_thread(request):
            return HttpResponse(seen())

        async def streamed(request):
            async def body():
                yield seen()
            return StreamingHttpResponse(body())

        urlpatterns = [
            path("suspending", suspending), path("in-thread", in_thread), path("streamed", streamed)
        ]

        from django.core.asgi import get_asgi_application
        import codegenesis
        application = codegenesis.ASGIMiddleware(
            get_asgi_application(), segment="path:0", key="header:x-user"
        )
        """,
    )
    port = site.start(
        "-m", "uvicorn", "web:application", "--port", "{port}", "--log-level", "error"
    )
    for path in ("suspending", "in-thread", "streamed"):
        answer = get(port, f"/{path}", X_User="ann")
        assert (answer["segment"], answer["key"]) == (path, stuck("ann"))
