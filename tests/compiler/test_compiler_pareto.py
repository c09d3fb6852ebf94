"""Who is dominated, and by whom."""

from hypothesis import given
from hypothesis import strategies as st

from codegenesis.compiler.explain import replaced
from codegenesis.compiler.pareto import front, layers
from codegenesis.model import Fitness

FIGURES = {"cpu", "memory"}


def test_the_dominated_are_named_with_what_beats_them():
    field = {
        "fast": Fitness(cpu=3.0, memory=1.0),
        "lean": Fitness(cpu=1.0, memory=4.0),
        "worse": Fitness(cpu=2.0, memory=0.9),
    }
    found = front(field, looking_at=FIGURES)
    assert found.members == ("fast", "lean")
    assert found.beaten == {"worse": "fast"}
    assert layers(field, looking_at=FIGURES) == [("fast", "lean"), ("worse",)]


def test_figures_nearer_than_the_grain_are_equal():
    field = {"a": Fitness(cpu=1.0), "b": Fitness(cpu=1.003)}
    assert front(field, looking_at=FIGURES).members == ("a", "b")


def test_only_the_figures_looked_at_count():
    field = {"a": Fitness(cpu=2.0, memory=0.1), "b": Fitness(cpu=1.0, memory=9.0)}
    assert front(field, looking_at={"cpu"}).members == ("a",)


points = st.builds(Fitness, cpu=st.floats(0.01, 100), memory=st.floats(0.01, 100))


@given(st.dictionaries(st.text(max_size=3), points, max_size=8))
def test_every_layer_is_a_front_and_everybody_is_in_one(field):
    found = layers(field, looking_at=FIGURES)
    assert sorted(name for members in found for name in members) == sorted(field)
    assert all(found)
    result = front(field, looking_at=FIGURES)
    assert set(result.beaten) | set(result.members) == set(field)
    assert set(result.beaten.values()) <= set(result.members)


def test_a_change_is_told_by_what_went_and_what_came():
    before = (
        "def f(items, x):\n    for item in items:\n        if item == x:\n            return True\n"
    )
    after = "import bisect\ndef f(items, x):\n    return x in set(items)\n"
    assert replaced(before, after) == (
        "loop over items, check of item == x replaced by "
        "import of bisect, lookup in set(items), call of set"
    )
    assert replaced(before, before) == ""
    assert replaced("def f():\n    g()\n", "def f():\n    pass\n") == "call of g removed"
    many = "def f():\n    a()\n    b()\n    c()\n    d()\n"
    assert (
        replaced("def f():\n    pass\n", many) == "call of a, call of b, call of c and 1 more added"
    )
