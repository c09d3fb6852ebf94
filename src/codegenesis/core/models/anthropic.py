"""The format of Anthropic's messages.

It differs from chat completions in that the system's words stand apart, there is no seed, the
highest temperature is 1, and tokens of the question that were cached are counted beside the rest.
"""

from __future__ import annotations

from typing import Any

import msgspec

from codegenesis.core.models.dialect import Count, Counts, Piece
from codegenesis.core.models.model import Finish, Request

_FINISHES: dict[str, Finish] = {"max_tokens": "length", "refusal": "refused"}
_VERSION = "2023-06-01"


class _Usage(msgspec.Struct):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None


class _Text(msgspec.Struct):
    type: str = ""
    text: str = ""


class _Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    stop_reason: str | None = None


class _Error(msgspec.Struct):
    type: str = ""
    message: str = "an error without words"


class _Message(msgspec.Struct):
    content: list[_Text] = []
    stop_reason: str | None = None
    usage: _Usage | None = None
    error: _Error | None = None


class _Event(msgspec.Struct):
    type: str = ""
    message: _Message | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None
    error: _Error | None = None


class Anthropic:
    """Messages; see `Dialect`."""

    path = "/messages"
    options = ("temperature", "stop_sequences")

    def key_headers(self, key: str) -> dict[str, str]:
        """See `Dialect`."""
        return {"anthropic-version": _VERSION} | ({"x-api-key": key} if key else {})

    def body(self, model: str, request: Request, *, without: frozenset[str]) -> bytes:
        """See `Dialect`."""
        system = "\n\n".join(each.text for each in request.messages if each.role == "system")
        optional: dict[str, Any] = {
            "temperature": min(1.0, request.temperature),
            "stop_sequences": list(request.stop) or None,
        }
        said = {
            name: value
            for name, value in optional.items()
            if value is not None and name not in without
        }
        turns = [
            {"role": each.role, "content": each.text}
            for each in request.messages
            if each.role != "system"
        ]
        return msgspec.json.encode(
            {
                "model": model,
                "max_tokens": request.max_tokens,
                "messages": turns,
                "stream": True,
                **({"system": system} if system else {}),
                **said,
            }
        )

    def piece(self, data: str) -> Piece:
        """See `Dialect`."""
        event = msgspec.json.decode(data, type=_Event)
        begun = event.message.usage if event.message else None
        delta = event.delta or _Delta()
        return Piece(
            text=delta.text if delta.type == "text_delta" else "",
            finish=_finish(delta.stop_reason),
            counts=_counts(event.usage or begun),
            error=event.error.message if event.error else None,
            last=event.type == "message_stop",
        )

    def whole(self, data: bytes) -> Piece:
        """See `Dialect`."""
        message = msgspec.json.decode(data, type=_Message)
        return Piece(
            text="".join(part.text for part in message.content if part.type == "text"),
            finish=_finish(message.stop_reason),
            counts=_counts(message.usage),
            error=message.error.message if message.error else None,
        )


def _finish(reason: str | None) -> Finish | None:
    return _FINISHES.get(reason, "stop") if reason else None


def _counts(usage: _Usage | None) -> Counts:
    if usage is None:
        return Counts()
    cached = usage.cache_read_input_tokens
    told = (usage.input_tokens, cached, usage.cache_creation_input_tokens)
    whole = None if usage.input_tokens is None else sum(each or 0 for each in told)
    return Counts(input=whole, output=usage.output_tokens, cached=cached)
