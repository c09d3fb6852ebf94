"""A key is planted, real questions are asked and fail in every way, and it is searched for."""

from __future__ import annotations

import json
import logging
import os
import pickle
import sys
import traceback
from pathlib import Path

import pytest

from codegenesis.config import Config, load
from codegenesis.core.models import Fleet, Recorder, fleet
from codegenesis.core.models.failing import Failure
from codegenesis.core.models.keys import Key, Secret, Veil
from codegenesis.errors import CodeGenesisError, ConfigError
from codegenesis.sandbox import Call, Workshop, run

PLANTED = "sk-planted-3f9d1c77aa02"

#: Even its beginning would be too much to show.
NEEDLE = PLANTED[:10]
COUNTS = {"prompt_tokens": 30, "completion_tokens": 2}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose environment has the key."""
    for name in ("OPENAI_API_KEY", "SHOP_KEY"):
        monkeypatch.setenv(name, PLANTED)
    (tmp_path / "src").mkdir()
    return tmp_path


def settings(project: Path, url: str, **fields: object) -> Config:
    table = {"url": url, "model": "m", "key_env": "SHOP_KEY", "retries": 0, **fields}
    lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
    text = "\n".join(["[tool.codegenesis.endpoints.mine]", *lines])
    (project / "pyproject.toml").write_text(text)
    return load(overrides={"models": ("auto",)}, start=project)


def crash(_words: str) -> None:
    raise RuntimeError("the caller's own fault")


def echoing(asked) -> None:
    key = asked.headers["authorization"]
    asked.say("Your key: ", key[:12], key[12:], "!", usage=COUNTS)


def echoing_refusal(asked) -> None:
    key = asked.headers["authorization"]
    asked.reply({"error": {"message": f"{key} {'x' * 230} {key}"}}, status=401, x_key=key)


def echoing_nonsense(asked) -> None:
    asked.begin()
    asked.event(asked.headers["authorization"])


def hanging(asked) -> None:
    asked.begin()
    asked.event({"choices": [{"delta": {"content": "Hel"}}]})
    asked.hang()


WAYS = {
    "an answer that repeats it": (echoing, None),
    "a refusal that repeats it": (echoing_refusal, None),
    "nonsense that repeats it": (echoing_nonsense, None),
    "a crash of the caller": (lambda asked: asked.say("Hi.", usage=COUNTS), crash),
    "a timeout": (hanging, None),
}


@pytest.mark.parametrize(("behaviour", "told"), WAYS.values(), ids=WAYS.keys())
def test_a_planted_key_is_found_nowhere(
    serve, question, project: Path, caplog, capfd, behaviour, told
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(behaviour)
    config = settings(project, server.url, pause_s=0.3)
    heard: list[str] = []
    shown: list[str] = [str(config.environment()), repr(config.describe())]
    with fleet(config, tell=heard.append) as models:
        recorder = Recorder(models, project / "answers.jsonl")
        try:
            answer = recorder.ask(question(seed=1), told=told or heard.append)
            shown.append(repr(answer))
        except (CodeGenesisError, RuntimeError) as error:
            shown += trace(error)
        shown += [repr(models), *map(repr, vars(models.members[0]).values())]
    assert server.got[0]["authorization"] == f"Bearer {PLANTED}"
    assert NEEDLE not in json.dumps(server.asked)
    out, err = capfd.readouterr()
    everything = [*shown, "".join(heard), caplog.text, out, err]
    assert [text for text in everything if NEEDLE in text] == []
    files = [file for file in project.rglob("*") if file.is_file()]
    assert files
    assert [file for file in files if NEEDLE.encode() in file.read_bytes()] == []


def trace(error: BaseException) -> list[str]:
    """All that a report of it could show, with the variables of our frames and those below."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [each for each in whole.stack if each.filename != __file__]
    found = [f"{each.line} {each.locals}" for each in frames]
    below = error.__cause__ or error.__context__
    return [str(error), repr(error), repr(vars(error)), *found, *(trace(below) if below else [])]


def test_what_repeats_it_is_told_with_it_hidden(serve, question, project: Path) -> None:
    heard: list[str] = []
    with fleet(settings(project, serve(echoing).url)) as models:
        answer = models.ask(question(), told=heard.append)
    assert answer.text == "".join(heard) == "Your key: Bearer [key]!"


def test_it_is_not_taken_to_another_host(serve, question, project: Path) -> None:
    other = serve(lambda asked: asked.say("Thanks.", usage=COUNTS))
    first = serve(lambda asked: asked.reply({}, status=307, location=f"{other.url}/there"))
    with (
        fleet(settings(project, first.url)) as models,
        pytest.raises(Failure, match="sends us on to"),
    ):
        models.ask(question())
    assert other.got == []


