"""`evolve` works offline, changes nothing, and says with its exit code what came of it."""

import json
import sqlite3
from pathlib import Path

import pytest

QUICK = tuple(
    word
    for name in ("budget_s=20", "symbolic_s=0", "min_strength=0", "search_share=0")
    for word in ("--set", name)
)


def test_a_weak_function_gets_a_minimal_diff_with_its_evidence(run, project):
    before = (project / "guests.py").read_text()
    done = run("evolve", "guests:repeated", "--inputs", "calls.jsonl", "--json", *QUICK)
    assert done.code == 0, done.err
    champion = done.document["champion"]
    assert "+    seen = set()" in champion["diff"]
    assert champion["variant"]["hypothesis"]
    assert [trial["gate"] for trial in champion["trials"]][:3] == ["parse", "policy", "replay"]
    assert (project / "guests.py").read_text() == before

    identifier = done.document["champion"]["trials"][0]["variant"]
    assert run("show", identifier, "--json").document["id"] == identifier
    assert run("diff", identifier).out == champion["diff"]
    history = run("lineage", "guests:repeated", "--json").document
    fates = {row["id"]: row["fate"] for row in history["versions"]}
    assert fates[identifier].startswith("champion")
    stages = {stage["gate"]: stage for stage in history["funnel"]}
    assert stages["parse"]["came"] >= stages["replay"]["came"] >= stages["race"]["survived"] >= 1
    assert "survival" in run("lineage", "guests:repeated").out
    assert run("verify", "--all", "--json").document["ok"]

    tamper(project, "UPDATE entries SET envelope = replace(envelope, 'payload', 'Payload')")
    broken = run("verify", "--json")
    assert broken.code == 5
    assert not broken.document["ok"]


def tamper(project: Path, statement: str) -> None:
    connection = sqlite3.connect(project / ".codegenesis" / "genesis.db")
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_function_with_nothing_to_gain_ends_with_exit_code_3(run):
    done = run("evolve", "guests.py:first_word", "--inputs", "lines.jsonl", "--json", *QUICK)
    assert done.code == 3
    assert done.document["champion"] is None
    assert done.document["reason"]


def test_an_unknown_target_says_what_is_near(run):
    done = run("evolve", "guests:repeted", "--inputs", "calls.jsonl")
    assert done.code == 2
    assert "Did you mean repeated?" in done.err
    assert done.out == ""


def test_recorded_inputs_that_are_not_there_say_how_to_get_them(run):
    run("evolve", "guests:first_word", "--inputs", "lines.jsonl")
    done = run("evolve", "guests:repeated")
    assert done.code == 2
    assert "codegenesis run" in done.err


def test_a_module_that_fails_to_import_is_named_with_its_error(run, project):
    (project / "broken.py").write_text("import no_such_package\n\ndef f(x):\n    return x\n")
    done = run("evolve", "broken:f", "--inputs", "lines.jsonl")
    assert done.code == 2
    assert "no_such_package" in done.err
    assert "next:" in done.err


def test_a_module_that_connects_at_import_is_refused_with_the_way_out(run, project):
    (project / "eager.py").write_text(
        "import socket\nsocket.create_connection(('127.0.0.1', 9))\n\ndef f(x):\n    return x\n"
    )
    done = run("evolve", "eager:f", "--inputs", "lines.jsonl")
    assert done.code == 2
    assert "eager" in done.err
    assert "next:" in done.err


@pytest.mark.parametrize("line", ["no json", '{"args": {"a": 1}, "kwargs": 3}', "[1]"])
def test_inputs_that_are_no_calls_are_named_with_file_and_line(run, project, line):
    (project / "bad.jsonl").write_text(f'{{"args": ["fine"]}}\n{line}\n')
    done = run("evolve", "guests:first_word", "--inputs", "bad.jsonl")
    assert done.code == 2
    assert "bad.jsonl:2" in done.err


@pytest.mark.slow
def test_a_module_that_reaches_out_at_import_evolves_with_the_owners_hook(run, project):
    module = (project / "guests.py").read_text()
    (project / "party.py").write_text(
        "import socket\nHOST = socket.create_connection(('127.0.0.1', 9)).getpeername()\n" + module
    )
    (project / "quiet.py").write_text(
        "import socket\nfrom unittest.mock import MagicMock\n\n\n"
        "def setup():\n    socket.create_connection = MagicMock()\n"
    )
    refused = run("evolve", "party:repeated", "--inputs", "calls.jsonl", *QUICK)
    assert refused.code != 0
    assert "sandbox_setup" in refused.err
    hook = ("--set", "sandbox_setup=quiet:setup")
    done = run("evolve", "party:repeated", "--inputs", "calls.jsonl", "--json", *hook, *QUICK)
    assert done.code == 0, done.err


