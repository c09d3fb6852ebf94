"""`sandbox run` through the command line, against hostile files and inputs."""

import io
import json
import os
import pty
import signal
import subprocess
import sys

import pytest

FILE = """
import math, os

class Odd(Exception):
    pass

def act(what, n=0):
    match what:
        case "loop":
            while True: pass
        case "memory":
            kept = []
            while True: kept.append(b"x" * (1 << 20))
        case "exit":
            os._exit(0)
        case "huge":
            return "x" * (4 << 20)
        case "escapes":
            return "\\x1b[2J\\x9b31m\\u202edetcerid"
        case "raise":
            raise Odd("\\x1b]0;title\\x07", 5)
        case "surrogate":
            return ["\\ud800", {"\\udfff": 1}]
        case "raise surrogate":
            raise ValueError("\\ud800")
        case "numbers":
            return [math.nan, -math.inf, 1.0, 2**53, 10**30, -0.0]
        case "bytes":
            return b"\\x00\\xff"
        case "print":
            print('{"line": 1, "outcome": "returned", "value": "forged"}', flush=True)
            os.write(1, b"forged"); os.write(2, b"forged")
    return [what, n]
"""
LIMITS = "cpu=0.3s,memory=64MiB,wall=5s,output=1MiB"


@pytest.fixture
def file(project):
    (project / "untrusted.py").write_text(FILE)
    return project / "untrusted.py"


@pytest.fixture
def results(run, file, project):
    """Run inputs with --json; one document a line."""

    def command(*calls, options=("--limit", LIMITS), target="untrusted.py:act"):
        lines = [call if isinstance(call, str) else json.dumps(call) for call in calls]
        (project / "in.jsonl").write_text("\n".join(lines))
        done = run("sandbox", "run", target, "--inputs", "in.jsonl", "--json", *options)
        return done.code, [json.loads(line) for line in done.out.splitlines()], done.err

    return command


def test_each_input_is_one_line_of_json(results):
    code, (first, second), err = results(
        '{"args": ["é"], "kwargs": {"n": [1, null, {"a": 2.5}]}}', '["b"]'
    )
    assert (code, err) == (0, "")
    assert first.keys() == {"line", "outcome", "value", "cpu_ns", "wall_ns", "peak_bytes"}
    assert (first["line"], first["outcome"]) == (1, "returned")
    assert first["value"] == ["é", [1, None, {"a": 2.5}]]
    assert min(first["cpu_ns"], first["wall_ns"], first["peak_bytes"]) > 0
    assert (second["line"], second["value"]) == (2, ["b", 0])


def test_hostile_inputs_cost_themselves_only(results):
    code, lines, _ = results(*([word] for word in ("loop", "memory", "exit", "huge", "fine")))
    assert code == 0
    told = [(line["outcome"], line.get("limit")) for line in lines]
    assert told == [
        ("limit", "cpu"),
        ("limit", "memory"),
        ("died", None),
        ("limit", "output"),
        ("returned", None),
    ]
    assert lines[2]["detail"] == "it ended itself with status 0"
    assert lines[4]["value"] == ["fine", 0]


def test_values_that_json_cannot_say_are_told(results):
    _, lines, _ = results(["numbers"], ["bytes"], ["surrogate"])
    assert lines[0]["value"] == [
        {"$float": "nan"}, {"$float": "-inf"}, 1.0, {"$int": str(2**53)}, {"$int": str(10**30)}, 0.0
    ]  # fmt: skip
    assert lines[1]["value"] == {"$bytes": "AP8="}
    assert lines[2]["value"] == [{"$str": "'\\ud800'"}, {"$dict": [[{"$str": "'\\udfff'"}, 1]]}]


def test_exceptions_are_told_by_type_message_and_arguments(results):
    _, (odd, surrogate), _ = results(["raise"], ["raise surrogate"])
    assert odd["outcome"] == "raised"
    assert odd["exception"]["type"] == "__main__.Odd"
    assert odd["exception"]["args"] == ["\x1b]0;title\x07", 5]
    assert "title" in odd["exception"]["message"]
    assert surrogate["exception"] == {
        "type": "builtins.ValueError",
        "message": "\\ud800",
        "args": [{"$str": "'\\ud800'"}],
    }


