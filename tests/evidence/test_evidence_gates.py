"""What kills a variant, and what lets it live: through the real jail."""

import pytest

from codegenesis.evidence import (
    DifferentialGate,
    EffectsGate,
    ParseGate,
    PolicyGate,
    ReplayGate,
    run_gates,
    standard_gates,
)
from codegenesis.evidence.duel import near_the_limit
from codegenesis.model import Outcome
from codegenesis.sandbox import OUT_OF_CPU

TAGS = (["a", "b", "a"],), (["x"],), ([],)
FLOATS = ([1.5],), ([0.2],)
NUMBERS = ([3, 1, 3],), ([7],), ([],)


def orders(*rows):
    return [({"state": state, "days": days},) for state, days in rows]


def test_gates_stop_at_the_gate_of_death(bench):
    case = bench.case("unique", *TAGS)
    trials = run_gates(
        standard_gates(), bench.variant("unique", "def unique(items): return ("), case
    )
    assert [(trial.gate, trial.verdict) for trial in trials] == [("parse", "failed")]


def test_a_survivor_has_a_trial_of_every_gate(bench):
    case = bench.case("unique", *TAGS)
    variant = bench.variant("unique", "def unique(items):\n    return list(dict.fromkeys(items))\n")
    trials = run_gates(standard_gates(), variant, case)
    assert [trial.gate for trial in trials] == [
        "parse",
        "policy",
        "replay",
        "effects",
        "differential",
    ]
    assert {trial.verdict for trial in trials} == {"passed"}
    assert {trial.variant for trial in trials} == {variant.id}
    assert trials[-1].checks > 50


EQUAL = [
    ("unique", TAGS, "def unique(items):\n    return list(dict.fromkeys(items))\n"),
    ("unique", NUMBERS, "def unique(items):\n    return list(dict.fromkeys(items))\n"),
    (
        "fee",
        [(5, "basic"), (30, "gold"), (8,)],
        """
        def fee(amount, tier="basic"):
            return amount - 7 if tier == "gold" and amount > LIMIT else amount
        """,
    ),
    (
        "fib",
        [(n,) for n in range(10)],
        """
        import functools

        @functools.lru_cache(maxsize=None, typed=True)
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        """,
    ),
    (
        "label",
        orders(("new", 1), ("lost", 3), ("sent", 40)),
        """
        def label(order):
            state = order["state"]
            return "write off" if state == "lost" and order["days"] > 30 else state.title()
        """,
    ),
    (
        "loud",
        [(1,), (2,)],
        "def loud(x):\n    result = x + 1\n    print('loud', x)\n    return result\n",
    ),
    (
        "tidy",
        [([3, 1],), ([],)],
        """
        def tidy(values):
            values[:] = sorted(values)
            return next(iter(values), None)
        """,
    ),
]


@pytest.mark.parametrize(("qualname", "calls", "source"), EQUAL)
def test_equal_rewrites_live(bench, qualname, calls, source):
    assert bench.death(bench.case(qualname, *calls), source) == ("", "")


def test_equal_rewrites_of_methods_live(bench):
    carts = [bench.module.Cart("ann", [(2, 3), (5, 1)]), bench.module.Cart("bob", [])]
    source = """
    def total(self):
        return sum(price * count for price, count in self.lines)
    """
    case = bench.case("Cart.total", *((cart,) for cart in carts))
    assert bench.death(case, source) == ("", "")


def test_instances_and_named_tuples_travel_there_and_back(bench):
    points = [(bench.module.Point(1, 2),), (bench.module.Point(0.5, 3),)]
    case = bench.case("far", *points)
    rewrite = "def far(point):\n    x, y = point\n    return Point(x + 1, y)\n"
    assert bench.death(case, rewrite) == ("", "")
    gate, detail = bench.death(case, rewrite.replace("Point(x + 1, y)", "(x + 1, y)"))
    assert gate == "replay"
    assert "far(Point(1, 2))" in detail


