"""Models write versions in the same population: all of it is tried, and only what holds wins."""

from __future__ import annotations

import base64
import json
import random
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
HOSTILE = """\
```python
def best_run(values):
    import os
    os.system("touch /tmp/codegenesis-was-here")
    return 0
```
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "runs.py").write_text(MODULE)
    return tmp_path


def evolved(
    project: Path, authors: Authors | None, *, budget_s: float = 10.0, name: str = "best_run"
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
    seen = observe(gene, [wire.encode_call((each,), {}) for each in inputs(name)], config)
    with Store.open(Path(config.directory) / "genesis.db") as store:
        store.put_genes([gene])
        keys = KeyRing(Path(config.directory) / "keys")
        keys.ensure()
        return Evolver(store, Ledger(store, keys), config, authors=authors).evolve(gene, seen)


def inputs(name: str) -> list[list[int]]:
    chance = random.Random(5)
    if name == "first":
        return [[], *([chance.randrange(9)] for _ in range(30))]
    return [[chance.randrange(-50, 50) for _ in range(chance.randrange(1, 120))] for _ in range(30)]


def test_a_version_that_no_rule_knows_wins_and_is_signed_with_its_author(project):
    model = FakeModel([WRONG, HOSTILE, GOOD, GOOD, "I cannot."], name="fake-coder")
    rewards: list[tuple[str, float]] = []
    authors = Authors(model, reward=lambda name, value: rewards.append((name, value)))
    done = evolved(project, authors)
    champion = done.champion
    assert champion, done.reason
    assert champion.variant.operator.startswith("model:")
    assert champion.variant.author == "fake-coder"
    assert champion.gain.low > 1
    assert done.asked.useful == 1
    assert done.asked.died, "the wrong version was tried and died"
    assert done.asked.duds["duplicate"] >= 1
    assert max(value for _, value in rewards) > 0.5 > min(value for _, value in rewards)
    told = signed(project, champion.variant.id)
    assert told["model"] == told["author"] == "fake-coder"
    assert len(told["prompt"]) == 64


def signed(project: Path, variant: str) -> dict[str, object]:
    """What the ledger says of where a variant comes from; the whole ledger must hold."""
    with Store.open(project / ".codegenesis" / "genesis.db") as store:
        assert verify_all(store, KeyRing(project / ".codegenesis" / "keys")).ok
        entry = next(e for e in store.entries(variant=variant) if e.kind == "provenance")
    payload = json.loads(entry.envelope)["payload"]
    return json.loads(base64.b64decode(payload))["predicate"]
