"""Originals that do not repeat themselves: what varies is learned, the rest is compared."""

import pytest

RECEIPTS = ([3, 4],), ([5],), ([],), ([1, 2, 3],), ([7, 7],)
NAMES = ("ann",), ("bob",), ("cy",), ("di",)
WORDS = (["red", "green", "blue"],), (["x"],), (["a", "b", "c", "d", "e"],)

RECEIPT = """
import time
import uuid

def receipt(items):
    return {"id": ID, "at": AT, "total": TOTAL, "items": len(items)}
"""


def receipt(id_="uuid.uuid4().hex", at="time.time()", total="sum(items)"):
    return RECEIPT.replace("ID", id_).replace("AT", at).replace("TOTAL", total)


def test_parts_that_vary_are_learned_and_named(bench):
    found = bench.baseline("receipt", *RECEIPTS)
    assert found.usable
    assert not found.deterministic
    assert not found.pure
    assert {spot.path[-1] for spot in found.noise.spots} == {"['id']", "['at']"}
    assert "['id'] (str)" in found.impure


@pytest.mark.parametrize("qualname", ["clock", "dice", "sample", "ticket"])
def test_chance_and_the_clock_can_be_given(bench, qualname):
    calls = {"sample": [([1, 2, 3, 4, 5],), ([9, 8, 7, 6],)], "ticket": NAMES}
    found = bench.baseline(qualname, *calls.get(qualname, [(1,), (2,)]))
    assert found.usable, found.reason
    assert found.noise.seeded


def test_the_order_of_a_set_is_learned_from_the_recording(bench):
    found = bench.baseline("labels", *WORDS)
    assert found.usable, found.reason


def test_a_rewrite_of_what_does_not_vary_lives(bench):
    case = bench.case("receipt", *RECEIPTS)
    assert bench.death(case, receipt()) == ("", "")


def test_a_rewrite_may_draw_in_another_order(bench):
    source = """
    import time
    import uuid

    def receipt(items):
        uuid.uuid4()
        at = time.time() + 0.0
        return {"id": uuid.uuid4().hex, "at": at, "total": sum(items), "items": len(items)}
    """
    assert bench.death(bench.case("receipt", *RECEIPTS), source) == ("", "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"total": "sum(items) + 1"},
        {"total": "sum(items) * 1.0"},
        {"total": "sum(items) if len(items) != 4 else 0"},
        {"id_": "uuid.uuid4()"},
        {"id_": "uuid.uuid4().hex[:31]"},
        {"id_": "uuid.uuid4().hex.upper()"},
        {"id_": "'0123456789abcdef0123456789abcdef'"},
        {"at": "int(time.time())"},
        {"at": "time.time() + 1e9"},
        {"at": "1700000000.5"},
        {"at": "None"},
    ],
)
def test_what_varies_is_not_waved_through(bench, wrong):
    gate, detail = bench.death(bench.case("receipt", *RECEIPTS), receipt(**wrong))
    assert gate in ("replay", "differential"), detail


@pytest.mark.parametrize(
    ("source", "dies"),
    [
        ("def ticket(name):\n    return f'T-{random.randint(1000, 9999)}-{name.upper()}'", False),
        ("def ticket(name):\n    return f'T-{random.randint(1000, 5999)}-{name.upper()}'", True),
        ("def ticket(name):\n    return f'T-1234-{name.upper()}'", True),
        ("def ticket(name):\n    return f'T-{random.randint(1000, 9999)}-{name}'", True),
    ],
)
def test_a_result_that_is_all_chance_is_compared_exactly_under_given_chance(bench, source, dies):
    gate, detail = bench.death(bench.case("ticket", *NAMES), source)
    assert bool(gate) == dies, detail


def test_an_answer_learned_by_heart_shows_under_another_seed(bench):
    case = bench.case("dice", (1,), (2,), (3,))
    source = "import random\ndef dice(x):\n    return x + random.Random(0).random()"
    gate, detail = bench.death(case, source)
    assert gate == "replay", detail


def test_what_counts_its_calls_stays_refused(bench):
    assert "hidden state" in bench.baseline("nth", (1,), (2,), (3,)).reason