def test_an_exception_about_unfamiliar_types_may_be_worded_otherwise(bench):
    carts = [bench.module.Cart("ann", [(2, 3), (5, 1)]), bench.module.Cart("bob", [])]
    source = """
    def render(self, title):
        parts = []
        for price, _count in self.lines:
            parts.append(title)
            parts.append(str(price))
        self.text = "".join(parts)
        return self.text
    """
    case = bench.case("Cart.render", *((cart, "x") for cart in carts))
    assert bench.death(case, source) == ("", "")
    source = """
    def ratio(a, b):
        if not isinstance(a, int | float) or not isinstance(b, int | float):
            raise TypeError("numbers only")
        return a / b
    """
    assert bench.death(bench.case("ratio", (1, 2), (3, 4)), source) == ("", "")


FEES = (5, "basic"), (30, "gold")
ORDERS = orders(("new", 1), ("lost", 3), ("sent", 3))

WRONG = [
    # wrong values, and right ones of another type
    ("unique", TAGS, "return sorted(dict.fromkeys(items))", "replay differential"),
    ("unique", TAGS, "return list(set(items))", "replay differential"),
    ("unique", TAGS, "return tuple(dict.fromkeys(items))", "replay"),
    ("unique", NUMBERS, "return [float(i) for i in dict.fromkeys(items)]", "replay"),
    ("unique", NUMBERS, "return [int(i) for i in dict.fromkeys(items)]", "differential"),
    ("unique", NUMBERS, "return list({i: i for i in items}.values())", "differential"),
    ("unique", FLOATS, "return [i + 0.0 for i in dict.fromkeys(items)]", "differential"),
    ("fee", [(5,), (9,)], "return amount * 1.0 if amount != 5 else amount", "replay"),
    ("fee", [(5,), (9,)], "return abs(amount)", "differential"),
    ("spin", [(3,), (4,)], "return n * (n + 1) / 2", "replay"),
    ("spin", [(3,), (4,)], "return n * (n + 1) // 2", "differential"),
    # rare branches
    ("fee", FEES, "return amount", "differential"),
    ("fee", FEES, "return amount - 7 * (amount >= LIMIT and tier == 'gold')", "differential"),
    ("label", ORDERS, "return order['state'].title()", "differential"),
    ("label", ORDERS, "return order['state'].capitalize()", "differential"),
    # exceptions: type, arguments, absence
    ("ratio", [(1, 2), (1, 0)], "return a / b if b else 0", "replay"),
    ("ratio", [(1, 2), (3, 4)], "return a / b if b else float('inf')", "differential"),
    ("ratio", [(1, 2)], "if not b: raise ZeroDivisionError(1)\n    return a / b", "differential"),
    ("mean", [([1, 2],), ([3],)], "return sum(values) / max(1, len(values))", "differential"),
    # arguments: mutation lost, mutation added
    ("tidy", [([3, 1],), ([],)], "return min(values) if values else None", "replay"),
    ("mean", [([3, 1],)], "values.sort()\n    return sum(values) / len(values)", "replay"),
    # effects: output, module state, shared objects
    ("loud", [(1,), (2,)], "return x + 1", "effects"),
    ("loud", [(1,), (2,)], "print('quiet', x)\n    return x + 1", "effects"),
    ("logged", [(1,), (2,)], "return x + 1", "effects"),
    ("counted", [(1,), (2,)], "return x", "effects"),
    ("settings", [(1,), (0,)], "return list(DEFAULTS) if x else []", "effects"),
    ("unique", TAGS, "k = [*dict.fromkeys(items)]\n    return min(items, k, key=len)", "replay"),
    # the machine
    ("fee", [(5,), (9,)], "while True: pass", "replay"),
    ("fee", [(5,), (9,)], "return [0] * (1 << 40)", "replay"),
]  # fmt: skip


@pytest.mark.parametrize(("qualname", "calls", "body", "gates"), WRONG)
def test_wrong_variants_die(bench, qualname, calls, body, gates):
    source = bench.gene(qualname).source
    header = source[: source.index("\n") + 1]
    gate, detail = bench.death(bench.case(qualname, *calls), f"{header}    {body}\n")
    assert gate in gates.split(), detail
    assert f"{qualname}(" in detail


def test_a_cache_that_hands_out_one_list_to_all_callers_dies(bench):
    source = """
    _kept = {}

    def unique(items):
        key = tuple(items)
        if key not in _kept:
            _kept[key] = list(dict.fromkeys(items))
        return _kept[key]
    """
    gate, detail = bench.death(bench.case("unique", *TAGS), source)
    assert gate == "effects"
    assert "shares other objects" in detail


