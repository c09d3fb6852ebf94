"""What an endpoint's refusal means, and what to do about it, in words."""

from __future__ import annotations

import email.utils
import time

import httpcore2
import httpx2

from codegenesis.core.models.dialect import error_words
from codegenesis.core.models.failing import Failure, Kind
from codegenesis.core.models.speaker import Speaker
from codegenesis.core.models.transport import UNREACHED

_MOST_BYTES = 64 << 10

#: 529 is Anthropic's word for being overloaded.
_BUSY = frozenset({408, 425, 429, 503, 529})


def fault(speaker: Speaker, url: str, error: Exception) -> Failure:
    """What it means that the wire below failed."""
    parts = httpx2.URL(url)
    where = f"{parts.scheme}://{parts.netloc.decode()}"
    words = speaker.shown(str(error)) or type(error).__name__
    if not isinstance(error, UNREACHED):
        return speaker.failure(f"the connection to {where} broke ({words})", "broken")
    return speaker.failure(
        f"nothing answers at {where} ({words})",
        "slow" if isinstance(error, httpcore2.TimeoutException) else "dead",
        remedy="Start it, or correct the url of its endpoint.",
        free=True,
    )


def refusal(speaker: Speaker, response: httpx2.Response, key: str) -> Failure:
    """What it means that an endpoint answers with another status than 200.

    Args:
        key: where the key comes from, in words.
    """
    status = response.status_code
    if response.is_redirect:
        return _redirected(speaker, response)
    words = speaker.shown(error_words(_body(response)))
    kind, remedy = _meaning(status, key)
    wait_s = _wait_s(response) if kind == "busy" else 0.0
    return speaker.failure(
        f"it answers {status}: {words}", kind, remedy=remedy, free=True, wait_s=wait_s
    )


def _meaning(status: int, key: str) -> tuple[Kind, str]:
    if status in {401, 402, 403}:
        return "denied", f"Check the key ({key})." if key else "It wants a key: set key_env."
    if status in {404, 405, 410}:
        return "missing", "Check model and url of its endpoint; `codegenesis models` shows them."
    if status in _BUSY:
        return "busy", "Wait, or lower `parallel` of its endpoint."
    if status >= 500:
        return "failing", "Try again later, or ask another model."
    return "refused", "The question does not suit it; another model may take it."


def _redirected(speaker: Speaker, response: httpx2.Response) -> Failure:
    to = speaker.shown(response.headers.get("location", "")).partition("?")[0]
    return speaker.failure(
        f"it sends us on to {to or 'nowhere'}, where the key is not taken",
        "missing",
        remedy="If that is right, set the url of its endpoint to there.",
        free=True,
    )


def _body(response: httpx2.Response) -> bytes:
    data = b""
    for chunk in response.iter_raw():
        data += chunk
        if len(data) >= _MOST_BYTES:
            break
    return data[:_MOST_BYTES]


def _wait_s(response: httpx2.Response) -> float:
    """Seconds that it asks to be left alone: a number, or a date."""
    told = response.headers.get("retry-after", "")
    try:
        return min(3600.0, max(0.0, float(told)))
    except ValueError:
        pass
    try:
        at = email.utils.parsedate_to_datetime(told).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(3600.0, max(0.0, at - time.time()))
