"""A fleet: which model is asked, what happens when one fails, and what a question may cost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from codegenesis.config import load
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.models import FakeModel, Fleet, fleet
from codegenesis.core.models.failing import Failure
from codegenesis.errors import ConfigError, ModelError


def test_one_that_fails_costs_a_question_and_another_answers(question) -> None:
    dead = FakeModel([Failure("dead: nothing answers", kind="dead", free=True)], name="dead")
    heard: list[str] = []
    with Fleet([dead, FakeModel(["Hi."], name="good")], tell=heard.append) as models:
        answers = [models.ask(question(seed=n)) for n in range(30)]
    assert {answer.model for answer in answers} == {"good"}
    assert dead.calls <= 1  # it is let alone for longer than this takes
    assert heard == ["dead: nothing answers"][: dead.calls]


def test_where_all_fail_all_are_named_with_a_way_out(question) -> None:
    wrong = Failure("one: it answers 401", kind="denied", remedy="Check the key.", free=True)
    models = Fleet([FakeModel([wrong], name="one"), FakeModel([ModelError("broke")], name="two")])
    with pytest.raises(ModelError) as caught:
        models.ask(question())
    assert "one: it answers 401" in str(caught.value)
    assert "broke" in str(caught.value)
    assert caught.value.remedy == "Check the key."


def test_the_one_that_earns_more_for_its_cost_is_asked_more(question) -> None:
    models = Fleet([FakeModel(["a"], name="good"), FakeModel(["b"], name="bad")], seed=3)
    for n in range(200):
        answer = models.ask(question(seed=n))
        models.reward(answer.model, 0.8 if answer.model == "good" else 0.05)
    good, bad = models.members
    assert good.calls > 3 * bad.calls


def test_hard_cases_go_to_the_strongest(question) -> None:
    cheap, strong = FakeModel(["a"], name="cheap", usd=0.001), FakeModel(["b"], name="s", usd=1)
    models = Fleet([cheap, strong])
    assert models.ask(question(), strong=True).model == "s"
    assert models.stronger.ask(question()).model == "s"


def test_a_dry_spell_escalates(question) -> None:
    cheap, strong = FakeModel(["a"], name="cheap", usd=0.001), FakeModel(["b"], name="s", usd=10)
    models = Fleet([cheap, strong])
    for n in range(9):
        models.reward(models.ask(question(seed=n)).model, 0.0)
    assert (cheap.calls, strong.calls) == (8, 1)


def test_an_earlier_answer_to_the_same_seed_costs_nothing(tmp_path: Path, question) -> None:
    file = tmp_path / "answers.db"
    with Fleet([FakeModel(["Hi."], usd=1.0)], file=file) as models:
        first = models.ask(question(seed=1))
    meter = Meter(Budget(calls=1))
    again = FakeModel(["other"])
    with Fleet([again], file=file, meter=meter) as models:
        found = models.ask(question(seed=1))
        assert models.spent.usd == 0
        assert models.ask(question()).text == "other"  # no seed: something new each time
    assert (first.cached, found.cached, found.text) == (False, True, "Hi.")
    assert (again.calls, meter.calls) == (1, 1)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(calls=3), "3 calls"),
        (Budget(tokens=9000), "tokens"),
        (Budget(usd=0.5), "USD"),
        (Budget(seconds=1e-9), "s are over"),
    ],
)
def test_what_is_spent_is_spent(budget: Budget, words: str, question) -> None:
    meter = Meter(budget)
    model = FakeModel(lambda asked: "word " * 1000, usd=0.2)
    models = Fleet([model], meter=meter)
    with pytest.raises(ModelError, match=words):  # noqa: PT012 - one of these questions
        for n in range(50):
            models.ask(question(seed=n))
    assert meter.over
    assert meter.calls == model.calls <= budget.calls
    assert meter.tokens <= budget.tokens
    assert meter.usd <= budget.usd


def test_a_model_without_a_price_is_not_asked_for_money(question) -> None:
    model = FakeModel(["Hi."], usd=None)
    with pytest.raises(ModelError) as caught:
        Fleet([model], meter=Meter(Budget(usd=1))).ask(question())
    assert "usd_per_million_in" in caught.value.remedy
    assert model.calls == 0
    assert Fleet([model], meter=Meter(Budget(tokens=1e5))).ask(question()).text == "Hi."


def test_parallel_questions_never_overrun_what_the_server_counts(serve, model_at, question) -> None:
    lock, counted = threading.Lock(), []

    def answered(asked):
        text = asked.question["messages"][-1]["content"]
        usage = {"prompt_tokens": len(text) + 60, "completion_tokens": 40 + len(text) % 60}
        with lock:
            counted.append(usage["prompt_tokens"] + usage["completion_tokens"])
        asked.say("word", usage=usage)

    priced = {"usd_per_million_in": 1.0, "usd_per_million_out": 5.0, "parallel": 16}
    model = model_at(serve(answered).url, timeout_s=60, pause_s=60, **priced)
    meter = Meter(Budget(tokens=12_000, usd=0.03))
    models = Fleet([model], meter=meter)

    def keep_asking(worker: int) -> int:
        for n in range(1000):
            try:
                models.ask(question("x" * (worker * 7 + n), seed=worker * 1000 + n, max_tokens=100))
            except ModelError:
                return n
        return 1000

    with ThreadPoolExecutor(16) as workers:
        done = sum(workers.map(keep_asking, range(16)))
    assert done == len(counted) == meter.calls > 16
    assert sum(counted) == meter.tokens == models.spent.input_tokens + models.spent.output_tokens
    assert meter.tokens <= 12_000
    assert 0 < meter.usd <= 0.03
    assert meter.usd == pytest.approx(models.spent.usd)
    assert meter.over


def test_the_time_of_a_budget_ends_a_question_under_way(serve, model_at, question) -> None:
    server = serve(lambda asked: asked.hang())
    models = Fleet(
        [model_at(server.url, timeout_s=600, pause_s=600)], meter=Meter(Budget(seconds=0.3))
    )
    with pytest.raises(ModelError, match=r"its 0\.3 s are over"):
        models.ask(question())


def test_whoever_asks_can_call_it_off(question) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(ModelError, match="cancelled"):
        Fleet([FakeModel(["Hi."])]).ask(question(), cancelled=cancelled)


TABLES = {"mine": {"url": "http://127.0.0.1:9/v1", "model": "m"}, "ollama": {"model": "q"}}


@pytest.mark.parametrize(
    ("models", "names"),
    [
        ("off", []),
        ("auto", ["mine", "ollama"]),
        ("mine", ["mine"]),
        ("mine:other,openai:gpt-4o-mini", ["mine:other", "openai:gpt-4o-mini"]),
        ("llamacpp:x,auto,mine", ["llamacpp:x", "mine", "ollama"]),
    ],
)
def test_settings_name_the_models(tmp_path: Path, models: str, names: list[str]) -> None:
    config = load(overrides={"models": models, "endpoints": TABLES}, environ={}, start=tmp_path)
    found = fleet(config, environ={})
    assert ([] if found is None else [member.name for member in found.members]) == names
    if found:
        found.close()


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ("off,mine", "off alone"),
        ("nobody:x", "nobody:x"),
        ("openai", "names no model"),
        ("far:x", "expected https"),
        ("lost:x", "expected a url"),
    ],
)
def test_names_that_mean_nothing_are_refused(tmp_path: Path, models: str, words: str) -> None:
    tables = {**TABLES, "far": {"url": "http://example.com/v1", "key_env": "K"}, "lost": {}}
    config = load(overrides={"models": models, "endpoints": tables}, environ={}, start=tmp_path)
    with pytest.raises(ConfigError, match=words):
        fleet(config, environ={"K": "a-key-of-mine"})


def test_the_same_seed_chooses_alike(question) -> None:
    def asked() -> list[str]:
        models = Fleet([FakeModel(["a"], name="one"), FakeModel(["b"], name="two")], seed=5)
        return [models.ask(question(seed=n)).model for n in range(20)]

    assert asked() == asked()
    assert set(asked()) == {"one", "two"}


def test_requests_with_every_field_have_digests_of_their_own(question) -> None:
    from codegenesis.core.models.cache import request_digest

    base = question()
    others = [
        msgspec.structs.replace(base, **change)
        for change in (
            {"seed": 1},
            {"max_tokens": 1},
            {"temperature": 0.1},
            {"stop": ("x",)},
            {"purpose": "p"},
            {"messages": base.messages[1:]},
        )
    ]
    assert len({request_digest(each) for each in [base, *others]}) == 7
