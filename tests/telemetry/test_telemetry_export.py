"""What is known goes out: to Prometheus over HTTP, and over OTLP to our own receiver."""

from __future__ import annotations

import math
import threading
import time
import urllib.request
from typing import TYPE_CHECKING
from urllib.error import HTTPError

import pytest

pytest.importorskip("prometheus_client")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

from prometheus_client.parser import text_string_to_metric_families

from codegenesis.cli.main import main
from codegenesis.config import Config
from codegenesis.lifecycle.telemetry.figures import BOUNDS, figures
from codegenesis.lifecycle.telemetry.push import Pusher
from codegenesis.model import Observation, Process, Release, Trait
from codegenesis.store import Store

if TYPE_CHECKING:
    from conftest import Receiver

QUOTE = {"service": "shop", "function": "shop.pricing:quote"}
MS = 1_000_000


@pytest.fixture
def told(store: Store) -> Store:
    """Four calls of `quote`, one of which failed, a trait, a release and a process."""
    calls = [
        Observation(
            gene="shop/shop.pricing:quote",
            process="p",
            at_ns=number,
            wall_ns=ns,
            cpu_ns=ns // 2,
            segment=("gold", "")[number % 2],
            error="builtins.KeyError" if number == 3 else "",
        )
        for number, ns in enumerate((2 * MS, 2 * MS, 100 * MS, 2000))
    ]
    store.add_observations(calls)
    store.put_traits([trait("error_rate", 0.25), trait("complexity", math.inf)])
    now_ns = time.time_ns()
    store.put_process(
        Process(
            id="p", service="shop", role="app", host="h", pid=7, python="3.11", started_ns=now_ns,
            seen_ns=now_ns, probe_share=0.002,
        )
    )  # fmt: skip
    store.put_release(
        Release(
            id="r", gene="shop/shop.pricing:quote", variant="v", base="b", stage="live",
            created_ns=1, updated_ns=1, expires_ns=1 << 60,
        )
    )  # fmt: skip
    return store


def trait(name: str, value: float) -> Trait:
    return Trait(
        gene="shop/shop.pricing:quote", name=name, value=value, unit="of calls", low=0.0, high=1.0,
        n=4, method="counted",
    )  # fmt: skip


def scraped(receiver: Receiver) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    with urllib.request.urlopen(f"{receiver.address}/metrics", timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/plain")
        page = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_prometheus_reads_what_calls_cost_and_how_the_loop_does(
    told: Store, receiver: Receiver
) -> None:
    page = scraped(receiver)

    def value(name: str, **labels: str) -> float:
        return page[f"codegenesis_{name}", frozenset(labels.items())]

    assert value("gene_calls_total", **QUOTE) == 4
    assert value("gene_errors_total", **QUOTE) == 1
    assert value("gene_cpu_seconds_total", **QUOTE) == pytest.approx(0.052001)
    assert value("gene_duration_seconds_count", **QUOTE) == 4
    assert value("gene_duration_seconds_sum", **QUOTE) == pytest.approx(0.104002)
    assert value("gene_duration_seconds_bucket", **QUOTE, le=f"{BOUNDS[1]:g}") == 1
    assert value("gene_duration_seconds_bucket", **QUOTE, le=f"{BOUNDS[6]:g}") == 3
    assert value("gene_duration_seconds_bucket", **QUOTE, le="+Inf") == 4
    assert value("gene_trait", **QUOTE, trait="error_rate", unit="of calls") == 0.25
    assert not [name for name, labels in page if ("trait", "complexity") in labels]
    assert value("releases", stage="live") == 1
    assert value("releases", stage="canary") == 0
    assert value("genes", kind="evolved") == 3
    assert value("probe_share", service="shop", host="h", pid="7") == 0.002
    assert (value("engines"), value("frozen")) == (0, 0)


def test_a_freeze_shows(told: Store, receiver: Receiver) -> None:
    told.freeze("holidays")
    assert scraped(receiver)["codegenesis_frozen", frozenset()] == 1


def test_prometheus_is_told_when_the_store_cannot_be_read(store: Store, receiver: Receiver) -> None:
    store.close()
    with pytest.raises(HTTPError) as refused:
        scraped(receiver)
    assert refused.value.code == 503
    refused.value.close()


def test_figures_arrive_over_otlp_as_sums_and_distributions(
    told: Store, receiver: Receiver
) -> None:
    pusher = Pusher(told, endpoint=f"{receiver.address}/v1/metrics")
    assert pusher.push()
    pusher.close()
    metrics = {event.name: event for event in receiver.events(kind="metric")}
    durations = metrics["codegenesis.gene.duration"]
    assert (durations.count, durations.unit, durations.service) == (4, "s", "shop")
    assert durations.value == pytest.approx(0.104002)
    assert durations.attributes == {"function": "shop.pricing:quote"}
    assert metrics["codegenesis.gene.calls"].value == 4
    assert receiver.events(kind="span") == []


def command(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["telemetry", "push", "--once", *arguments])
    return int(ended.value.code or 0)


def test_the_command_pushes_once(told: Store, receiver: Receiver, config: Config) -> None:
    place = ("--directory", config.directory)
    assert command(*place, "--endpoint", f"{receiver.address}/v1/metrics") == 0
    assert "codegenesis.releases" in {e.name for e in receiver.events(kind="metric")}


def test_the_command_says_when_nobody_takes_the_figures(
    told: Store, config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "0.2")
    endpoint = "http://127.0.0.1:1/v1/metrics"
    assert command("--directory", config.directory, "--endpoint", endpoint) == 7
    assert "did not take the figures" in capsys.readouterr().err


def test_pushing_goes_on_until_it_is_asked_to_end(told: Store, receiver: Receiver) -> None:
    stop, said = threading.Event(), list[str]()
    pusher = Pusher(told, endpoint=f"{receiver.address}/v1/metrics")
    how = {"every_s": 0.01, "stop": stop, "say": said.append}
    thread = threading.Thread(target=pusher.push_for_ever, kwargs=how)
    thread.start()
    deadline = time.monotonic() + 30
    while pushes(receiver, name="codegenesis.releases") < 3:
        assert time.monotonic() < deadline
    stop.set()
    thread.join(30)
    pusher.close()
    assert said == []


def pushes(receiver: Receiver, *, name: str) -> int:
    """How often this gauge has arrived, going by one of its values."""
    live = [e for e in receiver.events(kind="metric") if e.attributes.get("stage") == "live"]
    return sum(event.count for event in live if event.name == name)


def test_an_empty_store_has_figures_too(config: Config) -> None:
    with Store.open(config.database) as empty:
        names = {series.name for series in figures(empty) if series.points}
    assert "codegenesis.releases" in names
    assert "codegenesis.gene.calls" not in names
