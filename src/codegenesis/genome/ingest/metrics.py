"""Metrics: what was measured in each stretch of time, whatever way it was reported.

`Event.value` is a sum and `Event.count` the number of values in it, so that their quotient is a
mean: of a histogram's values, of a gauge's readings. Of a counter the value is what was counted,
and the count that of reports. Where totals are reported, what was added since the report before is
kept. A first total counts in full when it began after we did; else it is the mark to count from,
because what it holds may have happened at any time before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from codegenesis.genome.ingest.desk import Desk, Taken
from codegenesis.genome.ingest.rollup import Key
from codegenesis.genome.ingest.values import plain, spot

if TYPE_CHECKING:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )
    from opentelemetry.proto.metrics.v1.metrics_pb2 import (
        ExponentialHistogramDataPoint,
        HistogramDataPoint,
        Metric,
        NumberDataPoint,
        SummaryDataPoint,
    )

    Distributed = HistogramDataPoint | ExponentialHistogramDataPoint | SummaryDataPoint

_CUMULATIVE = 2
#: Attributes that a stream is told apart by in what is kept.
_KEPT = 6
_LARGEST, _MANY = 1e300, 1 << 48


class _Read(NamedTuple):
    """What a point says.

    Attributes:
        n: how many values.
        value: their sum.
        since_ns: since when, where it is a total; 0 where it is a part, or a reading.
    """

    n: int
    value: float
    since_ns: int = 0


def take(request: ExportMetricsServiceRequest, desk: Desk) -> Taken:
    """Take in a payload of `/v1/metrics`."""
    for resource in desk.admitted(request.resource_metrics):
        sender = plain(resource.resource.attributes)
        identity = tuple(sorted(sender.items()))
        service = desk.name(sender.get("service.name", ""))
        for scope in desk.admitted(resource.scope_metrics):
            for metric in desk.admitted(scope.metrics):
                _take(metric, service, (identity, scope.scope.name), desk)
    return desk.outcome()


def _take(metric: Metric, service: str, sender: tuple[object, ...], desk: Desk) -> None:
    kind = metric.WhichOneof("data")
    if kind is None:
        desk.reject("a metric must have data")
        return
    for point in desk.admitted(getattr(metric, kind).data_points):
        attributes = plain(point.attributes)
        gene = desk.places.find(spot(attributes), service=service)
        key = Key(
            service=service,
            kind="metric",
            gene=gene.id if gene else "",
            name=desk.name(metric.name),
            unit=desk.name(metric.unit),
            attributes=_kept(attributes, desk),
        )
        stream = (sender, metric.name, tuple(attributes.items()))
        told = _since_last(_read(kind, metric, point), stream, desk)
        if (
            0 < told.n < _MANY and -_LARGEST < told.value < _LARGEST
        ):  # neither infinite nor no number
            desk.add(key, at_ns=point.time_unix_nano, count=told.n, value=told.value)


def _read(kind: str, metric: Metric, point: NumberDataPoint | Distributed) -> _Read:
    since_ns = max(point.start_time_unix_nano, 1)
    if kind in ("gauge", "sum"):
        value = _number(cast("NumberDataPoint", point))
        totals = metric.sum.is_monotonic and metric.sum.aggregation_temporality == _CUMULATIVE
        return _Read(1, value, since_ns if totals else 0)
    many = cast("Distributed", point)
    totals = kind == "summary" or getattr(metric, kind).aggregation_temporality == _CUMULATIVE
    return _Read(many.count, many.sum, since_ns if totals else 0)


def _number(point: NumberDataPoint) -> float:
    return float(point.as_int if point.WhichOneof("value") == "as_int" else point.as_double)


def _since_last(read: _Read, stream: tuple[object, ...], desk: Desk) -> _Read:
    """What was added since the report before; nothing (`n` is 0) when that is not known."""
    if not read.since_ns:
        return read
    before = desk.remember(stream, read)
    if not isinstance(before, _Read):
        return read if read.since_ns >= desk.since_ns else read._replace(n=0)
    if before.since_ns != read.since_ns or before.value > read.value or before.n > read.n:
        return read  # the sender began anew
    counter = read.n == before.n == 1 and read.value != before.value
    return _Read(1 if counter else read.n - before.n, read.value - before.value)


def _kept(attributes: dict[str, str], desk: Desk) -> tuple[tuple[str, str], ...]:
    named = [(name, value) for name, value in sorted(attributes.items()) if value]
    open_ = [(desk.name(n), desk.name(v)) for n, v in named if not desk.sensitive(n)]
    return tuple(open_[:_KEPT])