def test_children_do_not_get_it(project: Path) -> None:
    assert os.environ["OPENAI_API_KEY"] == PLANTED
    code = "import os; print(dict(os.environ))"
    work = Workshop().run([sys.executable, "-c", code])
    assert b"PATH" in work.stdout
    assert PLANTED.encode() not in work.stdout + work.stderr
    file = project / "src" / "prying.py"
    file.write_text("import os\n\ndef has(word):\n    return word in str(dict(os.environ))\n")
    found = run(file, "has", [Call(args=("LC_ALL",)), Call(args=(NEEDLE,))])
    assert [result.value for result in found] == [True, False]


def test_a_key_comes_from_a_command_once_without_others_keys(project: Path) -> None:
    log = project / "log"
    code = (
        f"import os, sys; open({str(log)!r}, 'a').write(str(dict(os.environ)));"
        f"print('{PLANTED[:9]}' + '{PLANTED[9:]}'); print('secret words', file=sys.stderr)"
    )
    environ = {**os.environ, "OTHER": "kept"}
    key = Key(command=(sys.executable, "-c", code), environ=environ)
    assert key.get().reveal() == PLANTED
    assert key.get().reveal() == PLANTED
    seen = log.read_text()
    assert seen.count("'OTHER': 'kept'") == 1
    assert "OPENAI_API_KEY" not in seen
    assert key.where == f"command {sys.executable}"


@pytest.mark.parametrize(
    "code",
    [
        f"print('{PLANTED}'); raise SystemExit(3)",
        f"print('{PLANTED}\\n{PLANTED}')",
        f"print('{PLANTED}\\x00')",
        "pass",
    ],
)
def test_a_command_that_gives_no_key_is_told_of_without_its_words(code: str) -> None:
    key = Key(command=(sys.executable, "-c", code), environ={})
    with pytest.raises(Failure) as caught:
        key.get()
    assert caught.value.kind == "denied"
    assert PLANTED not in "".join(trace(caught.value))


def test_a_missing_key_is_said_before_anything_is_sent(serve, model_at, question) -> None:
    server = serve(lambda asked: asked.say("Hi."))
    with pytest.raises(Failure, match="environment NO_SUCH_KEY gives none"):
        model_at(server.url, key_env="NO_SUCH_KEY").ask(question())
    assert server.got == []


@pytest.mark.parametrize(
    "table",
    [
        {"url": "http://127.0.0.1/v1", "key": PLANTED},
        {"url": "http://127.0.0.1/v1", "key_env": PLANTED},
        {"url": "http://127.0.0.1/v1", "key_command": PLANTED},
        {"url": f"https://me:{PLANTED}@example.com/v1"},
        {"url": f"https://example.com/v1?key={PLANTED}"},
        {"url": "http://127.0.0.1/v1", "wire": PLANTED},
        {"url": "http://127.0.0.1/v1", "strength": PLANTED},
    ],
)
def test_a_key_in_a_setting_is_refused_without_repeating_it(
    tmp_path: Path, table: dict[str, str]
) -> None:
    lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
    text = "\n".join(["[tool.codegenesis.endpoints.mine]", *lines])
    (tmp_path / "pyproject.toml").write_text(text)
    environ = {"CODEGENESIS_ENDPOINTS": json.dumps({"mine": table})}
    for start, place in ((tmp_path, {}), (tmp_path / "src", environ)):
        with pytest.raises(ConfigError) as caught:
            load(environ=place, start=start)
        assert "endpoints.mine" in str(caught.value)
        assert "key_env" in caught.value.remedy
        assert PLANTED not in "".join(trace(caught.value)[:3])


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(PLANTED)
    assert PLANTED not in f"{secret} {secret!r}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_veil_hides_it_however_it_is_cut(cut: int) -> None:
    text = f"sk-plan {PLANTED}{PLANTED[:9]} and {PLANTED}, sk-planted-3f9"
    veil = Veil(Secret(PLANTED))
    pieces = [veil.passed(text[at : at + cut]) for at in range(0, len(text), cut)]
    assert "".join([*pieces, veil.rest()]) == text.replace(PLANTED, "[key]")


def test_an_open_line_to_another_machine_takes_a_key_only_where_it_is_said(
    serve, question, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(lambda asked: asked.say("Hi.", usage=COUNTS))
    monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
    monkeypatch.setenv("no_proxy", "")
    far = "http://models.example/v1"
    with pytest.raises(ConfigError, match="expected https"):
        fleet(settings(project, far))
    with fleet(settings(project, far, insecure=True)) as models:
        assert isinstance(models, Fleet)
        assert models.ask(question()).text == "Hi."
    assert proxy.got[0]["authorization"] == f"Bearer {PLANTED}"
    assert proxy.got[0]["host"] == "models.example"
