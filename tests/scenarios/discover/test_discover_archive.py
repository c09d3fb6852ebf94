"""Archives, islands, novelty and credit: what the loop chooses by."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from codegenesis.core.coders import Region
from codegenesis.scenarios.discover.archive import CELLS, Archive, Elite, Lineage
from codegenesis.scenarios.discover.credit import BEST, NOTHING, Credit
from codegenesis.scenarios.discover.frame import Frame
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.islands import Habits
from codegenesis.scenarios.discover.novelty import Novelty
from codegenesis.scenarios.discover.population import Population
from codegenesis.scenarios.discover.shape import Reader, likeness

LOOP = """\
def total(values):
    found = 0
    for value in values:
        found += value
    return found
"""


def individual(number, score, *, island=0, **metrics):
    evaluation = Evaluation(score=score, metrics=metrics)
    return Individual(
        id=f"id{number}", number=number, program="", evaluation=evaluation, island=island
    )


def elite(number, score, *features):
    return Elite(Lineage(individual(number, score)), features=features, sketch=())


def test_layout_comments_and_docstrings_make_no_other_program():
    reader = Reader(LOOP)
    other = LOOP.replace("    found = 0\n", '    """Sum."""\n\n    found = (0)  # first\n')

    assert reader.read(other).digest == reader.read(LOOP).digest
    assert reader.read(LOOP.replace("= 0", "= 1")).digest != reader.read(LOOP).digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1; b = 2\n", "a = 1; b = 3\n"),
        ("a = '1'\n", "a = 1\n"),
        ("a = [1], 2\n", "a = [1, 2]\n"),
        ("a = 1\nb = 2\n", "b = 2\na = 1\n"),
        ("def f(x, /): pass\n", "def f(x): pass\n"),
        ("if a:\n    b\nc\n", "if a:\n    b\n    c\n"),
        ("a = 'x\\x0cy'\nb = 1\n", "a = 'x\\x0cy'\nb = 2\n"),
        ("a = '''\x0c'''\nb = 1\n", "a = '''\x0c'''\nb = 2\n"),
        ("@f\ndef g(): pass\n", "@h\ndef g(): pass\n"),
    ],
)
def test_programs_that_do_other_things_have_other_digests(one, other):
    reader = Reader("")

    assert reader.read(one).digest != reader.read(other).digest


def test_a_changed_number_is_a_near_relative_and_a_changed_loop_is_not():
    reader = Reader("def total(values):\n    raise NotImplementedError\n")
    first = reader.read(LOOP)
    number = reader.read(LOOP.replace("= 0", "= 7"))
    loop = reader.read(
        "def total(values):\n    return max([*values, *map(abs, values)], key=abs)\n"
    )

    assert likeness(first.sketch, number.sketch) == 1.0
    assert likeness(first.sketch, loop.sketch) < 0.5
    assert 0 < first.distance <= 1


def test_broken_programs_have_no_shape_where_programs_are_python():
    assert Reader(LOOP).read("def (") is None
    assert Reader("Dear reader,").read("Dear (").size == 1


def test_a_program_is_met_once_and_crowds_are_less_novel():
    reader, novelty = Reader(LOOP), Novelty()
    shapes = [reader.read(LOOP.replace("= 0", f"= {number}")) for number in range(9)]
    stranger = reader.read("def total(values):\n    return sum(values)\n")

    assert novelty.meet(stranger)
    assert not novelty.meet(stranger)
    assert [novelty.meet(shape) for shape in shapes] == [True] * 9
    assert novelty.of(shapes[0].sketch, "") < novelty.of(stranger.sketch, "")
    for _ in range(5):
        novelty.behaves("same")
    assert novelty.of(stranger.sketch, "same") < novelty.of(stranger.sketch, "")


def test_each_cell_keeps_its_best_and_the_archive_stays_small():
    archive = Archive(2)
    for number in range(5000):
        archive.add(elite(number, (number * 7919) % 1009, number % 97, (number * 31) % 89))

    scores = [each.individual.score for each in archive]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1008
    assert 30 < len(archive) <= CELLS


def test_bins_follow_what_turns_up():
    archive = Archive(1)
    for number in range(64):
        archive.add(elite(number, 0.0, 1.0 + number / 1e6))

    assert len(archive) > 30


def test_of_equals_the_first_stays():
    archive = Archive(1)
    first = elite(1, 5.0, 0.0)

    assert archive.add(first)
    assert not archive.add(elite(2, 5.0, 0.0))
    assert archive.best is first


def test_elites_travel_in_a_ring_and_the_disqualified_disappear(problem):
    population = Population(problem, Habits(islands=3, migrate_every=2, migrants=0.01), seed=1)
    reader = Reader(problem.program)
    shape = reader.read(problem.program)
    population.begin(individual(0, 0.0), shape)
    population.absorb(individual(1, 1.0), shape, None, confirmed=True)
    place = population.absorb(individual(2, 5.0), shape, None, confirmed=True)

    assert [each.individual.number for each in place.leaving] == [2]
    population.travel(place.leaving[0], island=0)
    assert population.islands.archives[1].best.individual.number == 2
    assert population.islands.archives[2].best.individual.number == 0

    population.disqualify(place.elite)
    assert all(each.best.individual.number != 2 for each in population.islands.archives)


def test_named_features_come_from_the_metrics(problem):
    described = replace(problem, features=("speed",))
    population = Population(described, Habits(islands=1), seed=1)
    shape = Reader(problem.program).read(problem.program)
    population.begin(individual(0, 0.0, speed=1.0), shape)
    for number in range(1, 40):
        population.absorb(individual(number, 0.0, speed=number), shape, None, confirmed=True)

    assert len(population.islands.archives[0]) > 8


def test_credit_follows_improvements_per_second_and_leaves_nobody_out():
    timed = Credit(["quick", "slow"], timed=True)
    for _ in range(200):
        timed.earn("quick", BEST, seconds=0.01)
        timed.earn("slow", BEST, seconds=1.0)
    counted = Credit(["useful", "useless"], timed=False)
    for _ in range(200):
        counted.earn("useful", BEST, seconds=1.0)
        counted.earn("useless", NOTHING, seconds=0.01)

    quick, slow = timed.shares(["quick", "slow"])
    useful, useless = counted.shares(["useful", "useless"])
    assert quick > 0.8
    assert useful > 0.8
    assert slow >= 0.1
    assert useless >= 0.1
    assert quick + slow == pytest.approx(1.0)


def test_whoever_writes_many_at_once_is_asked_less_often():
    credit = Credit(["many", "one"], timed=False)
    for _ in range(50):
        credit.wrote("many", 9)
        credit.wrote("one", 1)
    chance = Random(1)
    picks = [credit.pick(["many", "one"], chance) for _ in range(1000)]

    assert credit.shares(["many", "one"]) == pytest.approx([0.5, 0.5])
    assert 50 < picks.count("many") < 150


def test_only_what_lies_in_the_regions_may_change(problem):
    program = "a = 1\nb = 2\nc = 3\nd = 4\n"
    regions = (Region(first=2, last=2), Region(first=4, last=4))
    frame = Frame(replace(problem, program=program, regions=regions))

    assert frame.holds(program)
    assert frame.holds("a = 1\nb = 5\nb = 6\nc = 3\nd = 0\n")
    assert not frame.holds("a = 2\nb = 2\nc = 3\nd = 4\n")
    assert not frame.holds("a = 1\nb = 2\nc = 4\nd = 4\n")
    assert Frame(replace(problem, regions=())).holds("anything")
