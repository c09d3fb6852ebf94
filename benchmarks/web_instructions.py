"""What watching costs web applications, counted in instructions: no noise, and an upper bound.

`web_overhead` measures with clocks, and on a shared machine two servers that nobody watches differ
by more than what is to be measured. So here valgrind counts the instructions of one process in
which an application (`web_shop`) answers requests one after the other, without a server: alone, and
with the agent, launched as `codegenesis run` does, at default settings. The start is left out, by
counting twice and dividing the difference by the difference in requests.

It is an upper bound, for under valgrind a program runs some 20 times slower, and what the agent
does by the clock (looks, signs of life, batches) weighs as much more. How much of it there was is
in the agent's own books, which are given, too. Probes are bounded by the process' CPU, so they
weigh the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.web_overhead import FRAMEWORKS
from codegenesis.config import load
from codegenesis.runtime import launch_environment

_ROOT = Path(__file__).parents[1]
#: Requests of the two counts; the agent has begun long before the first is over.
_REQUESTS = (40_000, 120_000)
_COUNTER = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


class Count(NamedTuple):
    """One process.

    Attributes:
        books: shares of its CPU that watching and the agent's thread took, by their own books.
    """

    instructions: int
    books: dict[str, float]


# --- in the process that is counted --------------------------------------------------------------


def answer(requests: int) -> None:
    """Let the application answer, and print the agent's books."""
    from benchmarks.web_shop import app

    if os.environ["FRAMEWORK"] == "flask":
        _wsgi(app, requests)
    else:
        asyncio.run(_asgi(app, requests))
    agent = sys.modules.get("codegenesis.runtime.agent")
    session = agent.agent.session if agent else None
    books: dict[str, float] = {}
    if session is not None:
        now = session.governor.shares()
        books = {"watching": now.watching, "thread": now.agent}
    print(json.dumps(books), flush=True)
    os._exit(0)  # the end is no part of it


async def _asgi(app: Any, requests: int) -> None:
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "path": "/", "raw_path": b"/", "root_path": "", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"shop")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    said: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            said.append(message["status"])

    for _ in range(requests):
        await app(dict(scope), receive, send)
    assert said == [200] * requests


def _wsgi(app: Any, requests: int) -> None:
    import io
    import wsgiref.util

    said: list[str] = []

    def start(status: str, _headers: Any, _error: Any = None) -> None:
        said.append(status)

    for _ in range(requests):
        environ: dict[str, Any] = {"PATH_INFO": "/", "wsgi.input": io.BytesIO()}
        wsgiref.util.setup_testing_defaults(environ)
        b"".join(app(environ, start))
    assert said == ["200 OK"] * requests


# --- counting ------------------------------------------------------------------------------------


def count(framework: str, way: str, requests: int) -> Count:
    """Instructions of a process that answers so many requests."""
    environ = {**os.environ, "WATCHED": "off", "FRAMEWORK": framework, "PYTHONHASHSEED": "0"}
    environ["PYTHONPATH"] = str(_ROOT)
    with tempfile.TemporaryDirectory() as directory:
        if way == "agent":
            settings = {"service": "shop", "directory": directory, "target": ["benchmarks.*"]}
            config = load(overrides=settings, environ={}, start=_ROOT)
            environ = launch_environment(config, environ, start=_ROOT)
        command = [sys.executable, "-m", "benchmarks.web_instructions", "--answer", str(requests)]
        done = subprocess.run(
            [*_COUNTER, *command],
            cwd=_ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"{framework}, {way}: {done.stderr[-2000:]}")
    return Count(int(found[1].replace(",", "")), json.loads(done.stdout))


def measure(framework: str, *, repeats: int) -> dict[str, Any]:
    """Instructions per request, alone and watched; two processes at a time."""
    alone, watched = [], []
    for _ in range(repeats):
        alone.append(_per_request(framework, "off")["instructions"])
        watched.append(_per_request(framework, "agent"))
    off = min(alone)
    added = [(each["instructions"] / off - 1) * 100 for each in watched]
    return {"framework": framework, "off": alone, "agent": watched, "added_percent": added}


def _per_request(framework: str, way: str) -> dict[str, float]:
    with ThreadPoolExecutor(2) as pool:
        few, many = pool.map(lambda requests: count(framework, way, requests), _REQUESTS)
    more = many.instructions - few.instructions
    return {"instructions": more / (_REQUESTS[1] - _REQUESTS[0]), **many.books}


def show(results: list[dict[str, Any]]) -> None:
    """Print the table."""
    table = Table(title="instructions per request, in thousands")
    for column in ("", "alone", "watched", "added %", "watching %", "agent's thread %"):
        table.add_column(column, justify="right" if column else "left")
    for result in results:
        for added, each in zip(result["added_percent"], result["agent"], strict=True):
            table.add_row(
                result["framework"], f"{min(result['off']) / 1e3:.1f}",
                f"{each['instructions'] / 1e3:.1f}", f"{added:+.2f}",
                f"{each['watching'] * 100:.2f}", f"{each['thread'] * 100:.2f}",
            )  # fmt: skip
    Console().print(table)


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answer", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--frameworks", nargs="+", choices=FRAMEWORKS, default=FRAMEWORKS)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the result here, too")
    options = parser.parse_args()
    if options.answer is not None:
        answer(options.answer)
    if not shutil.which("valgrind"):
        raise SystemExit("this needs valgrind: apt install valgrind")
    results = []
    for framework in options.frameworks:
        results.append(measure(framework, repeats=options.repeats))
        show(results[-1:])
    if options.json:
        note = {
            "python": platform.python_version(), "machine": platform.platform(),
            "requests": _REQUESTS, "frameworks": results,
        }  # fmt: skip
        options.json.write_text(json.dumps(note, indent=2) + "\n")


if __name__ == "__main__":
    main()
