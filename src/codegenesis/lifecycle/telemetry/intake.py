"""From payloads to events in the store: the part of the receiver that knows no HTTP."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from codegenesis.config import Config
from codegenesis.errors import StoreError
from codegenesis.genome.ingest import COARSE_NS, Desk, Places, Taken, folded, logs, metrics, spans
from codegenesis.model import Event, Record
from codegenesis.runtime.redaction import Redactor
from codegenesis.store import Store

log = logging.getLogger("codegenesis.telemetry")

#: Seconds between two looks at which genes there are.
_LOOK_S = 5.0
#: Spans may come this late and still be joined with those of their time.
_LATE_NS = 600_000_000_000
#: Events that wait for a store in trouble; more are dropped, the oldest first, and counted.
_WAITING = 50_000


class Unavailable(Exception):
    """Nothing can be taken in just now; the sender shall try again."""


class Signal(Record, frozen=True, kw_only=True):
    """What is sent to one path.

    Attributes:
        counted: the field of the answer that says how many were rejected.
    """

    request: type[Message]
    response: type[Message]
    take: Callable[[Any, Desk], Taken]
    counted: str


SIGNALS = {
    "traces": Signal(
        request=trace_service_pb2.ExportTraceServiceRequest,
        response=trace_service_pb2.ExportTraceServiceResponse,
        take=spans.take,
        counted="rejected_spans",
    ),
    "metrics": Signal(
        request=metrics_service_pb2.ExportMetricsServiceRequest,
        response=metrics_service_pb2.ExportMetricsServiceResponse,
        take=metrics.take,
        counted="rejected_data_points",
    ),
    "logs": Signal(
        request=logs_service_pb2.ExportLogsServiceRequest,
        response=logs_service_pb2.ExportLogsServiceResponse,
        take=logs.take,
        counted="rejected_log_records",
    ),
}


class Intake:
    """Takes payloads in, from any thread, and writes events down when `flush` is called."""

    def __init__(self, store: Store, config: Config) -> None:
        redactor = Redactor(config.redact, values=config.redact_values)
        self._store = store
        self._desk = Desk(clean=redactor.text, sensitive=redactor.sensitive)
        self._lock = threading.Lock()  # for the desk
        self._flushing = threading.Lock()
        self._waiting: list[Event] = []
        self._next_look = 0.0
        self._folded = 0
        self._trouble = ""
        self.dropped = 0

    def take(self, signal: Signal, body: bytes) -> bytes:
        """Take in one payload; the answer to it.

        Raises:
            DecodeError: it is none.
            Unavailable: the store is out of reach.
        """
        if self._trouble:
            raise Unavailable(self._trouble)
        request = signal.request.FromString(body)
        with self._lock:
            taken = signal.take(request, self._desk)
        answer = signal.response()
        if taken.rejected:
            partial = answer.partial_success
            setattr(partial, signal.counted, taken.rejected)
            partial.error_message = taken.why
        return bytes(answer.SerializeToString())

    def flush(self, *, all_of_them: bool = False) -> None:
        """Write down what is ready, and look for new genes; never raises for the store's sake."""
        with self._flushing:
            with self._lock:
                self._waiting += self._desk.events(all_of_them=all_of_them)
            try:
                self._store.check()
                self._store.events.add(self._waiting)
                self._waiting = []
                self._look()
                self._fold()
            except StoreError as error:
                self._fail(error)
            else:
                self._trouble = ""

    def _look(self) -> None:
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK_S
        self._desk.places = Places(self._store.genes())

    def _fold(self) -> None:
        """Keep what is a while ago in longer stretches, each of them once."""
        stretch = time.time_ns() // COARSE_NS
        if stretch == self._folded:
            return
        since_ns = (self._folded or stretch - 1) * COARSE_NS - _LATE_NS
        self._folded = stretch
        self._store.events.fold(
            ("span", "metric"),
            since_ns=since_ns // COARSE_NS * COARSE_NS,
            before_ns=stretch * COARSE_NS,
            merge=lambda events: folded(events, width_ns=COARSE_NS),
        )

    def _fail(self, error: StoreError) -> None:
        if not self._trouble:
            log.warning("nothing is taken in for now: %s. %s", error, error.remedy)
        self._trouble = str(error)
        surplus = len(self._waiting) - _WAITING
        if surplus > 0:
            self.dropped += surplus
            del self._waiting[:surplus]


__all__ = ["SIGNALS", "DecodeError", "Intake", "Signal", "Unavailable"]