def test_a_cache_that_confuses_equal_keys_dies(bench):
    source = """
    import functools

    @functools.lru_cache(maxsize=None)
    def fee(amount, tier="basic"):
        if amount > LIMIT and tier == "gold":
            return amount - 7
        return amount
    """
    gate, detail = bench.death(bench.case("fee", (1, "basic"), (0.5, "gold"), (True,)), source)
    assert gate in ("replay", "differential")
    assert "True" in detail


def test_a_variant_that_remembers_too_much_dies_on_the_repeats(bench):
    source = """
    _last = []

    def fee(amount, tier="basic"):
        _last.append(amount)
        return _last[0]
    """
    assert bench.death(bench.case("fee", (5,), (9,), (5,)), source)[0] == "policy"


def test_the_counter_example_is_small_and_readable(bench):
    case = bench.case("unique", (["some", "long", "list", "of", "words", "some"],), (["x"],))
    source = """
    def unique(items):
        return list(dict.fromkeys(items)) if len(items) < 8 else items[:]
    """
    gate, detail = bench.death(case, source)
    assert gate == "differential"
    assert "the original returns" in detail
    assert "the variant returns" in detail
    assert len(detail) < 400


def test_the_same_seed_tries_the_same_inputs(bench):
    variant = bench.variant("fee", "def fee(amount, tier='basic'):\n    return amount + 0\n")
    trials = [DifferentialGate().run(variant, bench.case("fee", (5,), (9,))) for _ in range(2)]
    assert trials[0].checks == trials[1].checks
    assert trials[0].detail == trials[1].detail


def test_inputs_that_kill_the_original_are_left_out_and_soon_avoided(bench):
    case = bench.case("spin", (3,), (5,), budget_s=20.0)
    # Faster than the original, so that no input that this just ends in time is too much for it.
    source = """
    def spin(n):
        total = 0
        while n > 0:
            total += n
            n -= 1
            if n > 0:
                total += n
                n -= 1
                if n > 0:
                    total += n
                    n -= 1
        return total
    """
    trial = DifferentialGate().run(bench.variant("spin", source), case)
    assert trial.verdict == "passed", trial.detail
    assert 1 <= trial.measurements["excluded"] <= 3
    assert trial.measurements["skipped"] > 0


def test_nothing_compared_is_nothing_shown(bench):
    case = bench.case("fee", (5,), (9,), budget_s=0.0)
    variant = bench.variant("fee", "def fee(amount, tier='basic'):\n    return amount\n")
    trial = DifferentialGate().run(variant, case)
    assert trial.verdict == "failed"
    assert "could be compared" in trial.detail


CRASHES = frozenset({"builtins.ZeroDivisionError"})


@pytest.mark.parametrize(
    ("source", "gate"),
    [
        ("def mean(values):\n    return sum(values) / len(values) if values else 0.0\n", ""),
        ("def mean(values):\n    return sum(values) / len(values) if values else None\n", "replay"),
        ("def mean(values):\n    return sum(values) / (len(values) or 1)\n", ""),
        ("def mean(values):\n    return sum(values) / len(values)\n", "replay"),
        (
            "def mean(values):\n    return sum(values) / len(values) if len(values) > 1 else 0.0\n",
            "replay",
        ),
    ],
)
def test_healing_handles_the_crash_and_changes_nothing_else(bench, source, gate):
    case = bench.case("mean", ([1, 2],), ([5],), ([],), objective="heal", crashes=CRASHES)
    assert bench.death(case, source)[0] == gate


def test_healing_leaves_exceptions_alone_that_are_no_crashes(bench):
    case = bench.case(
        "mean", ([1, 2],), ([],), objective="heal", crashes=frozenset({"builtins.KeyError"})
    )
    source = "def mean(values):\n    return sum(values) / len(values) if values else 0.0\n"
    assert bench.death(case, source)[0] == "replay"


