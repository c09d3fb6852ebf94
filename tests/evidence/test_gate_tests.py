"""The user's own tests judge a variant that they never share a process with."""

import pytest
from gate_bench import project

from codegenesis.evidence import (
    TestsGate,
    baseline_tests,
    gates_for,
    run_gates,
    standard_gates,
)
from codegenesis.wire import decode_call

SHOP = """
from dataclasses import dataclass, field

RATE = 0.1


class EmptyError(ValueError):
    pass


@dataclass
class Cart:
    lines: list = field(default_factory=list)

    def add(self, price, count=1):
        self.lines.append((price, count))
        return self

    def total(self):
        return sum(price * count for price, count in self.lines)


def unique(items):
    found = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def tidy(values, key=None):
    if not values:
        raise EmptyError("nothing to tidy")
    values.sort(key=key)
    return values[0]


def taxed(amount):
    return amount * (1 + RATE)


def pairs(items):
    for at in range(0, len(items), 2):
        yield items[at : at + 2]
    return len(items)


async def fetched(items):
    return list(items)


def report(items):
    return ", ".join(unique(items))
"""

TESTS = """
import asyncio
import unittest

import pytest
import cg_shop
from cg_shop import Cart, EmptyError, fetched, pairs, report, taxed, tidy, unique

COUNT = []


CASES = [([1, 1, 2], [1, 2]), ([], []), (["b", "a"], ["b", "a"])]


@pytest.mark.parametrize(("items", "found"), CASES)
def test_unique(items, found):
    assert unique(items) == found


class TestReport:
    def test_through_another_function(self, words):
        assert report(words) == "x, y"


class OldStyle(unittest.TestCase):
    def test_none_is_an_item(self):
        self.assertEqual(unique([None, None]), [None])


def test_with_a_file(tmp_path):
    (tmp_path / "items").write_text("a a b")
    assert unique((tmp_path / "items").read_text().split()) == ["a", "b"]


def test_that_fails():
    assert unique([1, 1]) == [1, 1]


def test_that_depends_on_the_tests_before():
    COUNT.append(1)
    assert unique([len(COUNT)]) == [1]


def test_that_passes_once(elsewhere=COUNT):
    COUNT.append(1)
    assert len(unique([1, 2, 2])) == len(COUNT)


def test_identity():
    thing = object()
    assert unique([thing, thing]) == [thing]


@pytest.mark.skip
def test_skipped():
    assert unique([1]) == [1]


def test_that_does_not_call_it():
    assert cg_shop.RATE == 0.1


def test_tidy_sorts_in_place():
    values = [3, 1, 2]
    same = values
    assert tidy(values) == 1
    assert same == [1, 2, 3]


def test_tidy_with_a_key():
    values = [3, 1, 2]
    assert tidy(values, key=lambda value: -value) == 3


def test_tidy_raises():
    with pytest.raises(EmptyError, match="nothing"):
        tidy([])


def test_taxed_with_another_rate(monkeypatch):
    monkeypatch.setattr(cg_shop, "RATE", 1.0)
    assert taxed(5) == 10


def test_taxed():
    assert taxed(10) == pytest.approx(11)


def test_pairs():
    assert list(pairs([1, 2, 3])) == [[1, 2], [3]]
    assert next(pairs([1, 2])) == [1, 2]
    with pytest.raises(TypeError):
        list(pairs(5))


def test_fetched():
    assert asyncio.run(fetched((1, 2))) == [1, 2]


def test_cart():
    cart = Cart()
    assert cart.add(3).add(4, 2) is cart
    assert cart.total() == 11
"""

