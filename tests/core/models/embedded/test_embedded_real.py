"""The real model, where it is to be had: it writes functions, and other words for other seeds."""

import json
import urllib.request

import pytest

from codegenesis.core.models.embedded import DEFAULT, Embedded
from codegenesis.core.models.embedded.cache import write_note
from codegenesis.core.models.embedded.catalogue import entry
from codegenesis.core.models.embedded.partial import is_right
from codegenesis.core.models.model import Message, Request

pytestmark = pytest.mark.slow

WORDS = "Write a Python function `double(n)` that returns twice n. Answer with one python block."


def test_the_local_model_answers_in_the_openai_format(local_model):
    turns = [{"role": "user", "content": WORDS}]
    body = json.dumps({"messages": turns, "max_tokens": 8, "seed": 1}).encode()
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{local_model.url}/v1/chat/completions", body, headers)
    with urllib.request.urlopen(asked, timeout=240) as answer:
        document = json.load(answer)
    assert document["choices"][0]["message"]["content"]
    assert document["usage"]["completion_tokens"] <= 8


def test_the_installed_model_writes_a_function(local_model, tmp_path):
    known = entry(DEFAULT)
    if not is_right(local_model.path, known):
        pytest.skip(f"{local_model.path} is another model than {DEFAULT}")
    (tmp_path / known.file).symlink_to(local_model.path)
    write_note(known, tmp_path / known.file, "of the tests")
    with Embedded(cache=tmp_path, threads=1) as model:
        turns = (Message(role="user", text=WORDS),)
        answer = model.ask(Request(messages=turns, max_tokens=80, seed=1, temperature=0.2))
    assert "def double(n" in answer.text
    assert 0 < answer.usage.output_tokens <= 80
    assert not answer.usage.estimated
