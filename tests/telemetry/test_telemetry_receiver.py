"""The receiver, fed by the real OpenTelemetry SDK, and by those who mean no good."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import itertools
import json
import os
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from codegenesis.genome.ingest import COARSE_NS, distribution
from codegenesis.model import Event, Gene
from codegenesis.store import Store

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from codegenesis.lifecycle.telemetry.intake import Intake

if TYPE_CHECKING:
    from conftest import Receiver

PROTOBUF = "application/x-protobuf"

APP = """
    import logging

    from opentelemetry import metrics, trace
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from shop import pricing

    tracing, logs = TracerProvider(), LoggerProvider()
    tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    meters = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
    logging.getLogger().addHandler(LoggingHandler(logger_provider=logs))
    tracer, meter = tracing.get_tracer("shop"), meters.get_meter("shop")
    orders = meter.create_counter("shop.orders", unit="1")
    durations = meter.create_histogram("shop.duration", unit="s")

    for number in range(40):
        named = {"code.function.name": "shop.pricing.quote"}
        with tracer.start_as_current_span("quote", attributes=named):
            pricing.quote(number, "de")
        orders.add(2, {"plan": "gold"})
        durations.record(0.25)
    for country in ("it", "it", "es"):
        try:
            with tracer.start_as_current_span("request"):
                with tracer.start_as_current_span("quote"):
                    pricing.quote(1, country)
        except KeyError:
            logging.getLogger("shop.web").exception("no price for %s", country)
    logging.getLogger("shop.web").warning("nothing to keep")
    for each in (tracing, logs, meters):
        each.shutdown()
