"""Which lines ran, how often, and for which calls that failed: told from inside the jail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegenesis import fragment, wire
from codegenesis.genome.lines import profile
from codegenesis.genome.ticks import per_line
from codegenesis.model import Gene
from codegenesis.sandbox.environment import Environment
from codegenesis.sandbox.testing import InProcessExecutor

MODULE = '''\
class Tree:
    """A tree."""

    def __init__(self, size):
        self.size = size

    def depth(self, node):
        if node * 2 > self.size:
            return 1
        return 1 + max(self.depth(child) for child in (node * 2, node * 2 + 1))


def twice(n):
    total = 0
    for k in range(n):
        total += k
    if n > 5:
        raise ValueError(n)
    return [x for x in range(n)
            if x > 1]


def countdown(n):
    if n:
        return countdown(n - 1)
    return 0
'''


@pytest.fixture
def watched(tmp_path: Path):
    path = tmp_path / "trees.py"
    path.write_text(MODULE)

    def look(qualname, *calls):
        found = fragment.find(MODULE, qualname)
        gene = Gene(
            service="t", module="trees", qualname=qualname, kind="function", path=str(path),
            root=str(tmp_path), line=found.line, source=found.source,
        )  # fmt: skip
        environment = Environment(root=str(tmp_path), module="trees", path=str(path))
        with InProcessExecutor(environment) as executor:
            return profile(gene, executor, [wire.encode_call(args, {}) for args in calls])

    return look


def test_lines_are_counted_over_all_calls(watched):
    found = watched("twice", (3,), (2,))
    hits = {line.text.strip(): line.hits for line in found.lines}
    assert hits["total += k"] == 5
    assert hits["for k in range(n):"] == 7
    assert hits["raise ValueError(n)"] == 0
    assert sum(line.share for line in found.lines) == pytest.approx(1)
    assert (found.calls, found.failed) == (2, 0)


def test_recursion_counts_for_the_lines_that_run(watched):
    found = watched("countdown", (9,))
    assert [line.hits for line in found.lines] == [0, 10, 9, 1]


def test_suspicion_is_of_lines_that_failing_calls_run(watched):
    found = watched("twice", (3,), (2,), (9,))
    suspicion = {line.text.strip(): line.suspicion for line in found.lines}
    assert suspicion["raise ValueError(n)"] == 1.0
    assert suspicion["return [x for x in range(n)"] == 0.0
    assert suspicion["total = 0"] == pytest.approx(1 / 3**0.5)


def test_a_function_that_cannot_be_watched_says_so(watched):
    assert "no call" in watched("twice").reason


def test_what_a_call_tells_is_plain_and_its_own_time_is_not_in_it():
    @per_line
    def quick(n):
        return sum(range(n))

    error, lines = quick(10)
    assert error == ""
    assert [(line, hits) for line, hits, _ in lines] == [(2, 1)]
    assert json.loads(json.dumps(lines))
    assert quick(None)[0] == "builtins.TypeError"
