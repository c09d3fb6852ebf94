"""Crossing two versions: a three-way merge, statement by statement."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from codegenesis.core.genetic import applied, crossover, edits, identity

BASE = """\
def total(prices, limit):
    # what the customer pays
    result = 1
    for price in prices:
        result = result + price
    if result > limit:
        return limit
    return 0
"""
START = BASE.replace("result = 1", "result = 0")
END = BASE.replace("return 0", "return result")
TEST = BASE.replace("result > limit", "result >= limit")
BOUND = BASE.replace("result > limit", "result > limit - 1")
LONGER = BASE.replace("    return 0", "    print(result)\n    return result")


@pytest.mark.parametrize(("one", "other"), [(START, END), (END, TEST), (START, LONGER)])
def test_two_half_repairs_meet_in_a_child(one: str, other: str) -> None:
    child = crossover(BASE, one, other, rng=Random(1))
    assert child is not None
    assert all(changed in child for changed in added(one) | added(other))


def test_changes_of_one_line_are_merged_token_by_token() -> None:
    children = {crossover(BASE, TEST, BOUND, rng=Random(seed)) for seed in range(8)}
    assert BASE.replace("result > limit", "result >= limit - 1") in children


def test_statements_put_in_at_one_place_can_both_stay() -> None:
    first = BASE.replace("    if result", "    result = result * 2\n    if result")
    second = BASE.replace("    if result", "    print(result)\n    if result")
    children = [crossover(BASE, first, second, rng=Random(seed)) for seed in range(6)]
    both = [child for child in children if child and "print(" in child and "* 2" in child]
    assert both
    assert len(set(both)) == 2


def test_the_author_s_comments_and_spacing_stay() -> None:
    child = crossover(BASE, START, END, rng=Random(1)) or ""
    assert "    # what the customer pays\n" in child


def test_the_same_chance_gives_the_same_child() -> None:
    first, second = (crossover(BASE, START, LONGER, rng=Random(7)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (START, START),
        (START, BASE),
        (START, START.replace("result = 0", "result  =  0  # zero")),
        ("def total(:", START),
    ],
)
def test_without_two_different_parents_there_is_no_child(one: str, other: str) -> None:
    assert crossover(BASE, one, other, rng=Random(1)) is None


def test_a_child_is_a_new_program() -> None:
    rng = Random(3)
    found = edits(BASE)
    parents = [text for edit in rng.sample(found, 80) if (text := applied(BASE, [edit]))]
    children = 0
    for one, other in pairwise(parents):
        child = crossover(BASE, one, other, rng=rng)
        if child is not None:
            children += 1
            compile(child, "<child>", "exec")
            assert identity(child) not in {identity(BASE), identity(one), identity(other)}
    assert children > len(parents) // 3


def test_any_parents_may_be_of_any_length() -> None:
    longer = BASE.replace("    return 0\n", "    while limit:\n        limit -= 1\n    return 0\n")
    shorter = "def total(prices, limit):\n    return sum(prices)\n"
    child = crossover(BASE, longer, shorter, rng=Random(2))
    assert child is None or identity(child) not in {identity(longer), identity(shorter)}


def added(text: str) -> set[str]:
    return set(text.splitlines()) - set(BASE.splitlines())
