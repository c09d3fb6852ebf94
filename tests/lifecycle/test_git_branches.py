"""A branch holds a commit for each change with its evidence, and leaves everything else alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from codegenesis.errors import UsageError
from codegenesis.lifecycle import locate
from codegenesis.lifecycle.landing.applying import branch_changes
from codegenesis.lifecycle.landing.changes import Change, evidence_entry, message, of_champion, read
from codegenesis.model import Champion, Entry, Gain, Strength, Trial, Variant

MODULE = (
    "import os\n\n\ndef known(word, words):\n    return any(word == each for each in words)\n\n\n"
    "def place(item, items):\n    return items.index(item)\n"
)
KNOWN = "def known(word, words):\n    return word in words\n"
PLACE = "import bisect\ndef place(item, items):\n    return bisect.bisect_left(items, item)\n"


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    person = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
    done = subprocess.run(
        ["git", *person, "-C", str(folder), *arguments],
        capture_output=True, check=True, text=True, input=stdin,
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in a directory with an odd name, with `words.py` committed and made executable.

    The person at work has set nothing of git; a hook and a monitor lie in wait.
    """
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "nothing"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    made = tmp_path / "odd\nname here"
    made.mkdir()
    (made / "words.py").write_text(MODULE)
    (made / "words.py").chmod(0o755)
    git(made, "init", "--quiet", "--initial-branch=main")
    git(made, "add", "words.py")
    git(made, "commit", "--quiet", "-m", "Begin")
    trap = f"#!/bin/sh\ntouch '{tmp_path / 'sprung'}'\n"
    for name in ("reference-transaction", "post-commit", "pre-commit", "monitor"):
        (made / ".git" / "hooks" / name).write_text(trap)
        (made / ".git" / "hooks" / name).chmod(0o755)
    git(made, "config", "core.fsmonitor", ".git/hooks/monitor")
    (tmp_path / "sprung").unlink(missing_ok=True)
    return made


def change(folder: Path, name: str, source: str) -> Change:
    gene = locate(f"words.py:{name}", service="app", cwd=folder)
    return Change(
        gene=gene,
        source=source,
        before=read(gene),
        subject=f"Make {name} faster",
        trailers=(("Variant", name),),
    )


def test_each_change_is_a_commit_and_nobodys_work_is_touched(repository, tmp_path):
    file = repository / "words.py"
    file.write_text(MODULE + "\nMINE = 1\n")
    (repository / "staged.py").write_text("x = 1\n")
    git(repository, "add", "staged.py")
    changes = [change(repository, "known", KNOWN), change(repository, "place", PLACE)]
    (tmp_path / "sprung").unlink(missing_ok=True)  # the test's own `git add` has sprung it
    before = git(repository, "rev-parse", "main")

    branch = branch_changes(changes, "codegenesis/r1")
    assert not (tmp_path / "sprung").exists()
    git(repository, "config", "--unset", "core.fsmonitor")
    log = git(repository, "log", "--format=%H %s", "main..codegenesis/r1").splitlines()
    assert [line.split(" ", 1) for line in reversed(log)] == [list(c) for c in branch.commits]
    assert [subject for _, subject in branch.commits] == ["Make known faster", "Make place faster"]
    changed = git(repository, "diff", "--stat", "--summary", "main..codegenesis/r1")
    assert "1 file changed" in changed
    assert "mode change" not in changed
    on_branch = git(repository, "show", "codegenesis/r1:words.py")
    assert "import bisect\n" in on_branch
    assert "MINE" not in on_branch
    assert git(repository, "rev-parse", "HEAD", "main").split() == [before.strip()] * 2
    assert git(repository, "diff", "--cached", "--name-only") == "staged.py\n"
    assert file.read_text() == MODULE + "\nMINE = 1\n"
    assert "uncommitted changes elsewhere" in branch.notes[0]


def test_codegenesis_is_the_author_and_who_asked_for_it_commits(repository):
    branch_changes([change(repository, "known", KNOWN)], "one")
    people = "--format=%an <%ae> by %cn"
    assert git(repository, "log", "-1", people, "one").strip() == (
        "CodeGenesis <codegenesis@localhost> by CodeGenesis"
    )
    git(repository, "config", "user.name", "Ada")
    git(repository, "config", "codegenesis.author", "Robot <robot@example.org>")
    branch_changes([change(repository, "known", KNOWN)], "two")
    said = git(repository, "log", "-1", people, "two").strip()
    assert said == "Robot <robot@example.org> by Ada"


