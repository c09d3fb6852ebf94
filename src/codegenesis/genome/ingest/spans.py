"""Spans: how long things took by name, and the exceptions that were recorded on them.

A span is never kept by itself. An exception on its way up is recorded by each span that it leaves,
with a longer traceback each time; it is counted once per trace, where it was recorded first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegenesis.genome.ingest.desk import Desk, Taken
from codegenesis.genome.ingest.rollup import Key
from codegenesis.genome.ingest.stacks import crash, error_type, frames
from codegenesis.genome.ingest.values import plain, spot

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

#: `Status.StatusCode` of a span that failed.
_ERROR = 2
#: Longer spans are a mistake of clocks.
_LONGEST_NS = 7 * 86_400_000_000_000


def take(request: ExportTraceServiceRequest, desk: Desk) -> Taken:
    """Take in a payload of `/v1/traces`."""
    for resource in desk.admitted(request.resource_spans):
        service = desk.name(plain(resource.resource.attributes).get("service.name", ""))
        for scope in desk.admitted(resource.scope_spans):
            for span in desk.admitted(scope.spans):
                _take(span, service, desk)
    return desk.outcome()


def _take(span: Span, service: str, desk: Desk) -> None:
    ns = span.end_time_unix_nano - span.start_time_unix_nano
    if not (span.start_time_unix_nano and 0 <= ns <= _LONGEST_NS):
        desk.reject("a span must begin, and end after that")
        return
    attributes = plain(span.attributes)
    gene = desk.places.find(spot(attributes), service=service)
    key = Key(
        service=service,
        kind="span",
        gene=gene.id if gene else "",
        name=desk.name(span.name),
        level="error" if span.status.code == _ERROR else "",
        segment=desk.name(attributes.get("codegenesis.segment", "")),
        unit="ns",
    )
    desk.add(
        key,
        at_ns=span.end_time_unix_nano,
        value=float(ns),
        distributed=True,
        trace=span.trace_id.hex(),
    )
    for event in desk.admitted(span.events):
        if event.name == "exception":
            _take_exception(plain(event.attributes), event.time_unix_nano, span, key, desk)


def _take_exception(said: dict[str, str], at_ns: int, span: Span, key: Key, desk: Desk) -> None:
    error, message = said.get("exception.type", ""), said.get("exception.message", "")
    stack = said.get("exception.stacktrace", "")
    innermost = frames(stack)[-1:]
    if desk.remember((span.trace_id, error, message[:80], *innermost)):
        return
    found = crash(error, stack, places=desk.places, service=key.service)
    told = key._replace(
        kind="crash",
        gene=found.gene.id if found.gene else key.gene,
        level="error",
        fingerprint=desk.said(found.fingerprint),
        unit="",
    )
    said_of_it = f"{error_type(error)}: {message}"
    desk.add(told, at_ns=at_ns, message=said_of_it, trace=span.trace_id.hex())
