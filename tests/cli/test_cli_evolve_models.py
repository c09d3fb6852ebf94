"""`evolve` with a model: what it cost, what it was good for and who wrote a version are told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from codegenesis.store import Store

WRITTEN = """\
A set remembers what was seen. [/bold] \x1b[31mred
```python
def repeated(names):
    seen = set()
    again = {}
    for name in names:
        if name in seen:
            again[name] = None
        else:
            seen.add(name)
    return list(again)
```
"""
USAGE = {"prompt_tokens": 100, "completion_tokens": 50}
PRICES = "usd_per_million_in = 500.0\nusd_per_million_out = 1000.0\n"
CALL_USD = 0.1
QUICK = tuple(
    word
    for name in (
        "budget_s=20",
        "symbolic_s=0",
        "min_strength=0",
        "search_share=0",
        "experience=off",
        "models=mine",
    )
    for word in ("--set", name)
)


class Endpoint(BaseHTTPRequestHandler):
    """Says the same to everybody, and what it cost."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        word = {"choices": [{"index": 0, "delta": {"content": WRITTEN}, "finish_reason": "stop"}]}
        events = (json.dumps(each) for each in (word, {"choices": [], "usage": USAGE}))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write("".join(f"data: {each}\n\n" for each in events).encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def priced(project) -> Iterator[None]:
    """The project with an endpoint of its own, at 0.1 USD a call."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        table = f'url = "http://127.0.0.1:{server.server_port}/v1"\nmodel = "m"\nparallel = 1\n'
        with (project / "pyproject.toml").open("a") as file:
            file.write(f"\n[tool.codegenesis.endpoints.mine]\n{table}{PRICES}")
        yield
        server.shutdown()


def test_what_a_model_cost_and_wrote_is_told_everywhere(run, project, priced):
    command = ("evolve", "guests:repeated", "--inputs", "calls.jsonl", "--budget", "3usd", *QUICK)
    done = run(*command, "--json")
    asked = done.document["models"]
    assert asked["versions"] == 1, str(asked)
    assert asked["usd"] == pytest.approx(CALL_USD * asked["calls"])
    assert asked["usd"] <= 3, "the budget holds whatever the model says"
    with Store.open(project / ".codegenesis" / "genesis.db") as store:
        kept = store.runs.one(done.document["run"])
    assert kept.usd == pytest.approx(asked["usd"])
    assert "USD" in run("runs").out

    versions = run("lineage", "guests:repeated", "--json").document["versions"]
    by_model = next(each for each in versions if each["author"] == "mine")
    assert by_model["operator"].startswith("model:")
    shown = run("show", by_model["id"])
    assert shown.code == 0
    assert "author      mine" in shown.out
    assert "\x1b" not in shown.out
    assert "mine" in run("lineage", "guests:repeated").out


@pytest.mark.slow
def test_people_are_told_on_one_line_what_asking_came_to(run, priced):
    done = run("evolve", "guests:repeated", "--inputs", "calls.jsonl", *QUICK)
    line = next(line for line in done.out.splitlines() if line.startswith("models: "))
    assert "mine: " in line
    assert "tokens" in line
    assert "USD" in line
