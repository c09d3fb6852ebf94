"""A model behind HTTP: asked in both formats, and what is made of the answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from codegenesis.core.models.failing import Failure

GOOD = {"prompt_tokens": 30, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 8}}


def test_an_answer_comes_in_pieces_with_what_it_cost_at_the_end(serve, model_at, question) -> None:
    server = serve(lambda asked: asked.say("Hel", "lo.", usage=GOOD))
    heard: list[str] = []
    answer = model_at(server.url).ask(question(seed=7, stop=("\n",)), told=heard.append)
    assert (answer.text, answer.model, answer.finish) == ("Hello.", "mine", "stop")
    assert heard == ["Hel", "lo."]
    usage = answer.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (30, 2, 8)
    assert not usage.estimated
    asked = server.asked[0]
    assert asked["model"] == "m-1"
    assert asked["messages"][0] == {"role": "system", "content": "You are brief."}
    assert (asked["seed"], asked["stop"], asked["max_tokens"]) == (7, ["\n"], 1024)
    assert asked["stream_options"] == {"include_usage": True}


def test_an_endpoint_that_does_not_stream_is_understood(serve, model_at, question) -> None:
    whole = {"choices": [{"message": {"content": "Hi."}, "finish_reason": "length"}], "usage": GOOD}
    server = serve(lambda asked: asked.reply(whole))
    answer = model_at(server.url).ask(question())
    assert (answer.text, answer.finish, answer.usage.output_tokens) == ("Hi.", "length", 2)


def test_where_the_server_counts_nothing_it_is_estimated_and_said(
    serve, model_at, question
) -> None:
    server = serve(lambda asked: asked.say("Hello there."))
    usage = model_at(server.url).ask(question()).usage
    assert usage.estimated
    assert usage.output_tokens == 4


def test_what_a_server_refuses_by_name_is_left_out_from_then_on(serve, model_at, question) -> None:
    def picky(asked):
        for option in ("stream_options", "seed", "max_tokens"):
            if option in asked.question:
                asked.reply({"error": {"message": f"unknown field {option}"}}, status=400)
                return
        asked.say("Hi.", usage=GOOD)

    server = serve(picky)
    model = model_at(server.url)
    assert model.ask(question(seed=1)).text == "Hi."
    assert model.ask(question(seed=2)).text == "Hi."
    assert len(server.asked) == 5
    assert server.asked[-1]["max_completion_tokens"] == 1024


def test_parallel_questions_learn_together(serve, model_at, question) -> None:
    barrier = threading.Barrier(4)

    def picky(asked):
        if "seed" in asked.question:
            barrier.wait(30)
            asked.reply({"detail": "seed: unknown"}, status=422)
        else:
            asked.say("Hi.", usage=GOOD)

    server = serve(picky)
    model = model_at(server.url, timeout_s=60, pause_s=60)
    with ThreadPoolExecutor(4) as askers:
        answers = list(askers.map(lambda n: model.ask(question(seed=n)).text, range(4)))
    assert answers == ["Hi."] * 4
    assert len(server.asked) == 8


def test_a_refusal_that_only_sounds_like_an_option_is_one(serve, model_at, question) -> None:
    server = serve(lambda asked: asked.reply({"error": "stop: too long"}, status=400))
    with pytest.raises(Failure, match="stop: too long"):
        model_at(server.url).ask(question())  # no stop was sent
    assert len(server.asked) == 1


class Impatient(threading.Event):
    """Calls it off as soon as somebody begins to wait."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


def test_called_off_between_two_tries_nothing_was_spent(serve, model_at, question) -> None:
    server = serve(lambda asked: asked.reply({}, status=429, retry_after="20"))
    with pytest.raises(Failure) as caught:
        model_at(server.url, timeout_s=60).ask(question(), cancelled=Impatient())
    assert (caught.value.kind, caught.value.free) == ("cancelled", True)


def anthropic(asked) -> None:
    begun = {"input_tokens": 20, "cache_read_input_tokens": 5, "output_tokens": 1}
    asked.begin()
    asked.event({"type": "message_start", "message": {"usage": begun}}, name="message_start")
    asked.event({"type": "ping"})
    for text in ("Hel", "lo."):
        asked.event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}})
    ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    asked.event({**ended, "usage": {"output_tokens": 3}})
    asked.event({"type": "message_stop"})


