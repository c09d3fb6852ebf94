"""Inputs made from recorded ones keep what held for all of them."""

from __future__ import annotations

import pytest

from codegenesis.core.repair import neighbours
from codegenesis.evidence.plain import call_of
from codegenesis.wire import encode_call


def made(*calls: tuple[object, ...], n: int = 150) -> list[tuple[object, ...]]:
    recorded = [encode_call(args, {}) for args in calls]
    found = neighbours(recorded, seed=1, n=n)
    assert not {each.call for each in found} & set(recorded)
    assert all(0 <= each.of < len(recorded) for each in found)
    return [call_of(each.call)[0] for each in found]


def test_sorted_lists_stay_sorted():
    calls = made(([1, 3, 5, 9], 3), ([2, 4, 6], 7), ([0, 5, 8, 9, 12], 1))
    assert len(calls) == 150
    assert all(xs == sorted(xs) for xs, _ in calls)
    assert any(x in xs for xs, x in calls)


def test_unsorted_lists_vary_in_length_and_order():
    calls = made(([3, 1, 2],), ([5, 4, 9, 1],), ([],))
    assert {len(xs) for (xs,) in calls} > {1, 2, 3}
    assert any(xs != sorted(xs) for (xs,) in calls)


def test_positive_numbers_stay_positive():
    assert all(n > 0 for (n,) in made((3,), (12,), (40,), n=20))


@pytest.mark.parametrize("calls", [(("abc", "abd"), ("xyz", "xya"), ("qrs", "qrt"), ("k", "l"))])
def test_texts_keep_their_letters_and_equal_lengths(calls):
    letters = set("".join("".join(call) for call in calls))
    for one, other in made(*calls, n=40):
        assert len(one) == len(other)
        assert set(one + other) <= letters


def test_types_stay_what_they_were():
    for people, flag in made(([("A", 3), ("B", 4)], True), ([("C", 7)], False)):
        assert type(flag) is bool
        assert all(type(name) is str and type(age) is int for name, age in people)


def test_fields_that_never_come_twice_stay_unique():
    calls = made(([("A", 3), ("A", 4), ("B", 9)],), ([("C", 7), ("C", 2), ("C", 1)],), n=60)
    assert all(len({age for _, age in people}) == len(people) for (people,) in calls)


def test_the_same_seed_makes_the_same_inputs():
    assert made(([3, 1, 2], 4), ([1], 2)) == made(([3, 1, 2], 4), ([1], 2))


def test_nothing_is_made_of_calls_without_arguments():
    assert neighbours([encode_call((), {})], n=5) == []
