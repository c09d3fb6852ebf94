"""A program is scored by an evaluator that meets it as a module like any other."""

from __future__ import annotations

import gc
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from codegenesis.errors import UsageError
from codegenesis.hosted.evaluating.verdicts import number, verdict
from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.loading import load

HEAD = """
import importlib.util

def loaded(path):
    spec = importlib.util.spec_from_file_location("program", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
"""
FIRST = "def f(x):\n    return x\n"


@pytest.fixture
def evaluators(tmp_path: Path) -> Iterator[Callable[..., Evaluators]]:
    """Opens evaluators for the body of `evaluate(path)`, or for a whole evaluator's text."""
    with ExitStack() as stack:

        def open_(evaluator: str, program: str = FIRST, **settings: object) -> Evaluators:
            if "def evaluate" not in evaluator:
                lines = "".join(f"    {line}\n" for line in evaluator.splitlines())
                evaluator = f"{HEAD}\ndef evaluate(path):\n{lines}"
            (tmp_path / "program.py").write_text(program)
            (tmp_path / "evaluator.py").write_text(evaluator)
            problem = replace(load(tmp_path / "program.py"), **settings)
            return stack.enter_context(Evaluators(problem, jobs=1))

        yield open_


# --- how evaluators meet programs -----------------------------------------------------------------


WAYS = (
    """
import concurrent.futures, importlib.util, pickle, runpy, signal, subprocess, sys, threading
import multiprocessing, os
"""
    + HEAD
    + '''
def evaluate(path):
    text = open(path).read()
    way = text.split("way: ")[1].split("\\n")[0]
    return {"combined_score": WAYS[way](path)}

def by_name(path):
    sys.path.insert(0, os.path.dirname(path))
    return __import__(os.path.splitext(os.path.basename(path))[0]).f(1)

def by_exec(path):
    space = {}
    exec(open(path).read(), space)
    return space["f"](1)

def by_alarm(path):
    def ring(*_):
        raise TimeoutError
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        return loaded(path).f(1)
    except (TimeoutError, RuntimeError):
        return 7

def by_process(path):
    script = f"""
import importlib.util, pickle, sys
spec = importlib.util.spec_from_file_location("program", {path!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
sys.stdout.buffer.write(pickle.dumps(module.f(1)))
"""
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
    return pickle.loads(done.stdout)

def by_thread(path):
    module = loaded(path)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return max(pool.map(module.f, [1] * 8))

def in_worker(path, out):
    out.put(loaded(path).f(1))

def by_fork(path):
    context = multiprocessing.get_context("fork")
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, str(loaded(path).f(1)).encode())
        os._exit(0)
    os.wait()
    return float(os.read(read, 100))

WAYS = {
    "spec": lambda path: loaded(path).f(1),
    "runpy": lambda path: runpy.run_path(path)["f"](1),
    "name": by_name, "exec": by_exec, "alarm": by_alarm, "process": by_process,
    "thread": by_thread, "fork": by_fork,
}
'''
)


def test_a_program_is_loaded_in_whatever_way_an_evaluator_has(evaluators):
    scored = evaluators(WAYS)
    for way in ("spec", "runpy", "name", "exec", "process", "thread", "fork"):
        for factor in (2, 3):
            found = scored.evaluate(f"# way: {way}\ndef f(x):\n    return {factor} * x\n")
            assert (way, found.score, found.error) == (way, factor, "")


def test_an_alarm_of_the_evaluators_ends_a_call_and_the_line_holds(evaluators):
    scored = evaluators(WAYS)
    assert scored.evaluate("# way: alarm\ndef f(x):\n    while True: pass\n").score == 7
    assert scored.evaluate("# way: spec\ndef f(x):\n    return 2\n").score == 2


PARTS = """
program = loaded(path)
model = program.Model(3)
rows = list(program.rows(4))
import inspect, asyncio
return {
    "constant": program.LIMIT,
    "attribute": model.size,
    "method": model.grown(2).size,
    "sum": sum(rows),
    "callback": program.applied(lambda x: x + 1, 5),
    "parameters": len(inspect.signature(program.applied).parameters),
    "coroutine": asyncio.run(program.later()),
    "array": float(program.array((2, 3)).sum()),
    "missing": float(hasattr(program, "nothing")),
    "large": len(program.LARGE),
    "named": program.named(a=1, b=2)["b"],
}
"""
PROGRAM = """
import numpy as np
LIMIT = 9
LARGE = list(range(100_000))
class Model:
    def __init__(self, size):
        self.size = size
    def grown(self, by):
        return Model(self.size + by)
def rows(n):
    yield from range(n)
def applied(f, x):
    return f(x)
async def later():
    return 8
def array(shape):
    return np.ones(shape)
def named(**given):
    return given
"""


