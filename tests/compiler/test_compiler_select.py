"""Selection: who wins under which objective, and why the others lost. Gross differences only."""

import pytest

from codegenesis.compiler import (
    Terms,
    Worth,
    callgrind,
    crown,
    explain,
    fitness,
    race,
    select,
    worth,
)
from codegenesis.compiler.objectives import BALANCED, FASTEST, FRUGAL, RESILIENT, objective
from codegenesis.compiler.resilience import documented
from codegenesis.errors import UsageError
from codegenesis.evidence import standard_gates
from codegenesis.model import Fitness

QUICK = Terms(pairs=3, most_pairs=3)
FORMULA = "def busy(n):\n    return sum(range(400 * n))\n"
HOARDING = """
def busy(n):
    kept = [bytes(200_000) for _ in range(100)]
    return sum(range(400 * n)) + 0 * len(kept)
"""


def busy(factor):
    """`busy` with its work times `factor`; the same answers."""
    return (
        "def busy(n):\n    total = 0\n    for number in range(400 * n):\n"
        f"        for _ in range({factor}):\n            pass\n"
        "        total += number\n    return total\n"
    )


@pytest.fixture
def case(bench):
    return bench.case("busy", *[(n,) for n in (3, 5, 2, 8, 3, 1)])


def chosen_of(case, field, **options):
    return select(case, field, case.calls, **options)


def test_selection_takes_the_fastest_and_races_everyone(bench, case):
    sources = (busy(20), FORMULA, busy(2), case.gene.source)
    field = [bench.variant("busy", source) for source in sources]
    chosen = chosen_of(case, field)
    assert chosen.champion == field[1]
    assert chosen.race.verdict == "faster"
    assert set(chosen.races) == {variant.id for variant in field}
    assert set(chosen.losers) == {variant.id for variant in field} - {field[1].id}
    assert all(words.startswith("dominated by test (cpu") for words in chosen.losers.values())


def test_selection_may_find_nothing(bench, case):
    chosen = chosen_of(case, [bench.variant("busy", busy(20))])
    assert chosen.champion is None
    assert "none is clearly faster" in chosen.reason
    assert "no variant" in chosen_of(case, []).reason


def test_selection_refuses_a_gain_that_harms_small_calls(bench):
    source = """def busy(n):
    if n > 3:
        return 400 * n * (400 * n - 1) // 2
    for number in range(40000):
        pass
    return 400 * n * (400 * n - 1) // 2
"""
    case = bench.case("busy", *[(n,) for n in (1, 2, 3, 60, 80, 90)])
    chosen = chosen_of(case, [bench.variant("busy", source)])
    assert chosen.champion is None
    assert "as long" in chosen.reason


def test_the_frugal_take_less_memory(bench):
    case = bench.case("pile", *[(n,) for n in (90_000, 60_000)])
    lean = bench.variant("pile", "def pile(n):\n    return sum(range(n))\n")
    chosen = chosen_of(case, [lean], objective=FRUGAL)
    assert chosen.champion == lean
    assert chosen.worth.low.memory > 3
    assert chosen.races[lean.id].measurements["memory_ratio"] > 3


def test_a_variant_that_hoards_memory_is_not_frugal_however_fast(bench, case):
    hoarder = bench.variant("busy", HOARDING)
    chosen = chosen_of(case, [hoarder], objective=FRUGAL, min_gain=1.05)
    assert chosen.champion is None
    assert chosen.losers[hoarder.id]


@pytest.mark.slow
def test_the_owners_own_objective_decides(bench):
    case = bench.case("unique", ([1, 2, 1] * 20,), ([3, 3, 4] * 30,))
    sources = (
        "def unique(items):\n    return list(dict.fromkeys(items))\n",
        "def unique(items):\n    found = {}\n    for item in items:\n        found[item] = None\n"
        "    return list(found)\n",
    )
    field = [bench.variant("unique", source) for source in sources]
    own = objective("tests_compiler_objective:small_first")
    assert chosen_of(case, field[::-1], objective=own).champion == field[0]


@pytest.fixture(autouse=True)
def own_module(tmp_path, monkeypatch):
    (tmp_path / "tests_compiler_objective.py").write_text(
        "from collections.abc import Mapping\n"
        "def small_first(fitness):\n    return fitness.size + fitness.cpu / 1e9\n"
        "def of_mapping(figures: Mapping[str, float]):\n    return figures['cpu'] * 2\n"
        "def odd(fitness):\n    return float('nan')\n"
        "def fails(fitness):\n    return fitness.beauty\n"
        "number = 3\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def test_an_objective_may_take_a_mapping():
    assert objective("tests_compiler_objective:of_mapping").score(Fitness(cpu=2.0)) == 4.0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("prettiest", "expected an objective"),
        ("tests_compiler_objective:missing", "cannot find the objective"),
        ("no_such_module_at_all:f", "cannot find the objective"),
        ("tests_compiler_objective:number", "expected a function"),
    ],
)
def test_an_objective_that_is_none_is_said_so(name, words):
    with pytest.raises(UsageError, match=words):
        objective(name)


@pytest.mark.parametrize(("name", "words"), [("odd", "came nan"), ("fails", "AttributeError")])
def test_an_objective_that_fails_is_said_so(name, words):
    with pytest.raises(UsageError, match=words):
        objective(f"tests_compiler_objective:{name}").score(Fitness())


def boxed(middle, low=None, high=None):
    return Worth(
        middle=Fitness(**middle), low=Fitness(**(low or middle)), high=Fitness(**(high or middle))
    )


