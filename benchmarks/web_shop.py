"""The application that `web_overhead` puts under load: one page, some twenty calls of functions.

`WATCHED` in the environment says how its functions are watched in this process: `off` and `agent`
leave the code as it is (the agent comes from outside), `spans` puts an OpenTelemetry span around
each, `wrapt` a timer, `profile` sets a profiler's hook.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

CART = [{"sku": f"s{n}", "price": 1.5 * n + 1, "count": n % 4 + 1} for n in range(6)]


def line_total(item: dict[str, Any]) -> float:
    """Price of one line."""
    return item["price"] * item["count"]


def discount(count: int) -> float:
    """Share that is taken off for many of a kind."""
    return 0.1 if count >= 3 else 0.0


def subtotal(items: list[dict[str, Any]]) -> float:
    """Sum over lines, discounts taken off."""
    total = 0.0
    for item in items:
        total += line_total(item) * (1 - discount(item["count"]))
    return total


def tax(amount: float) -> float:
    """What the state gets."""
    return round(amount * 0.19, 2)


def shipping(items: list[dict[str, Any]]) -> float:
    """By number of parcels."""
    return 4.9 + 0.5 * sum(item["count"] for item in items)


def label(item: dict[str, Any]) -> str:
    """As it is printed."""
    return f"{item['count']} x {item['sku'].upper()}"


def page(items: list[dict[str, Any]]) -> str:
    """The answer of a request."""
    net = subtotal(items)
    total = net + tax(net) + shipping(items)
    return json.dumps({"lines": [label(item) for item in items], "total": round(total, 2)})


NAMES = ("line_total", "discount", "subtotal", "tax", "shipping", "label", "page")


def _spans(function: Callable[..., Any]) -> Callable[..., Any]:
    from opentelemetry import trace

    tracer, name = trace.get_tracer("shop"), function.__qualname__

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with tracer.start_as_current_span(name):
            return function(*args, **kwargs)

    return wrapper


def _wrapt(function: Callable[..., Any]) -> Callable[..., Any]:
    import wrapt

    spent = [0, 0]

    @wrapt.decorator
    def wrapper(inner: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        began = time.perf_counter_ns()
        try:
            return inner(*args, **kwargs)
        finally:
            spent[0] += time.perf_counter_ns() - began
            spent[1] += 1

    return wrapper(function)  # type: ignore[no-any-return]


def _export() -> None:
    """Spans go through the SDK's batches to an exporter that lets them go: nothing is sent."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, _spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    trace.set_tracer_provider(provider)


def _profile() -> None:
    """The least that a profiler does: count the calls of our functions, in every thread."""
    calls: Counter[str] = Counter()

    def hook(frame: Any, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename == __file__:
            calls[frame.f_code.co_name] += 1

    sys.setprofile(hook)
    threading.setprofile(hook)


def _watch(way: str) -> None:
    if way == "profile":
        _profile()
    if way in ("spans", "wrapt"):
        if way == "spans":
            _export()
        around = _spans if way == "spans" else _wrapt
        for name in NAMES:
            globals()[name] = around(globals()[name])


_watch(os.environ.get("WATCHED", "off"))


def _starlette() -> Any:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def quote(_request: Any) -> Any:
        return PlainTextResponse(page(CART))

    return Starlette(routes=[Route("/", quote)])


def _fastapi() -> Any:
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse

    app = FastAPI()

    @app.get("/", response_class=PlainTextResponse)
    async def quote() -> str:
        return page(CART)

    return app


def _flask() -> Any:
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def quote() -> str:
        return page(CART)

    return app


_APPS = {"starlette": _starlette, "fastapi": _fastapi, "flask": _flask}
if "FRAMEWORK" in os.environ:
    app = _APPS[os.environ["FRAMEWORK"]]()
