"""What can be tuned in a function, under which conditions, and which values are tried."""

from __future__ import annotations

import builtins
import textwrap

import pytest

from codegenesis import choice, param
from codegenesis.core.tuning import propose_tuning, sites, tuned
from codegenesis.core.tuning.search import Climb, Parzen, effective, search

IMPORTED = "from codegenesis import choice, param\n"


def found(source: str, *, module: str = IMPORTED):
    return {site.name: site for site in sites(textwrap.dedent(source), module_source=module)}


def test_at_run_time_both_give_their_default():
    assert param("n", 8, low=1, high=64, log=True) == 8
    assert choice("how", ("a", "b")) == "a"
    assert choice("how", ("a", "b"), "b") == "b"
    assert choice("how", {"a": 1, "b": 2}) == 1
    assert choice("how", {"a": 1, "b": 2}, default="b") == 2


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        ("param('n', 8, low=2, high=64)", {"default": 8, "low": 2, "high": 64, "log": False}),
        ("param('n', 8, low=2, high=64, log=True)", {"log": True}),
        ("param('n', default=8)", {"default": 8, "low": 0.5, "high": 128}),
        ("param('n', .5, low=0, high=1)", {"default": 0.5, "low": 0, "high": 1}),
        ("param('n', 'a', choices=('a', 'b'))", {"choices": ("a", "b")}),
        ("param('n', True)", {"choices": (False, True)}),
        ("choice('n', ('a', 'b'))", {"default": "a", "choices": ("a", "b"), "kind": "choice"}),
        ("choice('n', {'a': f, 'b': g}, default='b')(x)", {"default": "b", "choices": ("a", "b")}),
    ],
)
def test_declarations_are_read(call, fields):
    site = found(f"def f(x):\n    return {call}\n")["n"]
    assert {name: getattr(site, name) for name in fields} == fields


@pytest.mark.parametrize(
    "call",
    [
        "param('n', x, low=2, high=64)",
        "param(name, 8, low=2, high=64)",
        "param('n', 80, low=2, high=64)",
        "param('n', 'text')",
        "param('n', 'a', choices=('b', 'c'))",
        "param(*x)",
        "choice('n', options)",
        "choice('n', ('a', 'b'), default='c')",
        "choice('n', {x: 1, 'b': 2})",
        "other.param('n', 8, low=2, high=64)",
    ],
)
def test_what_cannot_be_read_is_left_alone(call):
    assert "n" not in found(f"def f(x):\n    return {call}\n")


@pytest.mark.parametrize(
    ("imported", "written"),
    [
        ("from codegenesis import param as p", "p('n', 8)"),
        ("import codegenesis", "codegenesis.param('n', 8)"),
        ("import codegenesis as cg", "cg.param('n', 8)"),
        ("from codegenesis.tunables import param", "param('n', 8)"),
    ],
)
def test_it_is_known_by_the_name_it_was_imported_under(imported, written):
    source = f"def f(x):\n    return {written}\n"
    assert "n" in found(source, module=imported)
    assert "n" not in found(source, module="from elsewhere import param\nimport cg\n")


def test_a_name_that_is_declared_twice_is_left_alone():
    assert found("def f(x):\n    return param('n', 8) + param('n', 9)\n") == {}


@pytest.mark.parametrize(
    "source",
    [
        """
        def f(x):
            if choice("how", ("a", "b")) == "b":
                return g(x, param("n", 8, low=1, high=9))
            return x
        """,
        """
        def f(x):
            how = choice("how", ("a", "b"))
            if x and how == "b":
                if x > 0:
                    x = g(x, param("n", 8, low=1, high=9))
            return x
        """,
        """
        def f(x):
            return g(x, param("n", 8)) if choice("how", ("a", "b")) == "b" else x
        """,
        """
        def f(x):
            return choice("how", {"a": lambda: x, "b": lambda: g(x, param("n", 8))})()
        """,
    ],
)
def test_a_param_inside_a_branch_counts_only_there(source):
    places = sites(textwrap.dedent(source), module_source=IMPORTED)
    assert [site.name for site in places][:2] == ["how", "n"]
    assert places[1].under == (("how", "b"),)
    assert effective(places[:2], {}) == {"how": "a"}
    assert effective(places[:2], {"how": "b"}) == {"how": "b", "n": 8}


def test_numbers_that_decide_how_much_is_done_at_once_are_found_likeliest_first():
    places = found(
        """
        @lru_cache(maxsize=2048)
        def f(x, most=77):
            block = 64
            if len(x) < 16 or x[5] == 3.5:
                return x * 12 + g(x, 30) % 7
            return h(x, timeout=40) - 1
        """
    )
    names = [name.split(": ")[1] for name in places]
    assert names == ["2048", "64", "16", "3.5", "30", "40"]
    assert places["line 4: 64"].low == 4
    assert places["line 4: 64"].high == 1024


def test_values_take_their_places_and_nothing_else_changes():
    source = textwrap.dedent(
        """\
        def f(x):
            é = choice("how", ("a", "b")), param("n", 8, low=1, high=9)  # as it is
            return g("ü" * 3, size=4096)
        """
    )
    places = sites(source, module_source=IMPORTED)
    assert tuned(source, places, {}) == source
    values = {"how": "b", "n": 5, "line 3: 4096": 512}
    changed = tuned(source, places, values)
    assert 'choice("how", ("a", "b"), default=\'b\'), param("n", 5, low=1, high=9)' in changed
    assert 'g("ü" * 3, size=512)' in changed
    again = sites(changed, module_source=IMPORTED)
    assert {site.name: site.default for site in again[:2]} == {"how": "b", "n": 5}


def test_tuning_is_proposed_where_there_is_something_to_tune(make_gene):
    assert propose_tuning(make_gene("def f(x): return x + 1"), ()) is None
    proposal = propose_tuning(make_gene("def f(x): return g(x, size=8)"), ())
    assert proposal.operator == "tune"
    assert proposal.gain > 1


BRANCHES = """
def f(x):
    if choice("how", ("slow", "fast", "wrong")) == "fast":
        return g(x, param("n", 100, low=1, high=400, log=True))
    return x
"""


def score(values) -> float:
    """Fast with about 25 is best; `wrong` is useless."""
    if values["how"] == "fast":
        return 2.0 - abs(values["n"] - 25) / 50
    return 0.0 if values["how"] == "slow" else -3.0


@pytest.mark.parametrize("kind", [Climb, lambda places: Parzen(places, seed=1)])
def test_the_search_finds_the_branch_and_the_number_in_it(kind):
    if kind is not Climb:
        pytest.importorskip("optuna")
    places = sites(textwrap.dedent(BRANCHES), module_source=IMPORTED)
    asked = kind(places)
    tried = []
    while len(tried) < 30 and (values := asked.ask()) is not None:
        tried.append(values)
        asked.tell(score(values))
    assert len({repr(each) for each in tried}) == len(tried)
    assert all(("n" in values) == (values["how"] == "fast") for values in tried)
    assert max(map(score, tried)) > 1.6


def test_without_optuna_it_climbs_and_says_what_is_missing(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "optuna":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    places = sites("def f(x): return g(x, size=8)")
    found, words = search(places, seed=0)
    assert isinstance(found, Climb)
    assert "pip install codegenesis[tune]" in words