@pytest.mark.parametrize(
    ("wanted", "low", "admitted"),
    [
        (FASTEST, {"cpu": 1.06}, True),
        (FASTEST, {"cpu": 1.04}, False),
        (FRUGAL, {"memory": 2.0, "cpu": 0.96}, True),
        (FRUGAL, {"memory": 2.0, "cpu": 0.90}, False),
        (FRUGAL, {"memory": 1.0, "cpu": 9.0}, False),
        (RESILIENT, {"resilience": 1.2, "cpu": 0.85}, True),
        (RESILIENT, {"resilience": 1.0, "cpu": 9.0}, False),
        (RESILIENT, {"resilience": 1.2, "cpu": 0.7}, False),
        (BALANCED, {"cpu": 1.5, "wall": 1.5, "size": 0.9}, True),
        (BALANCED, {"cpu": 9.0, "memory": 0.5}, False),
        (BALANCED, {"cpu": 1.01}, False),
    ],
)
def test_the_lower_bounds_decide(wanted, low, admitted):
    middle = dict.fromkeys(low, 20.0)
    assert (wanted.refuses(boxed(middle, low, middle), min_gain=1.05) == "") is admitted


def test_healing_tolerates_a_loss_of_speed():
    assert FASTEST.refuses(boxed({"cpu": 0.7}), min_gain=0.5) == ""


def test_the_owners_objective_admits_at_the_worst_corner_only():
    own = objective("tests_compiler_objective:of_mapping")
    assert own.refuses(boxed({"cpu": 2.0}, {"cpu": 1.01}), min_gain=1.05) == ""
    assert "scores" in own.refuses(boxed({"cpu": 2.0}, {"cpu": 0.99}), min_gain=1.05)


def test_the_fitness_of_the_original_itself_is_about_one(bench, case):
    same = bench.variant("busy", case.gene.source)
    ended = race(bench.sandbox, "busy", same.source, case.calls, terms=QUICK)
    found = fitness(case, same, ended)
    assert found.size == found.resilience == 1.0
    assert 0.5 < found.memory < 2
    assert 0.5 < found.cpu < 2
    assert 0.5 < found.wall < 2


def test_handling_hostile_inputs_is_resilience(bench):
    case = bench.case("mean", ([1, 2, 3],), ([4, 5],), ([6],))
    brave = bench.variant(
        "mean",
        "def mean(values):\n    try:\n        return sum(values) / len(values)\n"
        "    except (TypeError, ZeroDivisionError, ValueError, OverflowError):\n"
        "        return 0.0\n",
    )
    ended = race(bench.sandbox, "mean", brave.source, case.calls, terms=QUICK)
    found = worth(case, brave, ended, figures={"resilience"})
    assert found.middle.resilience > 1
    assert found.low.resilience <= found.middle.resilience <= found.high.resilience
    assert found.hostile > 10


def test_memory_taken_beforehand_is_no_saving(bench):
    case = bench.case("pile", *[(n,) for n in (90_000, 60_000)])
    early = "_ROOM = [bytes(4096) for _ in range(20_000)]\n\n\ndef pile(n):\n    return n\n"
    variant = bench.variant("pile", early)
    ended = race(bench.sandbox, "pile", case.gene.source, case.calls, terms=QUICK)
    assert worth(case, variant, ended, figures={"memory"}).middle.memory < 0.5


def test_waiting_counts_as_wall_and_not_as_cpu(bench):
    case = bench.case("nap", *[(n,) for n in (1, 2, 3)])
    awake = bench.variant("nap", "def nap(n):\n    return n + 1\n")
    ended = race(bench.sandbox, "nap", awake.source, case.calls, terms=QUICK)
    found = worth(case, awake, ended)
    assert found.middle.wall > 10 * found.middle.cpu


def test_what_a_function_documents():
    source = '''def f(x):
    """Doc.

    Raises:
        KeyError: no such thing.
    """
    if not x:
        raise errors.Missing("x")
    raise ValueError
'''
    assert documented(source) == {"KeyError", "Missing", "ValueError"}


@pytest.mark.skipif(bool(callgrind.missing()), reason="valgrind is not installed")
@pytest.mark.slow
def test_instructions_are_counted_without_noise(bench, case):
    found = callgrind.count(case.gene, busy(3), case.calls, original=case.gene.source)
    assert found.missing == ""
    assert found.variant > 1.5 * found.original
    same = callgrind.count(case.gene, case.gene.source, case.calls, original=case.gene.source)
    assert same.ratio == pytest.approx(1, rel=0.01)


def test_a_missing_valgrind_is_said_in_words(bench, case, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    callgrind.missing.cache_clear()
    try:
        found = callgrind.count(case.gene, FORMULA, case.calls)
    finally:
        callgrind.missing.cache_clear()
    assert "valgrind is not installed" in found.missing
    assert found.ratio == 0


def test_a_champion_is_explained(bench, case):
    variant = bench.variant("busy", FORMULA)
    done = crown(case, [variant], gates=standard_gates(), pure=True)
    assert done.champion is not None, done.reason
    assert done.champion.fitness.cpu == done.champion.gain.ratio
    told = explain(done.champion, gene=case.gene)
    assert told.change.startswith("+1 −4 lines: loop over range(400 * n) replaced by call of sum")
    assert "pairs of processes" in told.effect
    assert "size" in told.worth
    assert told.undo == f"codegenesis rollback {case.gene.target}"
    assert told.evidence["race"] == done.champion.gain.n
    assert explain(done.champion).change == "+1 −4 lines"
