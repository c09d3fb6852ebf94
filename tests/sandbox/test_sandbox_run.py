"""The Python API: an untrusted function on many inputs."""

import doctest
import importlib
import math
import sys

import pytest
from leftovers import leaving_nothing

from codegenesis.errors import SandboxImportError, TargetError, WireError
from codegenesis.sandbox import Call, Limits, Result, run
from codegenesis.sandbox.jsonform import json_form
from codegenesis.wire import Opaque

FILE = """
import os, time
count = 0

class Odd(Exception):
    pass

class Thing:
    def __init__(self):
        self.size = 3
    def grown(self):
        return self.size + 1

def act(what):
    global count
    count += 1
    match what:
        case "loop":
            while True: pass
        case "sleep":
            time.sleep(600)
        case "memory":
            kept = []
            while True: kept.append(b"x" * (1 << 20))
        case "output":
            return "x" * (4 << 20)
        case "exit":
            os._exit(3)
        case "odd":
            raise Odd("no", 2)
        case "function":
            return lambda: None
        case "thing":
            return Thing()
        case "surrogate":
            raise ValueError("\\ud800")
        case "files":
            return os.listdir(os.path.dirname(__file__)), open(__file__).read(6)
        case "beside":
            import beside
            return beside.word
    return count
"""
LIMITS = Limits(cpu_s=0.2, wall_s=5, real_bytes=64 << 20, output_bytes=1 << 20)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "some-file.v2.py"
    path.write_text(FILE)
    (tmp_path / "beside.py").write_text("word = 'seen'\n")
    return path


def outcomes(file, *inputs, **options):
    options.setdefault("limits", LIMITS)
    return list(run(file, "act", [Call(args=(each,)) for each in inputs], **options))


def kinds(results):
    return [(result.kind, result.limit) for result in results]


def test_results_come_as_calls_are_taken(file):
    taken = []

    def calls():
        for word in ("a", "b"):
            taken.append(word)
            yield Call(kwargs={"what": word})

    results = run(str(file), "act", calls())
    assert (next(results).value, taken) == (1, ["a"])
    assert (next(results).value, taken) == (2, ["a", "b"])
    assert list(results) == []


def test_each_result_says_what_it_came_to_and_took(file):
    first, second = outcomes(file, "odd", "plain")
    assert first.kind == "raised"
    assert first.error == Opaque("__main__.Odd", ("no", 2))
    assert first.detail == "Odd: ('no', 2)"
    assert (second.index, second.kind, second.value) == (1, "returned", 2)
    for result in (first, second):
        assert min(result.cpu_ns, result.wall_ns, result.peak_bytes) > 0


@pytest.mark.parametrize(
    ("what", "kind", "limit"),
    [
        ("loop", "limit", "cpu"),
        ("memory", "limit", "memory"),
        ("output", "limit", "output"),
        ("exit", "died", ""),
        ("function", "died", ""),
    ],
)
def test_an_input_that_ends_the_process_costs_itself_only(file, what, kind, limit):
    ended, after = outcomes(file, what, "plain")
    assert (ended.kind, ended.limit, ended.value) == (kind, limit, None)
    assert ended.detail
    assert (after.kind, after.value) == ("returned", 1 if what not in ("function", "output") else 2)


def test_waiting_is_bounded_too(file):
    limits = Limits(wall_s=0.3)
    assert kinds(outcomes(file, "sleep", limits=limits)) == [("limit", "wall")]


def test_a_call_that_died_had_its_cost(file):
    (ended,) = outcomes(file, "loop")
    assert ended.cpu_ns >= 200_000_000
    assert ended.wall_ns >= 200_000_000


def test_state_is_kept_between_calls_unless_each_is_fresh(file):
    assert [result.value for result in outcomes(file, "a", "b", "c")] == [1, 2, 3]
    assert [result.value for result in outcomes(file, "a", "b", "c", fresh=True)] == [1, 1, 1]


def test_the_file_sees_itself_alone(file):
    files, beside = outcomes(file, "files", "beside")
    assert files.value == ([file.name], FILE[:6])
    assert beside.kind == "raised"
    assert beside.error.type_name == "builtins.ModuleNotFoundError"


def test_with_a_root_it_sees_what_lies_there(file):
    (file.parent / ".env").write_text("secret")
    (file.parent / "package").mkdir()
    inner = file.parent / "package/inner.py"
    inner.write_text("import beside\n" + FILE)
    (result,) = outcomes(inner, "beside", root=file.parent)
    assert result.value == "seen"
    (thing,) = outcomes(inner, "thing", root=str(file.parent))
    assert thing.value.type_name == "package.inner:Thing"


def test_a_root_elsewhere_is_refused(file, tmp_path):
    for root in (tmp_path / "none", tmp_path / "beside.py", "/usr/lib"):
        with pytest.raises(TargetError, match="expected a directory that holds"):
            next(run(file, "act", [], root=root))


