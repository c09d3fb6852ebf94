"""`codegenesis models`: what is listed and tried, and that no key is shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PLANTED = "sk-planted-77c1e09b"
EDIT = "<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


class _Endpoint(BaseHTTPRequestHandler):
    """A chat completion endpoint with one model; it takes only the planted key."""

    def do_GET(self) -> None:
        self._send({"data": [{"id": "tiny"}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        if self.headers["authorization"] != f"Bearer {PLANTED}":
            self._send({"error": f"no: {self.headers['authorization']}"}, status=401)
            return
        said = {"content": "```python\ndef double(x):\n    return 2 * x\n```"}
        usage = {"prompt_tokens": 40, "completion_tokens": 20}
        self._send({"choices": [{"message": said, "finish_reason": "stop"}], "usage": usage})

    def _send(self, document: object, *, status: int = 200) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def configured(project: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two endpoints, one of them with a wrong model, neither used by default."""
    monkeypatch.setenv("SHOP_KEY", PLANTED)
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "cache"))
    (project / "pyproject.toml").write_text(f"""
[tool.codegenesis.endpoints.mine]
url = "{endpoint}"
model = "tiny"
key_env = "SHOP_KEY"
usd_per_million_in = 1.5
usd_per_million_out = 6
context = 8192

[tool.codegenesis.endpoints.other]
url = "{endpoint}"
model = "huge"
""")

    return project


def test_what_is_configured_is_listed_with_its_price(configured: Path, run) -> None:
    listed = run("models", "--set", "models=mine", "--json")
    assert listed.code == 0
    rows = {row["name"]: row for row in listed.document}
    mine = rows["mine"]
    assert (mine["used"], mine["reachable"], mine["key"]) == (True, True, "present")
    assert mine["key_from"] == "environment SHOP_KEY"
    assert (mine["usd_per_million_in"], mine["usd_per_million_out"]) == (1.5, 6.0)
    assert mine["context"] == 8192
    assert rows["other"]["used"] is False
    assert "huge is none of the 1 models" in rows["other"]["detail"]
    text = run("models", "--set", "models=mine")
    assert "environment SHOP_KEY (present)" in text.out
    assert PLANTED not in listed.out + listed.err + text.out + text.err


def test_names_are_names_and_no_markup(configured: Path, run) -> None:
    name = "mine:[/b][red]x\x1b[2J"
    listed = run("models", "--set", f'models=["{name}"]'.replace("\x1b", "\\u001b"))
    assert listed.code == 0
    assert "mine:[/b][red]x\\x1b[2J" in listed.out
    assert "in [tool.codegenesis]" in run("models", "--directory", "x", "--set", "endpoints={}").out


def test_a_key_that_is_missing_is_said(configured: Path, run, monkeypatch) -> None:
    monkeypatch.delenv("SHOP_KEY")
    mine = run("models", "--json").document[0]
    assert (mine["key"], mine["reachable"], mine["used"]) == ("missing", False, False)
    assert mine["detail"] == "there is no key: environment SHOP_KEY gives none"


def test_each_is_asked_a_tiny_question(configured: Path, run) -> None:
    done = run("models", "test", "mine", "--json")
    assert done.code == 0
    (report,) = done.document
    tried = report["tried"]
    assert (tried["ok"], tried["right"], report["edits"]) == (True, True, False)
    assert (tried["usage"]["input_tokens"], tried["usage"]["output_tokens"]) == (40, 20)
    assert tried["usage"]["usd"] == pytest.approx(180e-6)
    assert PLANTED not in done.out + done.err


def test_one_that_does_not_answer_fails_with_a_way_out(configured: Path, run) -> None:
    done = run("models", "test", "--set", "models=mine,other")
    assert done.code == 1
    assert "0.00018" in done.out
    assert "other: it answers 401" in done.out
    assert "set key_env" in done.out


def test_without_a_model_it_is_said_how_to_get_one(configured: Path, run) -> None:
    done = run("models", "test", "--json")
    assert done.code == 2
    assert "models install" in done.document["error"]["remedy"]
    assert run("models", "test", "nobody").code == 2


def test_installing_is_a_command_of_the_group(run) -> None:
    assert "install" in run("models", "--help").out
    assert run("models", "install", "--help").code == 0
