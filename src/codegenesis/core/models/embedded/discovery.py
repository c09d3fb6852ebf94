"""Servers of models that run on this machine already: Ollama, llama.cpp, LM Studio, vLLM.

They are looked for on loopback, at the ports that they have unless told otherwise. The same ports
are dear to web developers, so whatever answers must answer as such a server does, and quickly; what
it says is data. Plain sockets and not `httpx2`: a server that drips a byte now and then never runs
into a client's timeout, and no command should wait for it.
"""

from __future__ import annotations

import io
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from codegenesis.model import Record

ServerKind = Literal["ollama", "llamacpp", "lmstudio", "vllm"]

#: Seconds to be connected, and for the whole look.
_CONNECT_S, _WHOLE_S = 0.2, 0.35

_MOST_BYTES, _MOST_MODELS, _LONGEST_NAME = 1 << 20, 1000, 200


class Running(Record, frozen=True, kw_only=True):
    """A server that answers.

    Attributes:
        url: of its OpenAI-compatible interface, ending in `/v1`.
        models: that it has, in its own words.
    """

    url: str
    kind: ServerKind
    models: tuple[str, ...]


class Place(Record, frozen=True, kw_only=True):
    """Where a server may be."""

    kind: ServerKind
    host: str = "127.0.0.1"
    port: int


PLACES = (
    Place(kind="ollama", port=11434),
    Place(kind="llamacpp", port=8080),
    Place(kind="lmstudio", port=1234),
    Place(kind="vllm", port=8000),
)


def running(
    *, environ: Mapping[str, str] | None = None, places: tuple[Place, ...] = PLACES
) -> tuple[Running, ...]:
    """Servers with at least one model, in the order of `places`; takes less than 0.4 s.

    Args:
        environ: where `OLLAMA_HOST` may stand; it is followed on loopback only.
    """
    said = (os.environ if environ is None else environ).get("OLLAMA_HOST", "")
    asked = [_moved(place, said) if place.kind == "ollama" else place for place in places]
    found: dict[int, Running] = {}

    def look(number: int, place: Place) -> None:
        if server := _asked(place, until):
            found[number] = server

    until = time.monotonic() + _WHOLE_S
    # Daemons: one that is late is not waited for, not even at exit.
    looks = [
        threading.Thread(target=look, args=(number, place), daemon=True)
        for number, place in enumerate(asked)
    ]
    for each in looks:
        each.start()
    for each in looks:
        each.join(max(0.0, until - time.monotonic()))
    return tuple(server for _, server in sorted(found.copy().items()))


class _Model(msgspec.Struct):
    id: str
    owned_by: str = ""


class _Models(msgspec.Struct):
    data: list[_Model]


class _Tag(msgspec.Struct):
    name: str


class _Tags(msgspec.Struct):
    models: list[_Tag]


def _asked(place: Place, until: float) -> Running | None:
    host = f"[{place.host}]" if ":" in place.host else place.host
    path = "/api/tags" if place.kind == "ollama" else "/v1/models"
    try:
        body = _get(place, f"{host}:{place.port}", path, until)
        names, owner = _names(place.kind, body)
    except (OSError, HTTPException, ValueError, msgspec.MsgspecError):
        return None
    if not names:
        return None
    kind: ServerKind = place.kind
    # Each of these two may sit at the other's port, and says who it is.
    if owner in {"llamacpp", "vllm"}:
        kind = "llamacpp" if owner == "llamacpp" else "vllm"
    return Running(url=f"http://{host}:{place.port}/v1", kind=kind, models=names)


def _names(kind: ServerKind, body: bytes) -> tuple[tuple[str, ...], str]:
    if kind == "ollama":
        named, owner = [tag.name for tag in msgspec.json.decode(body, type=_Tags).models], ""
    else:
        models = msgspec.json.decode(body, type=_Models).data
        named, owner = [each.id for each in models], models[0].owned_by if models else ""
    fit = (each for each in named if each.isprintable() and 0 < len(each) <= _LONGEST_NAME)
    return tuple(dict.fromkeys(fit))[:_MOST_MODELS], owner


def _get(place: Place, host: str, path: str, until: float) -> bytes:
    """The body of an answer that is whole in time; nothing else is one."""
    question = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
    with socket.create_connection((place.host, place.port), timeout=_CONNECT_S) as line:
        line.sendall(f"{question}Connection: close\r\n\r\n".encode())
        said = bytearray()
        while len(said) <= _MOST_BYTES:
            line.settimeout(max(0.001, until - time.monotonic()))
            piece = line.recv(1 << 16)
            if not piece:
                return _body(bytes(said))
            said += piece
            if time.monotonic() > until:
                break
    raise ValueError("too long, or too late")


class _Heard:
    """What came, for `HTTPResponse` to read."""

    def __init__(self, said: bytes) -> None:
        self._said = said

    def makefile(self, mode: str) -> io.BytesIO:
        del mode
        return io.BytesIO(self._said)


def _body(said: bytes) -> bytes:
    answer = HTTPResponse(_Heard(said))  # type: ignore[arg-type]
    answer.begin()
    body = answer.read()
    if answer.status != 200:
        raise ValueError(f"status {answer.status}")
    return body


def _moved(place: Place, said: str) -> Place:
    """Where `OLLAMA_HOST` says that it is, if that is on this machine."""
    try:
        parts = urlsplit(said if "://" in said else f"http://{said}")
        host, port = parts.hostname or "", parts.port or place.port
        address = ipaddress.ip_address("127.0.0.1" if host in {"", "localhost"} else host)
    except ValueError:
        return place
    if address.is_unspecified:
        # What it listens at; it is spoken to on loopback.
        address = ipaddress.ip_address("::1" if address.version == 6 else "127.0.0.1")
    if not address.is_loopback:
        return place
    return Place(kind=place.kind, host=str(address), port=port)
