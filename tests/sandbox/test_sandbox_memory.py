"""Memory that is really used is seen from outside, for each call, and bounded."""

import zlib

import pytest
from jail_bench import Bench, call

from codegenesis import wire
from codegenesis.errors import FragmentError
from codegenesis.sandbox import Limits, Sandbox

MIB = 1 << 20
GREEDY = "kept = bytearray(x * 1048576); return len(kept)"


@pytest.fixture(scope="module")
def small(environment):
    """Much address space, little memory."""
    limits = Limits(memory_bytes=8 << 30, real_bytes=64 * MIB, cpu_s=5, wall_s=30)
    with Sandbox(environment, limits=limits) as sandbox:
        yield Bench(sandbox)


def test_the_peak_is_what_the_call_needed_at_most(bench):
    idle = bench.outcome("return 1").peak_bytes
    assert 0 < idle < 16 * MIB
    with bench.candidate(GREEDY) as candidate:
        grown = [candidate.call(call(x)).peak_bytes - idle for x in (1, 40, 80, 2)]
    assert 38 * MIB < grown[1] < 60 * MIB
    assert 78 * MIB < grown[2] < 100 * MIB
    assert grown[3] == grown[2], "the mark of a process only rises"


def test_equal_work_has_equal_peaks(bench):
    peaks = [bench.outcome("return [0] * 100_000").peak_bytes for _ in range(8)]
    assert max(peaks) - min(peaks) < MIB // 2


def test_the_peak_of_a_batch_counts_for_each_of_its_calls(bench):
    with bench.candidate(GREEDY) as candidate:
        peaks = {o.peak_bytes for o in candidate.time([call(1), call(60)]).outcomes}
    assert len(peaks) == 1
    assert peaks.pop() > 58 * MIB


def test_what_a_fragment_makes_ahead_counts(bench):
    source = "TABLE = bytearray(50 << 20)\ndef probe(x=None):\n    return len(TABLE)\n"
    with bench.sandbox.candidate("probe", source) as candidate:
        assert candidate.call(call()).peak_bytes > 48 * MIB


@pytest.mark.parametrize(
    "body",
    [
        "kept = [bytearray(1 << 20) for _ in range(2000)]; return len(kept)",
        "kept = bytearray(200 << 20); del kept; return 1",  # given back before the answer
        """
        import mmap
        kept = mmap.mmap(-1, 300 << 20, flags=mmap.MAP_PRIVATE)
        for at in range(0, len(kept), 4096):
            kept[at] = 1
        """,
        """
        import mmap
        kept = mmap.mmap(-1, 300 << 20, flags=mmap.MAP_PRIVATE)
        for at in range(0, 200 << 20, 4096):
            kept[at] = 1
        kept.madvise(mmap.MADV_DONTNEED)
        """,
        "return len('x' * (100 << 20))",
        "return len(str(10 ** 1000) * 200_000)",
        "import zlib; return len(zlib.decompress(zlib.compress(bytes(1 << 20)) * 1)) + "
        "len(zlib.decompress(x))",
    ],
    ids=["many", "given back", "mapped", "advised away", "text", "repeated", "inflated"],
)
def test_real_memory_is_limited_whatever_the_address_space(small, body):
    outcome = small.outcome(body, x=zlib.compress(bytes(200 * MIB)) if "(x)" in body else None)
    assert (outcome.kind, outcome.detail) == ("died", "it used more memory than allowed")
    assert small.alive()


def test_a_candidate_that_stays_below_is_left_alone(small):
    assert small.value("return len(bytearray(40 << 20))") == 40 * MIB


def test_real_memory_is_limited_while_a_fragment_is_assembled(small):
    with pytest.raises(FragmentError, match="more memory than allowed"):
        small.sandbox.candidate(
            "probe", "T = [bytes(range(256)) * 4096 for _ in range(200)]\n"
            "def probe(x=None):\n    return 1\n",
        )  # fmt: skip
    assert small.alive()


def test_memory_behind_the_back_of_the_count_is_refused(small):
    """A shared mapping keeps its pages when they are unmapped in part: no count would see them."""
    with small.candidate("import mmap; return len(mmap.mmap(-1, 1 << 20))") as candidate:
        outcome = candidate.call(call())
    assert wire.decode(outcome.value).type_name == "builtins.PermissionError"
