"""Every limit ends the candidate that exceeds it, says which, and nothing else."""

import pytest
from jail_bench import Bench, call, write_project

from codegenesis import wire
from codegenesis.errors import FragmentError, SandboxImportError
from codegenesis.sandbox import Environment, Limits, Sandbox

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


KEPT_BY_THE_KERNEL = {
    "open files": (
        "import os\ngot = []\nwhile len(got) < 999: got.append(os.open('/dev/null', 0))",
        "OSError: [Errno 24]",
    ),
    "file size": (
        "import resource; assert resource.getrlimit(resource.RLIMIT_FSIZE) == (0, 0)\n"
        "open('/dev/null', 'w').truncate(1)",
        "PermissionError: [Errno 1]",
    ),
    "processes": (
        "import resource; assert resource.getrlimit(resource.RLIMIT_NPROC) == (0, 0)\n"
        "import os; os.fork()",
        "PermissionError: [Errno 1]",
    ),
    "threads": (
        "import threading; threading.Thread(target=print).start()",
        "RuntimeError: can't start new thread",
    ),
    "recursion": ("def f(): return f()\nreturn f()", "RecursionError: maximum recursion depth"),
    "the stack": (
        "import resource; assert resource.getrlimit(resource.RLIMIT_STACK)[1] <= 8 << 20\n"
        "raise OSError('stack')",
        "OSError: stack",
    ),
    "locked memory": (
        "import resource; assert resource.getrlimit(resource.RLIMIT_MEMLOCK) == (0, 0)\n"
        "import mmap; mmap.mmap(-1, 4096, flags=0x2022)",  # MAP_LOCKED
        "PermissionError: [Errno 1]|BlockingIOError: [Errno 11]",
    ),
    "message queues": (
        "import resource; raise OSError(resource.getrlimit(resource.RLIMIT_MSGQUEUE))",
        "OSError: (0, 0)",
    ),
    "core dumps": (
        "import resource; raise OSError(resource.getrlimit(resource.RLIMIT_CORE))",
        "OSError: (0, 0)",
    ),
    "address space": ("return bytearray(600 << 20)", "MemoryError: "),
    "one number": ("return str(10 ** 5000)", "ValueError: Exceeds the limit"),
}


@pytest.mark.parametrize("what", KEPT_BY_THE_KERNEL)
def test_a_limit_inside_is_an_exception_in_words_and_the_sibling_goes_on(each_bench, what):
    body, words = KEPT_BY_THE_KERNEL[what]
    with each_bench.candidate("return x") as sibling:
        outcome = each_bench.outcome(body)
        assert outcome.kind == "raised", outcome
        assert outcome.detail.startswith(tuple(words.split("|")))
        assert wire.decode(sibling.call(call(3)).value) == 3


def test_the_stack_ends_before_the_memory_does(each_bench):
    outcome = each_bench.outcome(
        "import sys; sys.setrecursionlimit(10 ** 9)\n"
        "class Deep:\n    def __repr__(self): return repr(self)\nreturn repr(Deep())"
    )
    assert (outcome.kind, outcome.detail) == ("died", "it crashed the interpreter (SIGSEGV)")
    assert each_bench.alive()


MIB = 1 << 20
IMPORTS = {
    "wall": ("import time\ntime.sleep(60)", Limits(import_s=0.4), "took longer than 0.4 s"),
    "CPU": ("while True: pass", Limits(import_cpu_s=0.3), "used more than 0.3 s of CPU"),
    "CPU of threads": (
        "import threading\n"
        "def work():\n    while True: pass\n"
        "threads = [threading.Thread(target=work) for _ in range(3)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n",
        Limits(import_cpu_s=0.3), "used more than 0.3 s of CPU",
    ),
    "memory": (
        "kept = [bytearray(1 << 20) for _ in range(4000)]",
        Limits(import_bytes=128 * MIB), "used more than 128 MiB of memory",
    ),
    "memory given back": (
        "kept = bytearray(512 << 20)\ndel kept",
        Limits(import_bytes=128 * MIB), "used more than 128 MiB of memory",
    ),
    "what it says of itself": ("raise OSError('x' * (8 << 20))", Limits(), "OSError: x{400}"),
    "where it says it was": (
        "exec(compile('1 / 0', __file__ + 'x' * (1 << 20), 'exec'))",
        Limits(), "ZeroDivisionError",
    ),
    "text that bites": (
        "class E(Exception):\n    def __str__(self): raise SystemExit(0)\nraise E",
        Limits(), "cannot be imported|ended while",
    ),
}  # fmt: skip


@pytest.mark.parametrize("tier", ["L3", "L2"])
@pytest.mark.parametrize("what", IMPORTS)
def test_the_import_has_limits_of_its_own(tmp_path, bench, what, tier):
    source, limits, words = IMPORTS[what]
    write_project(tmp_path, {"greedy.py": source})
    environment = Environment(root=str(tmp_path), module="greedy")
    with pytest.raises(SandboxImportError, match=words) as caught:
        Sandbox(environment, limits=limits, tier=tier, highest=tier)
    assert len(str(caught.value)) < 2000
    assert caught.value.remedy
    assert bench.alive()


def test_what_an_import_prints_goes_nowhere_and_costs_nobody(tmp_path, capfd):
    source = (
        "import os\nfor _ in range(64): os.write(1, bytes(1 << 20)); os.write(2, bytes(1 << 20))\n"
    )
    write_project(tmp_path, {"loud.py": source + "def probe(x=None):\n    return x\n"})
    with Sandbox(Environment(root=str(tmp_path), module="loud")) as sandbox:
        assert Bench(sandbox).alive()
    assert capfd.readouterr() == ("", "")
