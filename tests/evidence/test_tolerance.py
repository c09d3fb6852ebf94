"""How far floats may be off, where the owner allows it."""

import math

import pytest

from codegenesis.evidence import ReplayGate
from codegenesis.evidence.tolerance import deviation
from codegenesis.model import Outcome
from codegenesis.wire import encode, encode_call

MEANS = ([0.1, 0.2, 0.3],), ([1.7, 2.9, 3.1, 0.7],), ([5.3],)
TURNED = "def mean(values):\n    return sum(reversed(values)) / len(values)\n"


def returned(value):
    return Outcome(kind="returned", value=encode(value), after=encode_call((), {}))


def test_by_default_the_last_digit_counts(bench):
    assert bench.death(bench.case("mean", *MEANS), TURNED)[0] == "replay"


def test_an_owner_may_allow_it_and_is_told_how_far_it_went(bench):
    case = bench.case("mean", *MEANS, rtol=1e-9)
    trial = ReplayGate().run(bench.variant("mean", TURNED), case)
    assert trial.verdict == "passed", trial.detail
    assert 0 < trial.measurements["deviation"] < 1e-15
    wrong = TURNED.replace("len(values)", "len(values) * 1.001")
    assert ReplayGate().run(bench.variant("mean", wrong), case).verdict == "failed"


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (1.0, 1.0, 0.0),
        (1.0, 2.0, 0.5),
        (1.0, 1, math.inf),
        (0.0, -0.0, math.inf),
        (math.nan, math.nan, 0.0),
        (math.nan, 1.0, math.inf),
        (math.inf, 1e308, math.inf),
        ([1.0, "a"], [1.5, "a"], 1 / 3),
        ([1.0, "a"], [1.0, "b"], math.inf),
        ({"a": 1.0}, {"b": 1.0}, math.inf),
        ({"a": 2.0}, {"a": 1.0}, 0.5),
        ((1.0,), [1.0], math.inf),
    ],
)
def test_only_floats_may_be_apart(one, other, apart):
    assert deviation(returned(one), returned(other)) == pytest.approx(apart)
