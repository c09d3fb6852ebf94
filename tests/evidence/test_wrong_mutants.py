"""Real functions of installed packages, broken on purpose, through the real gates in the jail.

The whole run, and its figures: `python -m benchmarks.wrong_mutants --json`.
"""

import pytest
from wrong.breakages import BREAKAGES
from wrong.offline import Workbench
from wrong.originals import ORIGINALS
from wrong.trials import Verdict, judged, tally
from wrong.wrapping import wrapped

from codegenesis.errors import SandboxUnavailableError

FEW = ("urllib.parse:quote", "genericpath:commonprefix", "calendar:isleap")


def verdicts(target, *, by_hand, by_operator):
    original = next(each for each in ORIGINALS if each.target == target)
    try:
        found = list(judged(original, by_hand=by_hand, by_operator=by_operator))
    except SandboxUnavailableError as error:
        pytest.skip(f"{error} ({error.remedy})")
    assert all(isinstance(each, Verdict) for each in found), found
    return found


@pytest.mark.parametrize("target", FEW)
def test_wrong_versions_of_a_real_function_die(target):
    found = verdicts(target, by_hand=10, by_operator=3)
    assert len(found) == 13
    assert [each.wrong.name for each in found if not each.gate] == []


@pytest.mark.parametrize(
    ("target", "name", "gates"),
    [
        ("calendar:isleap", "arguments wrap at 64 bits", "differential"),
        ("calendar:isleap", "arguments beyond 64 bits are refused", "differential"),
        ("calendar:isleap", "floats are truncated", "differential"),
        ("hypothesis.internal.conjecture.floats:reverse64", "results wrap at 64 bits", "replay"),
        ("heapq:_siftdown", "unchecked index", "replay differential"),
        ("heapq:_siftdown", "mutation lost", "replay"),
        ("genericpath:commonprefix", "crashes on an odd length", "replay differential"),
        ("shlex:quote", "crashes on an odd length", "replay differential"),
    ],
)
def test_what_compiled_code_gets_wrong_is_noticed(target, name, gates):
    original = next(each for each in ORIGINALS if each.target == target)
    bench = Workbench(original)
    broken = [each for each in wrapped(bench.gene.source, bench.profile()) if each.name == name]
    assert broken
    (verdict,) = judged(original, broken, by_hand=0, by_operator=0)
    assert verdict.gate in gates.split(), verdict.detail


def test_the_corpus_is_large_and_varied():
    assert len({original.target.partition(":")[0] for original in ORIGINALS}) >= 40
    assert {breakage.group for breakage in BREAKAGES} >= {
        "values",
        "types",
        "exceptions",
        "arguments",
        "aliasing",
        "order",
        "rare",
        "state",
        "bomb",
        "chance",
        "environment",
        "lazy",
        "recursion",
        "native",
    }


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_wrong_version_of_any_of_them_gets_through():
    done = tally(by_hand=7, by_operator=3)
    assert len(done.verdicts) >= 500
    assert len({each.target for each in done.verdicts}) >= 40
    missed = [(each.target, each.wrong.name, each.witness) for each in done.missed]
    assert missed == []
