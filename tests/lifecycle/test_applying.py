"""A change lands where its lines are nobody's work, changes nothing else, and can be taken back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from codegenesis.errors import UsageError
from codegenesis.lifecycle import locate
from codegenesis.lifecycle.landing.applying import Applied, plan_changes, write_plan
from codegenesis.lifecycle.landing.changes import Change, read
from codegenesis.lifecycle.landing.lines import Hunk, carried, hunks, patched
from codegenesis.lifecycle.landing.undoing import undo_run
from codegenesis.store import Store

MODULE = '''\
"""Words."""

import os

LIMIT = 3


def known(word, words):
    """Is it?"""
    for each in words:
        if each == word:
            return True
    return False


def place(item, items):
    return items.index(item)  # where
'''
KNOWN = 'def known(word, words):\n    """Is it?"""\n    return word in words\n'
PLACE = "import bisect\ndef place(item, items):\n    return bisect.bisect_left(items, item)\n"
FIRST = "import bisect\ndef first(items):\n    return items[bisect.bisect_left(items, 0)]\n"


def apply_changes(changes, *, store: Store, run: str) -> Applied:
    """Plan and carry out at once."""
    return write_plan(plan_changes(changes), store=store, run=run)


def git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
    done = subprocess.run(
        ["git", *person, "-C", str(folder), *arguments], capture_output=True, check=True, text=True
    )
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory in no repository, with a space and a line end in its name."""
    made = tmp_path / "odd\nname here"
    made.mkdir()
    return made


@pytest.fixture
def repository(folder: Path) -> Path:
    """The same, with `words.py` committed."""
    (folder / "words.py").write_text(MODULE)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "words.py")
    git(folder, "commit", "--quiet", "-m", "Begin")
    return folder


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "store" / "genesis.db") as opened:
        yield opened


def change(folder: Path, name: str, source: str, *, file: str = "words.py") -> Change:
    gene = locate(f"{file}:{name}", service="app", cwd=folder)
    return Change(gene=gene, source=source, before=read(gene), subject=f"Better {name}")


def test_a_change_lands_and_goes_again(repository, store):
    done = apply_changes([change(repository, "known", KNOWN)], store=store, run="r1")
    assert done.landed == ("words:known",)
    after = (repository / "words.py").read_text()
    assert "return word in words" in after
    assert after.endswith("    return items.index(item)  # where\n")
    assert undo_run("r1", store=store).undone == ("words:known",)
    assert (repository / "words.py").read_text() == MODULE
    with pytest.raises(UsageError, match="nothing in the working tree"):
        undo_run("r1", store=store)


def test_two_changes_of_one_file_share_their_import(repository, store):
    file = repository / "words.py"
    file.write_text(MODULE + "\n\ndef first(items):\n    return min(items)\n")
    git(repository, "commit", "--quiet", "-am", "More")
    both = [change(repository, "place", PLACE), change(repository, "first", FIRST)]
    assert apply_changes(both, store=store, run="r1").landed == ("words:place", "words:first")
    assert file.read_text().count("import bisect\n") == 1


def test_lines_with_uncommitted_changes_are_refused_by_name_and_others_go_through(
    repository, store
):
    file = repository / "words.py"
    file.write_text(MODULE.replace("each == word", "word == each"))
    changes = [change(repository, "known", KNOWN), change(repository, "place", PLACE)]
    done = apply_changes(changes, store=store, run="r1")
    assert done.landed == ("words:place",)
    assert [(each.target, each.where) for each in done.refused] == [("words:known", "lines 10-13")]
    assert "uncommitted changes" in done.refused[0].reason
    assert "word == each" in file.read_text()


def test_uncommitted_changes_beside_the_lines_stay_and_do_not_matter(repository, store):
    file = repository / "words.py"
    file.write_text(MODULE.replace("LIMIT = 3", "LIMIT = 4").replace("# where", "# here"))
    done = apply_changes([change(repository, "known", KNOWN)], store=store, run="r1")
    assert not done.refused
    assert "LIMIT = 4" in file.read_text()
    assert "# here" in file.read_text()


def test_what_is_staged_counts_as_uncommitted(repository, store):
    (repository / "words.py").write_text(MODULE.replace("each == word", "word == each"))
    git(repository, "add", "words.py")
    assert apply_changes([change(repository, "known", KNOWN)], store=store, run="r1").refused


def test_a_second_run_does_not_write_over_the_first_before_it_is_committed(repository, store):
    apply_changes([change(repository, "known", KNOWN)], store=store, run="r1")
    again = change(repository, "known", KNOWN.replace("word in words", "word in set(words)"))
    assert apply_changes([again], store=store, run="r2").refused
    git(repository, "commit", "--quiet", "-am", "Better")
    assert apply_changes([again], store=store, run="r3").landed


def test_outside_git_only_the_very_file_that_was_read_is_written(folder, store):
    file = folder / "words.py"
    file.write_text(MODULE)
    wanted = change(folder, "known", KNOWN)
    file.write_text(MODULE + "# edited meanwhile\n")
    done = apply_changes([wanted], store=store, run="r1")
    assert "has changed since it was read" in done.refused[0].reason
    file.write_text(MODULE)
    assert apply_changes([wanted], store=store, run="r2").landed
    assert store.runs.landings("r2")[0].before == MODULE.encode()
    undo_run("r2", store=store)
    assert file.read_text() == MODULE


def test_a_file_that_git_does_not_keep_is_treated_as_outside(repository, store):
    (repository / "new.py").write_text(MODULE)
    wanted = change(repository, "known", KNOWN, file="new.py")
    (repository / "new.py").write_text(MODULE + "\n")
    assert apply_changes([wanted], store=store, run="r1").refused