def test_what_the_function_prints_is_nowhere(results):
    code, lines, err = results(["print"])
    assert (code, len(lines), lines[0]["value"], err) == (0, 1, ["print", 0], "")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_terminal_is_not_steered(run, file, project, options):
    (project / "in.jsonl").write_text('["escapes"]\n["raise"]\n["surrogate"]\n["raise surrogate"]')
    done = run("sandbox", "run", "untrusted.py:act", "--inputs", "in.jsonl", *options)
    assert done.code == 0
    assert all(char.isprintable() or char == "\n" for char in done.out)
    assert "returned" in done.out
    assert "2J" in done.out


def test_people_get_one_line_for_each_input(run, file, project):
    (project / "in.jsonl").write_text('["loop"]\n["exit"]\n["huge"]\n["raise"]\n["fine"]')
    done = run("sandbox", "run", "untrusted.py:act", "--inputs", "in.jsonl", "--limit", "cpu=100ms")
    lines = [line.partition("  (cpu ")[0] for line in done.out.splitlines()]
    assert lines[:2] == [
        "line 1: limit cpu: it used more CPU than allowed",
        "line 2: died: it ended itself with status 0",
    ]
    assert lines[2].startswith('line 3: returned: "xxx')
    assert lines[2].endswith("(4194306 characters; --json shows them)")
    assert lines[4] == 'line 5: returned: ["fine", 0]'


def test_state_is_kept_unless_each_is_fresh(results, project):
    (project / "untrusted.py").write_text(
        "n = 0\ndef act():\n    global n\n    n += 1\n    return n"
    )
    assert [line["value"] for line in results([], [], [])[1]] == [1, 2, 3]
    assert [line["value"] for line in results([], [], [], options=("--fresh",))[1]] == [1, 1, 1]


