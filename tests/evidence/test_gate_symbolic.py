"""A solver's word is checked: differences in the jail, proofs against what it can really model."""

import subprocess
import sys

import pytest
from gate_bench import project

from codegenesis.evidence import SymbolicGate
from codegenesis.evidence.annotate import annotation, signature

pytest.importorskip("crosshair")

TARGET = """
import os
import sys

SEEN = []


def clamp(x, low, high):
    if x < low:
        return low
    if x > high:
        return high
    return x


def rare(x: int):
    if x == 123456:
        return 1
    return 0


def is_one(x: int):
    return x == 1


def pick(at: int):
    return [1, 2, 3][at]


def half(x: int):
    return x / 2 > 1


def remember(x):
    SEEN.append(x)
    return len(SEEN)


def seen(x):
    return x in SEEN


def slow(x: int):
    total = 0
    for step in range(100000):
        total += step * x
    return total


def add_all(*numbers):
    return sum(numbers)


class Box:
    def __init__(self, size):
        self.size = size

    def grown(self, by):
        return self.size + by
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    directory = tmp_path_factory.mktemp("symbolic")
    with project(directory, "cg_symbols", {"cg_symbols.py": TARGET}) as found:
        yield found


def judged(shop, qualname, calls, source, *, gate=None, **options):
    case = shop.case(qualname, *calls, **{"budget_s": 60.0, **options})
    return (gate or SymbolicGate()).run(shop.variant(qualname, source), case)


def test_all_paths_covered_is_proof_over_types_seen_in_calls(shop):
    source = "def clamp(x, low, high): return low if x < low else high if x > high else x"
    trial = judged(shop, "clamp", [(1, 2, 3), (5, 1, 2)], source)
    assert trial.verdict == "passed"
    assert trial.detail == "proof: no difference on any path over x: int, low: int, high: int"
    assert trial.measurements["proof"] == 1.0


def test_a_difference_that_the_jail_shows_as_well_fails_the_variant(shop):
    trial = judged(shop, "rare", [(1,), (2,)], "def rare(x): return 0")
    assert trial.verdict == "failed"
    assert trial.detail == "rare(123456): the original returns 1, the variant returns 0"


def test_true_is_not_one(shop):
    trial = judged(shop, "is_one", [(1,), (2,)], "def is_one(x): return 1 if x == 1 else 0")
    assert trial.verdict == "failed"
    assert "the original returns" in trial.detail


def test_a_difference_that_only_the_solver_sees_fails_nobody(shop):
    source = """
    def pick(at):
        if at > 2 or at < -3:
            raise IndexError("list index out of range")
        return [1, 2, 3][at]
    """
    trial = judged(shop, "pick", [(0,), (2,)], source)
    assert trial.verdict == "skipped"
    assert "a difference that the jail does not" in trial.detail
    assert trial.measurements["proof"] == 0.0


@pytest.mark.slow
def test_floats_are_never_proven(shop):
    trial = judged(shop, "half", [(0,), (2,)], "def half(x): return 1 < x / 2")
    assert trial.verdict != "failed"
    assert trial.measurements["proof"] == 0.0


@pytest.mark.slow
def test_what_ignores_its_time_limit_is_ended_from_outside(shop):
    gate = SymbolicGate(seconds=6.0)
    source = "def slow(x): return sum(step * x for step in range(100000))"
    trial = judged(shop, "slow", [(1,), (2,)], source, gate=gate)
    assert trial.verdict == "skipped"
    assert "CrossHair did not answer" in trial.detail


FORGED = "No differences found. (attempted 9 iterations)\\nAll paths exhausted, functions are"
HOSTILE = [
    f"""
    def rare(x):
        sys.stdout.write("{FORGED}")
        os._exit(0)
    """,
    f"""
    SAID = sys.stdout.write("{FORGED}")

    def rare(x):
        return 0
    """,
    f"""
    def rare(x):
        print("{FORGED}")
        return 0
    """,
]


@pytest.mark.parametrize("source", HOSTILE)
def test_a_variant_that_could_answer_for_the_solver_is_not_given_to_it(shop, source):
    trial = judged(shop, "rare", [(1,), (2,)], source)
    assert trial.verdict == "skipped"
    assert "not read symbolically" in trial.detail


@pytest.mark.parametrize(
    ("qualname", "calls", "source", "why"),
    [
        ("seen", [(1,)], "def seen(x): return x in SEEN", "reads SEEN, which its module changes"),
        ("add_all", [(1, 2)], "def add_all(*numbers): return sum(numbers)", "any number of"),
    ],
)
def test_what_a_solver_cannot_be_given_is_skipped_with_the_reason(
    shop, qualname, calls, source, why
):
    trial = judged(shop, qualname, calls, source)
    assert trial.verdict == "skipped"
    assert why in trial.detail


def test_methods_are_skipped(shop):
    box = shop.load().Box
    trial = judged(shop, "Box.grown", [(box(1), 2)], "def grown(self, by): return by + self.size")
    assert trial.verdict == "skipped"
    assert "method" in trial.detail


def test_without_crosshair_it_says_how_to_get_it(shop, tmp_path):
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True, timeout=60
    )
    gate = SymbolicGate(python=str(tmp_path / "bare/bin/python"))
    trial = judged(shop, "rare", [(1,), (2,)], "def rare(x): return 0", gate=gate)
    assert trial.verdict == "skipped"
    assert "pip install 'codegenesis[symbolic]'" in trial.detail


def test_types_are_inferred_from_what_was_seen():
    assert annotation([1, True, None]) == "int | bool | None"
    assert annotation([["a"], []]) == "list[str]"
    assert annotation([(1, "a"), (2, "b")]) == "tuple[int, str]"
    assert annotation([{"a": 1.5}]) == "dict[str, float]"
    assert annotation([object()]) == ""
    assert annotation([]) == ""


def test_a_plain_annotation_counts_and_another_does_not():
    source = "def f(a: 'int', b: list[str], *, c: Cart): return a"
    found = signature(source, [((1, []), {"c": 2.5})])
    assert found.words() == "a: int, b: list[str], c: float"
    assert not found.exact
    assert "plain type for c" in signature(source, []).why
