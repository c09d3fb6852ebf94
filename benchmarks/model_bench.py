"""The real local model on a bench: asked as ever, and counted a second time by somebody else.

A server between us and the model's server reads what the latter says of its own counts. Whatever
our client makes of an answer, this has read the same bytes by itself: `usage` and llama.cpp's
`timings` of every answer, and which answers we did not wait for.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from codegenesis.config import Endpoint
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.models.embedded.process import ServerProcess
from codegenesis.core.models.finding import remote
from codegenesis.core.models.fleet import Fleet
from codegenesis.lifecycle.asking import Authors

#: What a million tokens are said to cost, to see that money is counted right.
USD_IN, USD_OUT = 1.0, 3.0


class Bench(NamedTuple):
    """The model, ready to be asked, and the two who count."""

    authors: Authors
    fleet: Fleet
    meter: Meter
    counter: Counter

    def accounting(self) -> dict[str, Any]:
        """What we counted beside what the server said."""
        ours, theirs = self.fleet.spent, self.counter.totals()
        usd = (theirs["prompt_tokens"] * USD_IN + theirs["completion_tokens"] * USD_OUT) / 1e6
        return {
            "ours": {
                "input_tokens": ours.input_tokens,
                "output_tokens": ours.output_tokens,
                "usd": ours.usd,
                "seconds": ours.seconds,
                "calls_on_the_meter": self.meter.calls,
                "usd_on_the_meter": self.meter.usd,
            },
            "server": {**theirs, "usd_at_its_counts": usd},
        }


def added(before: dict[str, Any] | None, now: dict[str, Any]) -> dict[str, Any]:
    """The accounting of two sittings."""
    if before is None:
        return now
    return {who: {what: before[who][what] + n for what, n in now[who].items()} for who in now}


@contextmanager
def bench(model: Path, *, seed: int) -> Iterator[Bench]:
    """The model of a file behind llama.cpp's server, one thread."""
    server = ServerProcess(model, name="local", key="", threads=1)
    try:
        with Counter(server.url) as counter:
            endpoint = Endpoint(
                url=f"{counter.url}/v1",
                usd_per_million_in=USD_IN,
                usd_per_million_out=USD_OUT,
                parallel=1,
            )
            meter = Meter(Budget())
            fleet = Fleet([remote("local", endpoint, "local", environ={})], meter=meter, seed=seed)
            authors = Authors(fleet, reward=fleet.reward, seed=seed)
            yield Bench(authors, fleet, meter, counter)
            counter.shutdown()
    finally:
        server.close()


class Counter(ThreadingHTTPServer):
    """Hands everything on to `url`, and counts; a context manager.

    Attributes:
        answers: of each call that was answered: what the server said of its counts.
        given_up: calls whose answer nobody waited for.
    """

    daemon_threads = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.behind = urlsplit(url)
        self.answers: list[dict[str, Any]] = []
        self.given_up = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def totals(self) -> dict[str, float]:
        """What the server counted, added up."""
        usages = [each.get("usage") or {} for each in self.answers]
        timings = [each.get("timings") or {} for each in self.answers]
        return {
            "answers": len(self.answers),
            "given_up": self.given_up,
            "prompt_tokens": sum(each.get("prompt_tokens", 0) for each in usages),
            "completion_tokens": sum(each.get("completion_tokens", 0) for each in usages),
            "prompt_n_and_cached": sum(
                each.get("prompt_n", 0) + each.get("cache_n", 0) for each in timings
            ),
            "predicted_n": sum(each.get("predicted_n", 0) for each in timings),
            "prompt_s": sum(each.get("prompt_ms", 0.0) for each in timings) / 1000,
            "predicted_s": sum(each.get("predicted_ms", 0.0) for each in timings) / 1000,
        }


class _Exchange(BaseHTTPRequestHandler):
    server: Counter

    def do_GET(self) -> None:
        self._hand_on(b"")

    def do_POST(self) -> None:
        self._hand_on(self.rfile.read(int(self.headers.get("content-length", 0))))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing of it is worth a line."""

    def _hand_on(self, body: bytes) -> None:
        behind = self.server.behind
        path = behind.path.rstrip("/") + self.path
        said = bytearray()
        asked = http.client.HTTPConnection(behind.hostname or "", behind.port, timeout=600)
        try:
            asked.request(self.command, path, body, {"content-type": "application/json"})
            answer = asked.getresponse()
            self.send_response(answer.status)
            self.send_header("content-type", answer.headers.get("content-type", ""))
            self.send_header("connection", "close")
            self.end_headers()
            while part := answer.read1(65536):
                said += part
                self.wfile.write(part)
                self.wfile.flush()
        except (
            OSError,
            http.client.HTTPException,
        ):  # somebody hung up: us, or the server at its end
            with self.server.lock:
                self.server.given_up += 1
            return
        finally:
            asked.close()
            self.close_connection = True
        if found := _counts(bytes(said)):
            with self.server.lock:
                self.server.answers.append(found)


def _counts(said: bytes) -> dict[str, Any]:
    """`usage` and `timings`, whole or from the last events of a stream."""
    found: dict[str, Any] = {}
    for line in said.decode(errors="replace").splitlines():
        text = line.removeprefix("data:").strip()
        if not text.startswith("{"):
            continue
        event = json.loads(text)
        found |= {name: event[name] for name in ("usage", "timings") if event.get(name)}
    return found
