"""One file over HTTP into one file on disk, going on where an earlier attempt broke off.

`huggingface_hub` has a downloader, but one that cannot be told to stop, shows its own bars, and is
of no use for the package index; so both sources share this one. What arrives is not trusted: it may
not grow beyond what was announced, and digests are checked by whoever called.
"""

from __future__ import annotations

import errno
import functools
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2

from codegenesis.errors import ModelError

#: How often in a row a connection may break with nothing new.
_TRIES = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 8.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")

TIMEOUT = httpx2.Timeout(30.0, connect=10.0)


@functools.cache
def trust() -> ssl.SSLContext:
    """The usual certificate authorities; to read them takes longer than to fetch a page."""
    return httpx2.create_ssl_context()


class Unavailable(ModelError):
    """A source does not have it, or cannot be reached; another one may."""


class Cancelled(ModelError):
    """Whoever asked for it set the event; what was fetched is kept."""


def download(
    client: httpx2.Client,
    url: str,
    to: Path,
    *,
    most_bytes: int,
    headers: Mapping[str, str] | None = None,
    arrived: Callable[[int], None] | None = None,
    cancelled: threading.Event | None = None,
) -> None:
    """Fetch `url` into `to`, or the rest of it where a part is there.

    Args:
        most_bytes: an answer that is longer is refused.
        arrived: gets the size of the file, as it grows.
        cancelled: stops when it is set; what arrived stays.

    Raises:
        Unavailable: the server has no such file, or the connection broke again and again.
        Cancelled: it was stopped.
        ModelError: the disk is full.
    """
    request = client.build_request("GET", url, headers=headers, timeout=TIMEOUT)
    request.headers["Accept-Encoding"] = "identity"
    fetch = _Fetch(client, request, to, most_bytes=most_bytes, arrived=arrived, cancelled=cancelled)
    broken = 0
    while True:
        before = _size(to)
        try:
            return fetch.attempt()
        except (httpx2.RequestError, _PassingError) as error:
            # A connection that brought something may break as often as it likes.
            broken = 1 if _size(to) > before else broken + 1
            if broken >= _TRIES:
                raise Unavailable(f"{plain(url)} does not come: {_words(error)}") from error
            if _size(to) <= before:
                _pause(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (broken - 1)), cancelled)


class _PassingError(Exception):
    """The server cannot now, and may be asked again."""


class _Fetch:
    def __init__(
        self,
        client: httpx2.Client,
        request: httpx2.Request,
        to: Path,
        *,
        most_bytes: int,
        arrived: Callable[[int], None] | None,
        cancelled: threading.Event | None,
    ) -> None:
        self._client, self._request, self._to = client, request, to
        self._most, self._arrived, self._cancelled = most_bytes, arrived, cancelled

    def attempt(self) -> None:
        """One request for what is missing."""
        had = _size(self._to)
        self._request.headers.pop("Range", None)
        if had:
            self._request.headers["Range"] = f"bytes={had}-"
        answer = self._client.send(self._request, stream=True, follow_redirects=True)
        try:
            if answer.status_code == 416 and _range(answer) == (None, had):
                return
            if answer.status_code == 416:
                self._to.unlink()
                raise _PassingError("the server has less than was fetched")
            _require_ok(answer, str(self._request.url))
            begins = _range(answer)[0] if answer.status_code == 206 else 0
            self._write(answer, had if begins == had else 0)
        finally:
            answer.close()

    def _write(self, answer: httpx2.Response, begin: int) -> None:
        if begin == 0 and _range(answer)[0]:
            self._to.unlink()
            raise _PassingError("the server sent another part than was asked for")
        try:
            # Unbuffered: whatever ends this process, what arrived is on disk.
            with self._to.open("ab" if begin else "wb", buffering=0) as out:
                for piece in answer.iter_raw():
                    begin += len(piece)
                    self._look(begin)
                    out.write(piece)
                    if self._arrived:
                        self._arrived(begin)
        except OSError as error:
            raise disk_trouble(self._to, error) from error

    def _look(self, size: int) -> None:
        if self._cancelled and self._cancelled.is_set():
            raise Cancelled(
                "cancelled", remedy="What was fetched is kept; the same command goes on."
            )
        if size > self._most:
            raise Unavailable(f"{plain(str(self._request.url))} is longer than {self._most} bytes")


def disk_trouble(path: Path, error: OSError) -> ModelError:
    """What a failed write means for the one who waits for it."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ModelError(
            f"no room is left on the disk of {path.parent}",
            remedy="Make room and give the same command again: it goes on where it stopped.",
        )
    return ModelError(f"{path} cannot be written: {error}")


def plain(url: str) -> str:
    """An address without user and password, for people to read."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return "an address that is none"
    return str(parsed.copy_with(userinfo=b"", query=None))


def _require_ok(answer: httpx2.Response, url: str) -> None:
    if answer.status_code in _PASSING:
        raise _PassingError(f"the server says {answer.status_code}")
    if answer.status_code not in {200, 206}:
        raise Unavailable(f"{plain(url)}: the server says {answer.status_code}")


def _range(answer: httpx2.Response) -> tuple[int | None, int | None]:
    """Where the answer begins and how long the whole is, as far as it says."""
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    if not found:
        return None, None
    begin, total = found[1], found[2]
    return int(begin) if begin else None, int(total) if total != "*" else None


def _pause(seconds: float, cancelled: threading.Event | None) -> None:
    if not cancelled:
        time.sleep(seconds)
    elif cancelled.wait(seconds):
        raise Cancelled("cancelled", remedy="What was fetched is kept; the same command goes on.")


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
