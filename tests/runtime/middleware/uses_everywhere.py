"""Uses by hand, by ASGI and by WSGI, in tasks, threads and generators: run on every Python."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

import codegenesis
from codegenesis.runtime.context import current, stuck
from codegenesis.runtime.rewards import box


def segment() -> str:
    use = current()
    return use.segment if use else "-"


async def asgi() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.gather(*(asyncio.to_thread(lambda: seen.append(segment())) for _ in range(2)))
        seen.append(segment())
        codegenesis.reward(1)

    wrapped = codegenesis.ASGIMiddleware(app, segment="header:x-plan", key="cookie:sid")
    headers = [(b"x-plan", b"gold"), (b"cookie", b"sid=ann")]
    await wrapped({"type": "http", "path": "/", "headers": headers}, None, None)
    assert seen == ["gold"] * 3, seen


def wsgi() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        yield segment().encode()
        yield segment().encode()

    wrapped = codegenesis.WSGIMiddleware(app, segment="path:0")
    assert list(wrapped({"PATH_INFO": "/free/1"}, None)) == [b"free", b"free"]


def elsewhere() -> None:
    """Left in another context than entered in: that place keeps what it has."""
    use = codegenesis.context(segment="here")
    contextvars.copy_context().run(use.__enter__)
    use.__exit__(None, None, None)
    assert segment() == "-"


def by_hand() -> None:
    seen: list[str] = []
    with codegenesis.context(segment="batch", key="ann") as use:
        thread = threading.Thread(target=lambda: seen.append(segment()))
        thread.start()
        thread.join()
        assert use.key == stuck("ann")
        codegenesis.reward(2, name="done")
    assert seen == ["-"], seen


asyncio.run(asgi())
wsgi()
by_hand()
elsewhere()
assert segment() == "-"
rewards = box.take(service="s", process="p", secret=b"s")
assert [(each.name, each.segment) for each in rewards] == [("reward", "gold"), ("done", "batch")]
assert rewards[0].key == rewards[1].key
print("as it should be")