def test_a_method_is_called_with_its_instance(file):
    (result,) = run(file, "Thing.grown", [Call(args=(None,))])
    assert result.detail == "AttributeError: 'NoneType' object has no attribute 'size'"


@pytest.mark.parametrize("name", ["none", "Thing", "count", "Thing.none", "os:getpid"])
def test_what_is_no_function_of_the_file_is_refused(file, name):
    with pytest.raises(TargetError, match="cannot be called"):
        next(run(file, name, [Call()]))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(TargetError, match="there is no file"):
        next(run(tmp_path / "none.py", "act", [Call()]))


@pytest.mark.parametrize(
    ("top", "said"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("def broken(:", "SyntaxError"),
        ("while True: pass", "took longer than 0.5 s|more than 0.5 s of CPU"),
        ("import os; os._exit(0)", "ended while it imported"),
        ("x = []\nwhile True: x.append(b'x' * (1 << 20))", "more than 64 MiB of memory"),
        ("import os; os.fork()", "Operation not permitted"),
        ("open('/etc/passwd')", "No such file"),
        ("import sys; sys.exit()", "SystemExit"),
        ("import os\nfor n in range(3, 99):\n  try: os.close(n)\n  except OSError: pass", "ended"),
    ],
)
def test_a_hostile_top_level_hurts_its_own_run_only(tmp_path, top, said):
    (tmp_path / "hostile.py").write_text(top)
    limits = Limits(import_s=0.5, import_bytes=64 << 20)
    with leaving_nothing(), pytest.raises(SandboxImportError, match=said):
        next(run(tmp_path / "hostile.py", "act", [Call()], limits=limits))


def test_an_argument_that_cannot_travel_is_refused(file):
    with pytest.raises(WireError, match="cannot be encoded"):
        next(run(file, "act", [Call(args=(sys.stdout,))]))


def test_a_run_that_is_left_leaves_nothing(file):
    with leaving_nothing():
        results = run(file, "act", [Call(args=("a",))] * 9)
        assert isinstance(next(results), Result)
        results.close()


def test_an_exception_in_words_that_are_no_text_is_told(file):
    (result,) = outcomes(file, "surrogate")
    assert (result.kind, result.error.state) == ("raised", ("\ud800",))
    assert result.detail == "ValueError: \\ud800"


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ([None, True, 1.5, -0.0, "é"], [None, True, 1.5, -0.0, "é"]),
        ({"a": {"b": 1}}, {"a": {"b": 1}}),
        ({1: "x"}, {"$dict": [[1, "x"]]}),
        ({"$int": 1}, {"$dict": [["$int", 1]]}),
        ({"\ud800": 1}, {"$dict": [[{"$str": "'\\ud800'"}, 1]]}),
        ((1, (2,)), {"$tuple": [1, {"$tuple": [2]}]}),
        ({1}, {"$set": [1]}),
        (frozenset(), {"$frozenset": []}),
        (b"\0\xff", {"$bytes": "AP8="}),
        (bytearray(b"a"), {"$bytearray": "YQ=="}),
        (2**53 - 1, 9007199254740991),
        (-(2**53), {"$int": "-9007199254740992"}),
        ([1 << 20000], [{"$int": hex(1 << 20000)}]),
        (math.nan, {"$float": "nan"}),
        (-math.inf, {"$float": "-inf"}),
        (complex(1, math.inf), {"$complex": [1.0, {"$float": "inf"}]}),
        (range(1 << 20000), {"$repr": "<range>", "type": "builtins:range"}),
        (Opaque("m:P", (("x", 1),)), {"$object": "m:P", "state": {"x": 1}}),
        (Opaque("m:Colour", ("red",)), {"$object": "m:Colour", "state": ["red"]}),
    ],
)
def test_json_says_a_value_exactly_or_tells(value, form):
    assert repr(json_form(value)) == repr(form)


@pytest.mark.parametrize("module", ["run", "workshop"])
def test_the_examples_of_the_documentation_hold(module):
    found = importlib.import_module(f"codegenesis.sandbox.{module}")
    results = doctest.testmod(found)
    assert results.attempted > 0
    assert results.failed == 0


def test_what_a_generator_gave_and_how_it_ended_is_told_in_json(tmp_path):
    path = tmp_path / "gives.py"
    path.write_text(
        "def gives(n):\n    yield from range(n)\n    if n > 2:\n        raise ValueError(n)\n"
        "    return 'done'\n"
    )
    two, three = run(path, "gives", [Call(args=(2,)), Call(args=(3,))])
    told = {"$iterator": "generator", "items": [0, 1], "ended": "returned", "result": "done"}
    assert json_form(two.value) == told
    raised = json_form(three.value)
    assert (raised["items"], raised["ended"]) == ([0, 1, 2], "raised")
    assert raised["error"]["$object"] == "builtins.ValueError"
