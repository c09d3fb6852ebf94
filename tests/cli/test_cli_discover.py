"""`discover`, with real jails: a program, its evaluator, and what comes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

PROGRAM = '''\
"""A line."""


# EVOLVE-BLOCK-START
def value(x):
    return 0.5 * x + 1.0
# EVOLVE-BLOCK-END
'''
EVALUATOR = """\
import importlib.util


def evaluate(program_path):
    spec = importlib.util.spec_from_file_location("program", program_path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    wrong = sum((module.value(x) - (2.0 * x + 3.0)) ** 2 for x in (0.0, 1.0, 2.0, 5.0))
    return {"combined_score": -wrong}
"""


@pytest.fixture
def line(project: Path) -> Path:
    """`line.py` with `evaluator.py` beside it; it can be made better."""
    (project / "evaluator.py").write_text(EVALUATOR)
    (project / "config.yaml").write_text("evaluator:\n  timeout: 3\n")
    program = project / "line.py"
    program.write_text(PROGRAM)
    return program


def test_the_best_is_printed_with_its_lineage_and_written_where_it_was_asked_for(run, line):
    ended = run(
        "discover",
        "line.py",
        "--budget",
        "24trials",
        "--output",
        "best.py",
        "--json",
        "--seed",
        "3",
    )
    found = ended.document

    assert ended.code == 0
    assert found["better"]
    assert found["score"] > found["first_score"] == found["lineage"][-1]["score"]
    assert found["evaluated"] == 24
    assert line.with_name("best.py").read_text() == found["best"]["program"]
    assert found["diff"].startswith("--- a/line.py")
    assert found["entry"]["kind"] == "provenance"
    assert line.read_text() == PROGRAM
    assert run("verify").code == 0


def test_a_run_is_listed_gone_on_with_applied_and_taken_back_and_held_to_its_evaluator(run, line):
    first = run("discover", "line.py", "--budget", "20trials")
    assert first.code in (0, 6)
    assert "everything is kept" in first.err
    listed = run("runs", "--json").document[0]["run"]
    assert (listed["command"], listed["trials"], listed["state"]) == ("discover", 20, "stopped")

    gone_on = run("discover", "--resume", "--budget", "20trials", "--apply", "--json")
    assert gone_on.code == 0
    assert gone_on.document["evaluated"] == 40
    assert line.read_text() == gone_on.document["best"]["program"] != PROGRAM

    assert run("undo", listed["id"]).code == 0
    assert line.read_text() == PROGRAM
    assert "line.py" in run("runs", listed["id"]).out

    line.with_name("evaluator.py").write_text(EVALUATOR.replace("2.0 * x", "9.0 * x"))
    other = run("discover", "--resume", "--budget", "9trials")
    assert other.code == 2
    assert "evaluator.py has changed" in other.err


def test_a_program_without_a_score_is_told_with_what_its_evaluator_said(run, line):
    line.write_text(PROGRAM.replace("0.5 * x", "nothing * x"))

    ended = run("discover", "line.py", "--budget", "9trials")

    assert ended.code == 2
    assert "no score" in ended.err
    assert "nothing" in ended.err
    assert "next:" in ended.err


def test_nothing_better_is_exit_code_6_while_the_budget_is_what_ended_it(run, line):
    line.with_name("evaluator.py").write_text("def evaluate(program_path):\n    return 1.0\n")

    ended = run("discover", "line.py", "--budget", "5trials")

    assert ended.code == 6
    assert "nothing scores more" in ended.out


def test_a_program_or_a_run_is_asked_for_and_not_both(run, line):
    assert run("discover").code == 2
    assert run("discover", "line.py", "--resume").code == 2
    assert "evaluator" in run("discover", "guests.py", "--evaluator", "none.py").err
