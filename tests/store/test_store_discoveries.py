"""Programs of runs of discovery, as they are kept."""

from __future__ import annotations

import math

import pytest

from codegenesis.store import Store
from codegenesis.store.discoveries import Program


@pytest.fixture
def program():
    """Makes programs of a run."""

    def make(number: int, **changes: object) -> Program:
        fields: dict[str, object] = {
            "run": "a1",
            "number": number,
            "id": f"id{number}",
            "program": f"def value(x):\n    return x + {number}\n",
            "digest": bytes([number % 256]) * 16,
            "size": 9,
            "distance": 0.25,
            "sketch": (-1, 5, 7),
            "score": 0.5 * number,
            "confirmed": True,
            "metrics": {"speed": 1.5, "tiny": 1e-300},
            "feedback": "slow on the third case",
            "behaviour": "ab12",
            "parents": ("id0",),
            "operator": "genetic:add",
            "at_ns": 17,
        }
        return Program(**{**fields, **changes})  # type: ignore[arg-type]

    return make


def test_programs_come_back_as_they_were_in_the_order_of_their_numbers(store, program):
    given = [program(0), program(2, score=None, error="died"), program(1, claimed=3.5)]
    store.discoveries.put(given)

    assert list(store.discoveries.of_run("a1")) == sorted(given, key=lambda each: each.number)
    assert list(store.discoveries.of_run("another")) == []
    assert store.discoveries.count("a1") == 3


def test_another_process_reads_them(store, where, program):
    given = [program(number) for number in range(5)]
    store.discoveries.put(given)

    with Store.open(where, read_only=True) as other:
        assert list(other.discoveries.of_run("a1")) == given
        assert other.discoveries.first_program("a1") == given[0].program
        assert other.discoveries.first_program("another") == ""


def test_the_same_number_again_takes_its_place(store, program):
    store.discoveries.put([program(0), program(1)])
    store.discoveries.put([program(1, words="again")])

    assert [each.words for each in store.discoveries.of_run("a1")] == ["", "again"]


def test_a_score_that_did_not_hold_is_taken_back(store, program):
    store.discoveries.put([program(0), program(1, score=9e9, confirmed=False)])
    store.discoveries.confirm("a1", 1, score=None, claimed=9e9, error="disqualified: it lied")

    found = list(store.discoveries.of_run("a1"))[1]
    assert (found.score, found.claimed, found.confirmed) == (None, 9e9, True)
    assert found.error == "disqualified: it lied"


def test_programs_that_differ_little_take_little_room(store, program):
    text = "".join(f"def part{n}(x):\n    return x * {math.sin(n)}\n" for n in range(200))
    store.discoveries.put([program(0, program=text)])
    before = store.size_bytes()
    store.discoveries.put([program(n, program=f"{text}last = {n}\n") for n in range(1, 200)])

    assert store.size_bytes() - before < 200 * len(text) / 5


def test_text_that_is_no_utf8_is_kept_all_the_same(store, program):
    store.discoveries.put([program(0, program="a = '\ud800'", feedback="\udcff")])

    found = next(store.discoveries.of_run("a1"))
    assert found.program == "a = '\\ud800'"
