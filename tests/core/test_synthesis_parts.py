"""The pieces of the search that need no jail: columns, banks, readings, tidying, templates."""

from __future__ import annotations

import operator
import types
from random import Random

import pytest

from codegenesis import wire
from codegenesis.arena.comparing import meets
from codegenesis.arena.messages import Example
from codegenesis.arena.synthesis import safe
from codegenesis.arena.synthesis.aims import Aim
from codegenesis.arena.synthesis.bank import Bank, Part, constant, leaf
from codegenesis.arena.synthesis.constants import constants
from codegenesis.arena.synthesis.messages import Plan
from codegenesis.arena.synthesis.probes import probes
from codegenesis.arena.synthesis.problem import problem
from codegenesis.arena.synthesis.search import Search
from codegenesis.arena.synthesis.text import spelled
from codegenesis.arena.synthesis.tidy import tidy
from codegenesis.arena.synthesis.values import ERR, distance, key, kinds_of

ADD = Part("({0} + {1})", operator.add, ("int", "int"), commutes=True)
LESS = Part("({0} < {1})", operator.lt, ("int", "int"))


def bank_of(*columns, parts=(ADD, LESS), largest=4, known=None):
    leaves = [leaf(f"x{slot}", column, slot=slot) for slot, column in enumerate(columns)]
    rows = len(columns[0])
    leaves += [constant(repr(n), n, rows) for n in (0, 1)]
    bank = Bank(leaves, parts, known=rows if known is None else known, largest=largest)
    for _ in bank.grow():
        pass
    return bank


# --- columns


def test_columns_differ_by_type_and_not_by_identity():
    assert key((1, 2)) == key((1, 2))
    assert len({key((1,)), key((True,)), key((1.0,)), key((ERR,))}) == 4


@pytest.mark.parametrize(
    ("one", "two", "strictly", "loose"),
    [
        (1, 1.0, False, True),
        (1, True, False, False),
        ((1, 2), [1, 2], False, True),
        ({2, 1}, [1, 2], False, True),
        ({"a": (1,)}, {"a": [1]}, False, True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False, True),
        ([1, "a"], [1, "a"], True, True),
        (float("nan"), float("nan"), True, True),
    ],
)
def test_equality_is_strict_or_as_json_sees_it(one, two, strictly, loose):
    assert meets(one, two, lenient=False) is strictly
    assert meets(one, two, lenient=True) is loose


def test_kinds_go_from_special_to_general():
    assert kinds_of([1, 2])[0] == "int"
    assert kinds_of([[1], [2.5]])[0] == "nums"
    assert kinds_of([1, "a"])[0] == "mixed"
    assert kinds_of([1, None]) == ("int", "num", "scalar", "any", "optional")


@pytest.mark.parametrize("wanted", [7, 2.5, "abc", [1, 2, 3], {"a": 1}, {1, 2}, True])
def test_distance_is_zero_only_for_the_wanted_value(wanted):
    assert distance(wanted, wanted) == 0
    assert distance(ERR, wanted) == 1
    assert 0 < distance(None, wanted) < 1


def test_a_value_that_is_nearly_right_is_nearer():
    assert distance([1, 2, 9], [1, 2, 3]) < distance([9, 9, 9], [1, 2, 3])
    assert distance(8, 7) < distance(80, 7)


# --- banks


def test_a_bank_keeps_the_cheapest_expression_of_each_column():
    bank = bank_of((1, 2, 3), (5, 5, 6))
    columns = [entry.values for entry in bank.entries]
    assert len(columns) == len(set(map(key, columns)))
    assert next(e for e in bank.entries if e.values == (6, 7, 9)).render() == "(x0 + x1)"


def test_what_raises_in_most_examples_is_dropped_and_the_rest_has_a_gap():
    first = Part("{0}[0]", lambda items: items[0], ("list",))
    kept = bank_of(([1], [], [2]), parts=(first,)).entries
    assert (1, ERR, 2) in [entry.values for entry in kept]
    dropped = bank_of(([1], [], []), parts=(first,)).entries
    assert (1, ERR, ERR) not in [entry.values for entry in dropped]


def test_two_halves_make_a_sum_that_the_bank_does_not_hold():
    told = []
    aim = Aim([10, 21, 32], lambda entry, _: told.append(entry.render()))
    aim_bank = bank_of((1, 2, 3), (4, 9, 14), largest=4)
    for entry in aim_bank.entries:
        aim.see(entry)
    list(aim.combine(aim_bank))
    assert any(eval(t, {"x0": 3, "x1": 14}) == 32 for t in told)


