"""Small edits that do less, and what examples say of a version from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codegenesis import config, wire
from codegenesis.arena.messages import Example
from codegenesis.core.budget import Budget, Meter
from codegenesis.evidence import baseline
from codegenesis.evidence.examples import shortfalls
from codegenesis.lifecycle import locate, observe
from codegenesis.lifecycle.improving import improved
from codegenesis.lifecycle.jails import open_sandbox
from codegenesis.model import Gene
from codegenesis.sandbox import Sandbox

MODULE = """
from codegenesis import invariant


def position(items, wanted):
    found = -1
    for at in range(len(items)):
        if items[at] == wanted and found == -1:
            found = at
    return found


@invariant(lambda result: result >= 0)
def root(number):
    if number < 0:
        raise ValueError("negative")
    return int(number ** 0.5)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "search.py").write_text(MODULE)
    return tmp_path


def test_an_edit_that_answers_alike_in_fewer_steps_is_found(project: Path) -> None:
    settings = config.load(start=project)
    gene = locate("search.py:position", service="t", cwd=project)
    calls = [wire.encode_call((list(range(40)), wanted), {}) for wanted in (3, 7, 20, 39, 50)]
    with open_sandbox(gene, settings) as sandbox:
        original = baseline(gene, sandbox, observe(gene, calls, settings))
    found = improved(gene, original, settings, meter=Meter(Budget(trials=300)))
    assert found
    assert all(each.operator == "genetic" for each in found)
    assert any("break" in each.source or "return at" in each.source for each in found)
    again = improved(gene, original, settings, meter=Meter(Budget(trials=300)))
    assert [each.source for each in again] == [each.source for each in found]
    assert improved(gene, original, settings, meter=Meter(Budget()), over=lambda: True) == []


@pytest.fixture
def judged(project: Path) -> Iterator[tuple[Gene, Sandbox]]:
    gene = locate("search.py:root", service="t", cwd=project)
    with open_sandbox(gene, config.load(start=project)) as sandbox:
        yield gene, sandbox


def example(number: float, result: object = None, **more: object) -> Example:
    value = None if more else wire.encode(result)
    return Example(call=wire.encode_call((number,), {}), result=value, lenient=True, **more)


def test_examples_are_judged_outside_of_the_versions_process(judged) -> None:
    gene, sandbox = judged
    met = [
        example(9, 3),
        example(9, 3.0),
        example(-1, raises="ValueError"),
        example(-1, raises="Exception"),
        example(4, alive=True, keeps=True),
    ]
    assert shortfalls(gene, None, met, sandbox) == []
    missed = [example(9, 4), example(9, raises="ValueError"), example(-1, alive=True)]
    said = shortfalls(gene, None, missed, sandbox)
    assert [each.number for each in said] == [1, 2, 3]
    assert said[0].words == "root(9): returns 3, expected returns 4"
    assert "expected ValueError" in said[1].words
    assert "raises ValueError" in said[2].words


def test_a_version_that_patches_the_comparison_convinces_nobody(judged) -> None:
    gene, sandbox = judged
    hostile = (
        "class Yes(int):\n    def __eq__(self, other):\n        return True\n"
        "    __hash__ = int.__hash__\n\n\n"
        "def root(number):\n    import codegenesis.arena.comparing as judge\n"
        "    judge.meets = lambda *a, **k: True\n    return Yes(7)\n"
    )
    assert shortfalls(gene, hostile, [example(9, 3)], sandbox)
    negative = "def root(number):\n    return -3\n"
    kept = shortfalls(gene, negative, [example(9, alive=True, keeps=True)], sandbox)
    assert "breaks" in kept[0].words
