"""Programs that want a score without earning it: none of what they try reaches the evaluator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.loading import load

EVALUATOR = """
import importlib.util
import numpy as np

EXPECTED = [3, 1, 4, 1, 5]
FORGED = False

def evaluate(path):
    spec = importlib.util.spec_from_file_location("program", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answer = module.answer(5)
    equal = sum(a == b for a, b in zip(list(answer), EXPECTED))
    alike = 5 * np.array_equal(np.asarray(answer), EXPECTED)
    value = getattr(module, "value", lambda: 0.0)()
    checked = value if 0.0 <= value <= 0.5 else 0.0
    return {"combined_score": 1e9 if FORGED else max(equal, alike) / 5, "value": checked}
"""
HONEST = "def answer(n):\n    return [3, 1, 4, 1, 5]\n"
NOTHING = "\ndef answer(n):\n    return []\n"

FORGERIES = {
    "nan": "def answer(n):\n    return [float('nan')] * n\n",
    "infinity": "def answer(n):\n    return [float('inf')] * n\n",
    "huge": "def answer(n):\n    return [10 ** 5000] * n\n",
    "arrays": "import numpy as np\ndef answer(n):\n    return (np.ones(3), np.zeros((2, 2)))\n",
    "agrees with everything": (
        "class Yes(int):\n"
        "    def __eq__(self, other): return True\n"
        "    __hash__ = None\n"
        "def answer(n):\n    return [Yes(0)] * n\n"
    ),
    "is whatever array": (
        "class Any:\n"
        "    def __array__(self, *a, **k):\n"
        "        import numpy as np\n"
        "        return np.array([3, 1, 4, 1, 5])\n"
        "    def __len__(self): return 5\n"
        "    def __getitem__(self, i): return [3, 1, 4, 1, 5][i]\n"
        "    def __iter__(self): return iter([])\n"
        "def answer(n):\n    return Any()\n"
    ),
    "is now this, now that number": (
        "class Value(float):\n"
        "    def __ge__(self, other): return True\n"
        "    def __le__(self, other): return True\n"
        "    def __float__(self): return 1e9\n"
        "def value(): return Value(1e9)\n" + NOTHING
    ),
    "patches numpy and builtins": (
        "import builtins, numpy\n"
        "numpy.array_equal = lambda *a, **k: True\n"
        "builtins.sum = lambda *a: 5\n"
        "builtins.max = lambda *a: 1e9\n" + NOTHING
    ),
    "patches the evaluator": (
        "import gc, sys\n"
        "for module in list(sys.modules.values()):\n"
        "    for name in ('EXPECTED', 'FORGED'):\n"
        "        if hasattr(module, name):\n"
        "            setattr(module, name, True)\n" + NOTHING
    ),
    "looks through frames and objects": (
        "import gc, sys\n"
        "def answer(n):\n"
        "    frame = sys._getframe()\n"
        "    while frame:\n"
        "        for space in (frame.f_locals, frame.f_globals):\n"
        "            if 'EXPECTED' in space:\n"
        "                return space['EXPECTED']\n"
        "        frame = frame.f_back\n"
        "    lists = [o for o in gc.get_objects() if type(o) is list and len(o) == 5]\n"
        "    return next((o for o in lists if o[:2] == [3, 1]), [])\n"
    ),
    "exits": "import sys\nprint('{\"combined_score\": 1e9}')\nsys.exit(0)\n",
    "exits in the call": "import os\ndef answer(n):\n    os._exit(0)\n",
    "prints a result": (
        "def answer(n):\n"
        "    print('{\"combined_score\": 1000000000.0}', flush=True)\n"
        "    return []\n"
    ),
    "writes results": (
        "def answer(n):\n"
        "    for name in ('metrics.json', '/tmp/metrics.json', '/workshop/scratch/metrics.json'):\n"
        "        try:\n"
        "            open(name, 'w').write('{\"combined_score\": 1e9}')\n"
        "        except OSError:\n"
        "            pass\n"
        "    return []\n"
    ),
    "forks": "import os\ndef answer(n):\n    os.fork()\n    return []\n",
    "starts a program": "import os\ndef answer(n):\n    os.system('true')\n    return []\n",
    "recurses": "def answer(n):\n    return answer(n)\n",
    "nests": (
        "def answer(n):\n"
        "    nest = []\n"
        "    for _ in range(100000):\n"
        "        nest = [nest]\n"
        "    return nest\n"
    ),
    "contains itself": "def answer(n):\n    me = []\n    me.append(me)\n    return me\n",
    "is large": "def answer(n):\n    return bytes(1 << 30)\n",
    "raises the end": "def answer(n):\n    raise SystemExit(0)\n",
    "raises an interrupt": "def answer(n):\n    raise KeyboardInterrupt\n",
    "raises what cannot be told": (
        "class Evil(BaseException):\n"
        "    def __str__(self): raise self\n"
        "    __repr__ = __str__\n"
        "def answer(n):\n    raise Evil(Evil())\n"
    ),
    "writes frames": (
        "import os, struct\n"
        "from codegenesis.hosted.evaluating import messages\n"
        "verdict = messages.Verdict(metrics={'combined_score': 1e9}, score=1e9)\n"
        "def answer(n):\n"
        "    for message in (messages.Done(1, verdict, ''), messages.Returned(b'\\x01', '')):\n"
        "        body = messages.encode(message)\n"
        "        for fd in range(64):\n"
        "            try:\n"
        "                os.write(fd, struct.pack('<I', len(body)) + body)\n"
        "            except OSError:\n"
        "                pass\n"
        "    return []\n"
    ),
    **{
        f"sends {name}": (
            "import msgspec\n"
            "from codegenesis.hosted.evaluating import program\n"
            f"program.pack = lambda *a, **k: msgspec.msgpack.encode({node})\n"
            "def answer(n):\n    return []\n"
        )
        for name, node in {
            "a mock": {19: ["unittest.mock:MagicMock", [], [], ["_mock_return_value"], [1]]},
            "the evaluator's list": {32: ["builtins:reference", "evaluation_module:EXPECTED"]},
            "a function": {32: ["builtins:reference", "builtins:eval"]},
            "a thing that is none": {20: ["codegenesis.hosted.evaluating.values:Kept", [[], 1]]},
            "a frame of pandas": {32: ["pandas:DataFrame", 1, 2, 3]},
            "half a value": {19: []},
        }.items()
    },
    "breaks out of a comment": (
        "x = 1\rimport evaluation_module; evaluation_module.FORGED = True\r"
        "\x0cimport evaluation_module; evaluation_module.FORGED = True\n"
        '"""\nimport evaluation_module; evaluation_module.FORGED = True\n"""\n'
        "\u2028import evaluation_module; evaluation_module.FORGED = True\n" + NOTHING
    ),
    "is no text": "# \ud800 \0\nimport evaluation_module\n" + NOTHING,
}


@pytest.fixture(scope="module")
def score(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Evaluation]]:
    """Scores programs; one that does not end has five seconds."""
    directory = tmp_path_factory.mktemp("forging")
    (directory / "evaluator.py").write_text(EVALUATOR)
    (directory / "program.py").write_text("import numpy\n" + HONEST)
    problem = replace(load(directory / "program.py"), timeout_s=5.0)
    with Evaluators(problem, jobs=1) as evaluators:
        yield evaluators.evaluate


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_nothing_but_the_right_answer_scores(score, forgery):
    found = score(forgery)
    assert found.score in (None, 0.0)
    assert found.metrics.get("value", 0.0) == 0.0
    assert score(HONEST).score == 1.0


def test_a_program_cannot_read_what_is_expected_of_it(score, tmp_path_factory):
    place = next(tmp_path_factory.getbasetemp().glob("forging*/evaluator.py"))
    reads = f"def answer(n):\n    return eval(open({str(place)!r}).read().split('=')[1])\n"
    found = score(reads)
    assert found.score is None
    assert "FileNotFoundError" in found.error


def test_a_program_leaves_nothing_for_the_next_one(score):
    place = "import builtins, math, os, sys, tempfile\n"
    leaves = (
        f"{place}builtins.left = math.left = sys.left = os.environ['LEFT'] = 'x'\n"
        "def answer(n):\n"
        "    for place in (tempfile.gettempdir() + '/left', '/tmp/left', 'left'):\n"
        "        open(place, 'w').close()\n"
    )
    finds = (
        f"{place}"
        "def answer(n):\n"
        "    left = [hasattr(m, 'left') for m in (builtins, math, sys)] + ['LEFT' in os.environ]\n"
        "    return [3, 1, 4, 1, 5] if any(left) or os.path.exists('left') else []\n"
    )
    score(leaves)
    assert score(finds).score == 0.0


def test_a_program_that_never_ends_is_ended_and_the_evaluator_goes_on(score):
    found = score("import time\ndef answer(n):\n    time.sleep(1e6)\n")
    assert found.score is None
    assert "took longer than allowed" in found.error
    assert score(HONEST).score == 1.0


def test_what_a_program_says_is_feedback_and_cut(score):
    found = score("def answer(n):\n    print('ho' * 10000)\n    raise ValueError('no idea')\n")
    assert found.error.startswith("ValueError: no idea")
    assert "ho" * 100 in found.feedback
    assert len(found.feedback) <= 8000