def test_the_other_format_is_spoken_too(serve, model_at, question) -> None:
    server = serve(anthropic)
    model = model_at(server.url, wire="anthropic", key_env="K", environ={"K": "a-key-of-mine"})
    answer = model.ask(question(temperature=1.5, stop=("END",)))
    assert (answer.text, answer.finish) == ("Hello.", "stop")
    usage = answer.usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (25, 5, 3)
    asked = server.asked[0]
    assert (asked["system"], asked["temperature"]) == ("You are brief.", 1.0)
    assert asked["messages"] == [{"role": "user", "content": "Say hello."}]
    assert asked["stop_sequences"] == ["END"]
    assert server.got[0]["x-api-key"] == "a-key-of-mine"
    assert "anthropic-version" in server.got[0]


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_what_passes_by_itself_is_tried_again(serve, model_at, question, status: int) -> None:
    def recovering(asked):
        if len(asked.server.asked) < 3:
            asked.reply({"error": "not now"}, status=status, retry_after="0.01")
        else:
            asked.say("Hi.", usage=GOOD)

    server = serve(recovering)
    assert model_at(server.url).ask(question()).text == "Hi."
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "kind", "remedy"),
    [
        (401, "denied", "environment K"),
        (403, "denied", "environment K"),
        (404, "missing", "model and url"),
        (400, "refused", "another model"),
    ],
)
def test_what_is_hopeless_is_asked_once_and_says_what_to_do(
    serve, model_at, question, status: int, kind: str, remedy: str
) -> None:
    server = serve(lambda asked: asked.reply({"error": {"message": "no: \x1b[2J"}}, status=status))
    with pytest.raises(Failure) as caught:
        model_at(server.url, key_env="K", environ={"K": "a-key-of-mine"}).ask(question())
    assert (caught.value.kind, caught.value.free) == (kind, True)
    assert str(caught.value) == f"mine: it answers {status}: no: [2J"
    assert remedy in caught.value.remedy
    assert len(server.asked) == 1


def test_an_endpoint_that_wants_long_peace_is_left_in_it(serve, model_at, question) -> None:
    server = serve(lambda asked: asked.reply({}, status=429, retry_after="3000"))
    with pytest.raises(Failure) as caught:
        model_at(server.url).ask(question())
    assert (caught.value.kind, caught.value.wait_s) == ("busy", 3000.0)
    assert len(server.asked) == 1


@pytest.mark.parametrize("after", [0, 1])
def test_cancelling_ends_the_waiting(serve, model_at, question, after: int) -> None:
    cancelled = threading.Event()

    def silent(asked):
        if after:
            asked.begin()
            asked.event({"choices": [{"delta": {"content": "Hel"}}]})
        cancelled.set()
        asked.hang()

    with pytest.raises(Failure) as caught:  # else it would be the server that hangs up
        model_at(serve(silent).url, timeout_s=600, pause_s=600).ask(question(), cancelled=cancelled)
    assert caught.value.kind == "cancelled"


def test_not_more_questions_at_once_than_the_endpoint_may_have(serve, model_at, question) -> None:
    inside, most = [], []

    def counted(asked):
        inside.append(1)
        most.append(len(inside))
        inside.pop()
        asked.say("Hi.", usage=GOOD)

    model = model_at(serve(counted).url, parallel=2)
    askers = [threading.Thread(target=model.ask, args=(question(),)) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(most) == 8
    assert max(most) <= 2


def test_models_that_an_endpoint_offers_are_listed(serve, model_at) -> None:
    server = serve(lambda asked: asked.reply({"data": [{"id": "a"}, {"id": "b\n"}]}))
    assert model_at(server.url).offered() == ("a", "b")


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (
            "openai",
            {"choices": [{"message": {"refusal": "No."}, "finish_reason": "stop"}], "usage": GOOD},
        ),
        ("openai", {"choices": [{"message": {}, "finish_reason": "content_filter"}]}),
        ("anthropic", {"content": [{"type": "text", "text": ""}], "stop_reason": "refusal"}),
    ],
)
def test_a_model_that_does_not_want_to_says_so(
    serve, model_at, question, wire: str, said: dict[str, object]
) -> None:
    answer = model_at(serve(lambda asked: asked.reply(said)).url, wire=wire).ask(question())
    assert (answer.text, answer.finish) == ("", "refused")


def test_the_other_format_tells_its_errors_too(serve, model_at, question) -> None:
    wrong = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}

    def midway(asked) -> None:
        asked.begin()
        asked.event(wrong, name="error")

    model = model_at(serve(midway).url, wire="anthropic")
    with pytest.raises(Failure, match="Overloaded") as caught:
        model.ask(question())
    assert caught.value.kind == "broken"
    model = model_at(serve(lambda asked: asked.reply(wrong, status=400)).url, wire="anthropic")
    with pytest.raises(Failure, match="it answers 400: Overloaded"):
        model.ask(question())