def test_classes_generators_callbacks_and_constants_are_there(evaluators):
    found = evaluators(PARTS, PROGRAM).evaluate(PROGRAM)
    assert found.error == ""
    assert found.metrics == {
        "constant": 9, "attribute": 3, "method": 5, "sum": 6, "callback": 6, "parameters": 2,
        "coroutine": 8, "array": 6, "missing": 0, "large": 100_000, "named": 2,
    }  # fmt: skip


RAISING = """
try:
    loaded(path).f(1)
except ValueError as error:
    return {"combined_score": 1, "said": str(error)}
except Exception as error:
    return {"combined_score": 0, "said": f"{type(error).__name__}: {error}"}
"""


def test_what_a_program_raises_is_raised_by_name(evaluators):
    scored = evaluators(RAISING)
    found = scored.evaluate("def f(x):\n    raise ValueError('too small')\n")
    assert found.score == 1
    assert "too small" in found.feedback
    assert 'File "program.py", line 2, in f' in found.feedback
    own = "class Odd(Exception):\n    pass\ndef f(x):\n    raise Odd('so')\n"
    assert "said: Odd: so" in scored.evaluate(own).feedback
    assert "said: SystemExit: 3" in scored.evaluate("def f(x):\n    raise SystemExit(3)\n").feedback
    assert "SyntaxError" in scored.evaluate("def f(x:\n").feedback


def test_chance_is_not_the_same_for_every_program(evaluators):
    program = "import random, numpy\ndef f(x):\n    return random.random() + numpy.random.rand()\n"
    scored = evaluators("return {'combined_score': loaded(path).f(1)}", program)
    assert len({scored.evaluate(program).score for _ in range(4)}) == 4


def test_the_same_answers_are_the_same_behaviour(evaluators):
    scored = evaluators("program = loaded(path)\nreturn {'sum': sum(map(program.f, range(9)))}")
    digests = [
        scored.evaluate(f"def f(x):\n    return {body}\n").behaviour
        for body in ("x + x", "2 * x", "x - x")
    ]
    assert digests[0] == digests[1] != digests[2]


def test_modules_beside_the_program_are_there_but_not_the_evaluator(evaluators, tmp_path):
    (tmp_path / "moves.py").write_text("import enum\nclass Move(enum.Enum):\n    UP = 'up'\n")
    program = "from moves import Move\ndef f(x):\n    return [Move.UP]\n"
    scored = evaluators(
        "import moves\nreturn {'combined_score': loaded(path).f(1) == [moves.Move.UP]}", program
    )
    assert scored.evaluate(program).score == 1.0
    assert "evaluator" in scored.evaluate("import evaluator\n" + program).error


# --- scores ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (3, 3.0),
        (-0.0, 0.0),
        (True, 1.0),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7.0),
        (np.array(2.0), 2.0),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
        (math.nan, None),
        (math.inf, None),
        (10**400, None),
        ("1.5", None),
        (1j, None),
        (None, None),
        (np.array([1.0]), None),
        ((np.ones(2), np.ones(2)), None),
        (np.nan, None),
    ],
)
def test_numbers_are_finite_and_nothing_else_is_one(given, expected):
    assert number(given) == expected
    assert expected != 0.0 or math.copysign(1.0, number(given)) == 1.0


def test_an_object_that_would_be_a_number_is_none():
    class Sure(float):
        def __float__(self) -> float:
            return 1e9

    assert number(Sure(1)) is None
    assert verdict(Sure(1)).error.startswith("expected metrics or a finite score, came Sure")


