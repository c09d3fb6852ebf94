"""HTTP to one endpoint: httpx2 above, our own leash below, and the key put on at the last moment.

The key is in no `httpx2.Request`, so neither its repr nor an error that carries one shows it, and
it goes to the endpoint's own origin only: redirects are not followed, and a request for another
origin gets none. Every question has a connection of its own. To keep them open would save one
handshake in seconds of writing, and would leave unknown whether a question that met a closing one
was counted.
"""

from __future__ import annotations

import ipaddress
import logging
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpcore2
import httpx2

from codegenesis.config import Endpoint
from codegenesis.core.models.leash import Leash, LeashedBackend

Headers = list[tuple[bytes, bytes]]

# At its lowest level it logs the headers of answers, and some endpoints repeat the key there.
logging.getLogger("httpcore2").setLevel(logging.INFO)

#: What may go wrong below us, beside `Failure`.
FAULTS = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.StreamError,
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
)
#: Of these, what says that the question did not get there.
UNREACHED = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.ProxyError)


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine."""
    host = httpx2.URL(url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Wire:
    """A connection to one endpoint at a time for each thread.

    Args:
        key_headers: what carries the key; asked for each request.
    """

    def __init__(self, endpoint: Endpoint, *, key_headers: Callable[[], Headers]) -> None:
        self._endpoint = endpoint
        self._backend = LeashedBackend()
        self._client = httpx2.Client(
            transport=_Transport(endpoint.url, self._backend, key_headers),
            headers={"user-agent": "codegenesis", "accept-encoding": "identity"},
            timeout=httpx2.Timeout(endpoint.pause_s, connect=endpoint.connect_s),
            follow_redirects=False,
            trust_env=False,
        )

    @contextmanager
    def post(self, path: str, body: bytes, leash: Leash) -> Iterator[httpx2.Response]:
        """Send a question; the answer is read as it comes."""
        headers = {"content-type": "application/json"}
        url = self._endpoint.url.rstrip("/") + path
        with (
            self._backend.held(leash),
            self._client.stream("POST", url, content=body, headers=headers) as response,
        ):
            yield response

    @contextmanager
    def get(self, path: str, leash: Leash) -> Iterator[httpx2.Response]:
        """Look something up."""
        url = self._endpoint.url.rstrip("/") + path
        with self._backend.held(leash), self._client.stream("GET", url) as response:
            yield response

    def close(self) -> None:
        """Close what is open."""
        self._client.close()


class _Transport(httpx2.BaseTransport):
    def __init__(
        self, url: str, backend: LeashedBackend, key_headers: Callable[[], Headers]
    ) -> None:
        self._origin = _origin(httpx2.URL(url))
        self._key_headers = key_headers
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context() if url.startswith("https:") else None,
            proxy=_proxy(url),
            max_connections=None,
            max_keepalive_connections=0,
            network_backend=backend,
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = list(request.headers.raw)
        if _origin(request.url) == self._origin:
            headers += self._key_headers()
        assert isinstance(request.stream, httpx2.SyncByteStream)
        answer = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=str(request.url),
                headers=headers,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _proxy(url: str) -> httpcore2.Proxy | None:
    """The environment's proxy for an address; never one for this machine."""
    parts = httpx2.URL(url)
    if is_loopback(url) or urllib.request.proxy_bypass(parts.host):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found:
        return None
    proxy = httpx2.Proxy(found if "://" in found else f"http://{found}")
    return httpcore2.Proxy(str(proxy.url), auth=proxy.raw_auth)
