"""What watching costs web applications under load: requests/s, p99 and CPU per request.

Starlette and FastAPI run on uvicorn, Flask on gunicorn (gthread), each with one worker that calls
some twenty small functions of its own per request (`web_shop`). For each framework one server per
way of watching is started, all at once; in every round each is put under load for `--seconds`, in
random order, so that what the machine does beside hits all alike. After `--rounds` all servers are
started anew, `--starts` times, for two processes that run the same code differ by some percent as
long as they live (where their memory lies, how their dicts are hashed): `again` is a second server
that nobody watches, and shows how much. Server on one CPU, load generator on the other. Load comes
from wrk (16 connections kept alive), or, where that is not installed, from an asyncio client in
here; `generator` in the result says which. Figures are medians over rounds with the 10th and 90th
percentile. "Added" is against `off` in the same round; the median over rounds of each start is one
figure, and of these the median is given with its 95 % interval (by ranks: no shape is assumed). CPU
per request (of the server's processes, by their CPU clocks) is the figure with the least noise.

The agent is launched as `codegenesis run` does, at default settings, on a store of its own; no
engine runs beside it. That it was at work is in the result: calls observed, and its own books.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import platform
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from codegenesis.config import load
from codegenesis.runtime import launch_environment
from codegenesis.store import Store

FRAMEWORKS = ("starlette", "fastapi", "flask")
WAYS = ("off", "again", "agent", "wrapt", "spans", "profile")
CONNECTIONS = 16
#: What the application itself does for a way of watching, where that has another name.
_IN_THE_APP = {"again": "off"}
_ROOT = Path(__file__).parents[1]
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


class Load(NamedTuple):
    """What the load generator saw."""

    requests: int
    per_s: float
    p99_ms: float


class Server:
    """One framework, watched in one way."""

    def __init__(self, framework: str, way: str, store: Path) -> None:
        self.way = way
        self.port = _free_port()
        app = {"WATCHED": _IN_THE_APP.get(way, way), "FRAMEWORK": framework}
        environ = {**os.environ, **app, "PYTHONPATH": str(_ROOT)}
        if way == "agent":
            settings = {"service": "shop", "directory": str(store), "target": ["benchmarks.*"]}
            config = load(overrides=settings, environ={}, start=_ROOT)
            environ = launch_environment(config, environ, start=_ROOT)
        self.process = subprocess.Popen(
            [*_pinned(0), sys.executable, "-m", *_command(framework, self.port)],
            cwd=_ROOT, env=environ, start_new_session=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.1)
        raise SystemExit(f"the server for {self.way} does not answer")

    def cpu_s(self) -> float:
        """CPU of its processes so far."""
        return sum(_cpu_s(pid) for pid in _family(self.process.pid))

    def end(self) -> None:
        """End it and its workers: they have a session of their own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _command(framework: str, port: int) -> list[str]:
    if framework == "flask":
        options = ["--worker-class", "gthread", "--threads", "4", "--workers", "1"]
        bind = ["--bind", f"127.0.0.1:{port}", "--no-control-socket"]
        return ["gunicorn", *options, *bind, "--log-level", "error", "benchmarks.web_shop:app"]
    options = ["--port", str(port), "--log-level", "error", "--no-access-log"]
    return ["uvicorn", *options, "benchmarks.web_shop:app"]


def _pinned(cpu: int) -> list[str]:
    found = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(found[cpu % len(found)])] if shutil.which("taskset") else []


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _family(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _family(int(child))


def _cpu_s(pid: int) -> float:
    """The CPU clock of another process; its id is made as in clock_getcpuclockid(3)."""
    return time.clock_gettime(~pid << 3 | 2)


# --- load ----------------------------------------------------------------------------------------


def put_under_load(port: int, seconds: float) -> Load:
    """As many requests as the server answers in so many seconds."""
    if shutil.which("wrk"):
        return _wrk(port, seconds)
    return asyncio.run(_asyncio_load(port, seconds))


def _wrk(port: int, seconds: float) -> Load:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(round(seconds), 1)}s", "--latency"]
    done = subprocess.run(
        [*_pinned(1), *command, f"http://127.0.0.1:{port}/"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(done.stdout)
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()  # type: ignore[union-attr]
    return Load(
        int(re.search(r"(\d+) requests in", done.stdout)[1]),  # type: ignore[index]
        float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1]),  # type: ignore[index]
        float(value) * _UNITS[unit],
    )


