"""Asking goes on for as long as it is worth it: whatever an endpoint does, it ends in time."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from codegenesis.config import Endpoint, load
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.coders import Attempt, Brief
from codegenesis.core.models.fake import FakeModel
from codegenesis.core.models.finding import remote
from codegenesis.core.models.fleet import Fleet
from codegenesis.errors import ModelError
from codegenesis.lifecycle import locate
from codegenesis.lifecycle.asking import Asked, Asking, Authors, authors, together
from codegenesis.model import Gene

DOUBLE = "def double(n):\n    return n + n\n"
TWICE = "```python\ndef double(n):\n    return 2 * n\n```"
SHIFTED = "```python\ndef double(n):\n    return n << 1\n```"


@pytest.fixture
def gene(tmp_path: Path) -> Gene:
    (tmp_path / "numbers_.py").write_text(DOUBLE)
    return locate("numbers_.py:double", service="test", cwd=tmp_path)


def asked(gene: Gene, by: Authors, *, patience_s: float = 30.0, most: int = 3) -> Asked:
    """What asking comes to, with every version taken for good."""
    with Asking(by, lambda: (Brief(gene=gene, module_source=DOUBLE), ())) as asking:
        until = time.monotonic() + patience_s
        enough = lambda: asking.asked.calls >= most  # noqa: E731
        for attempt in asking.attempts(until=until, over=enough):
            asking.judged(attempt, worth=1.0, useful=True)
        return asking.asked


def test_versions_duds_and_repetitions_are_told_apart(gene):
    told = asked(gene, Authors(FakeModel([TWICE, "I refuse.", TWICE, SHIFTED])), most=4)
    assert (told.calls, told.versions, told.useful) == (4, 2, 2)
    assert told.duds == {"empty": 1, "duplicate": 1}
    assert told.input_tokens > told.output_tokens > 0
    assert together([told, told]).calls == 8
    assert "4 answers" in told.words


def test_a_model_that_repeats_itself_is_not_asked_for_ever(gene):
    model = FakeModel([TWICE])
    told = asked(gene, Authors(model), most=1000)
    assert (told.versions, told.duds) == (1, {"duplicate": 6})
    assert model.calls == 7


def test_where_the_usual_model_gets_nowhere_the_stronger_one_is_asked(gene):
    usual, stronger = FakeModel(["no", "neither"]), FakeModel([TWICE], name="stronger")
    told = asked(gene, Authors(usual, stronger=stronger), most=4)
    assert (usual.calls, told.models) == (3, {"fake": 3, "stronger": 1})
    assert told.versions == 1


def test_calls_that_fly_together_may_not_bring_the_same_program_twice(gene):
    both = threading.Barrier(2)

    def at_once(_request: object) -> str:
        both.wait(30)
        return TWICE

    told = asked(gene, Authors(FakeModel(at_once), parallel=2), most=2)
    assert (told.versions, told.duds) == (1, {"duplicate": 1})


def test_a_model_without_answers_is_left_alone_soon(gene):
    model = FakeModel([ModelError("it is not there")])
    by = Authors(model)
    told = asked(gene, by)
    assert (told.calls, told.failed, told.trouble) == (0, 2, "it is not there")
    assert model.calls == 2
    assert asked(gene, by).failed == 1, "one more chance, for the next function"


@pytest.mark.parametrize("behaviour", ["dead", "silent", "garbage", "lying", "endless"])
def test_whatever_an_endpoint_does_costs_its_versions_and_nothing_else(gene, behaviour):
    with misbehaving(behaviour) as url:
        endpoint = Endpoint(url=url, retries=0, connect_s=1.0, parallel=2)
        fleet = Fleet([remote("bad", endpoint, "m", environ={})])
        with fleet:
            told = asked(gene, Authors(fleet, parallel=2), patience_s=0.7, most=2)
    assert told.versions == 0


@contextmanager
def misbehaving(behaviour: str) -> Iterator[str]:
    """An endpoint on loopback that does no good."""
    if behaviour == "dead":
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
        return
    over = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(_DEEDS[behaviour], over))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    over.set()
    server.shutdown()
    server.server_close()


def _silent(_handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    over.wait()


def _garbage(handler: BaseHTTPRequestHandler, _over: threading.Event) -> None:
    handler.wfile.write(b"\x00\xff this is no HTTP\r\n\r\n")


def _lying(handler: BaseHTTPRequestHandler, _over: threading.Event) -> None:
    code = "```python\nimport os\ndef double(n):\n    return os.system('id')\n```"
    _say(handler, code, usage={"prompt_tokens": -5, "completion_tokens": 10**12})


def _endless(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    handler.send_response(200)
    handler.send_header("content-type", "text/event-stream")
    handler.end_headers()
    word = {"choices": [{"index": 0, "delta": {"content": "well, "}}]}
    try:
        while not over.wait(0.01):
            handler.wfile.write(f"data: {json.dumps(word)}\n\n".encode())
    except OSError:
        return  # nobody listens any longer


_Deed = Callable[[BaseHTTPRequestHandler, threading.Event], None]
_DEEDS: dict[str, _Deed] = {
    "silent": _silent,
    "garbage": _garbage,
    "lying": _lying,
    "endless": _endless,
}


def _handler(deed: _Deed, over: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.close_connection = True
            deed(self, over)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    return Handler


def _say(handler: BaseHTTPRequestHandler, text: str, *, usage: dict[str, int]) -> None:
    word = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]}
    last = {"choices": [], "usage": usage}
    body = "".join(f"data: {json.dumps(each)}\n\n" for each in (word, last)) + "data: [DONE]\n\n"
    handler.send_response(200)
    handler.send_header("content-type", "text/event-stream")
    handler.end_headers()
    handler.wfile.write(body.encode())


def test_an_engine_asks_only_what_its_owner_has_named(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text("[tool.codegenesis]\nmodels = ['auto']\n")
    with authors(load(start=tmp_path, environ={}), unattended=True, tell=print) as found:
        assert found is None, "what merely runs or is installed here is for people's commands"
    mine = "url = 'http://127.0.0.1:9/v1'\nmodel = 'm'\nparallel = 3\n"
    file.write_text(f"[tool.codegenesis.endpoints.mine]\n{mine}")
    with authors(load(start=tmp_path, environ={}), unattended=True, tell=print) as found:
        assert found is not None
        assert found.parallel == 3


def test_no_models_means_nobody_is_asked(tmp_path):
    config = load(start=tmp_path, environ={}, overrides={"models": "off"})
    with authors(config, meter=Meter(Budget()), tell=print) as found:
        assert found is None


def test_what_one_command_learned_of_a_model_is_there_for_the_next(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.codegenesis]\nmodels = ["mine"]\n'
        f'experience = "{tmp_path / "experience.sqlite3"}"\n'
        '[tool.codegenesis.endpoints.mine]\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
    )
    config = load(start=tmp_path, environ={})
    attempt = Attempt(
        source=DOUBLE, style="rewrite", wording="plain", objective="speed", model="m", prompt=""
    )
    with authors(config, tell=print) as found:
        found.coder.learn(attempt, 1.0)
    with authors(config, tell=print) as again:
        assert [habit.good for habit in again.coder.habits.known] == [1.0]
