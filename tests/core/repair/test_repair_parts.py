"""The pieces of the search: suspicion, differences, minimising."""

from __future__ import annotations

import pytest

from codegenesis.arena.messages import Score, Traced
from codegenesis.core.genetic import applied
from codegenesis.core.repair import Version
from codegenesis.core.repair.difference import differences, size_of
from codegenesis.core.repair.kinds import Kinds
from codegenesis.core.repair.localise import Suspicion, module_names
from codegenesis.core.repair.minimise import minimised
from codegenesis.core.repair.promise import Promise

SOURCE = """def f(xs):
    total = 0
    for x in xs:
        if x < 0:
            total -= x
        total += x
    return total
"""


def traced(*cases: tuple[str, tuple[int, ...]]) -> list[Traced]:
    return [Traced(ending=ending, lines=lines) for ending, lines in cases]


def test_lines_that_only_failing_cases_run_are_the_most_suspicious():
    seen = traced(("returned", (2, 3, 4, 5, 6, 7)), ("passed", (2, 3, 4, 6, 7)))
    suspicion = Suspicion(SOURCE, seen)
    assert suspicion.worst[0][0] == 5
    assert suspicion.of(5) > suspicion.of(6) > 0


def test_everything_is_suspicious_where_nothing_is_known():
    suspicion = Suspicion(SOURCE, traced(("died", ())))
    assert {suspicion.of(line) for line in range(1, 8)} == {1.0}


def test_no_line_is_excluded():
    suspicion = Suspicion(SOURCE, traced(("returned", (2, 3, 7))))
    assert suspicion.of(5) > 0


def test_an_undefined_name_is_certain():
    source = "def f(x):\n    y = x\n    if x:\n        return z\n    return y\n"
    suspicion = Suspicion(source, traced(("raised", (2, 3, 4))), known=frozenset())
    assert suspicion.of(4) == 1.0


def test_names_of_a_module_are_known_unless_it_imports_everything():
    assert module_names("import os\nX = 1\ndef g(): pass\n") == {"os", "X", "g"}
    assert module_names("from os import *\n") is None


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ("x < 0", "x > 0", 1),
        ("    return total\n", "    total += 1\n    return total\n", 1),
        ("            total -= x\n", "", 1),
        ("total = 0", "total = 1 + 2", 1),
    ],
)
def test_differences_lead_to_the_other_text(old, new, count):
    other = SOURCE.replace(old, new)
    edits = differences(SOURCE, other)
    assert len(edits) == count
    assert applied(SOURCE, edits) == other or count == 1


def test_size_counts_changed_nodes():
    assert size_of(SOURCE, SOURCE) == 0
    one = size_of(SOURCE, SOURCE.replace("x < 0", "x > 0"))
    more = size_of(SOURCE, SOURCE.replace("x < 0", "x > 0 and x != 3"))
    assert 0 < one < more


def test_changes_that_are_not_needed_are_taken_back(toy):
    original = "def f(x, y):\n    a = x + 0\n    b = y\n    return a - b\n"
    changed = "def f(x, y):\n    a = x\n    b = y + 0\n    return a + b\n"
    evaluator = toy([((1, 2), 3), ((4, 4), 8)])
    (score,) = evaluator.score([changed])
    small = minimised(original, Version(source=changed, score=score), evaluator)
    assert small.source == original.replace("a - b", "a + b")
    assert len(small.edits) == 1


def test_what_passes_more_promises_more():
    original = Score(
        endings=("passed", "returned", "raised"), distance=(0, 0.5, 1), outcomes=(1, 2, 3)
    )
    promise = Promise(original)

    def of(endings, distance, outcomes):
        return promise.of(
            Version(source="", score=Score(endings=endings, distance=distance, outcomes=outcomes))
        )

    same = of(original.endings, original.distance, original.outcomes)
    later = of(original.endings, original.distance, (1, 2, 4))
    nearer = of(("passed", "returned", "raised"), (0, 0.2, 1), (1, 5, 3))
    won = of(("passed", "passed", "raised"), (0, 0, 1), (1, 6, 3))
    traded = of(("returned", "passed", "raised"), (1, 0, 1), (9, 6, 3))
    assert same < later < won
    assert same < nearer < won
    assert traded < won


def test_kinds_that_bring_something_are_preferred_but_none_is_starved():
    kinds = Kinds()
    for number in range(400):
        kinds.learn("comparison", gained=number % 4 == 0)
        kinds.learn("deleted", gained=False)
    assert kinds.factor("comparison") > 1.0 > kinds.factor("deleted") > 0.2
    assert kinds.factor("never seen") == 1.0