def test_a_decision_list_joins_expressions_that_are_right_on_some_rows():
    told = []
    aim = Aim([1, 2, 50, 60], lambda entry, method: told.append((entry.render(), method)))
    bank = bank_of((1, 2, 3, 4), (50, 1, 50, 60), (0, 0, 1, 1), largest=3)
    for entry in bank.entries:
        aim.see(entry)
    list(aim.combine(bank))
    text, method = told[0]
    assert method == "conditional"
    assert [eval(text, {"x0": a, "x1": b, "x2": c}) for a, b, c in [(2, 1, 0), (3, 50, 1)]] == [
        2,
        50,
    ]


def test_results_are_read_as_text_around_values():
    bank = bank_of((1, 25, 3), parts=())
    (found,) = [e for e in spelled(["no 01!", "no 25!", "no 03!"], bank) if e is not None]
    assert tidy(f"return {found.render()}") == "return f'no {x0:02d}!'"


# --- what stays small


@pytest.mark.parametrize(
    ("operation", "operands"),
    [
        (safe.power, (10, 10**10)),
        (safe.mul, (1 << 400, 1 << 400)),
        (safe.shift, (1, 10**9)),
        (safe.repeat, ("ab", 10**9)),
        (safe.span, (10**12,)),
        (safe.factorial, (10**6,)),
        (safe.permuted, ([*range(12)],)),
    ],
)
def test_operations_with_huge_results_refuse(operation, operands):
    with pytest.raises(safe.TooLargeError):
        operation(*operands)


# --- from composed to written


@pytest.mark.parametrize(
    ("composed", "written"),
    [
        ("return sum(list(d.values()))", "return sum(d.values())"),
        ("return sum((x for x in list(xs)))", "return sum(x for x in xs)"),
        ("return (not (a == b))", "return a != b"),
        ("return (not (n < 3))", "return n >= 3"),
        ("return (not (a < b))", "return not a < b"),
        ("return (0 < n)", "return n > 0"),
        ("return (1 + len(xs))", "return len(xs) + 1"),
        ("return (n + -1)", "return n - 1"),
        ("return xs[0:2]", "return xs[:2]"),
        ("total = (total + x)", "total += x"),
        ("return len(list(xs))", "return len(xs)"),
        ("return len(list(zip(a, b)))", "return len(list(zip(a, b)))"),
    ],
)
def test_what_was_composed_is_written_as_people_write(composed, written):
    assert tidy(composed) == written


# --- inputs that are made up, constants that are found


def test_probes_are_new_and_of_the_shape_of_the_examples():
    rows = [([1, 2], "a b"), ([3], "c"), ([4, 5, 6], "d e f")]
    made = probes(rows, count=6, rng=Random(1))
    assert made == probes(rows, count=6, rng=Random(1))
    assert len(made) == 6
    assert not any(row in rows for row in made)
    assert all(type(a) is list and type(b) is str for a, b in made)


def test_what_the_docstring_names_is_cheaper_than_what_the_examples_hold():
    found = dict(constants(docstring="Tax of 19% above 450.", inputs=[777], outputs=[3]))
    assert found[450] == found[19] == found[0.19] == 1
    assert found[777] > 2


# --- whole searches, on functions of our own


def search(source, calls, *, raising=(), limit=150_000, name="f"):
    module = types.ModuleType("toy_of_synthesis")
    exec(source, vars(module))
    examples = [
        Example(call=wire.encode_call(args, {}), result=wire.encode(result))
        for args, result in calls
    ]
    examples += [Example(call=wire.encode_call(a, {}), raises=error) for a, error in raising]
    plan = Plan(module="", path="", qualname=name, root="", source=source, examples=tuple(examples))
    found = []
    for trials in Search(problem(plan, module), tell=found.append).run():
        if trials > limit or (found and trials > 6_000):
            break
    return min(found, key=lambda each: each.cost, default=None)


def test_the_same_seed_finds_the_same():
    source = "def f(a, b):\n    raise NotImplementedError\n"
    calls = [((1, 2), 5), ((3, 4), 11), ((0, 5), 10)]
    assert search(source, calls, limit=5000) == search(source, calls, limit=5000)


def test_a_guard_raises_where_the_examples_do():
    source = "def f(n):\n    raise NotImplementedError\n"
    found = search(source, [((2,), 4), ((5,), 25), ((0,), 0)], raising=[((-1,), "ValueError")])
    assert found.body.splitlines()[0] == "if n < 0:"
    assert "raise ValueError(" in found.body
    assert found.body.splitlines()[-1].startswith("return")


def test_an_exception_that_comes_by_itself_needs_no_guard():
    source = "def f(xs):\n    raise NotImplementedError\n"
    found = search(source, [(([1, 2],), 1), (([5],), 5)], raising=[(([],), "IndexError")])
    assert found.body == "return xs[0]"


def test_examples_that_only_raise_give_nothing():
    source = "def f(n):\n    raise NotImplementedError\n"
    assert search(source, [], raising=[((1,), "ValueError")], limit=10) is None
