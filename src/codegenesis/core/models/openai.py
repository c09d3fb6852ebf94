"""The format of OpenAI's chat completions, which nearly everything speaks.

vLLM, Ollama, llama.cpp's server, LM Studio and OpenRouter take it, each with its own gaps: newer
models of OpenAI want `max_completion_tokens` and no temperature, older servers know no
`stream_options` or `seed`. What one refuses by name is left out from then on (see `Dialect`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from codegenesis.core.models.dialect import Count, Counts, Piece
from codegenesis.core.models.model import Finish, Request

_FINISHES: dict[str, Finish] = {"length": "length", "content_filter": "refused"}


class _Text(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    delta: _Text | None = None
    message: _Text | None = None
    finish_reason: str | None = None


class _Details(msgspec.Struct):
    cached_tokens: Count | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: _Details | None = None


class _Error(msgspec.Struct):
    message: str = "an error without words"


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: _Error | str | None = None


class OpenAI:
    """Chat completions; see `Dialect`."""

    path = "/chat/completions"
    options = ("stream_options", "seed", "stop", "temperature", "max_tokens")

    def key_headers(self, key: str) -> dict[str, str]:
        """See `Dialect`."""
        return {"authorization": f"Bearer {key}"} if key else {}

    def body(self, model: str, request: Request, *, without: frozenset[str]) -> bytes:
        """See `Dialect`."""
        optional: dict[str, Any] = {
            "stream_options": {"include_usage": True},
            "seed": request.seed,
            "stop": list(request.stop) or None,
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
        }
        said = {
            name: value
            for name, value in optional.items()
            if value is not None and name not in without
        }
        if "max_tokens" in without:
            said["max_completion_tokens"] = request.max_tokens
        turns = [{"role": each.role, "content": each.text} for each in request.messages]
        return msgspec.json.encode({"model": model, "messages": turns, "stream": True, **said})

    def piece(self, data: str) -> Piece:
        """See `Dialect`."""
        if data.strip() == "[DONE]":
            return Piece(last=True)
        return _piece(msgspec.json.decode(data, type=_Chunk))

    def whole(self, data: bytes) -> Piece:
        """See `Dialect`."""
        return _piece(msgspec.json.decode(data, type=_Chunk))


def _piece(chunk: _Chunk) -> Piece:
    error = chunk.error.message if isinstance(chunk.error, _Error) else chunk.error
    choice = chunk.choices[0] if chunk.choices else _Choice()
    said = choice.delta or choice.message or _Text()
    finish: Finish | None = None
    if choice.finish_reason:
        finish = "refused" if said.refusal else _FINISHES.get(choice.finish_reason, "stop")
    counts = _counts(chunk.usage) if chunk.usage else Counts()
    return Piece(text=said.content or "", finish=finish, counts=counts, error=error)


def _counts(usage: _Usage) -> Counts:
    details = usage.prompt_tokens_details
    return Counts(
        input=usage.prompt_tokens,
        output=usage.completion_tokens,
        cached=details.cached_tokens if details else None,
    )
