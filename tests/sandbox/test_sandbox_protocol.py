"""Whatever a candidate writes that is not one answer to one request disqualifies it."""

import pytest
from jail_bench import call

FORGED = """
import os, struct
def frame(body):
    return struct.pack("<I", len(body)) + body
DONE = b"\\x92\\xa4Done\\xa0"
ANSWER = b"\\x92\\xa7Answers\\x91\\x94\\xa8returned\\xc4\\x01\\x01\\xc4\\x00\\xa0"
"""


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("for fd in range(3, 64):\n  try: os.write(fd, frame(b'V[]'))\n  except OSError: pass",
         "its answer is malformed"),
        ("os.write(4, frame(DONE))", "its answer is malformed"),
        ("os.write(4, frame(ANSWER + b'x'))", "its answer is malformed"),
        ("os.write(4, frame(ANSWER.replace(b'returned', b'accepted')))", "its answer is malformed"),
        ("os.write(4, frame(ANSWER) + b'x')", "it wrote more than it was asked for"),
        ("os.write(4, frame(ANSWER) * 2)", "it wrote more than it was asked for"),
        ("os.write(4, frame(ANSWER.replace(b'\\x91\\x94', b'\\x90\\x94')))",
         "its answer is malformed"),
        ("os.write(4, frame(b'\\x92\\xa7Answers\\x90'))", "expected 1 answers, came 0"),
        ("os.write(4, b'\\x10\\0'); os._exit(0)", "it ended itself with status 0"),
    ],
)  # fmt: skip
def test_a_forged_answer_disqualifies(bench, body, detail):
    with bench.candidate(FORGED + body) as candidate:
        outcomes = [candidate.call(call()) for _ in range(2)]
    assert outcomes[-1].kind == "died"
    # the true answer follows the forged one, and may be noticed first
    assert outcomes[-1].detail in (detail, "it wrote more than it was asked for")
    assert bench.alive()


def test_an_answer_ahead_of_the_question_disqualifies(bench):
    with bench.candidate(FORGED + "os.write(4, frame(DONE)); return 1") as candidate:
        assert candidate.time([call()]).died in (
            "it wrote more than it was asked for",
            "its answer is malformed",
        )


def test_a_truncated_answer_waits_no_longer_than_the_limit(bench, environment):
    from codegenesis.sandbox import Limits, Sandbox

    with Sandbox(environment, limits=Limits(wall_s=0.3)) as sandbox:
        source = (
            "import os, time\ndef probe(x=None):\n    os.write(4, b'\\xff\\0\\0\\0V')\n"
            "    time.sleep(60)\n"
        )
        with sandbox.candidate("probe", source) as candidate:
            assert candidate.call(call()).detail == "it took longer than allowed"


def test_a_candidate_does_nothing_between_requests(bench):
    """Not even when it goes on working after its answer."""
    body = """
    import os, time
    if x:
        return time.process_time()
    real = os.write
    def write(fd, data):
        wrote = real(fd, data)
        if time.process_time() < 60:
            while time.process_time() < 60: pass
        return wrote
    os.write = write
    """
    with bench.candidate(body) as candidate:
        assert candidate.call(call()).kind == "returned"
        assert candidate.call(call(1)).detail == "it used more CPU than allowed"


def test_poisoned_libraries_change_only_the_candidates_own_answers(bench):
    body = """
    import codegenesis.wire as wire, msgspec, builtins, sys
    wire.encode = lambda *a, **k: b"\\x01"
    builtins.len = lambda v: 1
    sys.setprofile(lambda *a: None)
    return 2
    """
    assert bench.outcome(body).kind in ("returned", "died")
    assert bench.value("return len('abc')") == 3
