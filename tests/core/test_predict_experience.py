"""What became of earlier variants is kept, carried on, and changes what is tried first."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys

import pytest

from codegenesis.core import propose
from codegenesis.core.experience import (
    Belief,
    Book,
    Foresight,
    Learner,
    Lesson,
    beginning,
    book,
    default_path,
    describe,
    digest_of,
    shape,
    together,
)
from codegenesis.core.experience.book import MOST_EACH
from codegenesis.core.experience.linear import Linear
from codegenesis.model import Trial, Variant

QUADRATIC = """
def f(xs, ys):
    out = []
    for x in xs:
        if x in ys:
            out.append(x)
    return out
"""


def lesson(variant: str, *, operator: str = "hoist", gain: float = 0.0, died: str = "") -> Lesson:
    return Lesson(
        variant=variant,
        operator=operator,
        features={f"is {operator}": 1.0, "has loops": 1.0},
        expected=0.5,
        died_at=died,
        log_gain=gain,
        seconds=1.0,
    )


def variants_of(gene, *operators: str) -> list[Variant]:
    return [
        Variant(gene=gene.id, base=gene.base, source=f"N = {n}\n{gene.source}", operator=name)
        for n, name in enumerate(operators)
    ]


def failed(variant: Variant, gate: str = "replay") -> list[Trial]:
    return [Trial(variant=variant.id, gate=gate, verdict="failed", seconds=0.1)]


def passed(variant: Variant) -> list[Trial]:
    return [Trial(variant=variant.id, gate="replay", verdict="passed", seconds=0.1)]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(xs, ys): return [x for x in xs if x in ys]", {"membership in loop", "loops"}),
        ("def f(day): return day in ('sat', 'sun')", {"membership in literal"}),
        ("def f(n): return n if n < 2 else f(n - 1) + f(n - 2)", {"recursion"}),
        ("def f(xs):\n    while xs:\n        xs.pop(0)", {"pop at in loop"}),
        ("def f(xs): return [x / sum(xs) for x in xs]", {"scan in loop"}),
        ("def f(xs): return [y for x in sum(xs) for y in x]", {"scan", "nested loops"}),
        ("def f(s, t):\n    for c in s:\n        t += c\n    return t", {"growth by + in loop"}),
    ],
)
def test_what_is_weak_shows_in_the_figures(source, names):
    assert names <= shape(source).keys()


def test_a_variant_is_described_by_what_it_changes(make_gene):
    gene = make_gene(QUADRATIC)
    faster = gene.source.replace("out = []", "out, ys = [], set(ys)")
    variant = Variant(gene=gene.id, base=gene.base, source=faster, operator="set_membership+hoist")
    features = describe(gene, variant, ())
    assert features["is set_membership"] == features["is hoist"] == 1.0
    assert features["new hashed"] > 0
    assert "new membership in loop" not in features


def test_weights_are_found_and_uncertainty_shrinks():
    model = Linear(noise=0.1, prior=lambda _name: 1.0)
    before = model.expect({"a": 1.0})
    for k in range(40):
        model.learn({"a": 1.0, "b": k % 3}, 2.0 - 0.5 * (k % 3))
    mean, deviation = model.expect({"a": 1.0})
    assert before == (0.0, 1.0)
    assert mean == pytest.approx(2.0, abs=0.1)
    assert deviation < 0.1
    assert model.expect({"b": 1.0})[0] == pytest.approx(-0.5, abs=0.1)
    assert model.expect({"never seen": 1.0}) == (0.0, 1.0)


def test_without_experience_the_order_is_that_of_the_priors(make_gene):
    gene = make_gene(QUADRATIC)
    proposals = [p for p in propose(gene, ()) if p.gain > 1.2]  # what nobody knows is 1.2
    foresight = Foresight(gene, (), proposals=proposals)
    written = variants_of(gene, "nobody_knows", *(p.operator for p in reversed(proposals)))
    order = [variant.operator for variant in foresight.order(written)]
    gains = {p.operator: p.gain for p in proposals} | {"nobody_knows": 1.2}
    assert order == sorted(order, key=lambda name: -gains[name])
    assert foresight.digest == ""


def test_what_lives_and_gains_comes_first_the_next_time(make_gene, tmp_path):
    kept = Book(tmp_path / "experience.sqlite3")
    for n in range(30):
        gene = make_gene(QUADRATIC.replace("def f", f"def f{n}"))
        bad, good = variants_of(gene, "bad", "good")
        foresight = Foresight(gene, (), book=kept, seed=n)
        foresight.learn(bad, failed(bad))
        foresight.learn(good, passed(good), log_gain=2.0)
    gene = make_gene(QUADRATIC)
    bad, good = variants_of(gene, "bad", "good")
    foresight = Foresight(gene, (), book=kept)
    assert next(foresight.order([bad, good])) is good
    believed = foresight.believe(good)
    assert believed.log_gain > 1.0 > foresight.believe(bad).log_gain


def test_a_combination_is_believed_to_gain_what_its_best_part_does():
    weak, strong = (Belief(log_gain=g, deviation=0.1, seconds=1.0) for g in (-0.5, 1.0))
    both, other, part = together([("a+b", weak), ("c+d", weak), ("b", strong)])
    assert both.log_gain > part.log_gain == strong.log_gain
    assert other == weak


def test_a_death_in_this_pass_counts_for_the_next_draw(make_gene):
    gene = make_gene(QUADRATIC)
    tried, next_one = variants_of(gene, "same", "same")
    foresight = Foresight(gene, ())
    before = foresight.believe(next_one)
    foresight.learn(tried, failed(tried))
    assert foresight.believe(next_one).log_gain < before.log_gain


def test_the_same_seed_and_experience_draw_the_same_order(make_gene, tmp_path):
    kept = Book(tmp_path / "experience.sqlite3")
    kept.note([lesson("a"), lesson("b", gain=1.0)])
    gene = make_gene(QUADRATIC)
    written = variants_of(gene, *(f"operator_{n}" for n in range(8)))
    passes = [Foresight(gene, (), book=kept, seed=seed) for seed in (1, 1, 2)]
    first, again, other = ([v.operator for v in each.order(written)] for each in passes)
    assert first == again != other
    assert passes[0].digest == passes[1].digest == digest_of([*beginning(), *kept.lessons()])


def test_the_words_of_a_proposal_say_what_came_of_it_elsewhere(make_gene):
    gene = make_gene(QUADRATIC)
    proposal = propose(gene, ())[0]
    name = proposal.operator
    learner = Learner([lesson("a", operator=name, gain=1.0), lesson("b", operator=name, died="x")])
    assert learner.history(name) == (2, 1)
    revised = propose(gene, (), learner=learner)
    words = next(p.reason for p in revised if p.operator == name)
    assert "1 of 2 such versions passed the gates before" in words


def test_lessons_about_one_variant_replace_each_other_and_are_bounded(tmp_path):
    kept = Book(tmp_path / "deep" / "experience.sqlite3")
    kept.note([lesson("once"), lesson("once", gain=1.0)])
    assert [each.log_gain for each in kept.lessons()] == [1.0]
    kept.note([lesson(str(n)) for n in range(MOST_EACH + 20)])
    kept.note([lesson("rare", operator="rare")])
    lessons = kept.lessons()
    assert len(lessons) == MOST_EACH + 1
    assert lessons[-1].operator == "rare"
    assert "once" not in {each.variant for each in lessons}


@pytest.mark.parametrize("damage", [b"no database at all", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_book_is_put_aside_and_begun_anew(tmp_path, damage):
    path = tmp_path / "experience.sqlite3"
    path.write_bytes(damage)
    kept = Book(path)
    assert kept.lessons() == []
    kept.note([lesson("a")])
    assert [each.variant for each in kept.lessons()] == ["a"]
    assert path.with_suffix(".damaged").read_bytes() == damage


def test_a_book_of_another_version_is_begun_anew(tmp_path):
    path = tmp_path / "experience.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    Book(path).note([lesson("a")])
    assert len(Book(path).lessons()) == 1


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path):
    (tmp_path / "file").write_text("")
    kept = Book(tmp_path / "file" / "experience.sqlite3")
    kept.note([lesson("a")])
    assert kept.lessons() == []


def test_several_processes_write_at_once(tmp_path):
    path = tmp_path / "experience.sqlite3"
    program = (
        "import sys; from pathlib import Path\n"
        "from codegenesis.core.experience import Book, Lesson\n"
        "for n in range(10):\n"
        "    Book(Path(sys.argv[1])).note([Lesson(variant=f'{sys.argv[2]} {n}', operator='o',"
        " features={}, expected=0.0)])\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(path), str(n)]) for n in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(Book(path).lessons()) == 30


def test_the_owner_says_where_experience_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert book("off") is None
    assert book("auto").path == default_path() == tmp_path / "codegenesis" / "experience.sqlite3"
    assert book(str(tmp_path / "mine")).path == tmp_path / "mine"


def test_a_gain_of_thousands_teaches_no_more_than_one_of_twenty(make_gene):
    few, many = Learner(), Learner()
    few.learn(lesson("a", gain=3.0))
    many.learn(lesson("a", gain=math.log(50_000)))
    features = {"is hoist": 1.0}
    assert few.believe(features, 0.5, 1.0) == many.believe(features, 0.5, 1.0)


def test_everybody_begins_with_lessons_that_any_learner_understands():
    learner = Learner(beginning())
    assert learner.history("set_membership")[0] > 5
    assert all(lesson.variant and lesson.features for lesson in beginning())
