"""Recorded crashes become guards: neutral where it crashes today, the same everywhere else."""

from __future__ import annotations

import textwrap
from decimal import Decimal

import pytest

from codegenesis.core.operators.neutral import neutral
from codegenesis.genome import Crash


def crash(kind: str, *, detail: str = "", where: str = "shop:f") -> Crash:
    full = kind if "." in kind else f"builtins.{kind}"
    return Crash(fingerprint=f"{full} in {where}", type=full, count=3, detail=detail)


NO_NAME = "AttributeError(\"'NoneType' object has no attribute 'name'\")"
CASES = [
    # (source, crash, recorded results, calls that work, calls that crash, what they get)
    (
        "def f(xs): return round(sum(xs) / len(xs), 1)",
        crash("ZeroDivisionError"),
        (2.5, 1.0),
        [([1, 2],), ([0],)],
        [([],)],
        0.0,
    ),
    (
        """
        def f(rows, budget):
            shares = []
            for row in rows:
                shares.append(budget // row)
            return shares
        """,
        crash("ZeroDivisionError"),
        ([1],),
        [([2, 5], 10), ([], 3)],
        [([1, 0, 5], 10)],
        [10, 2],
    ),
    (
        "def f(text): return text.split(',')[1].strip()",
        crash("IndexError"),
        ("a",),
        [("a, b",), ("x,y,z",)],
        [("a",), ("",)],
        "",
    ),
    (
        """
        def f(values):
            values = list(values)
            top = values[-1]
            return {"top": top, "n": len(values)}
        """,
        crash("IndexError"),
        ({"top": 3, "n": 2}, {"top": 1, "n": 1}, {"top": 0, "n": 4}),
        [([1, 2],), ("ab",)],
        [([],)],
        {"top": 0, "n": 0},
    ),
    (
        "def f(rates, code): return rates[code] * 2",
        crash("KeyError", detail="KeyError('EUR')"),
        (4, 6),
        [({"GBP": 2}, "GBP")],
        [({"GBP": 2}, "EUR"), ({}, "GBP")],
        0,
    ),
    (
        """
        def f(user):
            '''Initials.'''
            if user == 0:
                return "-"
            return user.name[:1]
        """,
        crash("AttributeError", detail=NO_NAME),
        ("A", "B"),
        [(0,)],
        [(None,)],
        "",
    ),
    (
        "def f(first, second): return first + second",
        crash("TypeError", detail="TypeError(\"unsupported operand type(s) for +: 'NoneType'\")"),
        (3,),
        [(1, 2), ("a", "b")],
        [(None, 2), (1, None)],
        0,
    ),
    (
        """
        def f(lines):
            total = 0
            for line in lines:
                quantity = int(line)
                total += quantity
            return total
        """,
        crash("ValueError"),
        (5,),
        [(["1", " 2 "],), ([],)],
        [(["1", "many", "3"],)],
        4,
    ),
    (
        "def f(xs): return max(xs) - min(xs)",
        crash("ValueError"),
        (1, 2),
        [([3, 1],), ([7],)],
        [([],)],
        0,
    ),
    (
        "def f(xs): return [10 % x for x in xs if x < 9]",
        crash("ZeroDivisionError"),
        ([1],),
        [([3, 9],), ([],)],
        [([3, 0],)],
        [1, 0],
    ),
]


def load(source: str):
    space: dict = {}
    exec(textwrap.dedent(source).strip() + "\n", space)
    return space["f"]


@pytest.mark.parametrize("case", CASES)
def test_a_guard_changes_only_what_crashes_today(bench, case):
    source, recorded, results, working, crashing, expected = case
    variants = bench.write("heal", source, crashes=(recorded,), results=results)
    assert variants
    original = load(source)
    for variant in variants:
        healed = load(variant.source)
        for args in working:
            assert healed(*args) == original(*args), variant.source
        for args in crashing:
            with pytest.raises(Exception, match=r".*") as caught:
                original(*args)
            assert type(caught.value).__name__ == recorded.name
            healed(*args)
    first = load(variants[0].source)
    assert [first(*args) for args in crashing] == [expected] * len(crashing)


