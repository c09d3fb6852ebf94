"""What the original can testify to."""

import msgspec
import pytest

from codegenesis.evidence import baseline
from codegenesis.model import Outcome
from codegenesis.wire import encode, encode_call

LISTS = (["a", "b", "a"],), (["x"],), ([],)


def test_a_plain_function_is_a_pure_oracle_for_all_its_calls(bench):
    found = bench.baseline("unique", *LISTS, LISTS[0])
    assert found.usable
    assert found.deterministic
    assert found.pure, found.impure
    assert found.excluded == 0
    assert found.calls == tuple(encode_call(args, {}) for args in (*LISTS, LISTS[0]))
    assert [outcome.kind for outcome in found.outcomes] == ["returned"] * 4


def test_exceptions_are_outcomes_like_any_other(bench):
    found = bench.baseline("ratio", (1, 2), (1, 0))
    assert found.usable
    assert [outcome.kind for outcome in found.outcomes] == ["returned", "raised"]


def test_without_recorded_values_there_is_nothing_to_testify(bench):
    assert "no recorded call" in baseline(bench.gene("unique"), bench.sandbox, []).reason


def test_hidden_state_makes_a_function_unusable(bench):
    found = bench.baseline("nth", (1,), (2,), (3,))
    assert not found.usable
    assert not found.deterministic
    assert "hidden state" in found.reason


def test_calls_that_the_jail_does_not_reproduce_are_left_out_and_counted(bench):
    seen = bench.observe("unique", *LISTS, (["q"],))
    elsewhere = Outcome(kind="returned", value=encode(["r"]), after=seen[3].call)
    seen[3] = msgspec.structs.replace(seen[3], outcome=elsewhere)
    found = baseline(bench.gene("unique"), bench.sandbox, seen)
    assert found.usable
    assert found.excluded == 1
    assert "unique(['q'])" in found.example
    assert "there it returns ['r'], here it returns ['q']" in found.example


def test_a_function_that_rarely_reproduces_its_recording_is_unusable(bench):
    seen = [
        msgspec.structs.replace(
            each, outcome=Outcome(kind="returned", value=encode("other"), after=each.call)
        )
        for each in bench.observe("unique", *LISTS)
    ]
    found = baseline(bench.gene("unique"), bench.sandbox, seen)
    assert "depends on something outside its arguments" in found.reason


def test_what_a_variant_answered_is_no_testimony_of_the_original(bench):
    seen = bench.observe("unique", *LISTS)
    wrong = Outcome(kind="returned", value=encode("other"), after=seen[0].call)
    seen[0] = msgspec.structs.replace(seen[0], variant="abc", outcome=wrong)
    found = baseline(bench.gene("unique"), bench.sandbox, seen)
    assert found.usable
    assert found.excluded == 0


def test_calls_on_which_the_original_dies_are_left_out(bench):
    seen = bench.observe("spin", (3,), (5,), (8,), (2,))
    endless = msgspec.structs.replace(seen[0], call=encode_call((10**9,), {}), outcome=None)
    found = baseline(bench.gene("spin"), bench.sandbox, [*seen, endless])
    assert found.usable
    assert found.excluded == 1
    assert "dies in the sandbox" in found.example


@pytest.mark.parametrize(
    ("qualname", "calls", "words"),
    [
        ("tidy", [([3, 1, 2],), ([1],)], "changes its arguments"),
        ("counted", [(1,), (2,)], "HITS"),
        ("loud", [(1,)], "print"),
        ("logged", [(1,)], "log"),
        ("noisy_helper", [(1,)], "print"),
        ("ban", [("spam",)], "BANNED"),
    ],
)
def test_effects_make_a_function_impure(bench, qualname, calls, words):
    found = bench.baseline(qualname, *calls)
    assert found.usable, found.reason
    assert not found.pure
    assert words in found.impure


@pytest.mark.parametrize(
    ("qualname", "calls"),
    [("quiet_helper", [(1,)]), ("fee", [(1, "gold")]), ("fib", [(5,)]), ("accepted", [(["a"],)])],
)
def test_functions_without_effects_are_pure(bench, qualname, calls):
    found = bench.baseline(qualname, *calls)
    assert found.pure, found.impure or found.reason


def test_a_method_that_only_reads_is_pure_and_one_that_writes_is_not(bench):
    def cart():
        return bench.module.Cart("ann", [(2, 3), (5, 1)])

    assert bench.baseline("Cart.total", (cart(),)).pure
    adding = bench.baseline("Cart.add", (cart(), 5))
    assert adding.usable
    assert "changes its arguments: add(Cart(owner='ann'" in adding.impure
