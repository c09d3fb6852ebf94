"""What the search finds: defects of the classes that people make, most in more than one place."""

from __future__ import annotations

import pytest

from codegenesis.core.budget import Budget, Meter
from codegenesis.core.repair import repair

ONE = {
    "comparison": (
        """
        def largest(xs):
            best = xs[0]
            for x in xs:
                if x < best:
                    best = x
            return best
        """,
        [(([3, 1, 2],), 3), (([1, 5, 4],), 5), (([7],), 7), (([-2, -1],), -1)],
    ),
    "early return": (
        """
        def known(x, xs):
            for y in xs:
                if y == x:
                    return True
                else:
                    return False
            return False
        """,
        [((2, [1, 2]), True), ((1, [1, 2]), True), ((3, [1, 2]), False), ((3, []), False)],
    ),
}
SEVERAL = {
    "wrong start and wrong bound": (
        """
        def total(n):
            result = 1
            for i in range(1, n):
                result += i
            return result
        """,
        [((0,), 0), ((1,), 1), ((2,), 3), ((4,), 10), ((6,), 21)],
    ),
    "two misspelled names": (
        """
        def distinct(items):
            seen = []
            for item in items:
                if item not in sen:
                    see.append(item)
            return seen
        """,
        [(([1, 1, 2],), [1, 2]), (([],), []), (([3, 2, 3],), [3, 2])],
    ),
    "comparison and step": (
        """
        def above(xs, limit):
            count = 0
            for x in xs:
                if x >= limit:
                    count += 2
            return count
        """,
        [(([1, 2, 3], 2), 1), (([1, 2, 3], 0), 3), (([], 1), 0), (([5, 5, 6], 5), 1)],
    ),
    "three mistakes in one loop, of which one shows": (
        """
        def largest(xs, k):
            found = []
            while k >= 0:
                best = 0
                for x in xs:
                    if x < best:
                        best = x
                found.append(best)
                xs.remove(best)
                k = k - 1
                return found
        """,
        [
            (([9, 8, 4, 5, 7], 3), [9, 8, 7]),
            (([4, 5, 2, 3], 4), [5, 4, 3, 2]),
            (([1, 1, 1], 1), [1]),
            (([5], 0), []),
            (([3, 1, 2], 2), [3, 2]),
        ],
    ),
    "missing case and wrong operand": (
        """
        def mean(xs):
            total = 0
            for x in xs:
                total = x
            return total / len(xs)
        """,
        [(([2, 4],), 3.0), (([1],), 1.0), (([],), 0), (([1, 2, 6],), 3.0)],
    ),
    "wrong index and lost result": (
        """
        def older(people):
            found = []
            for person in people:
                if person[0] > 30:
                    found.append(person[1])
        """,
        [(([("A", 40), ("B", 20)],), ["A"]), (([],), []), (([("C", 31), ("D", 99)],), ["C", "D"])],
    ),
    "three defects": (
        """
        def even_squares(n):
            found = [0]
            for i in range(n):
                if i % 2 == 1:
                    found.append(i * 2)
            return found
        """,
        [((0,), []), ((1,), [0]), ((3,), [0, 4]), ((5,), [0, 4, 16]), ((6,), [0, 4, 16])],
    ),
}


def search(toy, text, program, *, trials=12_000, enough=1):
    source, examples = program
    meter = Meter(Budget(trials=trials))
    return repair(text(source), toy(examples), meter=meter, seed=3, enough=enough)


@pytest.mark.parametrize("name", ONE)
def test_one_edit_is_found(name, toy, text):
    assert search(toy, text, ONE[name]).plausible


@pytest.mark.parametrize("name", SEVERAL)
def test_several_edits_are_found(name, toy, text):
    assert search(toy, text, SEVERAL[name]).plausible


def test_what_is_found_passes_every_case(toy, text):
    _, examples = SEVERAL["comparison and step"]
    found = search(toy, text, SEVERAL["comparison and step"], enough=4)
    assert len(found.plausible) > 1
    for version in found.plausible:
        assert set(toy(examples).score([version.source])[0].endings) == {"passed"}


def test_the_same_seed_and_budget_find_the_same(toy, text):
    program = SEVERAL["comparison and step"]
    one = search(toy, text, program, trials=1200, enough=9)
    other = search(toy, text, program, trials=1200, enough=9)
    assert [each.source for each in one.plausible] == [each.source for each in other.plausible]
    assert one.stages == other.stages


def test_the_budget_of_trials_is_kept(toy, text):
    source, _ = ONE["comparison"]
    evaluator = toy([(([1, 2],), "never")])
    found = repair(text(source), evaluator, meter=Meter(Budget(trials=300)))
    assert not found.plausible
    assert found.trials == 300
    assert "trials" in found.reason


def test_a_function_that_passes_is_left_alone(toy, text):
    found = repair("def one():\n    return 1\n", toy([((), 1)]), meter=Meter(Budget(trials=50)))
    assert found.trials == 1
    assert "passes" in found.reason


def test_the_closest_version_is_kept_when_none_passes(toy, text):
    source = "def double(x):\n    return x\n"
    evaluator = toy([((1,), 2), ((2,), 4), ((3,), "six")])
    found = repair(source, evaluator, meter=Meter(Budget(trials=400)))
    assert not found.plausible
    assert found.best.score.passed == 2