@pytest.mark.parametrize("case", CASES)
def test_the_narrowest_comes_first_and_try_around_all_last(bench, case):
    source, recorded, results, *_ = case
    variants = bench.write("heal", source, crashes=(recorded,), results=results)
    last = variants[-1].source
    assert f"except {recorded.name}:" in last
    assert "try:" in last.partition("def ")[2].splitlines()[1] + last.splitlines()[2]
    assert "except" not in variants[0].source or "int(line)" in source


def test_two_crashes_are_healed_together_and_each_by_itself(bench):
    source = """
    def f(orders, rates):
        total = 0.0
        for order in orders:
            total += order["price"] / rates[order["currency"]]
        return total
    """
    recorded = (crash("KeyError", detail="KeyError('EUR')"), crash("ZeroDivisionError"))
    first, *others = bench.write("heal", source, crashes=recorded, results=(1.5,))
    orders = [
        {"price": 3, "currency": "GBP"},
        {"price": 3, "currency": "EUR"},
        {"price": 1, "currency": "XXX"},
    ]
    assert load(first.source)(orders, {"GBP": 2, "XXX": 0}) == 1.5
    assert len(others) >= 4
    assert "KeyError and ZeroDivisionError" in first.hypothesis


CONDITIONAL = [
    "def f(a, b): return a / b if b else 7",
    "def f(a, b): return b != 0 and a / b",
    """
def f(a, b):
    if b == 0:
        return 7
    elif a / b > 2:
        return 1
    return 2
""",
    "def f(a, b): return [a / x for x in b] if b else 7",
]


@pytest.mark.parametrize("source", CONDITIONAL)
def test_no_condition_is_put_before_what_is_not_always_evaluated(bench, source):
    variants = bench.write("heal", source, crashes=(crash("ZeroDivisionError"),), results=(1,))
    for variant in variants:
        assert load(variant.source)(6, 0) == load(source)(6, 0)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (
            "def f(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x\n",
            "ValueError",
        ),
        ("def f(x):\n    assert x\n    return x\n", "AssertionError"),
        ("def f(x): return g(x)", "shop.errors.OutOfStock"),
        ("def f(x): return input(x)", "KeyboardInterrupt"),
        ("def f(xs):\n    for x in xs:\n        yield 1 / x\n", "ZeroDivisionError"),
    ],
)
def test_what_is_raised_on_purpose_is_left_alone(bench, source, kind):
    assert not bench.write("heal", source, crashes=(crash(kind),), results=(1,))


def test_a_crash_in_a_function_that_is_called_is_only_caught(bench):
    source = "def f(d, k): return d[k] + g(k)"
    recorded = crash("KeyError", where="shop.tax:rate < shop:f")
    (variant,) = bench.write("heal", source, crashes=(recorded,), results=(1,))
    assert "except KeyError:" in variant.source


def test_exceptions_of_the_standard_library_are_imported(bench):
    source = "def f(text): return Decimal(text) * 2"
    recorded = Crash(fingerprint="", type="decimal.InvalidOperation", count=1)
    variants = bench.write("heal", source, crashes=(recorded,), results=(0,))
    assert variants
    for variant in variants:
        space: dict = {"Decimal": Decimal}
        exec(variant.source, space)
        assert space["f"]("x") == 0
        assert space["f"]("1.5") == 3


@pytest.mark.parametrize(
    ("results", "annotation", "expected"),
    [
        ((1, 2), "", "0"),
        ((1, 2.5), "", "0.0"),
        ((True,), "", "False"),
        (("a",), "int", '""'),
        ((None, 3), "", "None"),
        (([1],), "", "[]"),
        (({"a": 1},), "", "{}"),
        (({"a": 1}, {"a": 2}, {"a": 3}), "", "{'a': 0}"),
        (((1, "a"), (2, "b")), "", '(0, "")'),
        (((1,), (1, 2)), "", "()"),
        (((1,),), "", "(0,)"),
        ((object(),), "", "None"),
        ((), "float", "0.0"),
        ((), "list[int]", "[]"),
        ((), "Mapping[str, int]", "{}"),
        ((), "str | None", "None"),
        ((), "Optional[int]", "None"),
        ((), "", "None"),
    ],
)
def test_neutral_values(results, annotation, expected):
    assert neutral(results, annotation=annotation) == expected
