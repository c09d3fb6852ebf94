"""Log records that say that something went wrong; the rest of a log is not ours to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegenesis.genome.ingest.desk import Desk, Taken
from codegenesis.genome.ingest.rollup import Key
from codegenesis.genome.ingest.stacks import Crash, crash
from codegenesis.genome.ingest.values import plain, spot, text

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

#: `SeverityNumber` from which on a record is kept: ERROR, and FATAL.
_ERROR, _FATAL = 17, 21


def take(request: ExportLogsServiceRequest, desk: Desk) -> Taken:
    """Take in a payload of `/v1/logs`."""
    for resource in desk.admitted(request.resource_logs):
        service = desk.name(plain(resource.resource.attributes).get("service.name", ""))
        for scope in desk.admitted(resource.scope_logs):
            for record in desk.admitted(scope.log_records):
                if record.severity_number >= _ERROR:
                    _take(record, service, desk.name(scope.scope.name), desk)
    return desk.outcome()


def _take(record: LogRecord, service: str, logger: str, desk: Desk) -> None:
    attributes = plain(record.attributes)
    here = spot(attributes)
    found = _crash(attributes, service, desk)
    gene = found.gene or desk.places.find(here, service=service)
    key = Key(
        service=service,
        kind="log",
        gene=gene.id if gene else "",
        name=logger,
        level="critical" if record.severity_number >= _FATAL else "error",
        fingerprint=desk.said(found.fingerprint or f"{logger} in {here.function}:{here.line}"),
    )
    desk.add(
        key,
        at_ns=record.time_unix_nano or record.observed_time_unix_nano,
        message=text(record.body),
        trace=record.trace_id.hex(),
    )


def _crash(attributes: dict[str, str], service: str, desk: Desk) -> Crash:
    error = attributes.get("exception.type", "")
    if not error:
        return Crash("", None)
    stack = attributes.get("exception.stacktrace", "")
    return crash(error, stack, places=desk.places, service=service)
