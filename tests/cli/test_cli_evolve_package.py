"""`evolve` over a package: what is tried and what is not, runs, and how findings land and go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from codegenesis.lifecycle import locate
from codegenesis.lifecycle.landing.changes import read
from codegenesis.model import Champion, Gain, Run, RunStep, Trial, Variant, digest
from codegenesis.store import Store

QUICK = (
    *("--set", "symbolic_s=0", "--set", "min_strength=0", "--set", "experience=off"),
    *("--set", "budget_s=20"),
    *("--set", "search_share=0"),
)
HALL = '''\
"""The hall of a party."""


def repeated(names):
    """Names that occur more than once.

    >>> len(repeated([str(i % 300) for i in range(900)]))
    300
    >>> repeated([str(i * 7 % 290) for i in range(600)])[-1]
    '282'
    """
    seen = []
    again = []
    for name in names:
        if name in seen:
            if name not in again:
                again.append(name)
        else:
            seen.append(name)
    return again


def seat(row, number):
    """
    >>> seat("a", 1)
    'a1'
    """
    return f"{row}{number}"


async def open_door():
    pass
'''
BETTER = "def seat(row, number):\n    return row + str(number)\n"


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    person = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
    done = subprocess.run(
        ["git", *person, "-C", str(folder), *arguments],
        capture_output=True, check=True, text=True, input=stdin,
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def party(project: Path) -> Path:
    """The project with a package in a git repository."""
    (project / "party").mkdir()
    (project / "party" / "__init__.py").write_text("")
    (project / "party" / "hall.py").write_text(HALL)
    (project / ".gitignore").write_text(".codegenesis\n__pycache__\n")
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "party", ".gitignore")
    git(project, "commit", "--quiet", "-m", "Begin")
    return project


@pytest.fixture
def found(party: Path) -> str:
    """A run that has found something and has something left; its id."""
    gene = locate("party.hall:seat", service="party", cwd=party)
    variant = Variant(
        gene=gene.id, base=gene.base, source=BETTER, operator="plain", hypothesis="It is plainer."
    )
    champion = Champion(
        variant=variant,
        objective="speed",
        gain=Gain(ratio=2.5, low=2.1, high=3.0, n=12, before_ns=500, after_ns=200),
        trials=(Trial(variant=variant.id, gate="replay", verdict="passed", checks=1),),
        pure=True,
        diff="--- a\n+++ b\n",
    )
    step = RunStep(run="aa11bb22", position=0, target=gene.target, gene=gene.id)
    done = {"state": "found", "variant": variant.id, "file_digest": digest(read(gene))}
    with Store.open(party / ".codegenesis" / "genesis.db") as store:
        store.put_genes([gene])
        store.put_champion(champion)
        options = {"inputs": "doctests"}
        store.runs.put(
            Run(id="aa11bb22", command="evolve", targets=("party",), options=options,
                state="finished", started_ns=1)
        )  # fmt: skip
        fields = {name: getattr(step, name) for name in step.__struct_fields__}
        store.runs.put_steps([RunStep(**{**fields, **done})])
    return "aa11bb22"


def test_what_has_nothing_to_gain_is_tried_what_cannot_be_is_listed_and_the_run_is_kept(run, party):
    (party / "party" / "hall.py").write_text(HALL[HALL.index("def seat") :])
    done = run("evolve", "party", "--inputs", "doctests", "--seed", "5", *QUICK)
    assert done.code == 3, done.err
    assert "0 of 1 functions have a better version (fastest)" in done.out
    assert "not tried: party.hall:open_door: it has no body yet" in done.out
    assert "1 functions to try" in done.err
    assert "party.hall:seat" in done.err
    (kept,) = run("runs", "--json").document
    assert (kept["run"]["state"], kept["done"], kept["total"]) == ("finished", 1, 1)
    assert kept["run"]["seed"] == 5
    shown = run("runs", kept["run"]["id"]).out
    assert "codegenesis evolve party --inputs doctests" in shown
    assert "party.hall:seat" in shown


def test_findings_land_on_a_branch_with_their_evidence(run, party, found):
    done = run("evolve", "--resume", found, "--branch", "--json")
    assert done.code == 0, done.err
    branch = done.document["landed"]["branch"]
    assert branch["name"] == f"codegenesis/{found}"
    body = git(party, "log", "-1", "--format=%B", branch["name"])
    trailers = git(party, "interpret-trailers", "--parse", stdin=body)
    assert "Gain: 2.5x [2.1, 3] n=12" in trailers
    assert f"Run: {found}" in trailers
    assert git(party, "status", "--porcelain") == "?? calls.jsonl\n?? guests.py\n" + (
        "?? lines.jsonl\n?? pyproject.toml\n"
    )
    again = run("evolve", "--resume", found, "--branch")
    assert again.code == 2
    assert "already" in again.err


def test_findings_are_applied_and_taken_back(run, party, found):
    file = party / "party" / "hall.py"
    done = run("evolve", "--resume", found, "--apply", "--yes")
    assert done.code == 0, done.err
    assert "hall.py, lines 24-28: Make seat 2.5 times as fast" in done.err
    assert f"undo with: codegenesis undo {found}" in done.out
    assert "return row + str(number)" in file.read_text()
    assert run("runs", "--json").document[0]["applied"] == ["party.hall:seat"]
    back = run("undo", found)
    assert back.code == 0
    assert "taken back party.hall:seat" in back.out
    assert file.read_text() == HALL
    assert run("undo", found).code == 2


def test_what_may_not_be_overwritten_is_named_and_ends_with_exit_code_4(run, party, found):
    file = party / "party" / "hall.py"
    git(party, "rm", "--quiet", "--cached", "party/hall.py")
    git(party, "commit", "--quiet", "-m", "Not kept any more")
    file.write_text(HALL + "\n# mine\n")
    done = run("evolve", "--resume", found, "--apply", "--yes")
    assert done.code == 4
    assert "not applied: party.hall:seat" in done.out
    assert "has changed since it was read" in done.out
    assert file.read_text() == HALL + "\n# mine\n"


def test_applying_needs_somebody_to_ask_or_a_yes(run, party, found):
    done = run("evolve", "--resume", found, "--apply")
    assert done.code == 2
    assert "--yes" in done.err
    assert (party / "party" / "hall.py").read_text() == HALL


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "expected a TARGET"),
        (("party", "--resume"), "expected a TARGET"),
        (("--branch", "party"), "codegenesis evolve party --branch"),
        (("party", "--budget", "10parsec"), "10min, 500trials, 2usd"),
        (("party", "--budget", "soon"), "10min, 500trials, 2usd"),
        (("party", "--branch=a..b"), "no name for a branch"),
        (("guests:repeated", "--inputs", "gone.jsonl"), "gone.jsonl"),
        (("--resume", "ffff"), "codegenesis runs"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_tried(run, party, found, arguments, words):
    done = run("evolve", *arguments)
    assert done.code == 2
    assert words in done.err


def test_a_branch_needs_git(run, project):
    done = run("evolve", "guests.py", "--branch")
    assert done.code == 2
    assert "git init" in done.err


@pytest.mark.slow
def test_a_package_is_worked_through_by_promise_on_one_budget(run, party):
    done = run("evolve", "party", "--budget", "2min", "--json", *QUICK)
    assert done.code == 0, done.err
    first, second, third = done.document["results"]
    assert (first["target"], first["state"]) == ("party.hall:repeated", "found")
    assert "+    seen = set()" in first["explanation"]["diff"]
    assert (second["target"], second["state"]) == ("party.hall:seat", "nothing")
    assert third["state"] == "skipped"


@pytest.mark.slow
def test_the_same_seed_tries_the_same_versions_in_the_same_order(run, party):
    same = ("--inputs", "doctests", "--budget", "30trials", "--seed", "11", *QUICK)
    tried = []
    for place in ("one", "two"):
        run("evolve", "party.hall:repeated", "--directory", place, *same)
        with Store.open(party / place / "genesis.db") as store:
            (gene,) = [each for each in store.genes() if each.qualname == "repeated"]
            tried.append([variant.id for variant in store.variants(gene.id)])
    assert tried[0] == tried[1] != []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_says_how_to_go_on(run, party, number):
    command = [sys.executable, "-m", "codegenesis", "evolve", "party", "--inputs", "doctests"]
    process = subprocess.Popen(
        [*command, *QUICK], cwd=party, env={**os.environ}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr
    said = [process.stderr.readline(), process.stderr.readline()]
    process.send_signal(number)
    out, rest = process.communicate(timeout=60)
    assert process.returncode == 130, (said, out, rest)
    assert "2 had no turn yet" in out
    (kept,) = run("runs", "--json").document
    assert kept["run"]["state"] == "stopped"
    assert f"codegenesis evolve --resume {kept['run']['id']}" in rest
    done = run("evolve", "--resume", "--json", *QUICK)
    assert done.code == 0, done.err
    assert done.document["run"]["id"] == kept["run"]["id"]
    assert [each["state"] for each in done.document["results"]][:2] == ["found", "nothing"]