@pytest.mark.slow
def test_the_users_own_tests_are_inputs_and_judges(run, project):
    tests = project / "tests"
    tests.mkdir()
    (tests / "test_guests.py").write_text(
        "from guests import repeated\n\n\n"
        "def test_each_once():\n"
        "    names = [str(i) for i in range(90)]\n"
        "    assert repeated(names * 6) == names\n\n\n"
        "def test_wrong_from_the_start():\n"
        "    assert repeated(['a']) == ['a']\n"
    )
    patient = (*QUICK, "--set", "budget_s=60")
    done = run("evolve", "guests:repeated", "--tests", "tests", "--json", *patient)
    assert done.code == 0, done.err
    trial = next(t for t in done.document["champion"]["trials"] if t["gate"] == "tests")
    assert (trial["verdict"], trial["checks"]) == ("passed", 1)
    assert "test_wrong_from_the_start fails with the original" in trial["detail"]


def test_tests_that_are_not_there_are_told(run):
    done = run("evolve", "guests:repeated", "--tests", "nowhere", *QUICK)
    assert done.code == 2
    assert "there are no tests at" in done.err


@pytest.mark.slow
def test_the_strength_of_the_evidence_is_printed(run):
    strict = ("--set", "min_strength=0.9")
    done = run("evolve", "guests:repeated", "--inputs", "calls.jsonl", "--json", *QUICK, *strict)
    strength = done.document["champion"]["strength"]
    assert 0 < strength["killed"] <= strength["mutants"]
    assert done.document["strength"] == strength["killed"] / strength["mutants"]
    shown = run("show", done.document["champion"]["trials"][0]["variant"]).out
    assert "wrong versions noticed" in shown


@pytest.mark.slow
def test_what_is_about_to_win_is_searched_symbolically(run, project):
    pytest.importorskip("crosshair")
    search = ("--set", "symbolic_s=5", "--set", "budget_s=30")
    done = run("evolve", "guests:repeated", "--inputs", "calls.jsonl", "--json", *search)
    trials = {trial["gate"]: trial for trial in done.document["champion"]["trials"]}
    assert trials["symbolic"]["verdict"] in ("passed", "skipped")
    assert list(trials)[-2:] == ["symbolic", "race"]


def test_an_objective_of_ones_own_decides(run, project):
    (project / "taste.py").write_text("def nothing_pleases(fitness):\n    return 1.0\n")
    picky = ("--objective", "taste:nothing_pleases")
    done = run("evolve", "guests:repeated", "--inputs", "calls.jsonl", "--json", *picky, *QUICK)
    assert done.code == 3
    assert "is asked for" in done.document["reason"]
    done = run("evolve", "guests:repeated", "--inputs", "calls.jsonl", "--objective", "speed")
    assert done.code == 2
    assert "frugal" in done.err


@pytest.mark.slow
def test_a_compiled_version_is_judged_like_any_other(run, project):
    pytest.importorskip("Cython")
    (project / "heat.py").write_text(
        "def energy(xs, ys, n):\n"
        "    total = 0.0\n"
        "    for k in range(n):\n"
        "        for i in range(len(xs)):\n"
        "            dx = xs[i] - ys[i]\n"
        "            total += dx * dx * 0.5 + k\n"
        "    return total\n"
    )
    calls = [{"args": [[k * 0.1] * 9, [1.5] * 9, 5 + k % 20]} for k in range(40)]
    (project / "heat.jsonl").write_text("\n".join(map(json.dumps, calls)))
    wanted = ("--native", "--json", *QUICK, "--set", "budget_s=60")
    done = run("evolve", "heat:energy", "--inputs", "heat.jsonl", *wanted)
    assert done.code == 0, done.err
    history = run("lineage", "heat:energy", "--json").document["versions"]
    compiled = {each["operator"] for each in history if each["operator"].startswith("native_")}
    assert "native_cython" in compiled
    assert list((project / ".codegenesis" / "artifacts").iterdir())
