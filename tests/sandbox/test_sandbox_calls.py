"""What a candidate answers: values, exceptions, effects, and nothing of its siblings."""

import threading

import pytest
from jail_bench import Bench, call

from codegenesis import wire
from codegenesis.errors import FragmentError, SandboxError
from codegenesis.sandbox import Environment, Sandbox
from codegenesis.sandbox.testing import InProcessExecutor

VALUES = [
    None, 2**80, -0.0, float("nan"), "ä\ud800", b"\x00", bytearray(b"x"), (1, [2]), {"k": {1, 2}},
    {(1, 2): None}, frozenset({1}), 1j, range(3), [[]] * 50,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_goes_in_and_comes_back_exactly(sandbox, value):
    with sandbox.candidate("probe", None) as candidate:
        outcome = candidate.call(call(value))
    assert outcome.kind == "returned"
    assert outcome.value == wire.encode_outcome(value, (value,), {})[0]
    assert outcome.after == call(value)


def test_instances_of_the_target_are_real_inside(bench, sandbox):
    cart = wire.Opaque("cg_target:Cart", (("lines", [1, 2]),))
    made = bench.outcome("return [Cart([1, 2]), Colour.RED]")
    assert wire.decode(made.value) == [cart, wire.Opaque("cg_target:Colour", ("RED",))]
    one_cart = wire.encode  # the parent has no such class, so it sends back what the jail made
    with sandbox.candidate("probe", "def probe(x=None):\n    return ((Cart([1, 2]),), {})\n") as c:
        cart_call = c.call(call()).value
    assert wire.decode_call(cart_call) == ((cart,), {})
    with sandbox.candidate("Cart.total", None) as candidate:
        assert candidate.call(cart_call).value == one_cart(6)


def test_arguments_are_seen_as_the_call_left_them(bench):
    outcome = bench.outcome("x.append(x.pop(0)); x.append(RATE)", [1, 2])
    assert wire.decode_call(outcome.after) == (([2, 1, 3],), {})
    assert outcome.value == wire.encode(None)


def test_exceptions_are_answers_with_type_and_arguments(bench, sandbox):
    with sandbox.candidate("refuse", None) as candidate:
        outcome = candidate.call(call(5))
    assert outcome.kind == "raised"
    assert wire.decode(outcome.value) == wire.Opaque("builtins.KeyError", ("no such", 5))
    assert outcome.detail == "KeyError: ('no such', 5)"
    for body, name in (
        ("raise SystemExit(0)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("return (lambda f: f(f))(lambda f: f(f))", "RecursionError"),
        ("return bytearray(1 << 40)", "MemoryError"),
        ("return 1 / 0", "ZeroDivisionError"),
    ):
        outcome = bench.outcome(body)
        assert outcome.kind == "raised", outcome
        assert wire.decode(outcome.value).type_name == f"builtins.{name}"


def test_equal_outcomes_are_the_same_and_others_are_not(bench):
    first = bench.outcome("return {'a': 1}", [1])
    assert first.same_as(bench.outcome("return dict(a=1)", [1]))
    assert not first.same_as(bench.outcome("return {'a': True}", [1]))
    assert not first.same_as(bench.outcome("x.append(1); return {'a': 1}", [1]))
    assert not first.same_as(bench.outcome("raise ValueError({'a': 1})", [1]))


def test_a_result_that_cannot_travel_is_no_answer_but_the_candidate_lives(bench):
    with bench.candidate("return (lambda: 1) if x else 1") as candidate:
        outcome = candidate.call(call(True))
        assert outcome.kind == "died"
        assert outcome.detail.startswith("cannot be encoded: the function")
        assert candidate.call(call(False)).value == wire.encode(1)


def test_arguments_that_mean_nothing_here_are_no_answer(sandbox):
    with sandbox.candidate("probe", None) as candidate:
        assert candidate.call(b"\xc1").kind == "died"
        stranger = wire.encode_call((1,), {}).replace(b"\x01\x91\x01", b"\x01\x91\xc1")
        assert candidate.call(stranger).kind == "died"
        assert candidate.call(call(1)).kind == "returned"


def test_the_function_itself_calls_the_variant(sandbox):
    source = """
import functools

@functools.cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
"""
    with sandbox.candidate("fib", source) as candidate:
        outcome = candidate.call(call(90))
    assert wire.decode(outcome.value) == 2880067194370816120


def test_state_stays_within_one_candidate(bench):
    body = "import cg_target; cg_target.RATE += 1; return RATE"
    with bench.candidate(body) as candidate:
        assert [wire.decode(candidate.call(call()).value) for _ in range(2)] == [4, 5]
    assert bench.value(body) == 4


def test_a_batch_is_timed_in_phases_and_answers_each_call(sandbox):
    calls = [call(n) for n in (10, 20)] + [call("x")]
    with sandbox.candidate("fib", None) as candidate:
        timing = candidate.time(calls)
        again = candidate.time(calls)
    kinds = [outcome.kind for outcome in timing.outcomes]
    assert kinds == ["returned", "returned", "raised"]
    assert [wire.decode(outcome.value) for outcome in timing.outcomes[:2]] == [55, 6765]
    assert timing.died == ""
    assert timing.run_ns > 0
    assert timing.overhead_ns > 0
    assert [a.same_as(b) for a, b in zip(timing.outcomes, again.outcomes, strict=True)] == [
        True
    ] * 3


def test_work_done_ahead_or_later_shows_as_overhead(bench):
    burn = "sum(range(600_000))"
    honest = bench.candidate(f"{burn}; return 1")
    ahead = bench.sandbox.candidate(
        "probe", f"TABLE = {burn} or {burn}\ndef probe(x=None):\n    return 1\n"
    )
    with honest, ahead:
        honest, ahead = honest.time([call()]), ahead.time([call()])
    assert honest.run_ns > ahead.run_ns
    assert ahead.overhead_ns > honest.overhead_ns


def test_a_fragment_that_does_not_fit_is_refused_in_its_own_words(sandbox):
    for qualname, source, words in (
        ("probe", "def probe(:", "does not compile"),
        ("probe", "def other(x=None):\n    return 1\n", "probe"),
        ("probe", "def probe(y):\n    return 1\n", "defaults"),
        ("probe", "1 / 0\ndef probe(x=None):\n    return 1\n", "ZeroDivisionError"),
        ("probe", "import sys; sys.exit(1)\ndef probe(x=None):\n    return 1\n", "SystemExit"),
        ("probe", "import os; os._exit(3)\ndef probe(x=None):\n    return 1\n", "status 3"),
        ("missing", None, "NoneType"),
        ("made", None, "stands under"),
        ("Cart.lines", None, "plain function"),
    ):
        with pytest.raises(FragmentError, match=words):
            sandbox.candidate(qualname, source)
    assert Bench(sandbox).alive()


def test_what_a_candidate_says_is_cut_and_cleaned(bench):
    outcome = bench.outcome("raise ValueError('\\x1b[31m\\n' + 'x' * 10_000)")
    assert outcome.detail.startswith("ValueError:  [31m x")
    assert len(outcome.detail) <= 500


def test_candidates_live_side_by_side_and_in_threads(bench):
    with bench.candidate("return x * 2") as double, bench.candidate("return x * 3") as triple:
        for n in range(20):
            assert wire.decode(double.call(call(n)).value) == 2 * n
            assert wire.decode(triple.call(call(n)).value) == 3 * n
    wrong = []

    def work(factor):
        for n in range(10):
            if bench.value(f"return x * {factor}", n) != n * factor:
                wrong.append((factor, n))

    threads = [threading.Thread(target=work, args=(factor,)) for factor in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_closed_candidate_and_a_closed_sandbox_say_so(environment):
    with Sandbox(environment) as sandbox:
        candidate = sandbox.candidate("probe", None)
        candidate.close()
        candidate.close()
        assert candidate.call(call(1)).detail == "it was closed"
        assert candidate.time([call(1)]).died == "it was closed"
        open_one = sandbox.candidate("probe", None)
    sandbox.close()
    assert open_one.call(call(1)).kind == "died"
    with pytest.raises(SandboxError):
        sandbox.candidate("probe", None)


def test_the_main_script_is_loaded_without_its_main_part(tmp_path):
    (tmp_path / "helper.py").write_text("FACTOR = 3\n")
    script = tmp_path / "app.py"
    script.write_text(
        "from helper import FACTOR\n"
        "class Box:\n    pass\n"
        "def probe(x=None):\n    return [__name__, x * FACTOR, Box()]\n"
        "if __name__ == '__main__':\n    raise SystemExit('ran')\n"
    )
    with (
        Sandbox(Environment(root=str(tmp_path), module="__main__", path=str(script))) as sandbox,
        sandbox.candidate("probe", None) as candidate,
    ):
        name, value, box = wire.decode(candidate.call(call(2)).value)
    assert (name, value, box) == ("__mp_main__", 6, wire.Opaque("__main__:Box"))


def test_the_double_answers_as_the_sandbox_does(environment, sandbox):
    double = InProcessExecutor(environment)
    for qualname, source, args in (
        ("fib", None, (10,)),
        ("refuse", None, (1,)),
        ("add_line", None, (1, 2)),
        ("probe", "import math\ndef probe(x=None):\n    x.append(math.pi)\n    return x\n", ([],)),
        ("probe", "def probe(x=None):\n    return iter(())\n", ([],)),
    ):
        calls = [call(*args), b"\xc1"]
        with (
            double.candidate(qualname, source) as mine,
            sandbox.candidate(qualname, source) as real,
        ):
            assert mine.call(calls[0]).same_as(real.call(calls[0]))
            for left, right in zip(
                mine.time(calls).outcomes, real.time(calls).outcomes, strict=True
            ):
                assert left.same_as(right)
    with pytest.raises(FragmentError):
        double.candidate("missing", None)
    assert wire.decode(double.candidate("probe", None).call(call(1)).value) == 1