async def _asyncio_load(port: int, seconds: float) -> Load:
    end, took = time.perf_counter() + seconds, list[float]()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            began = time.perf_counter()
            writer.write(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = re.search(rb"(?i)content-length: (\d+)", head)
            assert length, head
            await reader.readexactly(int(length[1]))
            took.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return Load(len(took), len(took) / seconds, statistics.quantiles(took, n=100)[98] * 1e3)


# --- measuring -----------------------------------------------------------------------------------


def measure(
    framework: str, ways: Sequence[str], *, starts: int, rounds: int, seconds: float
) -> dict[str, Any]:
    """All ways of one framework, interleaved."""
    found: dict[str, list[list[dict[str, float]]]] = {way: [] for way in ways}
    at_work: list[dict[str, Any]] = []
    for _ in range(starts):
        with tempfile.TemporaryDirectory() as directory:
            store = Path(directory) / ".codegenesis"
            for way, figures in _started(framework, ways, store, rounds, seconds).items():
                found[way].append(figures)
            if "agent" in ways:
                at_work.append(_at_work(store))
    return {"framework": framework, "ways": _summary(found), "agent": at_work}


def _started(
    framework: str, ways: Sequence[str], store: Path, rounds: int, seconds: float
) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    servers = [Server(framework, way, store) for way in random.sample(ways, len(ways))]
    try:
        for server in servers:
            server.wait()
            put_under_load(server.port, max(seconds / 2, 1))  # start and warm up
        for _ in range(rounds):
            for server in random.sample(servers, len(servers)):
                found[server.way].append(_one(server, seconds))
    finally:
        for server in servers:
            server.end()
    return found


def _one(server: Server, seconds: float) -> dict[str, float]:
    before = server.cpu_s()
    load_ = put_under_load(server.port, seconds)
    cpu_us = (server.cpu_s() - before) / max(load_.requests, 1) * 1e6
    return {"per_s": load_.per_s, "p99_ms": load_.p99_ms, "cpu_us": cpu_us}


def _at_work(store: Path) -> dict[str, Any]:
    with Store.open(store / "genesis.db", read_only=True) as opened:
        processes = opened.processes(role="app")
        return {
            "calls": sum(opened.observation_counts().values()),
            "genes": len(opened.genes()),
            "watching": max((p.probe_share for p in processes), default=0.0),
            "thread": max((p.agent for p in processes), default=0.0),
        }


def _summary(found: dict[str, list[list[dict[str, float]]]]) -> list[dict[str, Any]]:
    rows = []
    for way, starts in found.items():
        row: dict[str, Any] = {"way": way}
        for name in ("per_s", "p99_ms", "cpu_us"):
            own = [[figures[name] for figures in start] for start in starts]
            off = [[figures[name] for figures in start] for start in found["off"]]
            row[name] = spread([figure for start in own for figure in start])
            row[f"added_{name}"] = spread(
                [
                    statistics.median((a / b - 1) * 100 for a, b in zip(*pair, strict=True))
                    for pair in zip(own, off, strict=True)
                ]
            )
        rows.append(row)
    return rows


def spread(figures: list[float]) -> dict[str, float]:
    """Median with its 95 % interval, 10th and 90th percentile."""
    tenths = statistics.quantiles(figures, n=10) if len(figures) > 1 else figures * 9
    ordered, out = sorted(figures), _ranks_out(len(figures))
    return {
        "median": statistics.median(figures), "low": ordered[out], "high": ordered[-1 - out],
        "p10": tenths[0], "p90": tenths[-1],
    }  # fmt: skip


def _ranks_out(n: int) -> int:
    """How many of the least, and of the greatest, of n figures lie beyond the median's interval.

    Each is below the median with a chance of one half. Below 6 figures there is no such interval,
    and all of them are it.
    """
    beyond, out = 1, 0
    while beyond * 40 <= 2**n:
        out += 1
        beyond += math.comb(n, out)
    return max(out - 1, 0)


def show(result: dict[str, Any]) -> None:
    """Print a framework's table."""
    table = Table(
        title=f"{result['framework']}, {sum(each['calls'] for each in result['agent'])} observed"
    )
    columns = ("", "requests/s", "p99 ms", "CPU us/request", "CPU added %", "95 %", "p10 to p90")
    for column in columns:
        table.add_column(column, justify="right" if column else "left")
    for row in result["ways"]:
        added = row["added_cpu_us"]
        table.add_row(
            row["way"],
            f"{row['per_s']['median']:.0f}",
            f"{row['p99_ms']['median']:.2f}",
            f"{row['cpu_us']['median']:.0f}",
            f"{added['median']:+.1f}",
            f"{added['low']:+.1f} to {added['high']:+.1f}",
            f"{added['p10']:+.1f} to {added['p90']:+.1f}",
        )
    Console().print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frameworks", nargs="+", choices=FRAMEWORKS, default=FRAMEWORKS)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--starts", type=int, default=10, help="of all servers")
    parser.add_argument("--rounds", type=int, default=10, help="per start")
    parser.add_argument("--seconds", type=float, default=1.0, help="of load, per way and round")
    parser.add_argument("--json", type=Path, help="write the result here, too")
    options = parser.parse_args()
    ways = ["off", *(way for way in options.ways if way != "off")]
    results = []
    for framework in options.frameworks:
        results.append(
            measure(
                framework,
                ways,
                starts=options.starts,
                rounds=options.rounds,
                seconds=options.seconds,
            )
        )
        show(results[-1])
    if options.json:
        result = {
            "python": platform.python_version(),
            "machine": platform.platform(),
            "generator": "wrk" if shutil.which("wrk") else "asyncio",
            "connections": CONNECTIONS,
            "starts": options.starts,
            "rounds": options.rounds,
            "seconds": options.seconds,
            "frameworks": results,
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