"""


def test_an_instrumented_app_tells_where_time_goes_and_what_crashes(
    receiver: Receiver, shop: Path
) -> None:
    (shop / "app.py").write_text(textwrap.dedent(APP))
    environ = {
        **os.environ, "OTEL_SERVICE_NAME": "shop", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.address,
    }  # fmt: skip
    subprocess.run(
        [sys.executable, "-W", "ignore", "app.py"], cwd=shop, env=environ, check=True, timeout=120
    )
    events = receiver.events()

    timed = named(events, kind="span", gene="shop/shop.pricing:quote")
    assert counted(timed) == 40
    assert sum(sum(distribution(event).values()) for event in timed) == 40
    assert all(event.unit == "ns" and event.value > 0 for event in timed)

    crashes = named(events, kind="crash")
    assert counted(crashes) == 3
    assert {event.gene for event in crashes} == {"shop/shop.pricing:rate"}
    (fingerprint,) = {event.fingerprint for event in crashes}
    start = "builtins.KeyError in shop.pricing:rate < shop.pricing:quote"
    assert fingerprint.startswith(start)
    assert crashes[0].message == "builtins.KeyError: 'it'"

    logged = named(events, kind="log")
    assert counted(logged) == 3
    assert {(e.gene, e.name, e.level) for e in logged} == {
        ("shop/shop.pricing:rate", "shop.web", "error")
    }
    assert all(event.fingerprint.startswith(start) for event in logged)

    (orders,) = named(events, kind="metric", name="shop.orders")
    assert (orders.value, orders.attributes, orders.service) == (80, {"plan": "gold"}, "shop")
    (durations,) = named(events, kind="metric", name="shop.duration")
    assert (durations.value, durations.count, durations.unit) == (10.0, 40, "s")


def named(events: list[Event], **wanted: str) -> list[Event]:
    return [e for e in events if all(getattr(e, name) == value for name, value in wanted.items())]


def counted(events: list[Event]) -> int:
    return sum(event.count for event in events)


def post(
    served: Receiver | str, path: str, body: bytes, **headers: str
) -> tuple[int, bytes, http.client.HTTPMessage]:
    place = urlsplit(served if isinstance(served, str) else served.address)
    assert place.hostname
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    sent = {"content-type": PROTOBUF, **{k.replace("_", "-"): v for k, v in headers.items()}}
    try:
        connection.request("POST", path, body, sent)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def spans(count: int, *, name: str = "{}", **fields: Any) -> bytes:
    request = trace_service_pb2.ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number in range(count):
        span = scope.spans.add(name=name.format(number), **fields)
        span.start_time_unix_nano = span.start_time_unix_nano or 1_000
        span.end_time_unix_nano = span.end_time_unix_nano or 2_000
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/v1/traces", b"\xff" * 100, {}, 400),
        ("/v1/logs", b"not a payload at all", {}, 400),
        ("/v1/metrics", b"\x1f\x8bbroken", {"content_encoding": "gzip"}, 400),
        ("/v1/traces", gzip.compress(b"")[:-1], {"content_encoding": "gzip"}, 400),
        ("/v1/traces", gzip.compress(bytes(21 << 20)), {"content_encoding": "gzip"}, 413),
        ("/v1/traces", bytes((8 << 20) + 1), {}, 413),
        ("/v1/traces", b"{}", {"content_type": "application/json"}, 415),
        ("/v1/traces", b"", {"content_encoding": "br"}, 415),
        ("/v1/else", b"", {}, 404),
        ("/v1/traces", b"", {"host": "evil.example"}, 400),
    ],
    ids=(
        "garbage",
        "text",
        "no gzip",
        "cut off",
        "bomb",
        "large",
        "json",
        "brotli",
        "path",
        "host",
    ),
)
def test_what_is_no_payload_is_refused_with_a_reason(
    receiver: Receiver, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer, said, _ = post(receiver, path, body, **headers)
    assert answer == status
    assert said
    assert receiver.events() == []


def test_an_empty_payload_is_fine(receiver: Receiver) -> None:
    assert post(receiver, "/v1/traces", b"")[:2] == (200, b"")
    assert post(receiver, "/v1/logs", gzip.compress(b""), content_encoding="gzip")[0] == 200


def test_spans_with_impossible_times_are_counted_as_rejected(receiver: Receiver) -> None:
    body = spans(3) + spans(2, start_time_unix_nano=5_000, end_time_unix_nano=4_000)
    status, said, _ = post(receiver, "/v1/traces", body)
    partial = trace_service_pb2.ExportTraceServiceResponse.FromString(said).partial_success
    assert status == 200
    assert partial.rejected_spans == 2
    assert "begin" in partial.error_message
    assert counted(receiver.events()) == 3


def test_names_without_end_are_not_kept_without_end(receiver: Receiver) -> None:
    status, said, _ = post(receiver, "/v1/traces", spans(10_500))
    partial = trace_service_pb2.ExportTraceServiceResponse.FromString(said).partial_success
    assert status == 200
    assert partial.rejected_spans == 500
    assert len(receiver.events()) == 10_000
    assert post(receiver, "/v1/traces", spans(5, name="again"))[:2] == (200, b"")


def test_a_span_is_not_kept_by_itself(receiver: Receiver) -> None:
    provider = TracerProvider(resource=Resource({"service.name": "shop"}))
    exporter = OTLPSpanExporter(f"{receiver.address}/v1/traces")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    for _ in range(50):
        with tracer.start_as_current_span("work"):
            pass
    provider.shutdown()
    events = receiver.events()
    assert counted(events) == 50
    assert len(events) <= 2


def test_a_store_in_trouble_is_said_to_senders_and_nothing_is_lost(
    receiver: Receiver, store: Store, until: Callable[..., None]
) -> None:
    post(receiver, "/v1/traces", spans(7, name="work"))
    rename(store, "events", "away")
    receiver.intake.flush(all_of_them=True)
    status, said, headers = post(receiver, "/v1/traces", spans(1))
    assert (status, headers["retry-after"]) == (503, "5")
    assert b"away" in said or b"events" in said
    rename(store, "away", "events")
    until(lambda: post(receiver, "/v1/traces", b"")[0] == 200, what="the return")
    assert counted(receiver.events()) == 7


def test_a_store_that_was_moved_takes_nothing_more(receiver: Receiver, store: Store) -> None:
    away = store.path.with_suffix(".away")
    store.path.rename(away)
    receiver.intake.flush()
    assert post(receiver, "/v1/traces", spans(1))[0] == 503
    away.rename(store.path)
    receiver.intake.flush()
    assert post(receiver, "/v1/traces", spans(1))[0] == 200


def rename(store: Store, table: str, new: str) -> None:
    with contextlib.closing(sqlite3.connect(store.path)) as other:
        other.execute(f"ALTER TABLE {table} RENAME TO {new}")


def test_the_command_serves_and_writes_down_what_it_got_when_it_ends(
    tmp_path: Path, genes: list[Gene]
) -> None:
    command = [sys.executable, "-m", "codegenesis", "telemetry", "serve", "--port", "0", "--json"]
    directory = tmp_path / "kept"
    served = subprocess.Popen(
        [*command, "--directory", str(directory)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, cwd=tmp_path,
    )  # fmt: skip
    try:
        assert served.stdout
        said = itertools.takewhile(lambda line: line != "}\n", served.stdout)
        address = json.loads("".join(said) + "}")["otlp"]

        assert post(address, "/v1/traces", spans(3, name="work"))[0] == 200
        served.terminate()
        _, errors = served.communicate(timeout=60)
    finally:
        served.kill()
    assert errors == ""
    with Store.open(directory / "genesis.db") as store:
        assert counted(store.events.find(kind="span")) == 3


def test_what_was_taken_in_a_while_ago_needs_little_room(receiver: Receiver, store: Store) -> None:
    now_ns = time.time_ns()
    begin_ns = (now_ns // COARSE_NS - 1) * COARSE_NS + 1
    for second in range(0, 600, 20):
        at_ns = begin_ns + second * 10**9
        body = spans(2, name="w", start_time_unix_nano=at_ns, end_time_unix_nano=at_ns + 5)
        assert post(receiver, "/v1/traces", body)[0] == 200
    assert len(receiver.events()) == 30
    later = Intake(store, receiver.config)
    later.flush()
    (kept,) = receiver.events()
    assert (kept.count, kept.value, kept.at_ns) == (60, 300.0, at_ns + 5)
    assert distribution(kept) == {5: 60}
