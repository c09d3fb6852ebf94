"""An installed model is asked through a server of its own, which comes and goes with its owner."""

import os
import select
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codegenesis.core.models.embedded import DEFAULT, Embedded
from codegenesis.core.models.embedded.process import ServerProcess, require_extra
from codegenesis.core.models.embedded.resources import (
    free_memory,
    require_memory,
    threads,
    usable_cores,
)
from codegenesis.core.models.model import Message, Request
from codegenesis.errors import ModelError


def question(seed=1, words="say it"):
    return Request(messages=(Message(role="user", text=words),), max_tokens=8, seed=seed)


@pytest.fixture
def embedded(models):
    """The installed model, closed in the end."""
    with Embedded(cache=models, threads=1) as model:
        yield model


def gone(pid):
    """Wait until a process is gone; False when it stays."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 20)[0])
    finally:
        os.close(handle)


def test_nothing_is_started_before_the_first_question(embedded):
    assert embedded.pid is None
    assert embedded.name == f"embedded:{DEFAULT}"


def test_a_question_is_answered_and_counted(embedded):
    answer = embedded.ask(question())
    assert answer.text
    assert answer.model == embedded.name
    assert answer.finish == "length"
    assert answer.usage.output_tokens == 8
    assert answer.usage.input_tokens > 8
    assert answer.usage.usd == 0
    assert not answer.usage.estimated


def test_the_seed_of_a_question_is_passed_on(embedded):
    embedded.ask(question())
    said = [embedded.ask(question(seed)).text for seed in (1, 1, 2)]
    assert said[0] == said[1]
    assert said[0] != said[2]


def test_words_are_told_as_they_come(embedded):
    told = []
    answer = embedded.ask(question(), told=told.append)
    assert "".join(told) == answer.text


def test_the_server_ends_with_the_model(embedded):
    embedded.ask(question())
    pid = embedded.pid
    embedded.close()
    embedded.close()
    assert embedded.pid is None
    assert gone(pid)


def test_a_server_that_died_is_started_again(embedded):
    embedded.ask(question())
    first = embedded.pid
    os.kill(first, signal.SIGKILL)
    assert embedded.ask(question()).text
    assert embedded.pid != first


def test_threads_that_ask_at_once_share_one_server(embedded):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(embedded.ask, map(question, range(4))))
    assert len({answer.text for answer in answers}) > 1
    assert all(answer.text for answer in answers)


def test_a_question_can_be_given_up_while_the_model_is_loaded(embedded):
    stop = threading.Event()
    stop.set()
    with pytest.raises(ModelError, match="cancelled"):
        embedded.ask(question(), cancelled=stop)
    assert embedded.pid is None


def test_a_model_that_is_not_installed_says_how_to_get_it(tmp_path):
    with pytest.raises(ModelError, match="is not installed") as raised:
        Embedded(cache=tmp_path).ask(question())
    assert raised.value.remedy == f"codegenesis models install {DEFAULT}"


def test_a_file_that_is_no_model_is_said(models, tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF but no more than that")
    with pytest.raises(ModelError, match=r"broken\.gguf\) cannot be loaded") as raised:
        ServerProcess(broken, threads=1)
    assert "models install" in raised.value.remedy


def test_a_file_that_is_not_there_is_said(tmp_path):
    pytest.importorskip("xllamacpp", reason="pip install 'codegenesis[local-llm]'")
    with pytest.raises(ModelError, match="there is no model at"):
        ServerProcess(tmp_path / "none.gguf")


def test_nobody_gets_an_answer_without_the_key(models):
    server = ServerProcess(models / "tiny.gguf", threads=1)
    try:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{server.url}/v1/models", timeout=20)
        assert server.url.startswith("http://127.0.0.1:")
    finally:
        server.close()


def test_the_server_knows_no_keys_and_shows_none(models, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-elsewhere")
    server = ServerProcess(models / "tiny.gguf", threads=1)
    try:
        shown = b"".join(
            Path(f"/proc/{server.pid}/{n}").read_bytes() for n in ("cmdline", "environ")
        )
    finally:
        server.close()
    assert b"sk-planted" not in shown
    assert server.key.encode() not in shown


OWNER = """
import os, pathlib, sys
from codegenesis.core.models.embedded.process import ServerProcess

server = ServerProcess(pathlib.Path(sys.argv[1]), threads=1)
forked = os.fork()
if forked:
    print(server.pid, forked, flush=True)
sys.stdin.read()
"""


def test_the_server_dies_with_an_owner_that_is_killed_though_a_fork_of_it_lives(models):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(models / "tiny.gguf")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner:
        pid, forked = map(int, owner.stdout.readline().split())
        owner.kill()
        owner.wait()
        assert gone(pid)
        os.kill(forked, signal.SIGKILL)


IMPORTS = """
import sys
import codegenesis.cli.main, codegenesis.core.models.embedded
heavy = {"xllamacpp", "huggingface_hub", "rich.progress"} & set(sys.modules)
assert not heavy, heavy
"""


def test_to_import_it_loads_nothing_heavy():
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)


def test_a_missing_extra_says_how_to_get_it():
    with pytest.raises(ModelError, match="not_there") as raised:
        require_extra("not_there")
    assert "codegenesis[local-llm]" in raised.value.remedy


@pytest.mark.parametrize(
    ("cores", "load", "taken"),
    [(1, 0.0, 1), (2, 0.0, 1), (2, 5.0, 1), (4, 0.2, 3), (4, 0.4, 2), (8, 3.9, 3), (64, 3.0, 8)],
)
def test_only_cores_that_nobody_uses_are_taken_and_one_is_left(cores, load, taken):
    assert threads(cores=cores, load=load) == taken


def test_too_little_memory_is_said_before_the_model_is_loaded():
    with pytest.raises(ModelError, match=r"needs 2\.1 GB of memory and 900 MB are free"):
        require_memory("small", 1_117_320_768, free=900_000_000)
    require_memory("small", 1_117_320_768, free=2_200_000_000)


def test_limits_of_a_container_are_honoured(tmp_path):
    assert free_memory(group=tmp_path) > 0
    assert usable_cores(group=tmp_path) == len(os.sched_getaffinity(0))
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("3000000\n")
    (tmp_path / "memory.stat").write_text("anon 1000000\ninactive_file 1500000\n")
    assert free_memory(group=tmp_path) > 4_000_000
    (tmp_path / "memory.max").write_text("4000000\n")
    assert free_memory(group=tmp_path) == 2_500_000
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert usable_cores(group=tmp_path) == 1
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert usable_cores(group=tmp_path) == len(os.sched_getaffinity(0))
