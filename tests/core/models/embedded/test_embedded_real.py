"""The real model, where it is to be had: started, asked, ended."""

import json
import urllib.request

import pytest

pytestmark = pytest.mark.slow


def test_the_local_model_answers_in_the_openai_format(local_model):
    body = {
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": 8,
        "seed": 1,
    }
    asked = urllib.request.Request(
        f"{local_model.url}/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=120) as answer:
        document = json.load(answer)
    assert document["choices"][0]["message"]["content"]
    assert document["usage"]["completion_tokens"] <= 8
