"""The arena: many versions of a function tried fast, in a jail, whatever they do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codegenesis import wire
from codegenesis.arena.messages import Example
from codegenesis.errors import UsageError
from codegenesis.evidence.arena import Arena
from codegenesis.lifecycle import locate
from codegenesis.model import Gene

SHOP = """
from codegenesis import invariant

STOCK = {"tea": 3}


@invariant(lambda result: result >= 0, says="never negative")
def total(prices, seen=[]):
    seen.append(1)
    result = 0
    for price in prices:
        result += price
    return result - 1


def numbers(most):
    for number in range(most):
        yield number


class Till:
    def __init__(self, sums):
        self.__sums = sums

    def add(self, price):
        self.__sums.append(price)
        return sum(self.__sums)
"""

TESTS = """
import pytest
from shop import STOCK, total

log = []


@pytest.mark.parametrize(("prices", "expected"), [([1, 2], 3), ([], 0), ([5], 5)])
def test_total(prices, expected):
    assert total(prices) == expected


def test_with_a_fixture(tmp_path, monkeypatch):
    assert total([2]) == 2


def test_remembers():
    log.append(total([1]))
    assert log == [1]


def test_skipped():
    pytest.skip("not today")
"""

RIGHT = "def total(prices, seen=[]):\n    return sum(prices)\n"
WRONG = "def total(prices, seen=[]):\n    return sum(prices) + 1\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("project")
    (home / "shop.py").write_text(SHOP)
    (home / "test_shop.py").write_text(TESTS)
    return home


def gene(project: Path, qualname: str = "total") -> Gene:
    return locate(f"shop.py:{qualname}", service="t", cwd=project)


def example(*args: object, result: object = None, **more: object) -> Example:
    value = None if more else wire.encode(result)
    return Example(call=wire.encode_call(args, {}), result=value, lenient=True, **more)


@pytest.fixture(scope="module")
def arena(project: Path) -> Iterator[Arena]:
    examples = [
        example([1, 2], result=3),
        example([], result=0),
        example(5, raises="TypeError"),
        example([7], alive=True),
        example([9], alive=True, keeps=True),
    ]
    with Arena(gene(project), examples=examples, jobs=2, case_s=0.3) as open_arena:
        yield open_arena


def test_each_case_says_what_became_of_it(arena: Arena, project: Path) -> None:
    right, wrong, original = arena.score([RIGHT, WRONG, gene(project).source])
    assert arena.cases[0] == "example 1"
    assert right.passed == 5
    assert right.fitness == 1.0
    assert wrong.endings == ("returned", "returned", "passed", "passed", "passed")
    assert 0 < wrong.distance[0] < 1
    assert original.endings[:2] == ("returned", "returned")


def test_what_the_owner_promises_is_a_case(arena: Arena) -> None:
    negative = arena.score([RIGHT.replace("sum(prices)", "-sum(prices)")])[0]
    assert negative.endings[3:] == ("passed", "returned")


def test_versions_that_cannot_be_told_apart_have_the_same_outcomes(arena: Arena) -> None:
    one, other, third = arena.score([WRONG, WRONG.replace("+ 1", "- -1"), RIGHT])
    assert one.outcomes == other.outcomes
    assert one.outcomes != third.outcomes


def test_a_search_may_stop_each_version_at_its_first_failure(arena: Arena) -> None:
    assert len(arena.score([WRONG], first_failure=True)[0].endings) == 1


def test_a_version_that_never_ends_is_stopped_at_the_same_step_each_time(arena: Arena) -> None:
    endless = "def total(prices, seen=[]):\n    while True:\n        prices = prices\n"
    one, other = arena.score([endless, endless])
    assert one == other
    assert one.endings[0] == "steps"
    recursive = "def total(prices, seen=[]):\n    return total(prices)\n"
    assert arena.score([recursive])[0].endings[0] == "steps"
    swallowing = (
        "def total(prices, seen=[]):\n    while True:\n        try:\n            total\n"
        "        except BaseException:\n            pass\n"
    )
    assert arena.score([swallowing])[0].endings[0] in ("steps", "died")


@pytest.mark.parametrize(
    "body",
    ["return 10 ** 10 ** 8", "return list(range(10 ** 10))", "import os; os._exit(0)", "1 / 0"],
    ids=["long", "large", "exits", "raises"],
)
def test_what_a_version_does_to_its_process_costs_itself_alone(arena: Arena, body: str) -> None:
    bad = f"def total(prices, seen=[]):\n    {body}\n"
    before, broken, after = arena.score([RIGHT, bad, RIGHT])
    assert before.passed == after.passed == 5
    assert broken.error or broken.endings[0] in ("died", "raised")


def test_what_is_no_version_of_the_function_says_so(arena: Arena) -> None:
    scores = arena.score(["def total(prices, seen=[]:\n", "def other():\n    pass\n"])
    assert all(score.error for score in scores)
    other_signature = arena.score(["def total(prices):\n    return 1\n"])[0]
    assert "default" in other_signature.error


def test_a_prelude_goes_along(arena: Arena) -> None:
    helped = f"import math\n\n\n{RIGHT}".replace("sum(prices)", "int(math.fsum(prices))")
    assert arena.score([helped])[0].passed == 5


def test_mutable_defaults_start_afresh_for_each_case(arena: Arena) -> None:
    counting = RIGHT.replace("return sum(prices)", "seen.append(1)\n    return len(seen)")
    assert len(set(arena.score([counting])[0].outcomes[3:])) == 1


def test_lines_and_types_of_each_case_are_told(arena: Arena, project: Path) -> None:
    traced = arena.trace(gene(project).source)
    assert 5 in traced[0].lines
    assert 5 not in traced[1].lines
    assert traced[0].types["prices"] == ("list",)


def test_one_version_alone_is_confirmed_as_it_stands(arena: Arena) -> None:
    assert arena.confirm(RIGHT).passed == 5
    assert arena.alone(RIGHT).passed == 5
    assert arena.alone(RIGHT).steps == 0


def test_the_users_tests_are_cases(project: Path) -> None:
    with Arena(gene(project), tests=[Path("test_shop.py")], project=project, jobs=1) as arena:
        names = [case.partition("::")[2] for case in arena.cases]
        right, wrong, again = arena.score([RIGHT, WRONG, RIGHT])
        assert names[0] == "test_total[prices0-3]"
        assert right.passed == len(names) == 6
        assert again == right
        assert wrong.passed == 1  # the one that is skipped
        assert 0 < wrong.distance[0] < 0.9
        assert arena.alone(RIGHT).passed == 6


def test_generators_are_taken_up(project: Path) -> None:
    examples = [example(3, result=[0, 1, 2])]
    with Arena(gene(project, "numbers"), examples=examples, jobs=1) as arena:
        endless = "def numbers(most):\n    while True:\n        yield 0\n"
        good, bad = arena.score([gene(project, "numbers").source, endless])
    assert good.passed == 1
    assert bad.endings != ("passed",)


def test_methods_keep_their_private_names(project: Path) -> None:
    source = gene(project, "Till.add").source
    tests = project / "test_till.py"
    tests.write_text("from shop import Till\n\ndef test_add():\n    assert Till([1]).add(2) == 3\n")
    with Arena(gene(project, "Till.add"), tests=[tests], jobs=1) as arena:
        good, bad = arena.score([source, source.replace("sum(", "len(")])
    assert good.passed == 1
    assert bad.passed == 0


def test_what_cannot_be_tried_says_why(project: Path) -> None:
    (project / "broken.py").write_text("import nowhere_at_all\n\ndef f():\n    return 1\n")
    broken = locate("broken.py:f", service="t", cwd=project)
    with pytest.raises(UsageError, match="nowhere_at_all"):
        Arena(broken, examples=[example(result=1)], jobs=1)
    (project / "test_nothing.py").write_text("x = 1\n")
    with pytest.raises(UsageError, match="no tests"):
        Arena(gene(project), tests=[Path("test_nothing.py")], jobs=1)