FILES = {
    "cg_shop.py": SHOP,
    "tests/test_cg_shop.py": TESTS,
    "tests/conftest.py": "import pytest\n\n@pytest.fixture\ndef words(): return list('xxy')\n",
    "pyproject.toml": """
        [tool.pytest.ini_options]
        testpaths = ["tests"]
        addopts = "--import-mode=importlib -x"
        filterwarnings = ["error"]
        """,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with project(tmp_path_factory.mktemp("tests"), "cg_shop", FILES) as found:
        yield found


@pytest.fixture(scope="module")
def known(shop):
    """The baseline of each function, made once."""
    made = {}

    def known(qualname):
        if qualname not in made:
            gene = shop.gene(qualname)
            made[qualname] = baseline_tests(gene, shop.sandbox, project=shop.directory)
        return made[qualname]

    return known


@pytest.fixture
def tried(shop, known):
    def tried(qualname, source):
        return TestsGate(known(qualname)).run(shop.variant(qualname, source), shop.case(qualname))

    return tried


def names(tests):
    return [each.id.rpartition("::")[2] for each in tests]


def test_tests_that_call_the_function_are_selected(known):
    assert names(known("unique").selected) == [
        "test_unique[items0-found0]",
        "test_unique[items1-found1]",
        "test_unique[items2-found2]",
        "test_through_another_function",
        "test_none_is_an_item",
        "test_with_a_file",
    ]


def test_what_is_no_evidence_is_left_out_with_a_word(known):
    words = {name: each.excluded for each, name in zip(*excluded(known("unique")), strict=True)}
    assert "fails with the original: assert [1] == [1, 1]" in words["test_that_fails"]
    assert "flaky" in words["test_that_depends_on_the_tests_before"]
    assert "only calls that cannot be sent" in words["test_identity"]
    assert "test_skipped" not in words
    assert "test_that_does_not_call_it" not in words


def excluded(baseline):
    return baseline.excluded, names(baseline.excluded)


@pytest.mark.slow
def test_a_patched_module_variable_does_not_reach_the_jail_and_is_left_out(known):
    found = known("taxed")
    assert names(found.selected) == ["test_taxed"]
    assert "does not stand" in found.excluded[-1].excluded


def test_calls_that_tests_made_come_with_the_baseline(known):
    calls = [decode_call(call) for call in known("unique").calls]
    assert (([1, 1, 2],), {}) in calls
    assert (([None, None],), {}) in calls


def test_an_equal_variant_passes(tried):
    trial = tried("unique", "def unique(items): return list(dict.fromkeys(items))")
    assert trial.verdict == "passed", trial.detail
    assert trial.checks == 6
    assert trial.measurements["calls"] >= 6
    assert "test_that_fails fails with the original" in trial.detail


def test_a_wrong_variant_fails_with_the_test_and_its_assertion(tried):
    trial = tried("unique", "def unique(items): return sorted(set(items))")
    assert trial.verdict == "failed"
    assert trial.detail.startswith("tests/test_cg_shop.py::test_unique[items2-found2]: ")
    assert "assert ['a', 'b'] == ['b', 'a']" in trial.detail


@pytest.mark.slow
def test_arguments_changed_elsewhere_change_here(tried):
    good = """
    def tidy(values, key=None):
        if not values:
            raise EmptyError("nothing to tidy")
        values[:] = sorted(values, key=key)
        return values[0]
    """
    trial = tried("tidy", good)
    assert trial.verdict == "passed", trial.detail
    assert trial.checks == 2
    trial = tried("tidy", good.replace("values[:] =", "values ="))
    assert trial.verdict == "failed"
    assert "test_tidy_sorts_in_place: assert [3, 1, 2] == [1, 2, 3]" in trial.detail


def test_exceptions_are_of_the_projects_own_classes(tried):
    source = """
    def tidy(values, key=None):
        values.sort(key=key)
        return values[0]
    """
    trial = tried("tidy", source)
    assert "test_tidy_raises: IndexError" in trial.detail


@pytest.mark.slow
def test_a_method_that_returns_itself_gives_back_the_callers_own_object(tried):
    source = "def add(self, price, count=1):\n    self.lines += [(price, count)]\n    return self"
    trial = tried("Cart.add", source)
    assert trial.verdict == "passed", trial.detail
    trial = tried("Cart.add", source.replace("count)]", "1)]"))
    assert trial.verdict == "failed"


@pytest.mark.parametrize(
    ("qualname", "good", "bad"),
    [
        (
            "pairs",
            """
            def pairs(items):
                size = len(items)
                yield from (items[at : at + 2] for at in range(0, size, 2))
                return size
            """,
            "def pairs(items): yield from (items[n : n + 2] for n in range(0, len(items) - 1, 2))",
        ),
        (
            "fetched",
            "async def fetched(items): return [*items]",
            "async def fetched(items): return [*items][:1]",
        ),
    ],
    ids=["generator", "coroutine"],
)
@pytest.mark.slow
def test_generators_and_coroutines_are_taken_up_by_the_tests(tried, qualname, good, bad):
    trial = tried(qualname, good)
    assert (trial.verdict, trial.checks) == ("passed", 1), trial.detail
    assert tried(qualname, bad).verdict == "failed"


HOSTILE = {
    "looks for pytest": """
        import sys

        def unique(items):
            return list(dict.fromkeys(items)) if "pytest" in sys.modules else []
        """,
    "looks for pytest's variables": """
        import os

        def unique(items):
            return list(dict.fromkeys(items)) if "PYTEST_CURRENT_TEST" in os.environ else []
        """,
    "ends with success": """
        import os

        def unique(items):
            os._exit(0)
        """,
    "raises the end": "def unique(items): raise SystemExit(0)",
    "raises an interrupt": "def unique(items): raise KeyboardInterrupt",
    "skips": """
        def unique(items):
            import unittest
            raise unittest.SkipTest("not today")
        """,
    "takes the assertions apart": """
        import builtins, sys, unittest

        def unique(items):
            builtins.AssertionError = type("Nothing", (Exception,), {})
            unittest.TestCase.assertEqual = lambda *args: None
            for module in list(sys.modules.values()):
                if hasattr(module, "pytest_runtest_makereport"):
                    module.pytest_runtest_makereport = lambda *args: None
            return []
        """,
    "agrees with everything": """
        import unittest.mock

        def unique(items):
            return unittest.mock.ANY
        """,
    "writes reports to every descriptor": """
        import os

        def unique(items):
            for fd in range(3, 64):
                try:
                    os.write(fd, b"\\x10\\x00\\x00\\x00passed passed pas")
                except OSError:
                    pass
            return []
        """,
    "hangs": "def unique(items):\n    while True: pass",
    "floods": "def unique(items): return ['x' * 50_000_000]",
}


#: Tried in every run of the suite; the others with the slow ones.
ALWAYS = {"looks for pytest", "ends with success", "takes the assertions apart", "skips"}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(source, id=name, marks=[] if name in ALWAYS else [pytest.mark.slow])
        for name, source in HOSTILE.items()
    ],
)
def test_hostile_variants_fail(tried, source):
    assert tried("unique", source).verdict == "failed"