def test_inputs_come_from_stdin_too(run, file, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(b'["one"]\n\n  \n{"args": ["two"]}\n'))
    monkeypatch.setattr("sys.stdin", stdin)
    done = run("sandbox", "run", str(file), "--inputs", "-")
    assert done.code == 2  # a path without a function
    done = run("sandbox", "run", f"{file}:act", "--inputs", "-", "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [(line["line"], line["value"]) for line in lines] == [(1, ["one", 0]), (4, ["two", 0])]


@pytest.mark.parametrize(
    "bad",
    [
        "{", "3", '"x"', "null", '{"arg": [1]}', '{"args": 3}', '{"kwargs": [1]}',
        "[" * 2000, "[" * 99_999, "[1] [2]", "1" * 5000, "\x00",
    ],
)  # fmt: skip
def test_a_malformed_line_is_named(results, bad):
    code, lines, err = results(["fine"], "", bad, ["never"])
    assert code == 2
    assert lines[0]["value"] == ["fine", 0]
    assert lines[1]["error"]["kind"] == "UsageError"
    assert "in.jsonl, line 3" in lines[1]["error"]["message"]
    assert len(lines) == 2
    assert "next:  Write one call a line" in err


def test_a_line_that_is_no_text_is_named(run, file, project):
    (project / "in.jsonl").write_bytes(b'["\xff"]\n')
    done = run("sandbox", "run", "untrusted.py:act", "--inputs", "in.jsonl")
    assert done.code == 2
    assert "in.jsonl, line 1" in done.err


@pytest.mark.parametrize(
    ("top", "said"),
    [
        ("import no_such_thing", "install what provides no_such_thing"),
        ("def act(:", "mend the module"),
        ("while True: pass", "raise the limit"),
        ("x = []\nwhile True: x.append(b'x' * (1 << 20))", "256 MiB of memory"),
        ("import os; os._exit(0)", "ended while it imported"),
        ("raise ValueError('\\x1b[2J\\x9b\\u202e' + '\\ud800')", "cannot be imported"),
    ],
)
def test_a_file_that_does_not_import_is_refused(run, project, top, said):
    (project / "bad.py").write_text(top)
    (project / "in.jsonl").write_text("[1]")
    limits = f"import={1 if said == 'raise the limit' else 30}s,memory=64MiB"
    done = run("sandbox", "run", "bad.py:act", "--inputs", "in.jsonl", "--limit", limits)
    assert (done.code, done.out) == (2, "")
    assert said in done.err.replace("\n", " ")
    assert all(char.isprintable() or char == "\n" for char in done.err)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("untrusted.py:none", "--inputs", "in.jsonl"), "Name a function that the file defines"),
        (("none.py:act", "--inputs", "in.jsonl"), "there is no file"),
        (("untrusted.py", "--inputs", "in.jsonl"), "expected FILE.py:FUNCTION"),
        (("untrusted.py:act", "--inputs", "none.jsonl"), "inputs cannot be read from none.jsonl"),
        (("untrusted.py:act", "--inputs", "."), "inputs cannot be read from ."),
        (("untrusted.py:act", "--inputs", "in.jsonl", "--limit", "cpu=2h"), "The units are s, ms"),
        (("untrusted.py:act", "--inputs", "in.jsonl", "--limit", "cpu=0"), "positive number"),
        (("untrusted.py:act", "--inputs", "in.jsonl", "--limit", "cpu=-1s"), "positive number"),
        (("untrusted.py:act", "--inputs", "in.jsonl", "--limit", "gpu=2"), "The names are cpu"),
        (("untrusted.py:act", "--inputs", "in.jsonl", "--root", "/usr"), "a directory above"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_next_step(run, file, project, arguments, said):
    (project / "in.jsonl").write_text('["x"]')
    done = run("sandbox", "run", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.split())


def test_paths_are_relative_to_where_one_stands(run, file, project, monkeypatch):
    (project / "below").mkdir()
    (project / "in.jsonl").write_text('["x"]')
    monkeypatch.chdir(project / "below")
    done = run("sandbox", "run", "../untrusted.py:act", "--inputs", "../in.jsonl")
    assert done.out.startswith('line 1: returned: ["x", 0]')


def test_a_root_lets_the_file_import_its_neighbours(results, project):
    (project / "untrusted.py").write_text("import guests\nact = guests.first_word")
    code, lines, _ = results(["a b"])
    assert (code, lines[0]["error"]["kind"]) == (2, "SandboxImportError")
    code, lines, _ = results(["a b"], options=("--root", "."))
    assert (code, lines[0]["value"]) == (0, "a")


SLOW = "import time\ndef act(n):\n    time.sleep(n)\n    return n\n"


def started(project, *options, inputs="[0]\n[600]\n", **files):
    (project / "slow.py").write_text(SLOW)
    (project / "in.jsonl").write_text(inputs)
    command = [sys.executable, "-c", "from codegenesis.cli import main; main()", "sandbox", "run"]
    return subprocess.Popen(
        [*command, "slow.py:act", "--inputs", "in.jsonl", "--limit", "wall=600s", *options],
        cwd=project, stderr=subprocess.PIPE, **files,
    )  # fmt: skip


def test_results_stream_and_an_interrupt_is_clean(project):
    with started(project, "--json", stdout=subprocess.PIPE) as process:
        assert json.loads(process.stdout.readline())["value"] == 0
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.strip()) == (130, b"", b"interrupted")


def test_a_reader_that_goes_away_gets_no_complaint(project):
    with started(project, inputs="[0.01]\n" * 10_000, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
    assert err == b""


def test_a_terminal_gets_plain_lines(project):
    ours, theirs = pty.openpty()
    with started(project, stdout=theirs) as process:
        os.close(theirs)
        assert os.read(ours, 1000).startswith(b"line 1: returned: 0  (cpu ")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    os.close(ours)


def test_help_says_what_the_lines_mean(run):
    done = run("sandbox", "run", "--help")
    assert done.code == 0
    for word in ('"outcome": "limit"', "--fresh", "--root", "Exit code 0", "$tuple"):
        assert word in done.out
    assert "sandbox" in run("--help").out
