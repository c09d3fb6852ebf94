"""Models write versions in the same population: all of it is tried, and only what holds wins."""

from __future__ import annotations

import base64
import json
import random
import threading
from pathlib import Path

import pytest

from codegenesis import wire
from codegenesis.config import load
from codegenesis.core.models.fake import FakeModel
from codegenesis.ledger import KeyRing, Ledger, verify_all
from codegenesis.lifecycle import Evolution, Evolver, locate, observe
from codegenesis.lifecycle.asking import Authors
from codegenesis.store import Store

MODULE = '''\
def best_run(values):
    """The largest sum of a run of neighbours."""
    best = values[0]
    for start in range(len(values)):
        total = 0
        for end in range(start, len(values)):
            total += values[end]
            if total > best:
                best = total
    return best


def first(values):
    """Fails on nothing at all."""
    return values[0] + 1


def repeated(names):
    seen = []
    again = []
    for name in names:
        if name in seen:
            again.append(name)
        seen.append(name)
    return again


def unlocked(pin, tries):
    count = 0
    for each in tries:
        if each == pin:
            count += 1
    return count
'''

GOOD = '''\
Running sums are enough.
```python
def best_run(values):
    """The largest sum of a run of neighbours."""
    best = values[0]
    total = 0
    for value in values:
        total += value
        if total > best:
            best = total
        if total < 0:
            total = 0
    return best
```
'''
WRONG = """\
```python
def best_run(values):
    return max(values)
```
"""
CARELESS = """\
```python
def first(values):
    return values[0] + 2 if values else 0
```
"""
CAREFUL = """\
```python
def first(values):
    if not values:
        return -1
    return values[0] + 1
```
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "runs.py").write_text(MODULE)
    return tmp_path


def evolved(
    project: Path, authors: Authors | None, *, budget_s: float = 20.0, name: str = "best_run"
) -> Evolution:
    """One pass over a function of the project."""
    settings = {
        "directory": str(project / ".codegenesis"),
        "budget_s": budget_s,
        "symbolic_s": 0.0,
        "min_strength": 0.0,
        "search_share": 0.0,
        "heal": "auto",
    }
    config = load(overrides=settings, start=project)
    gene = locate(f"runs.py:{name}", service="test", cwd=project)
    seen = observe(gene, [wire.encode_call(each, {}) for each in inputs(name)], config)
    with Store.open(Path(config.directory) / "genesis.db") as store:
        store.put_genes([gene])
        keys = KeyRing(Path(config.directory) / "keys")
        keys.ensure()
        return Evolver(store, Ledger(store, keys), config, authors=authors).evolve(gene, seen)


def inputs(name: str) -> list[tuple[object, ...]]:
    chance = random.Random(5)
    if name == "first":
        return [([],), *(([chance.randrange(9)],) for _ in range(30))]
    if name == "unlocked":
        return [("4711", [str(chance.randrange(9999)) for _ in range(50)]) for _ in range(30)]
    rows = [[chance.randrange(-50, 50) for _ in range(chance.randrange(1, 120))] for _ in range(30)]
    return [(row,) for row in rows]


def test_a_version_that_no_rule_knows_wins_and_is_signed_with_its_author(project):
    model = FakeModel([WRONG, GOOD, GOOD, "I cannot."], name="fake-coder")
    rewards: list[tuple[str, float]] = []
    authors = Authors(model, reward=lambda name, value: rewards.append((name, value)))
    done = evolved(project, authors)
    champion = done.champion
    assert champion, done.reason
    assert champion.variant.operator.startswith("model:")
    assert champion.variant.author == "fake-coder"
    assert champion.gain.low > 1
    assert done.asked.useful == 1
    assert done.asked.died == {"replay": 1}
    assert done.asked.duds["duplicate"] >= 1
    assert max(value for _, value in rewards) > 0.5 > min(value for _, value in rewards)
    told = signed(project, champion.variant.id)
    assert told["model"] == told["author"] == "fake-coder"
    assert len(told["prompt"]) == 64
    later = [request.messages[-1].text for request in model.requests[1:]]
    assert any("best_run([" in text for text in later), "the counter-example is told"


@pytest.mark.slow
def test_what_a_model_writes_to_heal_a_crash_is_held_to_the_crash(project):
    model = FakeModel([CAREFUL, CARELESS, "Done."], name="fake-coder")
    done = evolved(project, Authors(model), name="first")
    assert done.champion, done.reason
    assert done.champion.objective == "heal"
    first = model.requests[0].messages[-1].text
    assert "IndexError" in first
    assert "must return int" in first
    assert done.asked.lived == done.asked.useful >= 1


@pytest.mark.slow
def test_a_model_that_never_answers_costs_its_versions_and_nothing_else(project):
    never = threading.Event()
    authors = Authors(FakeModel(lambda _request: str(never.wait())))
    done = evolved(project, authors, name="repeated")
    never.set()
    assert done.champion, done.reason
    assert done.champion.variant.author == "codegenesis"
    assert done.asked.calls == 0


@pytest.mark.slow
def test_what_may_not_be_recorded_is_not_told_either(project):
    model = FakeModel(["no"], name="fake-coder")
    evolved(project, Authors(model), name="unlocked")
    assert model.requests
    assert not any("4711" in message.text for each in model.requests for message in each.messages)


def signed(project: Path, variant: str) -> dict[str, object]:
    """What the ledger says of where a variant comes from; the whole ledger must hold."""
    with Store.open(project / ".codegenesis" / "genesis.db") as store:
        assert verify_all(store, KeyRing(project / ".codegenesis" / "keys")).ok
        entry = next(e for e in store.entries(variant=variant) if e.kind == "provenance")
    payload = json.loads(entry.envelope)["payload"]
    return json.loads(base64.b64decode(payload))["predicate"]
