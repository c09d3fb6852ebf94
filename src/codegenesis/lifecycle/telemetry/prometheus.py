"""The page that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0, generate_latest

from codegenesis.lifecycle.telemetry import figures
from codegenesis.lifecycle.telemetry.figures import Figures
from codegenesis.store import Store


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
        now = figures.read(self._store)
        yield from _loop(now)


def _loop(now: Figures) -> Iterator[Metric]:
    releases = GaugeMetricFamily("codegenesis_releases", "Releases by stage.", labels=["stage"])
    for stage, count in now.releases.items():
        releases.add_metric([stage], count)
    genes = GaugeMetricFamily("codegenesis_genes", "Functions that are known.", labels=["kind"])
    for kind, count in now.genes.items():
        genes.add_metric([kind], count)
    share = GaugeMetricFamily(
        "codegenesis_probe_share",
        "Share of a process' CPU that watching took since it began.",
        labels=["service", "host", "pid"],
    )
    for process in now.processes:
        if process.role == "app":
            share.add_metric([process.service, process.host, str(process.pid)], process.probe_share)
    engines = sum(process.role == "engine" for process in now.processes)
    yield from (releases, genes, share)
    yield GaugeMetricFamily("codegenesis_engines", "Engines at work.", value=engines)
    yield GaugeMetricFamily("codegenesis_frozen", "1 while evolution is frozen.", value=now.frozen)