FORBIDDEN = [
    ("from builtins import eval as e\ndef fee(amount, tier='basic'):\n    return 1\n", "eval"),
    ("import builtins\ndef fee(amount, tier='basic'):\n    return 1\n", "imports builtins"),
    ("import os\ndef fee(amount, tier='basic'):\n    return amount\n", "imports os"),
    ("def fee(amount, tier='basic'):\n    import subprocess\n    return amount\n", "subprocess"),
    ("from . import x\ndef fee(amount, tier='basic'):\n    return amount\n", "relatively"),
    ("def fee(amount, tier='basic'):\n    return eval('amount')\n", "uses eval"),
    ("def fee(amount, tier='basic'):\n    return getattr(amount, 'real')\n", "uses getattr"),
    ("def fee(amount, tier='basic'):\n    return amount.__class__(1)\n", ".__class__"),
    ("def fee(amount, tier='basic'):\n    return '{0.__class__}'.format(1)\n", "hides a name"),
    ("def fee(amount, tier='basic'):\n    return (x for x in ()).gi_frame\n", ".gi_frame"),
    (
        "def fee(amount, tier='basic'):\n    global HITS\n    HITS = 1\n    return amount\n",
        "global",
    ),
    ("def fee(amount, tier='basic'):\n    BANNED.append(1)\n    return amount\n", "BANNED.append"),
    ("len = 5\ndef fee(amount, tier='basic'):\n    return amount\n", "shadows the built-in len"),
    ("def fee(amount, tier='gold'):\n    return amount\n", "changes its parameters"),
    ("def fee(amount, *, tier='basic'):\n    return amount\n", "changes its parameters"),
    ("for _ in range(3):\n    pass\ndef fee(amount, tier='basic'):\n    return amount\n", "`for`"),
    (
        "_BANNED = frozenset(BANNED)\ndef fee(amount, tier='basic'):\n    return amount\n",
        "keeps a copy of BANNED",
    ),
    (
        "class V(int):\n    def __del__(self):\n        pass\n"
        "def fee(amount, tier='basic'):\n    return amount\n",
        "defines __del__",
    ),
    (
        "def fee(amount, tier='basic'):\n" + "    amount + 0\n" * 500 + "    return amount\n",
        "grows to",
    ),
]


@pytest.mark.parametrize(("source", "words"), FORBIDDEN)
def test_policy_refuses(bench, source, words):
    trial = PolicyGate().run(bench.variant("fee", source), bench.case("fee", (5,)))
    assert trial.verdict == "failed"
    assert words in trial.detail


ALLOWED = [
    "from builtins import KeyError as _K\ndef fee(amount, tier='basic'):\n    return 1\n",
    "import functools\nfrom collections import deque\ndef fee(amount, tier='basic'):\n    pass\n",
    "import random\ndef fee(amount, tier='basic'):\n    return 1\n",  # the module imports it too
    "_LIMITS = frozenset([LIMIT])\ndef fee(amount, tier='basic'):\n    return 1\n",
    "_seen = {}\ndef fee(amount, tier='basic'):\n    _seen[amount] = 1\n    return 1\n",
    "def fee(amount: int, tier: str = 'basic') -> int:\n    return 1\n",
]


@pytest.mark.parametrize("source", ALLOWED)
def test_policy_allows(bench, source):
    trial = PolicyGate().run(bench.variant("fee", source), bench.case("fee", (5,)))
    assert (trial.verdict, trial.detail) == ("passed", "")


def test_policy_refuses_a_variant_of_another_version(bench):
    other = bench.variant("unique", "def fee(amount, tier='basic'):\n    return amount\n")
    trial = PolicyGate().run(other, bench.case("fee", (5,)))
    assert "another version" in trial.detail


def test_a_fragment_that_does_not_fit_fails_and_raises_nothing(bench):
    case = bench.case("fee", (5,), (9,))
    misfit = bench.variant("fee", "def fee(amount):\n    return amount\n")
    for gate in (ReplayGate(), EffectsGate(), DifferentialGate()):
        assert gate.run(misfit, case).verdict == "failed"
    assert ParseGate().run(misfit, case).verdict == "passed"


@pytest.mark.parametrize(
    ("original_ns", "detail", "spared"),
    [
        (300_000_000, OUT_OF_CPU, True),
        (200_000_000, OUT_OF_CPU, False),
        (300_000_000, "it took longer than allowed", False),
        (300_000_000, "it was ended by signal 11", False),
    ],
)
def test_only_what_the_original_just_manages_is_left_to_the_race(original_ns, detail, spared):
    expected = Outcome(kind="returned", value=b"1", cpu_ns=original_ns)
    got = Outcome(kind="died", detail=detail, cpu_ns=500_000_000)
    assert near_the_limit(expected, got) is spared
