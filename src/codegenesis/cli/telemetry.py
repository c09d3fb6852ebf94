"""`telemetry`: what other tools know comes in, what is known here goes out to them."""

from __future__ import annotations

from types import ModuleType

import click

from codegenesis.cli.output import emit, json_option, talk
from codegenesis.cli.settings import config_options, open_store
from codegenesis.config import Config
from codegenesis.errors import UsageError

_PORT = 4318


@click.group()
def telemetry() -> None:
    """Take in OpenTelemetry data, and serve figures to Prometheus and OpenTelemetry."""


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
    serving = _extra()
    if not serving.is_local(host):
        talk().print(
            f"warning: whoever reaches {host} can send telemetry here and read /metrics; "
            "there is no password. Keep it inside a network that you trust.",
            style="yellow",
        )
    with open_store(config, create=True) as store:
        serving.serve(store, config, host=host, port=port, ready=_say_ready)


def _say_ready(address: str) -> None:
    document = {"otlp": address, "prometheus": f"{address}/metrics"}
    emit(
        document,
        lambda out: out.print(f"OTLP/HTTP at {address}, Prometheus at {address}/metrics"),
    )


def _extra() -> ModuleType:
    try:
        from codegenesis.lifecycle.telemetry import serving
    except ImportError as error:
        raise UsageError(
            f"telemetry needs libraries that are not installed: {error}",
            remedy="pip install 'codegenesis[telemetry]'",
        ) from error
    return serving
