"""Inputs come from recordings, files, tests and docstrings, in this order, and say which."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from codegenesis import wire
from codegenesis.config import Config, load
from codegenesis.errors import UsageError
from codegenesis.lifecycle.campaigns.census import calls_of_examples, calls_of_tests
from codegenesis.lifecycle.campaigns.feeding import Feeder
from codegenesis.lifecycle.campaigns.survey import survey
from codegenesis.model import Gene, Observation
from codegenesis.store import Store

WORDS = '''\
"""Words.

>>> longest(["a", "bb"])
'bb'
"""

import os


def longest(words):
    """The longest.

    >>> longest([])
    Traceback (most recent call last):
    ValueError: none
    """
    if not words:
        raise ValueError("none")
    return best(words, key=lambda word: len(word))


def best(items, *, key):
    return max(items, key=key)


def sneaky(path):
    """
    >>> sneaky(os.environ.get("WORDS_SECRET"))
    """
    return path


def lonely(x):
    return x
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "words.py").write_text(WORDS)
    return tmp_path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / ".codegenesis" / "genesis.db") as opened:
        yield opened


@pytest.fixture
def config(project: Path) -> Config:
    return load(start=project, environ={})


@pytest.fixture
def genes(project: Path, store: Store) -> dict[str, Gene]:
    found = survey("words.py", store=store, service="app", cwd=project).genes
    return {gene.qualname: gene for gene in found}


def decoded(calls: tuple[bytes, ...]) -> list[object]:
    return [wire.decode_call(call) for call in calls]


def test_examples_are_evaluated_in_the_jail_and_their_calls_told_by_function(
    genes, config, monkeypatch
):
    monkeypatch.setenv("WORDS_SECRET", "of the engine's process")
    heard = calls_of_examples(list(genes.values()), config)
    calls = {name: heard.calls.get(gene.id, ()) for name, gene in genes.items()}
    assert sorted(map(str, decoded(calls["longest"]))) == ["((['a', 'bb'],), {})", "(([],), {})"]
    assert decoded(calls["sneaky"]) == [((None,), {})]
    assert calls["best"] == ()  # it is called with a function, which cannot travel
    assert calls["lonely"] == ()
    assert not heard.trouble


def test_examples_of_a_module_that_cannot_be_imported_say_so(project, store, config):
    (project / "words.py").write_text("import no_such_package\n" + WORDS.replace("import os\n", ""))
    found = survey("words.py", store=store, service="app", cwd=project).genes
    heard = calls_of_examples(found, config)
    assert heard.calls == {}
    assert "no_such_package" in heard.trouble


def test_tests_are_asked_once_for_the_calls_of_all_functions(project, store, genes):
    (project / "test_words.py").write_text(
        "import pytest\nfrom words import longest, lonely\n\n\n"
        "def test_both():\n    assert longest(['x']) == lonely('x')\n\n\n"
        "def test_none():\n    with pytest.raises(ValueError):\n        longest([])\n"
    )
    config = load(start=project, environ={}, overrides={"tests": "test_words.py"})
    feeder = Feeder(store, config, list(genes.values()), inputs="recorded", single=False)
    assert len(feeder.feed(genes["longest"]).calls) == 2
    assert decoded(feeder.feed(genes["lonely"]).calls) == [(("x",), {})]
    assert feeder.tested(genes["longest"])
    assert not feeder.tested(genes["best"])


def test_tests_that_are_not_there_are_told(project, genes):
    config = load(start=project, environ={}, overrides={"tests": "nowhere"})
    with pytest.raises(UsageError, match="there are no tests at"):
        calls_of_tests(list(genes.values()), config)


def test_recordings_come_before_examples_and_what_has_neither_is_told_what_to_do(
    store, config, genes, project
):
    call = wire.encode_call((3,), {})
    seen = Observation(
        gene=genes["lonely"].id, process="p", at_ns=1, wall_ns=1, cpu_ns=1, call=call
    )
    store.add_observations([seen])
    feeder = Feeder(store, config, list(genes.values()), inputs="recorded", single=False)
    assert feeder.feed(genes["lonely"]).source == "recorded"
    assert feeder.feed(genes["longest"]).source == "doctests"
    (project / "words.py").write_text("def lonely(x):\n    return x\n\n\ndef bare(x):\n    pass\n")
    found = survey("words.py", store=store, service="app", cwd=project).genes
    store.prune(before_ns=2)
    feed = Feeder(store, config, found, inputs="recorded", single=False).feed(found[0])
    assert (feed.source, feed.words) == ("none", "no calls to try it on: it was never recorded")
    assert "codegenesis run --target 'words:lonely'" in feed.remedy


def test_what_examples_show_to_fail_is_a_promise_and_no_crash(store, config, genes):
    gene = genes["longest"]
    feeder = Feeder(store, config, list(genes.values()), inputs="doctests", single=False)
    seen = feeder.observations(gene, feeder.feed(gene))
    assert sorted(each.outcome.kind for each in seen) == ["raised", "returned"]
    assert not any(each.error for each in seen)


def test_calls_of_a_file_say_whose_they_are_where_there_are_several(store, config, genes, project):
    file = project / "calls.jsonl"
    lines = [
        {"target": "words:longest", "args": [["a"]]},
        {"target": "words:lonely", "args": [1]},
        {"target": "words:lonely", "args": [2]},
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    feeder = Feeder(store, config, list(genes.values()), inputs=str(file), single=False)
    assert decoded(feeder.feed(genes["lonely"]).calls) == [((1,), {}), ((2,), {})]
    assert feeder.feed(genes["sneaky"]).source == "none"
    file.write_text('{"args": [1]}')
    with pytest.raises(UsageError, match="does not say whose"):
        Feeder(store, config, list(genes.values()), inputs=str(file), single=False)
    alone = Feeder(store, config, [genes["lonely"]], inputs=str(file), single=True)
    assert decoded(alone.feed(genes["lonely"]).calls) == [((1,), {})]