@pytest.mark.slow
def test_a_result_on_which_the_test_never_ends_loses(shop, tmp_path):
    (tmp_path / "test_waiting.py").write_text(WAITING)
    found = baseline_tests(
        shop.gene("taxed"), shop.sandbox, project=shop.directory, paths=[tmp_path]
    )
    assert names(found.selected) == ["test_until_enough"]
    case = shop.case("taxed", (5,), budget_s=4.0)
    trial = TestsGate(found).run(shop.variant("taxed", "def taxed(amount): return 0"), case)
    assert trial.verdict == "failed"
    assert "test_until_enough" in trial.detail


WAITING = """
from cg_shop import taxed

def test_until_enough():
    amount = taxed(10)
    while amount < 11:
        pass
    assert amount == 11
"""


def test_tests_of_something_else_are_no_evidence(shop):
    case = shop.case("report", (["a", "a"],))
    nothing = baseline_tests(
        shop.gene("report"), shop.sandbox, project=shop.directory, paths=[shop.path]
    )
    assert "no tests" in nothing.reason
    trial = TestsGate(nothing).run(shop.variant("report", "def report(items): return 1"), case)
    assert (trial.verdict, trial.detail) == ("skipped", nothing.reason)


def test_gates_are_put_together_in_the_order_of_their_cost(shop, known):
    full = gates_for(tests=known("unique"), symbolic=True)
    assert [gate.name for gate in full] == [
        "parse",
        "policy",
        "replay",
        "tests",
        "effects",
        "differential",
        "invariants",
        "symbolic",
    ]
    assert [gate.name for gate in gates_for(invariants=False)] == [
        gate.name for gate in standard_gates()
    ]
    variant = shop.variant("unique", "def unique(items): return list(dict.fromkeys(items))")
    case = shop.case("unique", ([1, 2, 2],), (["a"],))
    trials = run_gates(gates_for(tests=known("unique")), variant, case)
    assert [trial.verdict for trial in trials] == ["passed"] * 6 + ["skipped"]
