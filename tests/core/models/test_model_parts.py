"""Parts of the models' room: the cache, recordings, fuses, prices, and what is found by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codegenesis.config import load
from codegenesis.core import models as room
from codegenesis.core.models import Answer, FakeModel, Fleet, Recorder, Replay, Usage, fleet
from codegenesis.core.models.breaker import Breaker
from codegenesis.core.models.cache import AnswerCache
from codegenesis.core.models.failing import Failure, Kind
from codegenesis.core.models.finding import find
from codegenesis.core.models.prices import FREE, FlatPrice, listed, most_input
from codegenesis.errors import ModelError, UsageError


def test_the_room_shows_what_it_is_for() -> None:
    assert room.__all__ == [
        "Answer",
        "FakeModel",
        "Fleet",
        "Message",
        "Model",
        "Recorder",
        "Replay",
        "Request",
        "Usage",
        "fleet",
    ]


def test_kept_answers_stay_within_their_bounds(tmp_path: Path, question) -> None:
    cache = AnswerCache(tmp_path / "deep" / "answers.db", limit_bytes=20_000)
    for n in range(60):
        cache.put("one", question(seed=n), Answer(text="x" * 1000, model="one"))
        assert cache.get("one", question(seed=0))  # whoever is asked for often stays
    kept = [n for n in range(60) if cache.get("one", question(seed=n))]
    assert kept[0] == 0
    assert kept[-1] == 59
    assert len(kept) < 20
    cache.close()
    again = AnswerCache(tmp_path / "deep" / "answers.db")
    assert again.get("one", question(seed=59))
    assert again.get("two", question(seed=59)) is None
    again.close()


def test_only_what_would_be_said_again_is_kept(tmp_path: Path, question) -> None:
    cache = AnswerCache(tmp_path / "answers.db")
    answer = Answer(text="a", model="one", usage=Usage(usd=1.0))
    for asked in (question(), question(seed=1), question(temperature=0.0)):
        cache.put("one", asked, answer)
    assert cache.get("one", question()) is None
    found = cache.get("one", question(temperature=0.0))
    assert found == Answer(text="a", model="one", cached=True)
    cache.close()


def test_a_cache_that_cannot_be_used_is_done_without(tmp_path: Path, question) -> None:
    file = tmp_path / "answers.db"
    file.write_bytes(b"no database" * 1000)
    heard: list[str] = []
    with Fleet([FakeModel(["Hi."])], file=file, tell=heard.append) as models:
        assert models.ask(question(seed=1)).text == "Hi."
    assert str(file) in heard[0]


def test_what_was_recorded_is_said_again(tmp_path: Path, question) -> None:
    file = tmp_path / "answers.jsonl"
    recorder = Recorder(FakeModel(["one", "two", "three"]), file)
    for seed in (1, 1, 2):
        recorder.ask(question(seed=seed))
    replay = Replay(file)
    heard: list[str] = []
    asked = [replay.ask(question(seed=seed), told=heard.append) for seed in (1, 1, 1, 2)]
    assert [answer.text for answer in asked] == heard == ["one", "two", "two", "three"]
    assert asked[0].usage.output_tokens == 1
    with pytest.raises(ModelError) as caught:
        replay.ask(question("What now?", seed=3, purpose="rewrite"))
    assert "rewrite, seed 3: 'What now?'" in str(caught.value)
    assert "it has 2 others" in str(caught.value)


def test_what_is_no_recording_is_said(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text("nonsense\n")
    with pytest.raises(UsageError, match="expected recorded answers"):
        Replay(tmp_path / "answers.jsonl")


@pytest.fixture
def fuse() -> tuple[Breaker, Callable[[float], None]]:
    now = [0.0]

    def later(seconds: float) -> None:
        now[0] += seconds

    return Breaker(clock=lambda: now[0]), later


def failing(kind: Kind, *, wait_s: float = 0.0) -> Failure:
    return Failure(kind, kind=kind, wait_s=wait_s)


def test_a_fuse_lets_one_try_when_its_time_has_come(fuse) -> None:
    breaker, later = fuse
    assert breaker.enter()
    breaker.failed(failing("dead"))
    assert not breaker.enter()
    assert str(breaker.reason) == "dead"
    later(21)
    assert breaker.enter()
    assert not breaker.enter()
    breaker.failed(failing("dead"))
    later(21)
    assert not breaker.enter()  # longer each time
    later(21)
    assert breaker.enter()
    breaker.succeeded()
    assert breaker.enter()
    assert breaker.reason is None


@pytest.mark.parametrize(
    ("kind", "times"), [("dead", 1), ("slow", 1), ("nonsense", 3), ("broken", 3), ("refused", 3)]
)
def test_a_fuse_is_as_patient_as_the_failure_is_dear(fuse, kind: Kind, times: int) -> None:
    breaker, _ = fuse
    for _ in range(times):
        assert breaker.enter()
        breaker.failed(failing(kind))
    assert not breaker.enter()


def test_what_stays_wrong_is_never_tried_again(fuse) -> None:
    breaker, later = fuse
    breaker.failed(failing("denied"))
    later(1e9)
    assert not breaker.enter()


def test_a_fuse_does_as_it_is_asked_and_forgives_those_who_hang_up(fuse) -> None:
    breaker, later = fuse
    breaker.failed(failing("busy", wait_s=90))
    later(89)
    assert not breaker.enter()
    later(2)
    for _ in range(5):
        assert breaker.enter()
        breaker.failed(failing("cancelled"))


def test_prices_are_looked_up_where_a_provider_has_them() -> None:
    pytest.importorskip("genai_prices")
    price = listed("https://api.openai.com/v1", "gpt-4o-mini")
    assert price is not None
    assert price.context == 128_000
    whole = price.usd(input_tokens=1000, output_tokens=1000)
    assert 0 < price.usd(input_tokens=1000, output_tokens=1000, cached_tokens=900) < whole
    assert listed("https://api.openai.com/v1", "no-such-model") is None
    assert listed("http://10.0.0.3/v1", "gpt-4o-mini") is None


def test_prices_of_ones_own_are_for_a_million_tokens() -> None:
    price = FlatPrice(2.0, 10.0)
    assert price.usd(input_tokens=500_000, output_tokens=100_000, cached_tokens=9) == 2.0
    assert FREE.usd(input_tokens=10**9, output_tokens=10**9) == 0.0


def test_no_question_has_more_tokens_than_bytes(question) -> None:
    text = "ä" * 100
    assert most_input(question(text), template=0) >= 200
    assert most_input(question(text), template=0) < most_input(question(text))


def test_a_server_that_runs_here_is_found_and_asked(serve, tmp_path: Path, question) -> None:
    def server(asked) -> None:
        if asked.path == "/api/tags":
            names = ("nomic-embed-text", "qwen2.5-coder:7b")
            asked.reply({"models": [{"name": name} for name in names]})
        else:
            asked.say("Hi.", usage={"prompt_tokens": 9, "completion_tokens": 1})

    address = serve(server).url.removesuffix("/v1").removeprefix("http://")
    config = load(overrides={"models": "auto"}, environ={}, start=tmp_path)
    with fleet(config, environ={"OLLAMA_HOST": address}) as models:
        assert models.name == "ollama:qwen2.5-coder:7b"
        assert models.ask(question()).text == "Hi."


def test_an_endpoint_of_ones_own_goes_before_what_runs_here(serve, tmp_path: Path) -> None:
    address = serve(lambda asked: asked.reply({})).url.removeprefix("http://").removesuffix("/v1")
    table = {"mine": {"url": "http://127.0.0.1:9/v1", "model": "m"}}
    config = load(overrides={"models": "auto", "endpoints": table}, environ={}, start=tmp_path)
    found = find(config, environ={"OLLAMA_HOST": address})
    assert [model.name for model in found] == ["mine"]


def test_a_table_named_after_a_provider_takes_its_address_and_key(tmp_path: Path) -> None:
    tables = {
        "anthropic": {"model": "claude-sonnet-4-5"},
        "openai": {"url": "http://127.0.0.1:9/v1", "model": "m"},
    }
    config = load(overrides={"models": "auto", "endpoints": tables}, environ={}, start=tmp_path)
    claude, own = find(config, environ={})
    assert claude.endpoint.url == "https://api.anthropic.com/v1"
    assert (claude.endpoint.wire, claude.key.where) == (
        "anthropic",
        "environment ANTHROPIC_API_KEY",
    )
    assert own.key.where == ""  # a provider's key goes to the provider only


def test_tables_travel_through_the_environment(tmp_path: Path) -> None:
    tables = {"mine": {"url": "http://127.0.0.1:9/v1", "model": "m", "key_command": ("pass", "x")}}
    here = load(overrides={"endpoints": tables, "models": "mine"}, environ={}, start=tmp_path)
    there = load(environ=here.environment(), start=tmp_path)
    assert (there.endpoints, there.models) == (here.endpoints, ("mine",))
    assert there.origin("endpoints") == "environment CODEGENESIS_ENDPOINTS"
    (row,) = (row for row in there.describe() if row.name == "endpoints")
    assert row.value == tables
