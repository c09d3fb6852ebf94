"""Every limit ends the candidate that exceeds it, says which, and nothing else."""

import pytest
from jail_bench import Bench, call

from codegenesis import wire
from codegenesis.errors import FragmentError
from codegenesis.sandbox import Limits, Sandbox

pytestmark = pytest.mark.usefixtures("bench")


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')",
        """
        import signal
        for n in range(1, 32):
            try:
                signal.signal(n, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            try:
                while True: pass
            except BaseException:
                pass
        """,
    ],
    ids=["loop", "regex", "stubborn"],
)
def test_cpu_is_limited(bench, body):
    with bench.candidate(body) as candidate:
        outcome = candidate.call(call())
        assert (outcome.kind, outcome.detail) == ("died", "it used more CPU than allowed")
        assert candidate.call(call()).same_as(outcome)
    with bench.candidate(body) as candidate:
        assert candidate.time([call()] * 3).died == "it used more CPU than allowed"
    assert bench.alive()


def test_waiting_is_limited(environment):
    with Sandbox(environment, limits=Limits(wall_s=0.3)) as sandbox:
        assert Bench(sandbox).outcome("import time; time.sleep(60)").detail == (
            "it took longer than allowed"
        )


def test_a_request_that_nobody_reads_is_limited(environment):
    large = call("x" * 900_000)
    with Sandbox(environment, limits=Limits(wall_s=0.3)) as sandbox:
        with Bench(sandbox).candidate(
            """
            import os, struct, time
            reply = b"\\x92\\xa7Answers\\x91\\x94\\xa8returned\\xc4\\x01\\x01\\xc4\\x00\\xa0"
            os.write(4, struct.pack("<I", len(reply)) + reply)
            time.sleep(60)
            """
        ) as candidate:
            assert wire.decode(candidate.call(call()).value) == 1  # its own forged answer
            assert candidate.call(large).detail == "it took longer than allowed"
        assert Bench(sandbox).alive()


def test_each_request_has_the_whole_limit(bench):
    spent_ns = 0
    with bench.candidate("sum(range(1_000_000)); return x") as candidate:
        while spent_ns < 0.4e9:
            outcome = candidate.call(call(1))
            assert outcome.kind == "returned"
            spent_ns += outcome.cpu_ns


def test_memory_is_limited_and_the_candidate_may_recover(environment):
    body = """
    kept = []
    try:
        while True: kept.append(bytearray(16 << 20))
    except MemoryError:
        taken = len(kept) * 16
        kept.clear()
        return taken
    """
    with Sandbox(environment, limits=Limits(memory_bytes=256 << 20)) as sandbox:
        assert 100 < Bench(sandbox).value(body) < 256


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("return b'x' * (2 << 20)", "cannot be encoded: more than"),
        ("x.append('y' * (2 << 20))", "cannot be encoded: more than"),
        ("v = []\nfor _ in range(50_000): v = [v]\nreturn v", "nested too deeply"),
        ("import os\nos.write(4, b'\\xff' * 4)", "its answer is larger than 1048576 bytes"),
    ],
)
def test_answers_are_limited(bench, body, detail):
    outcome = bench.outcome(body, [])
    assert outcome.kind == "died"
    assert detail in outcome.detail


def test_many_answers_together_are_limited(bench):
    with bench.candidate("return 'y' * 900_000") as candidate:
        assert candidate.call(call()).kind == "returned"
        assert candidate.time([call()] * 2).died == "its answer is larger than 1048576 bytes"


def test_setting_up_has_a_limit_of_its_own(environment):
    with Sandbox(environment, limits=Limits(setup_s=0.2)) as sandbox:
        with pytest.raises(FragmentError, match="more CPU than allowed"):
            sandbox.candidate("probe", "n = 1\nwhile n: pass\ndef probe(x=None):\n    return 1\n")
        assert Bench(sandbox).alive()


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ("import os; os._exit(0)", ["it ended itself with status 0"]),
        ("import ctypes; ctypes.string_at(0)", ["it crashed the interpreter (SIGSEGV)"]),
        # it is stopped while it closes, or gets as far as ending
        ("import os; os.close(4)", ["it closed its pipe instead of answering", "status 70"]),
        ("import os; os.close(3)", ["it closed its pipe instead of reading", "status 70"]),
    ],
)
def test_a_candidate_that_ends_itself_ends_only_itself(bench, body, details):
    with bench.candidate(body) as candidate:
        outcomes = [candidate.call(call()) for _ in range(2)]
    assert outcomes[-1].kind == "died"
    assert outcomes[-1].detail.endswith(tuple(details))
    assert bench.alive()
