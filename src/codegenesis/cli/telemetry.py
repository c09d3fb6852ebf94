"""`telemetry`: what other tools know comes in, what is known here goes out to them."""

from __future__ import annotations

import signal
import threading
from types import FrameType, ModuleType

import click

from codegenesis.cli.output import emit, json_option, talk
from codegenesis.cli.settings import config_options, open_store
from codegenesis.config import Config
from codegenesis.errors import UnhealthyError, UsageError

_PORT = 4318


@click.group()
def telemetry() -> None:
    """Take in OpenTelemetry data, and give figures to Prometheus and OpenTelemetry."""


@telemetry.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=_PORT, show_default=True, help="Port; 0 for any that is free.")
@json_option
@config_options
def serve(config: Config, host: str, port: int) -> None:
    """Receive traces, metrics and logs over OTLP/HTTP, and serve /metrics to Prometheus.

    An instrumented application sends here by itself: this is where OpenTelemetry's exporters send
    to unless they are told otherwise. Runs until interrupted.
    """
    serving = _extra("serving")
    if not serving.is_local(host):
        talk().print(
            f"warning: whoever reaches {host} can send telemetry here and read /metrics; "
            "there is no password. Keep it inside a network that you trust.",
            style="yellow",
        )
    with open_store(config, create=True) as store:
        serving.serve(store, config, host=host, port=port, ready=_say_ready)


@telemetry.command()
@click.option(
    "--endpoint",
    metavar="URL",
    help="Where to send, like http://localhost:4318/v1/metrics (default: OTEL_EXPORTER_OTLP_*).",
)
@click.option("--every", default=30.0, show_default=True, metavar="SECONDS", help="How often.")
@click.option("--once", is_flag=True, help="Send once and end.")
@json_option
@config_options
def push(config: Config, endpoint: str | None, every: float, once: bool) -> None:
    """Send figures on functions and releases to an OpenTelemetry collector, over OTLP/HTTP.

    Sums and distributions of sampled calls, never a span per call. Runs until interrupted.
    """
    sending = _extra("push")
    with open_store(config) as store:
        pusher = sending.Pusher(store, endpoint=endpoint)
        try:
            if not once:
                pusher.push_for_ever(every_s=every, stop=_asked_to_end(), say=talk().print)
            elif not pusher.push():
                raise UnhealthyError(
                    "the endpoint did not take the figures",
                    remedy="Name it with --endpoint, with its path: .../v1/metrics.",
                )
        finally:
            pusher.close()
    emit({"sent": True}, lambda out: out.print("sent"))


def _say_ready(address: str) -> None:
    document = {"otlp": address, "prometheus": f"{address}/metrics"}
    words = f"OTLP/HTTP at {address}, Prometheus at {address}/metrics"
    emit(document, lambda out: out.print(words))


def _asked_to_end() -> threading.Event:
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return stop


def _extra(name: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(f"codegenesis.lifecycle.telemetry.{name}")
    except ImportError as error:
        raise UsageError(
            f"telemetry needs libraries that are not installed: {error}",
            remedy="pip install 'codegenesis[telemetry]'",
        ) from error
