"""A web server that answers as the hub and as a package index do, and that can misbehave; and a
real model of a few thousand random weights, which loads in no time and talks nonsense."""

from __future__ import annotations

import hashlib
import io
import json
import math
import random
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from codegenesis.core.models.embedded.cache import write_note
from codegenesis.core.models.embedded.catalogue import DEFAULT, Entry, Hub, Packages
from codegenesis.core.models.embedded.hub import HubSource
from codegenesis.core.models.embedded.index import IndexSource
from codegenesis.core.models.embedded.pip_settings import PipSettings

BLOCK = 40_000
MODEL = b"GGUF" + bytes(hashlib.shake_256(b"a small model").digest(100_000 - 4))


class Asked(NamedTuple):
    """One request that the server got."""

    method: str
    path: str
    range: str
    authorization: str


class Site:
    """Files by path; what was asked; and how to answer badly.

    Attributes:
        files: path → what is there.
        headers: path → further headers.
        redirects: path → where to.
        breaks: how many bytes the next answers bring before the connection breaks.
        statuses: what the next GETs of files are answered with instead.
        ranges: whether parts are served.
    """

    def __init__(self, port: int) -> None:
        self.url, self.other_host = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.redirects: dict[str, str] = {}
        self.breaks: list[int] = []
        self.statuses: list[int] = []
        self.ranges = True
        self.asked: list[Asked] = []

    def gets(self, part: str) -> list[Asked]:
        """GETs of paths that have `part` in them."""
        return [each for each in self.asked if each.method == "GET" and part in each.path]


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._note()
        there = self.path in self.site.files
        self._begin(302 if self.path in self.site.redirects else 200 if there else 404, 0)

    def do_GET(self) -> None:
        self._note()
        site = self.site
        if self.path in site.redirects:
            self._begin(302, 0)
        elif self.path not in site.files:
            self._begin(404, 0)
        elif site.statuses:
            self._begin(site.statuses.pop(0), 0)
        else:
            self._bring(site.files[self.path])

    def _bring(self, whole: bytes) -> None:
        begin = 0
        if self.site.ranges and (said := self.headers.get("Range")):
            begin = int(said.removeprefix("bytes=").removesuffix("-"))
        if begin >= len(whole):
            self._begin(416, 0, {"Content-Range": f"bytes */{len(whole)}"})
            return
        part = {"Content-Range": f"bytes {begin}-{len(whole) - 1}/{len(whole)}"} if begin else {}
        self._begin(206 if begin else 200, len(whole) - begin, part)
        body = whole[begin:]
        if self.site.breaks and len(body) > 1000:
            body = body[: self.site.breaks.pop(0)]
            self.close_connection = True
        self.wfile.write(body)

    def _begin(self, status: int, length: int, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in {**self.site.headers.get(self.path, {}), **(more or {})}.items():
            self.send_header(name, value)
        if status == 302:
            self.send_header("Location", self.site.redirects[self.path])
        self.end_headers()

    def _note(self) -> None:
        said = self.headers
        asked = Asked(self.command, self.path, said.get("Range", ""), said.get("Authorization", ""))
        self.site.asked.append(asked)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are part of the game."""


@pytest.fixture
def site() -> Iterator[Site]:
    """An empty one, on loopback."""
    handler = type("Handler", (_Handler,), {})
    with _Server(("127.0.0.1", 0), handler) as server:
        handler.site = Site(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield handler.site
        server.shutdown()
        thread.join()


@pytest.fixture
def model() -> bytes:
    """What the file of the model holds."""
    return MODEL


@pytest.fixture
def wanted() -> Entry:
    """A model of a hundred kilobytes, in three blocks."""
    blocks = [MODEL[at : at + BLOCK] for at in range(0, len(MODEL), BLOCK)]
    return Entry(
        name="tiny",
        file="tiny-q4.gguf",
        bytes=len(MODEL),
        sha256=hashlib.sha256(MODEL).hexdigest(),
        licence="Apache-2.0",
        hub=Hub(repo="makers/tiny-GGUF", file="tiny-q4.gguf"),
        packages=Packages(projects=("tiny-part1", "tiny-part2", "tiny-part3"), version="0.2.0"),
        block_bytes=BLOCK,
        blocks=tuple(hashlib.sha256(block).hexdigest() for block in blocks),
    )


@pytest.fixture
def hub(site: Site, wanted: Entry) -> HubSource:
    """The hub: a small answer of its own, and the bytes from another host, as it does."""
    path = "/makers/tiny-GGUF/resolve/main/tiny-q4.gguf"
    site.redirects[path] = f"{site.other_host}/blobs/tiny"
    site.headers[path] = {
        "X-Repo-Commit": "c" * 40,
        "X-Linked-Etag": f'"{wanted.sha256}"',
        "X-Linked-Size": str(wanted.bytes),
    }
    site.files["/blobs/tiny"] = MODEL
    return HubSource(environ={"HF_ENDPOINT": site.url})


def _wheel(number: int, block: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"tiny_part{number}/__init__.py", "raise SystemExit('was run')")
        archive.writestr(f"tiny_part{number}/data/part{number:02}.bin", block)
    return made.getvalue()


@pytest.fixture
def index(site: Site, wanted: Entry) -> IndexSource:
    """A package index: the first project tells in JSON, the others in HTML."""
    for number, project in enumerate(wanted.packages.projects, 1):
        name = f"tiny_part{number}-0.2.0-py3-none-any.whl"
        site.files[f"/files/{name}"] = _wheel(number, MODEL[(number - 1) * BLOCK : number * BLOCK])
        old = f"tiny_part{number}-0.1.0-py3-none-any.whl"
        page = f"/simple/{project}/"
        if number == 1:
            files = [{"filename": each, "url": f"../../files/{each}"} for each in (old, name)]
            site.files[page] = json.dumps({"files": files}).encode()
            site.headers[page] = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
        else:
            links = [f'<a href="/files/{each}#sha256=0">{each}</a>' for each in (old, name)]
            site.files[page] = "<br>".join(links).encode()
            site.headers[page] = {"Content-Type": "text/html"}
    return IndexSource(settings=PipSettings(indexes=(f"{site.url}/simple/",)))


@pytest.fixture
def make_wheel() -> Callable[[int, bytes], bytes]:
    """Make the wheel of a number around a block."""
    return _wheel


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty directory for models."""
    return tmp_path / "models"


#: Types of values in a GGUF file, and how each is packed.
U32, I32, F32, TEXT, LIST = 4, 5, 6, 8, 9
FORMATS = {U32: "<I", I32: "<i", F32: "<f"}
WIDTH, INNER = 32, 64


def _text(words: str) -> bytes:
    return struct.pack("<Q", len(words.encode())) + words.encode()


def _value(kind: int, value: object) -> bytes:
    if kind == TEXT:
        return _text(value)
    if kind == LIST:
        of, items = value
        return struct.pack("<IQ", of, len(items)) + b"".join(_value(of, each) for each in items)
    return struct.pack(FORMATS[kind], value)


def _facts() -> list[bytes]:
    """What the file says of the model: one layer, and a token for each byte."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    facts = [
        ("general.architecture", TEXT, "llama"),
        ("llama.context_length", U32, 512),
        ("llama.embedding_length", U32, WIDTH),
        ("llama.block_count", U32, 1),
        ("llama.feed_forward_length", U32, INNER),
        ("llama.attention.head_count", U32, 2),
        ("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        ("llama.rope.dimension_count", U32, 16),
        ("tokenizer.ggml.model", TEXT, "llama"),
        ("tokenizer.ggml.tokens", LIST, (TEXT, tokens)),
        ("tokenizer.ggml.scores", LIST, (F32, [0.0] * len(tokens))),
        ("tokenizer.ggml.token_type", LIST, (I32, [2, 3, 3] + [6] * 256)),
        ("tokenizer.ggml.bos_token_id", U32, 1),
        ("tokenizer.ggml.eos_token_id", U32, 2),
    ]
    return [_text(name) + struct.pack("<I", kind) + _value(kind, at) for name, kind, at in facts]


def _shapes() -> dict[str, tuple[int, ...]]:
    square, wide = (WIDTH, WIDTH), (WIDTH, INNER)
    layer = {"attn_norm": (WIDTH,), "ffn_norm": (WIDTH,), "ffn_gate": wide, "ffn_up": wide}
    layer |= {"ffn_down": (INNER, WIDTH)}
    layer |= dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), square)
    whole = {"token_embd": (WIDTH, 259), "output_norm": (WIDTH,), "output": (WIDTH, 259)}
    named = whole | {f"blk.0.{name}": shape for name, shape in layer.items()}
    return {f"{name}.weight": shape for name, shape in named.items()}


def _tiny_gguf() -> bytes:
    chance, infos, data = random.Random(1), b"", b""
    for name, shape in _shapes().items():
        place = struct.pack("<IQ", 0, len(data))
        infos += _text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape) + place
        weights = [chance.gauss(0, 0.5) if len(shape) > 1 else 1.0 for _ in range(math.prod(shape))]
        data += struct.pack(f"<{len(weights)}f", *weights)
    facts = _facts()
    head = b"GGUF" + struct.pack("<IQQ", 3, len(_shapes()), len(facts)) + b"".join(facts) + infos
    return head + bytes(-len(head) % 32) + data


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory where the default model is installed, so to say."""
    pytest.importorskip("xllamacpp", reason="pip install 'codegenesis[local-llm]'")
    place = tmp_path_factory.mktemp("models")
    whole = _tiny_gguf()
    (place / "tiny.gguf").write_bytes(whole)
    entry = Entry(
        name=DEFAULT,
        file="tiny.gguf",
        bytes=len(whole),
        sha256=hashlib.sha256(whole).hexdigest(),
        licence="none",
    )
    write_note(entry, place / "tiny.gguf", "made here")
    return place
