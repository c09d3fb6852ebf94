"""What telemetry costs: spans per second taken in, and ns that an application pays for its errors.

    spans        payloads as an OpenTelemetry SDK batches them (512 spans, gzip), sent over HTTP on
                 loopback by one sender, and the same payloads handed over without HTTP
    errors       one logged error more, with the hooks in place and without, in turn; each error has
                 been seen before in this second, or is a new one
    suite        a suite of small tests with `pytest --codegenesis` and without, in turn

Medians over `--rounds`, with the lowest and the highest.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from rich.console import Console
from rich.table import Table

from codegenesis.config import load
from codegenesis.lifecycle.telemetry.bodies import PROTOBUF, unpacked
from codegenesis.lifecycle.telemetry.intake import SIGNALS, Intake
from codegenesis.lifecycle.telemetry.prometheus import Page
from codegenesis.lifecycle.telemetry.receiver import application
from codegenesis.runtime import hooks, incidents
from codegenesis.runtime.redaction import Redactor
from codegenesis.store import Store

BATCH = 512
NAMES = 40
TESTS = 400

Figures = dict[str, list[float]]


def payload(seed: int) -> bytes:
    """A batch of spans of a web shop, packed."""
    request = trace_service_pb2.ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope = resource.scope_spans.add()
    now_ns = time.time_ns()
    for number in range(BATCH):
        span = scope.spans.add(name=f"GET /things/{number % NAMES}", trace_id=os.urandom(16))
        span.start_time_unix_nano = now_ns - 1_000_000 * (number + seed)
        span.end_time_unix_nano = now_ns
        for key in ("http.request.method", "http.route", "server.address", "code.function.name"):
            span.attributes.add(key=key).value.string_value = f"{key}.{number % NAMES}"
        span.attributes.add(key="http.response.status_code").value.int_value = 200
    return gzip.compress(request.SerializeToString())


@contextmanager
def receiver(directory: Path) -> Iterator[tuple[Intake, int]]:
    """A receiver in a thread; its intake and port."""
    config = load(overrides={"directory": str(directory)}, environ={}, start=directory)
    with Store.open(config.database) as store:
        intake = Intake(store, config)
        app = application(intake, scrape=Page(store).text)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield intake, server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def spans(directory: Path, batches: int) -> dict[str, float]:
    """Spans per second, over HTTP and without."""
    bodies = [payload(seed) for seed in range(8)]
    with receiver(directory) as (intake, port):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        kinds = {"content-type": PROTOBUF, "content-encoding": "gzip"}

        def send(number: int) -> None:
            connection.request("POST", "/v1/traces", bodies[number % 8], kinds)
            assert connection.getresponse().read() == b""

        def hand_over(number: int) -> None:
            intake.take(SIGNALS["traces"], unpacked(bodies[number % 8], "gzip"))

        sent, taken = seconds(send, batches), seconds(hand_over, batches)
        connection.close()
    return {
        "spans_per_s_http": BATCH * batches / sent,
        "spans_per_s_alone": BATCH * batches / taken,
    }


def seconds(action: Callable[[int], object], times: int) -> float:
    """Wall time of so many times."""
    begin = time.perf_counter()
    for number in range(times):
        action(number)
    return time.perf_counter() - begin


def errors(count: int) -> dict[str, float]:
    """CPU ns that one logged error takes more because somebody listens."""
    log = logging.getLogger("benchmark")
    log.propagate = False
    log.addHandler(logging.NullHandler())
    try:
        {}["it"]
    except KeyError as error:
        caught = error

    def again() -> None:
        for number in range(count):
            log.error("order %d", number, exc_info=caught)

    def fresh() -> None:
        for number in range(count):
            log.handle(log.makeRecord("b", 40, "f.py", number, "order %d", (number,), None))

    def both(action: Callable[[], None]) -> float:
        without = cpu_ns(action)
        hooks.install()
        listened = cpu_ns(action)
        hooks.remove()
        incidents.box.take(service="s", process="p", clean=Redactor().text, genes=())
        return (listened - without) / count

    found = {"again": both(again)}
    count = incidents.MOST
    return {"error_ns_again": found["again"], "error_ns_new": both(fresh)}


def cpu_ns(action: Callable[[], None]) -> int:
    """CPU of this thread."""
    begin = time.thread_time_ns()
    action()
    return time.thread_time_ns() - begin


def suite(directory: Path, tests: int) -> dict[str, float]:
    """Seconds of CPU of a suite with recording and without."""
    (directory / "shop.py").write_text("def total(items):\n    return sum(items)\n")
    (directory / "test_shop.py").write_text(
        "import pytest, shop\n\n"
        f"@pytest.mark.parametrize('n', range({tests}))\n"
        "def test_total(n):\n    for m in range(100):\n        shop.total(range(m))\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "codegenesis.pytest_plugin"]
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    def run(*options: str) -> float:
        before = os.times()
        subprocess.run(
            [*command, *options], cwd=directory, env=environ, check=True, stdout=subprocess.DEVNULL
        )
        after = os.times()
        return after.children_user - before.children_user

    return {"suite_cpu_s_plain": run(), "suite_cpu_s_recorded": run("--codegenesis")}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--errors", type=int, default=20_000)
    parser.add_argument("--tests", type=int, default=TESTS)
    parser.add_argument("--json", type=Path, help="write the result here, too")
    options = parser.parse_args()
    rounds = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as directory:
            place = Path(directory)
            found = spans(place, options.batches) | errors(options.errors)
            rounds.append(found | suite(place, options.tests))
    figures: Figures = {name: [each[name] for each in rounds] for name in rounds[0]}
    table = Table("", "median", "lowest", "highest")
    for name, values in figures.items():
        spread = (statistics.median(values), min(values), max(values))
        table.add_row(name.replace("_", " "), *(f"{value:,.4g}" for value in spread))
    Console().print(table)
    if options.json:
        medians = {name: statistics.median(values) for name, values in figures.items()}
        result = {**medians, "batch": BATCH, "tests": options.tests, "rounds": rounds}
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
