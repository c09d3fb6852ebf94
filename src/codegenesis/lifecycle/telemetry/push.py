"""The same figures for whoever collects with OpenTelemetry: pushed over OTLP, from time to time.

Points are made of what the store has summed up and handed to the SDK's exporter. The SDK's own
instruments would have to be fed call by call: they have no way to take a distribution that is known
already, and to replay calls into them would count old ones at the wrong time.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from codegenesis.errors import StoreError
from codegenesis.lifecycle.telemetry.figures import BOUNDS, Point, Series, figures
from codegenesis.store import Store

_SCOPE = InstrumentationScope("codegenesis")
_TOTAL = AggregationTemporality.CUMULATIVE


class Pusher:
    """Sends figures to one endpoint.

    Args:
        endpoint: URL of the path for metrics; the OTEL_EXPORTER_OTLP_* variables decide when None.
    """

    def __init__(self, store: Store, *, endpoint: str | None = None) -> None:
        self._store = store
        self._exporter = OTLPMetricExporter(endpoint)
        self._since_ns = time.time_ns()

    def push(self) -> bool:
        """Send what is known now; whether it arrived.

        Raises:
            StoreError: the store cannot be read now.
        """
        data = rendered(figures(self._store), since_ns=self._since_ns)
        return self._exporter.export(data) is MetricExportResult.SUCCESS

    def push_for_ever(
        self, *, every_s: float, stop: threading.Event, say: Callable[[str], None]
    ) -> None:
        """Send every so often, until `stop` is set; trouble is said once, and tried again."""
        told = ""
        while not stop.is_set():
            trouble = self._tried()
            if trouble and trouble != told:
                say(trouble)
            told = trouble
            stop.wait(every_s)

    def close(self) -> None:
        """Let go of the connection."""
        self._exporter.shutdown()

    def _tried(self) -> str:
        try:
            return "" if self.push() else "the endpoint did not take the figures"
        except StoreError as error:
            return f"{error}. {error.remedy}"


def rendered(series: Iterable[Series], *, since_ns: int) -> MetricsData:
    """Series as the SDK has them, those of each service as its resource."""
    now_ns = time.time_ns()
    metrics: dict[str, list[Metric]] = defaultdict(list)
    for each in series:
        for service, points in _by_service(each):
            data = _data(each, points, since_ns, now_ns)
            metrics[service].append(Metric(each.name, each.help, each.unit or "1", data))
    return MetricsData(
        [
            ResourceMetrics(_resource(service), [ScopeMetrics(_SCOPE, found, "")], "")
            for service, found in metrics.items()
        ]
    )


def _resource(service: str) -> Resource:
    return Resource({"service.name": service} if service else {"service.name": "codegenesis"})


def _by_service(series: Series) -> Iterable[tuple[str, list[Point]]]:
    ordered = sorted(series.points, key=_service)
    return ((name, list(points)) for name, points in itertools.groupby(ordered, _service))


def _service(point: Point) -> str:
    return dict(point.labels).get("service", "")


def _data(
    series: Series, points: list[Point], since_ns: int, now_ns: int
) -> Sum | Gauge | Histogram:
    if series.kind == "histogram":
        return Histogram([_spread(point, since_ns, now_ns) for point in points], _TOTAL)
    values = [NumberDataPoint(_attributes(p), since_ns, now_ns, p.value) for p in points]
    return Gauge(values) if series.kind == "gauge" else Sum(values, _TOTAL, is_monotonic=True)


def _spread(point: Point, since_ns: int, now_ns: int) -> HistogramDataPoint:
    spread = point.spread
    assert spread is not None
    return HistogramDataPoint(
        attributes=_attributes(point),
        start_time_unix_nano=since_ns,
        time_unix_nano=now_ns,
        count=sum(spread.counts),
        sum=spread.sum_s,
        bucket_counts=spread.counts,
        explicit_bounds=BOUNDS,
        min=spread.least_s,
        max=spread.most_s,
    )


def _attributes(point: Point) -> dict[str, str]:
    return {name: value for name, value in point.labels if name != "service"}
