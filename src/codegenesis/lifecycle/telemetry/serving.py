"""The receiver as a server on this machine, until it is asked to end."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

import uvicorn

from codegenesis.config import Config
from codegenesis.errors import UsageError
from codegenesis.lifecycle.telemetry.intake import Intake
from codegenesis.lifecycle.telemetry.prometheus import Page
from codegenesis.lifecycle.telemetry.receiver import LOCAL, application
from codegenesis.store import Store

#: Where OTLP over HTTP is sent unless told otherwise.
PORT = 4318
#: Requests at a time; more are answered with 503, and senders try again.
_AT_A_TIME = 64


def serve(
    store: Store, config: Config, *, host: str, port: int, ready: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM; what was taken in is written down then.

    Args:
        port: 0 for any that is free.
        ready: called with the address once connections are taken.

    Raises:
        UsageError: the address cannot be had.
    """
    with _listening(host, port) as listening:
        intake = Intake(store, config)
        hosts = LOCAL if is_local(host) else ("*",)
        app = application(intake, scrape=Page(store).text, hosts=hosts)
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, limit_concurrency=_AT_A_TIME)
        )
        ready(_address(listening))
        server.run(sockets=[listening])


def is_local(host: str) -> bool:
    """Is a server at this address only reached from this machine?"""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"{host}:{port} cannot be listened on: {error}",
            remedy="Something else may be there, like a collector; name another with --port.",
        ) from error


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
