"""The page that Prometheus reads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0, generate_latest

from codegenesis.lifecycle.telemetry.figures import BOUNDS, Series, Spread, figures
from codegenesis.store import Store

#: Units as Prometheus spells them.
_UNITS = {"s": "seconds"}
_LABELS = [f"{bound:g}" for bound in BOUNDS] + ["+Inf"]


class Page:
    """Reads the store whenever it is asked: nothing is kept up to date for nobody."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> tuple[bytes, str]:
        """The page and its content type.

        Raises:
            StoreError: the store cannot be read now.
        """
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_1_0_0

    def describe(self) -> list[Metric]:
        """Nothing: else the registry would collect at once to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics, as they are now."""
        return map(_rendered, figures(self._store))


def _rendered(series: Series) -> Metric:
    name, unit = series.name.replace(".", "_"), _UNITS.get(series.unit, "")
    labels = [name for name, _ in series.points[0].labels] if series.points else []
    if series.kind == "histogram":
        return _histogram(
            HistogramMetricFamily(name, series.help, labels=labels, unit=unit), series
        )
    family = CounterMetricFamily if series.kind == "counter" else GaugeMetricFamily
    metric = family(name, series.help, labels=labels, unit=unit)
    for point in series.points:
        metric.add_metric([value for _, value in point.labels], point.value)
    return metric


def _histogram(metric: HistogramMetricFamily, series: Series) -> Metric:
    for point in series.points:
        if point.spread is not None:
            values = [value for _, value in point.labels]
            metric.add_metric(values, _buckets(point.spread), point.spread.sum_s)
    return metric


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    return list(zip(_LABELS, itertools.accumulate(spread.counts), strict=True))
