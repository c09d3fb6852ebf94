"""The examples for users: they load, they are scored in the jail, and they count what they say."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.loading import load
from codegenesis.scenarios.discover.offline import offline_proposers

EXAMPLES = Path(__file__).parents[3] / "examples"
np = pytest.importorskip("numpy")


@pytest.fixture(scope="module")
def packing():
    """The names of the evaluator of bin packing."""
    return runpy.run_path(str(EXAMPLES / "bin_packing" / "evaluator.py"))


def bins_one_by_one(table, items, capacity: int) -> int:
    """Packing with a list of bins, as anybody would write it; of equal bins, the fullest."""
    bins: list[int] = []
    for item in items:
        open_ = [*sorted({room for room in bins if room >= item}), capacity]
        room = max(open_, key=lambda room: table[item, room])
        if room in bins:
            bins.remove(room)
        bins.append(room - item)
    return len(bins)


@pytest.mark.parametrize("law", ["uniform", "weibull"])
def test_counting_bins_by_remaining_capacity_is_packing(packing, law):
    capacity = {"uniform": 150, "weibull": 100}[law]
    sizes = packing["instances"](law, 3, 120, seed=4)
    table = np.random.default_rng(1).normal(size=(capacity + 1, capacity + 1))
    expected = sum(bins_one_by_one(table, row, capacity) for row in sizes.tolist())
    assert packing["bins_used"](table, sizes, capacity) == expected


def test_generated_items_follow_the_published_laws(packing):
    uniform = packing["instances"]("uniform", 40, 500, seed=0)
    assert (uniform.min(), uniform.max()) == (20, 100)
    weibull = packing["instances"]("weibull", 5, 5000, seed=0)
    assert weibull.mean() == pytest.approx(39.75, abs=0.4)
    assert weibull.std() == pytest.approx(14.68, abs=0.3)


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("bin_packing", -5.2),
        pytest.param("circle_packing", 2.5, marks=pytest.mark.slow),  # scipy's import alone is 2 s
    ],
)
def test_an_example_is_scored_and_can_be_changed_without_a_model(name, score):
    if name == "circle_packing":
        pytest.importorskip("scipy")
    problem = load(EXAMPLES / name / "program.py")
    assert {each.name for each in offline_proposers(problem)} == {"genetic", "constants"}
    with Evaluators(problem, jobs=1) as evaluators:
        evaluation = evaluators.evaluate(problem.program)
    assert not evaluation.error
    assert evaluation.score == pytest.approx(score, abs=0.5)
