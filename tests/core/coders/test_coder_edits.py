"""SEARCH/REPLACE: where edits find their place, and which models are asked for them."""

from __future__ import annotations

import itertools

import pytest

from codegenesis.core.coders import Attempt, Brief, Coder, Dud, Habit, Habits
from codegenesis.core.coders.edits import applied, edits
from codegenesis.core.coders.probe import passes
from codegenesis.core.models.fake import FakeModel
from codegenesis.core.models.model import Request

TEXT = """\
def total(lines):
    result = 0
    for line in lines:
        result = result + line.price
    for line in lines:
        result = result + line.tax
    return result
"""


def edit_of(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n"


FOUND = {
    "exact": ("        result = result + line.price", "        result += line.price"),
    "without indentation": ("result = result + line.price", "result += line.price"),
    "other blanks": ("        result=result+line.price  ", "        result += line.price"),
    "in a fence": ("```python\nresult = result + line.price\n```", "result += line.price"),
    "a word forgotten": (
        "    result = 0\n    for line in lines\n        result = result + line.price",
        "    result = 0\n    for line in lines:\n        result += line.price",
    ),
}


@pytest.mark.parametrize(("search", "replace"), FOUND.values(), ids=FOUND.keys())
def test_lines_are_found_though_copied_inexactly(search: str, replace: str) -> None:
    (changed,), count = applied([TEXT], edits(edit_of(search, replace)))
    assert count == 1
    assert changed == TEXT.replace("result = result + line.price", "result += line.price")


LOST = {
    "not there": "    return sum(line.price for line in lines)",
    "there twice": "    for line in lines:",
    "alike twice": "    for line in lines:\n        result = result + line",
    "nothing": "",
    "blank": "\n\n",
}


@pytest.mark.parametrize("search", LOST.values(), ids=LOST.keys())
def test_an_edit_without_a_place_of_its_own_changes_nothing(search: str) -> None:
    assert applied([TEXT], edits(edit_of(search, "    pass"))) == ([TEXT], 0)


def test_an_edit_keeps_the_indentation_of_its_place() -> None:
    asked = edit_of("result = result + line.tax", "if line.tax:\n    result += line.tax")
    (changed,), _ = applied([TEXT], edits(asked))
    assert "        if line.tax:\n            result += line.tax\n    return" in changed


def test_a_divider_in_the_code_does_not_divide_it() -> None:
    text = 'def f():\n    """\n    Title\n    =====\n    """\n    return 1\n'
    (changed,), count = applied(
        [text], edits(edit_of("    Title\n    =====", "    Name\n    ====="))
    )
    assert (changed, count) == (text.replace("Title", "Name"), 1)


def test_markers_without_an_end_are_no_edit() -> None:
    assert edits("<<<<<<< SEARCH\nx\n=======\n") == []
    assert edits(">>>>>>> REPLACE\n=======\n<<<<<<< SEARCH\n") == []


def test_several_edits_are_made_one_after_another() -> None:
    asked = edit_of("    result = 0", "    result = 1") + edit_of("result = 1", "result = 2")
    assert applied([TEXT], edits(asked))[0] == [TEXT.replace("result = 0", "result = 2")]


def test_an_edit_is_an_attempt(brief: Brief) -> None:
    model = FakeModel(
        ["Copying it is slow.\n" + edit_of("if not known(x, out):", "if x not in out:")]
    )
    found = Coder(model).write(brief, style="edit")
    assert isinstance(found, Attempt)
    assert found.source == brief.gene.source.replace("not known(x, out)", "x not in out")
    assert found.words == "Copying it is slow."


def test_a_whole_function_instead_of_edits_is_welcome(brief: Brief) -> None:
    answer = "```python\ndef dedupe(xs):\n    return list(dict.fromkeys(xs))[:LIMIT]\n```"
    assert isinstance(Coder(FakeModel([answer])).write(brief, style="edit"), Attempt)


def test_edits_that_find_no_place_are_a_dud(brief: Brief) -> None:
    found = Coder(FakeModel([edit_of("x = 1", "x = 2")])).write(brief, style="edit")
    assert isinstance(found, Dud)
    assert (found.why, found.words) == ("unparsable", "its edits find no place")


def solves(request: Request) -> str:
    text = request.messages[-1].text
    if "empty list" in text:
        return edit_of(
            "    total = sum(values)",
            "    if not values:\n        return 0\n    total = sum(values)",
        )
    return edit_of("    return (x + y) * 2", "    return (x + y) * 3")


names = (f"probed-{number}" for number in itertools.count())


def test_a_model_passes_that_solves_most_of_the_probe() -> None:
    model = FakeModel(solves, name=next(names))
    assert passes(model)
    assert passes(model)
    assert model.calls == 3  # it got one of three wrong, and is never asked again


def test_a_model_fails_that_writes_no_edits() -> None:
    model = FakeModel(["```python\ndef f(): ...\n```"], name=next(names))
    assert not passes(model)
    assert model.calls == 2  # two wrong ones of three are enough


def test_only_models_that_were_of_use_and_pass_are_asked_for_edits(brief: Brief) -> None:
    assert brief.gene.source.count("\n") >= 12

    def answers(request: Request) -> str:
        return solves(request) if request.purpose == "probe" else "no"

    def styles(model: FakeModel, good: float) -> set[str]:
        habit = Habit(
            model=model.name, objective="speed", style="rewrite", wording="plain", good=good
        )
        coder = Coder(model, habits=Habits(known=(habit,)))
        return {coder.write(brief).style for _ in range(40)}

    able, unable = FakeModel(answers, name=next(names)), FakeModel(["no"], name=next(names))
    assert styles(able, good=0.0) == {"rewrite"}
    assert styles(able, good=3.0) == {"rewrite", "edit"}
    assert styles(unable, good=3.0) == {"rewrite"}