@pytest.mark.parametrize(
    ("returned", "score"),
    [
        ("{'combined_score': 2, 'other': 9}", 2.0),
        ("{'a': 1, 'b': 3, 'note': 'fine'}", 2.0),
        ("{'a': 1, 'error': 100.0}", 1.0),
        ("0.25", 0.25),
        ("(0.5, {'log': 'so'})", 0.5),
        ("{'combined_score': float('nan'), 'a': 1}", None),
        ("{'combined_score': 'much', 'a': 1}", None),
        ("{'combined_score': 10 ** 400}", None),
        ("{'a': 1e308, 'b': 1e308}", None),
        ("{}", None),
        ("None", None),
        ("[1, 2]", None),
    ],
)
def test_the_score_is_the_combined_one_or_the_mean(returned, score, judged):
    assert judged(returned) == score


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], float | None]]:
    """The score for an expression that the evaluator returns: the program's text is that."""
    directory = tmp_path_factory.mktemp("judged")
    evaluator = "def evaluate(path):\n    return eval(open(path).read().split('# ')[-1])\n"
    (directory / "evaluator.py").write_text(evaluator)
    (directory / "program.py").write_text("0\n")
    with Evaluators(load(directory / "program.py"), jobs=1) as evaluators:
        yield lambda expression: evaluators.evaluate(expression).score


STAGES = (
    HEAD
    + """
def evaluate_stage1(path):
    return {"combined_score": loaded(path).f(1), "first": 1}
def evaluate_stage2(path):
    return {"combined_score": 10 * loaded(path).f(1)}
def evaluate_stage3(path):
    raise OSError("no third")
def evaluate(path):
    return {"combined_score": -1}
"""
)


def test_a_cascade_goes_on_while_thresholds_are_reached(evaluators):
    scored = evaluators(STAGES, thresholds=(0.5, 8.0))
    low, middle, high = (
        scored.evaluate(f"def f(x):\n    return {value}\n") for value in (0.4, 0.6, 0.9)
    )
    assert (low.score, low.stage) == (0.4, 1)
    assert (middle.score, middle.stage) == (6.0, 2)
    assert middle.metrics["first"] == 1
    assert (high.score, high.stage) == (9.0, 3)
    assert "no third" in high.feedback


# --- evaluators that fail -------------------------------------------------------------------------


def test_an_evaluator_that_cannot_be_loaded_says_why(evaluators):
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        evaluators("1 / 0\ndef evaluate(path): ...\n")
    with pytest.raises(UsageError, match="no_such_module") as caught:
        evaluators("import no_such_module\ndef evaluate(path): ...\n")
    assert caught.value.remedy == "Install what provides no_such_module."


def test_an_evaluator_that_hangs_or_dies_is_started_again(evaluators):
    scored = evaluators(
        "import os, time\nfound = loaded(path).f(1)\n"
        "if found == 'hang': time.sleep(1e6)\n"
        "if found == 'die': os._exit(3)\n"
        "return {'combined_score': found}",
        timeout_s=2.0,
    )
    hangs = scored.evaluate("def f(x):\n    return 'hang'\n")
    assert (hangs.score, hangs.error) == (None, "it took longer than 2 s")
    assert "status 3" in scored.evaluate("def f(x):\n    return 'die'\n").error
    assert scored.evaluate("def f(x):\n    return 5\n").score == 5


# --- many -----------------------------------------------------------------------------------------


def test_several_threads_are_served_at_a_time(tmp_path):
    (tmp_path / "evaluator.py").write_text(
        f"{HEAD}\ndef evaluate(path):\n    return {{'combined_score': loaded(path).f(1)}}\n"
    )
    (tmp_path / "program.py").write_text(FIRST)
    found: dict[int, float | None] = {}
    with Evaluators(load(tmp_path / "program.py"), jobs=2) as scored:

        def work(first: int) -> None:
            for value in range(first, first + 10):
                found[value] = scored.evaluate(f"def f(x):\n    return {value}\n").score

        threads = [threading.Thread(target=work, args=(first,)) for first in (0, 10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {value: float(value) for value in range(20)}


@pytest.mark.slow
def test_a_thousand_programs_leave_nothing_behind(evaluators):
    scored = evaluators(
        "import os, tempfile\n"
        "tempfile.mkstemp()\n"
        "memory = int(open('/proc/self/statm').read().split()[1])\n"
        "files = len(os.listdir(tempfile.gettempdir()))\n"
        "return {'combined_score': loaded(path).f(1), 'pages': memory, 'files': files}"
    )

    def after(count: int) -> tuple[int, float, float]:
        for at in range(count):
            found = scored.evaluate(f"def f(x):\n    return {at}\n")
        gc.collect()
        fds = len(list(Path("/proc/self/fd").iterdir()))
        return fds, found.metrics["pages"], found.metrics["files"]

    first, last = after(100), after(1000)
    assert last[0] < first[0] + 9  # who watches opens some, now and then
    assert last[1] < 1.1 * first[1]
    assert first[2] == last[2] == 1