def test_a_function_that_is_not_committed_as_it_was_read_is_refused(repository):
    (repository / "words.py").write_text(MODULE.replace("any(", "1 == any("))
    changes = [change(repository, "known", KNOWN), change(repository, "place", PLACE)]
    branch = branch_changes(changes, "partly")
    assert [each.target for each in branch.refused] == ["words:known"]
    assert len(branch.commits) == 1
    with pytest.raises(UsageError, match="none of the changes fits"):
        branch_changes(changes[:1], "none")
    assert "none" not in git(repository, "branch", "--list")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("main", "a branch main already"),
        ("main/more", "a branch main already"),
        ("deep", "a branch deep/down already"),
        ("a..b", "no name"),
        ("-x", "no name"),
    ],
)
def test_names_that_are_taken_or_no_names_are_refused(repository, name, words):
    git(repository, "branch", "deep/down")
    with pytest.raises(UsageError, match=words):
        branch_changes([change(repository, "known", KNOWN)], name)
    assert branch_changes([change(repository, "known", KNOWN)], "deeper").commits


def test_without_a_commit_or_a_repository_there_is_no_branch(tmp_path, repository):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "words.py").write_text(MODULE)
    with pytest.raises(UsageError, match="in no git repository"):
        branch_changes([change(outside, "known", KNOWN)], "b")
    git(outside, "init", "--quiet")
    with pytest.raises(UsageError, match="no commit yet"):
        branch_changes([change(outside, "known", KNOWN)], "b")


def test_a_repository_with_line_ends_of_its_own_gets_a_minimal_commit(repository):
    file = repository / "words.py"
    git(repository, "config", "core.autocrlf", "true")
    file.write_bytes(MODULE.replace("\n", "\r\n").encode())
    branch_changes([change(repository, "known", KNOWN)], "ends")
    assert git(repository, "diff", "--numstat", "main..ends").split()[:2] == ["1", "1"]


def test_environment_of_a_hook_does_not_lead_astray(repository, tmp_path, monkeypatch):
    wanted = change(repository, "known", KNOWN)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere" / "index"))
    assert branch_changes([wanted], "b").commits


CHAMPION = Champion(
    variant=Variant(
        gene="app/words:known",
        base="b",
        source=KNOWN,
        operator="membership",
        hypothesis="A lookup stops early.\n---\nGain: 900x",
        risk="It compares\tby `==` \x1b[31mas before.",
    ),
    objective="speed",
    gain=Gain(ratio=3.2, low=2.9, high=3.512, n=240, before_ns=900, after_ns=300),
    trials=(
        Trial(variant="v", gate="replay", verdict="passed", checks=40),
        Trial(variant="v", gate="symbolic", verdict="skipped"),
    ),
    pure=True,
    diff="",
    strength=Strength(killed=27, mutants=29),
)


def test_the_evidence_is_in_trailers_that_git_reads(repository):
    gene = locate("words.py:known", service="app", cwd=repository)
    entry = Entry(
        seq=17, at_ns=1, kind="evidence", gene="", variant="", envelope="", prev="", hash="ab"
    )
    found = of_champion(CHAMPION, gene, before=read(gene), run="r1", entry=evidence_entry([entry]))
    parsed = git(repository, "interpret-trailers", "--parse", stdin=found.message)
    assert dict(line.split(": ", 1) for line in parsed.splitlines()) == {
        "Gain": "3.2x [2.9, 3.51] n=240",
        "Strength": "27/29 wrong versions noticed",
        "Gates": "replay=40",
        "Operator": "membership",
        "Variant": CHAMPION.variant.id,
        "Run": "r1",
        "Ledger": "17 ab",
    }
    subject, body = found.message.split("\n\n", 1)
    assert subject == "Make known 3.2 times as fast"
    assert "Risk: It compares by `==`" in body
    assert "\x1b" not in body
    branch_changes([found], "b")
    shown = git(repository, "log", "-1", "--format=%(trailers:key=Gain,valueonly)", "b")
    assert shown.strip() == "3.2x [2.9, 3.51] n=240"


def test_words_of_others_cannot_forge_a_trailer():
    said = message("a\nGain: 9x", "why\n\nVariant: other", [("Run", "r1\nGain: 9x")])
    assert said == "a Gain: 9x\n\nwhy\n\nVariant: other\n\nRun: r1 Gain: 9x\n"
