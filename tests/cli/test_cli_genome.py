"""`genome TARGET` says in words what is weak, where, and what could help."""

from __future__ import annotations

import json

import pytest

RATIOS = """\
def ratios(rows):
    out = []
    for kind, value in rows:
        if kind == "odd":
            out.append(1 / value)
        else:
            out.append(0.0)
    return out


class Cart:
    def count(self, names, name):
        return len([each for each in names if each == name])
"""


@pytest.fixture
def crashing(project):
    """`ratios.py`, and calls of which one in three divides by zero."""
    (project / "ratios.py").write_text(RATIOS)
    rows = [[["even", 1]], [["even", 3], ["even", 2]], [["odd", 0]]]
    calls = [{"args": [each]} for each in rows]
    (project / "rows.jsonl").write_text("\n".join(map(json.dumps, calls)))
    return project


def test_a_function_is_shown_with_its_hot_lines_and_what_could_help(run, project):
    (project / "one.jsonl").write_text(json.dumps({"args": [[str(n) for n in range(40)]]}))
    shown = run("genome", "guests.py:repeated", "--inputs", "one.jsonl")
    assert shown.code == 0, shown.err
    hot = next(line for line in shown.out.splitlines() if "if name in seen:" in line)
    share, runs, number, *_ = hot.split()
    assert (share[-1], runs, number) == ("%", "40", "9")
    assert "set_membership: " in shown.out
    assert "changes lines 6, 10, 13" in shown.out
    assert "A set answers membership in constant time" in shown.out


def test_the_same_as_one_document(run, project):
    (project / "one.jsonl").write_text(json.dumps({"args": [["a", "b", "a"]]}))
    document = run("genome", "guests:repeated", "--inputs", "one.jsonl", "--json").document
    lines = document["profile"]["lines"]
    assert sum(line["share"] for line in lines) == pytest.approx(1.0)
    assert lines[0]["text"] == "def repeated(names):"
    remedy = next(r for r in document["remedies"] if r["proposal"]["operator"] == "set_membership")
    assert remedy["proposal"]["gain"] > 1
    assert lines[remedy["lines"][0] - 1]["text"] == "    seen = []"
    assert 0 < remedy["share"] <= 1
    assert document["gene"]["qualname"] == "repeated"
    assert not (project / ".codegenesis").exists()


def test_lines_that_only_failing_calls_run_are_suspicious(run, crashing):
    shown = run("genome", "ratios.py:ratios", "--inputs", "rows.jsonl", "--json")
    lines = {line["text"].strip(): line for line in shown.document["profile"]["lines"]}
    assert lines["out.append(1 / value)"]["suspicion"] == 1.0
    assert lines["out.append(0.0)"]["suspicion"] == 0.0
    assert 0 < lines["out = []"]["suspicion"] < 1
    assert shown.document["crashes"][0]["type"] == "builtins.ZeroDivisionError"
    drawn = run("genome", "ratios.py:ratios", "--inputs", "rows.jsonl").out
    assert "33.3% of calls end with ZeroDivisionError" in drawn
    assert "over 3 calls, 1 of them fail" in drawn
    assert "heal: " in drawn


def test_without_calls_it_says_how_to_give_some(run):
    shown = run("genome", "guests.py:repeated")
    assert shown.code == 0
    assert "--inputs FILE or --tests PATH" in shown.out
    assert "set_membership" in shown.out


@pytest.mark.slow
def test_the_calls_of_tests_are_watched(run, project):
    (project / "test_guests.py").write_text(
        "from guests import repeated\n\n\n"
        "def test_twice():\n    assert repeated(['a', 'b', 'a']) == ['a']\n"
    )
    shown = run("genome", "guests:repeated", "--tests", "test_guests.py", "--json")
    assert shown.document["profile"]["calls"] == 1
    assert max(line["hits"] for line in shown.document["profile"]["lines"]) == 4


def test_a_function_that_was_watched_is_known_from_the_store(run):
    run("evolve", "guests:first_word", "--inputs", "lines.jsonl", "--set", "budget_s=5")
    shown = run("genome", "guests:first_word", "--json")
    assert shown.document["profile"]["reason"]
    traits = {trait["name"]: trait for trait in shown.document["traits"]}
    assert (traits["determinism"]["value"], traits["purity"]["value"]) == (1.0, 1.0)
    assert any(words.startswith("pure: 40 calls") for words in shown.document["strengths"])
    assert {row["target"] for row in run("genome", "--json").document} == {"guests:first_word"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--inputs", "calls.jsonl"), "needs a TARGET"), (("guests.py:nobody",), "no function")],
)
def test_what_cannot_be_shown_is_told(run, arguments, words):
    done = run("genome", *arguments)
    assert done.code == 2
    assert words in done.err


def test_a_crash_names_the_lines_that_only_it_runs_through(run, crashing):
    shown = run("genome", "ratios.py:ratios", "--inputs", "rows.jsonl")
    assert "end with ZeroDivisionError: division by zero; suspicious: line 5" in shown.out
    document = run("genome", "ratios.py:ratios", "--inputs", "rows.jsonl", "--json").document
    assert document["crashes"][0]["suspects"] == [5]
