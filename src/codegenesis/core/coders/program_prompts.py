"""What a model is asked about a program that is evolved against a score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from codegenesis.core.coders.attempt import Style
from codegenesis.core.coders.plain import clean, clip, fenced, sentence, tokens
from codegenesis.core.coders.prompts import EDIT_FORMAT
from codegenesis.core.coders.regions import Region, is_python, texts
from codegenesis.core.coders.room import Part
from codegenesis.core.genetic.syntax import module
from codegenesis.fragment.syntax import FunctionNode, lines_of
from codegenesis.model import Record

_GOAL = "Improve this program so that its score rises."
_MOST_GOAL, _MOST_FEEDBACK, _MOST_ERROR = 2000, 800, 300
#: Tokens up to which a program is shown whole.
_WHOLE = 900
#: Functions that are asked for by name, at most.
_MOST_NAMED = 4


class ProgramBrief(Record, frozen=True, kw_only=True):
    """What a model is told of a program.

    Attributes:
        regions: parts of `program` that may change; none: all of it.
        goal: in words; empty when nobody said.
        score: higher is better; None when it has none.
        feedback: what the evaluator says of it.
        inspirations: other programs with their scores, the best first.
        failures: recent changes of the program with what was wrong with them, the latest first.
    """

    program: str
    regions: tuple[Region, ...] = ()
    goal: str = ""
    score: float | None = None
    metrics: dict[str, float] = {}
    feedback: str = ""
    inspirations: tuple[tuple[str, float], ...] = ()
    failures: tuple[tuple[str, str], ...] = ()


#: Wordings of each style, the one that is expected to do best first.
PROGRAM_WORDINGS: dict[Style, tuple[str, ...]] = {
    "rewrite": ("plain", "other"),
    "crossover": ("plain",),
    "repair": ("plain",),
    "edit": ("plain",),
}

_HINTS = {"other": "Try an approach that is quite different from the present one."}


def program_styles(brief: ProgramBrief) -> list[Style]:
    """Styles that have something to go by, without `edit`."""
    found: list[Style] = ["rewrite"]
    if brief.inspirations:
        found.append("crossover")
    if brief.failures:
        found.append("repair")
    return found


def ask(brief: ProgramBrief, style: Style, wording: str) -> Iterator[Part]:
    """The parts of the prompt."""
    yield Part(clip(clean(brief.goal).strip(), _MOST_GOAL) or _GOAL)
    yield from _shown(brief)
    yield Part(_scored(brief))
    if brief.feedback.strip():
        feedback = clip(brief.feedback.strip(), _MOST_FEEDBACK)
        yield Part(f"The evaluator says:\n{fenced(feedback, language='')}", 2)
    if style == "crossover":
        yield from _inspirations(brief)
    if style == "repair":
        yield from _failure(brief)
    yield Part(f"Change it so that the score rises. {_HINTS.get(wording, '')}".strip())
    yield Part(EDIT_FORMAT if style == "edit" else _end(brief))


def shown(program: str, regions: Sequence[Region]) -> str:
    """A program as it is shown: whole, or when it is long the parts that may change."""
    if not regions or tokens(program) <= _WHOLE:
        return program
    return "\n\n".join(text.strip("\n") for text in texts(program, regions)) + "\n"


def _shown(brief: ProgramBrief) -> Iterator[Part]:
    language = "python" if is_python(brief.program) else ""
    text = shown(brief.program, brief.regions)
    if text != brief.program:
        yield Part(_rest(brief), 3)
        yield Part("The part that may change:")
    yield Part(fenced(text, language=language))


def _rest(brief: ProgramBrief) -> str:
    """Imports and headers of what stands around the regions."""
    lines = [line.rstrip("\n") for line in lines_of(brief.program)]
    inside = {n for each in brief.regions for n in range(each.first, each.last + 1)}
    heads = ("import ", "from ", "def ", "class ", "async def ")
    kept = [
        f"{line} ..." if "def " in line or "class " in line else line
        for number, line in enumerate(lines, start=1)
        if number not in inside and line.startswith(heads)
    ]
    return f"The rest of the program, which stays:\n{fenced(chr(10).join(kept))}" if kept else ""


def _scored(brief: ProgramBrief) -> str:
    if brief.score is None:
        return "It has no score: it fails."
    others = [f"{sentence(n, 40)} {v:.4g}" for n, v in list(brief.metrics.items())[:8]]
    told = f" ({', '.join(others)})" if others else ""
    return f"Its score is {brief.score:.6g}, higher is better{told}."


def _inspirations(brief: ProgramBrief) -> Iterator[Part]:
    known = [each for each in brief.inspirations if math.isfinite(each[1])]
    for place, (program, score) in enumerate(known[:2]):
        yield Part(f"Another version has the score {score:.6g}:", 4 + place)
        yield Part(fenced(_inside(program, brief)), 4 + place)


def _inside(program: str, brief: ProgramBrief) -> str:
    """Another program without what it has in common with this one around the regions."""
    if not brief.regions:
        return program
    lines = lines_of(brief.program)
    head = "".join(lines[: brief.regions[0].first - 1])
    tail = "".join(lines[brief.regions[-1].last :])
    whole = program.startswith(head) and program.endswith(tail)
    return program[len(head) : len(program) - len(tail)] if whole else program


def _failure(brief: ProgramBrief) -> Iterator[Part]:
    program, error = brief.failures[0]
    yield Part("This version of it did not do better:", 4)
    yield Part(fenced(_inside(program, brief)), 4)
    yield Part(sentence(error, _MOST_ERROR), 4)


def _functions(brief: ProgramBrief) -> list[str]:
    """Names of what may change, where that is functions."""
    named = [region.name for region in brief.regions]
    if not brief.regions or all(named):
        return named
    found = []
    for text in texts(brief.program, brief.regions):
        if not is_python(text):
            return []
        found += [node.name for node in module(text).body if isinstance(node, FunctionNode)]
    return found


def _end(brief: ProgramBrief) -> str:
    if not is_python(brief.program):
        return "Answer with the whole new text in one block."
    names = _functions(brief)
    if 0 < len(names) <= _MOST_NAMED:
        what = "function" if len(names) == 1 else "functions"
        listed = ", ".join(f"`{name}`" for name in names)
        return f"Answer with the whole {what} {listed} in one python block, helpers included."
    part = "whole program" if shown(brief.program, brief.regions) == brief.program else "whole part"
    return f"Answer with the {part} in one python block."