def test_a_function_that_was_edited_meanwhile_is_left_alone(repository, store):
    wanted = change(repository, "known", KNOWN)
    (repository / "words.py").write_text(MODULE.replace("return False", "return None"))
    git(repository, "commit", "--quiet", "-am", "Edit")
    done = apply_changes([wanted], store=store, run="r1")
    assert "no longer holds known" in done.refused[0].reason


def test_a_file_that_changes_between_plan_and_writing_is_left_alone(repository, store):

    plan = plan_changes([change(repository, "known", KNOWN)])
    (repository / "words.py").write_text(MODULE + "\n# meanwhile\n")
    done = write_plan(plan, store=store, run="r1")
    assert (done.landed, len(done.refused)) == ((), 1)
    assert (repository / "words.py").read_text().endswith("# meanwhile\n")


@pytest.mark.parametrize(
    ("data", "landed"),
    [
        (MODULE.replace("\n", "\r\n").encode(), b"    return word in words\r\n"),
        (b"\xef\xbb\xbf" + MODULE.encode(), b"    return word in words\n"),
        (("# -*- coding: latin-1 -*-\n# é\n" + MODULE).encode("latin-1"), b"# \xe9\n"),
        (MODULE.replace("    ", "\t").encode(), b"\treturn word in words\n"),
        (MODULE.replace("os\n", "os  # \f here\n").encode(), b"\f here\n"),
        (MODULE.replace("= 3\n", "= 3\r\n").encode(), b"= 3\r\n"),
        (MODULE.rstrip("\n").encode(), b"# where"),
    ],
    ids=["crlf", "bom", "latin-1", "tabs", "form feed", "mixed line ends", "no last line end"],
)
def test_everything_else_stays_byte_for_byte(folder, store, data, landed):
    file = folder / "words.py"
    file.write_bytes(data)
    file.chmod(0o750)
    gene = locate("words.py:known", service="app", cwd=folder)
    source = gene.source[: gene.source.index("?") + 4] + "\n    return word in words\n"
    source = source.replace("    ", "\t") if b"\t" in data else source
    wanted = Change(gene=gene, source=source, before=data, subject="Better")
    assert apply_changes([wanted], store=store, run="r1").landed
    after = file.read_bytes()
    assert landed in after
    head, tail = data[: data.index(b"Is it?")], data[data.index(b"def place") :]
    assert after.startswith(head)
    assert after.endswith(tail)
    assert file.stat().st_mode & 0o777 == 0o750
    undo_run("r1", store=store)
    assert file.read_bytes() == data


def test_a_character_that_the_encoding_lacks_refuses_the_change(folder, store):
    (folder / "words.py").write_bytes(("# coding: latin-1\n" + MODULE).encode("latin-1"))
    source = KNOWN.replace("word in words", "word in words or word == '→'")
    done = apply_changes([change(folder, "known", source)], store=store, run="r1")
    assert "lacks '→'" in done.refused[0].reason


def test_undo_keeps_what_was_edited_since_elsewhere_in_the_file(repository, store):
    file = repository / "words.py"
    apply_changes([change(repository, "place", PLACE)], store=store, run="r1")
    file.write_text("# above\n" + file.read_text().replace("LIMIT = 3", "LIMIT = 9") + "# below\n")
    assert undo_run("r1", store=store).undone == ("words:place",)
    assert file.read_text() == "# above\n" + MODULE.replace("LIMIT = 3", "LIMIT = 9") + "# below\n"


def test_undo_leaves_lines_that_were_edited_since_and_what_they_may_stand_on(repository, store):
    file = repository / "words.py"
    changes = [change(repository, "known", KNOWN), change(repository, "place", PLACE)]
    apply_changes(changes, store=store, run="r1")
    file.write_text(file.read_text().replace("bisect_left(items, item)", "bisect(items, item)"))
    edited = file.read_text()
    done = undo_run("r1", store=store)
    assert done.undone == ()
    assert [each.target for each in done.refused] == ["words:place", "words:known"]
    assert "edited since" in done.refused[0].reason
    assert file.read_text() == edited


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nx\nc\n"),
        ("a\nb\n", "a\nb\nc\n"),
        ("a\nb", "a\nb\nc\n"),
        ("a\nb\nc\n", "b\nc\n"),
        ("a\n", "a\n"),
        ("", "a\n"),
        ("b\nb\nb\n", "b\na\nb\nb\nb\n"),
    ],
)
def test_hunks_turn_one_text_into_the_other(before, after):
    assert patched(before, hunks(before, after)) == after


def test_line_ends_do_not_count_as_changes():
    assert hunks("a\r\nb\n", "a\nb\r\n") == []


@pytest.mark.parametrize(
    ("change_", "between", "where"),
    [
        (Hunk(5, 6, ("x\n",)), [Hunk(0, 1, ("p\n", "q\n"))], [6]),
        (Hunk(5, 6, ("x\n",)), [Hunk(2, 4, ())], [3]),
        (Hunk(5, 6, ("x\n",)), [Hunk(5, 6, ("y\n",))], []),
        (Hunk(5, 6, ("x\n",)), [Hunk(5, 5, ("y\n",))], [6]),
        (Hunk(5, 5, ("x\n",)), [Hunk(4, 5, ("y\n",))], []),
        (Hunk(5, 5, ("x\n",)), [Hunk(7, 8, ())], [5]),
    ],
)
def test_hunks_are_carried_past_edits_elsewhere_and_lost_on_edits_of_their_lines(
    change_, between, where
):
    found, lost = carried([change_], between)
    assert [hunk.start for hunk in found] == where
    assert len(lost) == 1 - len(where)
