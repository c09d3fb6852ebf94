"""Endpoints on loopback that behave as they are told to, and models that ask them."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from codegenesis.config import Endpoint
from codegenesis.core.models.finding import remote
from codegenesis.core.models.model import Message, Request
from codegenesis.core.models.remote import Remote


class Exchange(BaseHTTPRequestHandler):
    """One question to an endpoint; how it is answered is up to the server's `behaviour`."""

    protocol_version = "HTTP/1.1"
    server: Served
    question: dict[str, Any]

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["content-length"]))
        self.question = json.loads(data)
        self.server.asked.append(self.question)
        self._answered()

    def do_GET(self) -> None:
        self.question = {}
        self._answered()

    def _answered(self) -> None:
        self.server.got.append({name.lower(): text for name, text in self.headers.items()})
        self.close_connection = True
        self.server.behaviour(self)

    def begin(self, *, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        """Send the head of an answer whose end is the end of the connection."""
        self.send_response(status)
        self.send_header("content-type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("connection", "close")
        self.end_headers()

    def event(self, data: object, *, name: str = "") -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        head = f"event: {name}\n" if name else ""
        self.wfile.write(f"{head}data: {text}\n\n".encode())
        self.wfile.flush()

    def say(self, *words: str, finish: str = "stop", usage: dict[str, Any] | None = None) -> None:
        """A streamed chat completion, with what it cost at the end."""
        self.begin()
        for word in words:
            self.event({"choices": [{"index": 0, "delta": {"content": word}}]})
        self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        if usage is not None:
            self.event({"choices": [], "usage": usage})
        self.event("[DONE]")

    def reply(self, document: object, *, status: int = 200, **headers: str) -> None:
        """One JSON document."""
        self.begin(status=status, kind="application/json", **headers)
        self.wfile.write(json.dumps(document).encode())

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self.server.over.wait(30)

    def log_message(self, format: str, *args: object) -> None:
        pass


Behaviour = Callable[[Exchange], None]


class Served(ThreadingHTTPServer):
    """An endpoint, and what it was asked."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, behaviour: Behaviour, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        if context:
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.behaviour = behaviour
        self.asked: list[dict[str, Any]] = []
        self.got: list[dict[str, str]] = []
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked has gone away: that is what some tests are about."""


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Start endpoints; they end with the test."""
    started: list[tuple[Served, threading.Thread]] = []

    def start(behaviour: Behaviour, *, context: ssl.SSLContext | None = None) -> Served:
        server = Served(behaviour, context)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        started.append((server, thread))
        return server

    yield start
    for server, thread in started:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def model_at() -> Iterator[Callable[..., Remote]]:
    """A model at an address; fields of its table by name."""
    made: list[Remote] = []

    def make(url: str, *, environ: dict[str, str] | None = None, **fields: Any) -> Remote:
        name = fields.pop("name", "mine")
        quick = {"timeout_s": 5.0, "connect_s": 1.0, "pause_s": 1.0, "pace_s": 0.01} | fields
        pace_s = quick.pop("pace_s")
        model = remote(name, Endpoint(url=url, **quick), "m-1", environ=environ or {})
        model._pace_s = pace_s
        made.append(model)
        return model

    yield make
    for model in made:
        model.close()


@pytest.fixture
def question() -> Callable[..., Request]:
    def make(text: str = "Say hello.", **fields: Any) -> Request:
        system = Message(role="system", text="You are brief.")
        return Request(messages=(system, Message(role="user", text=text)), **fields)

    return make
