"""Models beside the searches: their fixes and bodies are tried, judged and offered with a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegenesis import wire
from codegenesis.arena.messages import Example
from codegenesis.config import load
from codegenesis.core.budget import Budget, Meter
from codegenesis.core.models.fake import FakeModel
from codegenesis.ledger import KeyRing, Ledger
from codegenesis.lifecycle import locate
from codegenesis.lifecycle.asking import Authors
from codegenesis.lifecycle.offers.filling import Filler, cases_for
from codegenesis.lifecycle.offers.fixing import Fixer
from codegenesis.lifecycle.offers.offer import Cases
from codegenesis.store import Store

MODULE = '''\
def roman(number):
    """The number in Roman numerals."""
    return "I" * number


def vowels(text):
    """How many vowels a text has."""
    raise NotImplementedError
'''
FIX = """\
Larger numerals were missing.
```python
def roman(number):
    found = ""
    for value, sign in ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while number >= value:
            found += sign
            number -= value
    return found
```
"""
NO_FIX = """\
```python
def roman(number):
    return "V" * number
```
"""
BODY = '''\
```python
def vowels(text):
    """How many vowels a text has."""
    return sum(letter in "aeiou" for letter in text.lower())
```
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "texts.py").write_text(MODULE)
    return tmp_path


def examples(**pairs: object) -> tuple[Example, ...]:
    """From the argument, as Python writes it, to the result."""
    return tuple(
        Example(call=wire.encode_call((call,), {}), result=wire.encode(result))
        for call, result in pairs["of"]
    )


def opened(project: Path, store: Store) -> tuple[Ledger, object]:
    config = load(overrides={"directory": str(project / ".codegenesis")}, start=project)
    keys = KeyRing(Path(config.directory) / "keys")
    keys.ensure()
    return Ledger(store, keys), config


def test_a_fix_that_only_a_model_writes_is_offered_with_its_author(project):
    model = FakeModel([NO_FIX, FIX], name="fake-coder")
    numbers = {1: "I", 2: "II", 3: "III", 4: "IV", 5: "V", 9: "IX", 14: "XIV", 18: "XVIII"}
    cases = Cases(examples=examples(of=numbers.items()))
    gene = locate("texts.py:roman", service="test", cwd=project)
    with Store.open(project / "genesis.db") as store:
        ledger, config = opened(project, store)
        fixer = Fixer(store, ledger, config, authors=Authors(model))
        found = fixer.fix(gene, cases, meter=Meter(Budget(seconds=20)))
        assert found.fixes, found.reason
        best = found.fixes[0]
        assert best.variant.author == "fake-coder"
        assert best.variant.operator.startswith("model:")
        assert store.variant(best.variant.id).author == "fake-coder"
    assert (found.asked.useful, found.asked.died) == (1, {"cases": 1})
    assert "must return 'IV'" in model.requests[0].messages[-1].text


@pytest.mark.slow
def test_a_body_that_a_model_writes_is_judged_like_those_that_a_search_finds(project):
    model = FakeModel([BODY, "no idea"], name="fake-coder")
    texts = {"hello": 2, "AEIOU": 5, "rhythm": 0, "Queue": 4, "": 0, "An apple": 3, "xyz": 0}
    gene = locate("texts.py:vowels", service="test", cwd=project)
    cases = cases_for(gene, examples(of=texts.items()), tests=(), project=project)
    with Store.open(project / "genesis.db") as store:
        ledger, config = opened(project, store)
        filler = Filler(store, ledger, config, authors=Authors(model))
        found = filler.fill(gene, cases, meter=Meter(Budget(seconds=4)))
    assert found.bodies, found.reason
    assert found.bodies[0].variant.author == "fake-coder"
    assert found.asked.useful >= 1
    assert "sum(letter in" in found.bodies[0].diff
