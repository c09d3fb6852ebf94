"""A real small model behind a real server: asked, counted, called off and kept within a budget."""

from __future__ import annotations

import threading

import pytest

from codegenesis.core.budget import Budget, Meter
from codegenesis.core.models import Fleet
from codegenesis.core.models.failing import Failure
from codegenesis.core.models.listing import tried
from codegenesis.errors import ModelError

pytestmark = pytest.mark.slow


@pytest.fixture
def real(local_model, model_at):
    limits = {"timeout_s": 600, "pause_s": 300, "parallel": 1}
    return model_at(f"{local_model.url}/v1", **limits)


def test_it_does_a_tiny_task_and_its_server_counts(real) -> None:
    done = tried(real)
    assert (done.ok, done.right, done.usage.estimated) == (True, True, False)
    assert done.usage.input_tokens > 20
    assert 10 < done.usage.output_tokens <= 96
    assert done.tokens_per_s > 0


def test_a_budget_of_tokens_holds_against_its_own_counts(real, question) -> None:
    meter = Meter(Budget(tokens=3500))
    models = Fleet([real], meter=meter)

    def keep_asking(worker: int) -> None:
        try:
            for n in range(100):
                models.ask(question("Count. " * 100, seed=worker * 100 + n, max_tokens=8))
        except ModelError:
            pass

    workers = [threading.Thread(target=keep_asking, args=(worker,)) for worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    counted = models.spent.input_tokens + models.spent.output_tokens
    assert 1500 < counted == meter.tokens <= 3500


def test_it_can_be_called_off_while_it_writes(real, question) -> None:
    cancelled = threading.Event()
    heard: list[str] = []

    def first_word(word: str) -> None:
        heard.append(word)
        cancelled.set()

    with pytest.raises(Failure, match="cancelled"):
        real.ask(question("Tell a long story.", seed=1), told=first_word, cancelled=cancelled)
    assert len("".join(heard)) < 2000
    assert real.ask(question("Say hello.", seed=2, max_tokens=20)).text
