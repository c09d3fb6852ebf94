"""Values are tuned by what they cost in the jail, and every pass leaves a lesson."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegenesis import wire
from codegenesis.config import load
from codegenesis.core.experience import Book, beginning, digest_of
from codegenesis.evidence import baseline, case
from codegenesis.ledger import KeyRing, Ledger
from codegenesis.lifecycle import Evolver, locate, observe
from codegenesis.lifecycle.jails import open_sandbox
from codegenesis.lifecycle.tuning import tune
from codegenesis.store import Store

MODULE = """\
from codegenesis import choice


def total(n: int) -> int:
    how = choice("how", ("slow", "wrong", "quick"))
    if how == "slow":
        for _ in range(10**4):
            pass
    if how == "wrong":
        return n + 1
    return n


def plain(n: int) -> int:
    return n + 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "sums.py").write_text(MODULE)
    return tmp_path


def settings(project: Path, **more: object):
    names = {"budget_s": 8, "symbolic_s": 0, "min_strength": 0, "directory": str(project / "cg")}
    return load(overrides={**names, "experience": str(project / "seen"), **more}, start=project)


def observed(project: Path, name: str, config):
    gene = locate(f"sums.py:{name}", service="t", cwd=project)
    return gene, observe(gene, [wire.encode_call((n,), {}) for n in range(1, 9)], config)


def test_the_quicker_of_those_that_are_right_becomes_a_variant(project):
    config = settings(project)
    gene, seen = observed(project, "total", config)
    with open_sandbox(gene, config) as sandbox:
        judged = case(gene, sandbox, baseline(gene, sandbox, seen))
        done = tune(judged, budget_s=6.0, seed=1)
    assert done.tried == 2
    assert 'choice("how", ("slow", "wrong", "quick"), default=\'quick\')' in done.variants[0].source
    assert {variant.operator for variant in done.variants} == {"tune"}
    assert "how = 'quick' (was 'slow')" in done.variants[0].hypothesis
    assert not any("default='wrong'" in variant.source for variant in done.variants)


def test_where_nothing_can_be_tuned_nothing_is_tried(project):
    config = settings(project)
    gene, seen = observed(project, "plain", config)
    with open_sandbox(gene, config) as sandbox:
        judged = case(gene, sandbox, baseline(gene, sandbox, seen))
        assert tune(judged, budget_s=6.0).tried == 0


def test_a_pass_tunes_and_leaves_what_it_learned_to_the_next(project):
    config = settings(project)
    gene, seen = observed(project, "total", config)
    kept = Book(project / "seen")
    with Store.open(project / "cg" / "genesis.db", create=True) as store:
        ring = KeyRing(project / "cg" / "keys")
        ring.ensure()
        store.put_genes([gene])
        evolver = Evolver(store, Ledger(store, ring), config)
        first = evolver.evolve(gene, seen)
        lessons = kept.lessons()
        evolver.cancel()
        again = evolver.evolve(gene, seen)
    assert first.champion is not None
    assert first.champion.variant.operator == "tune"
    assert first.experience == digest_of(beginning())
    assert lessons[0].operator == "tune"
    assert {lesson.variant for lesson in lessons} <= {variant.id for variant in first.variants}
    assert again.experience == digest_of([*beginning(), *lessons])
