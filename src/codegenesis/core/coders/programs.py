"""Asks a model for better programs: the same as `coder`, for whole programs with regions.

What comes back is put into the regions and nowhere else, so that a model cannot change the
interface, the evaluator's hooks or anything that its owner did not offer.
"""

from __future__ import annotations

import random
import threading

from codegenesis.core.coders.asking import Asked, Asker
from codegenesis.core.coders.attempt import REASONS, Dud, Style, Why
from codegenesis.core.coders.blocks import prose, readings
from codegenesis.core.coders.choice import Habit, Habits
from codegenesis.core.coders.edits import applied, edits
from codegenesis.core.coders.plain import sentence, tokens
from codegenesis.core.coders.program_prompts import (
    PROGRAM_WORDINGS,
    ProgramBrief,
    ask,
    program_styles,
)
from codegenesis.core.coders.regions import Region, is_python, put_back, texts, with_texts
from codegenesis.core.coders.repertoire import Repertoire
from codegenesis.core.genetic import identity
from codegenesis.core.genetic.syntax import UNPARSABLE
from codegenesis.core.models.model import Model, Usage
from codegenesis.model import Record

__all__ = ["ProgramAttempt", "ProgramBrief", "ProgramCoder", "Region"]

_OBJECTIVE = "program"
_LEAST, _MOST = 384, 3072


class ProgramAttempt(Record, frozen=True, kw_only=True):
    """A program that a model wrote; nothing of it was run yet.

    Attributes:
        program: the whole text; outside of the regions it is the parent's.
        prompt: digest of what the model was asked.
        words: what the model says of it; data like all the rest.
    """

    program: str
    style: Style
    wording: str
    model: str
    prompt: str
    usage: Usage = Usage()
    words: str = ""


class ProgramCoder:
    """Writes programs by asking a model; may be used from several threads.

    Args:
        context: tokens that the model reads and writes at most in one go.
        habits: experience of earlier runs.
    """

    def __init__(self, model: Model, *, context: int = 8192, habits: Habits | None = None) -> None:
        self._model = model
        self._context = context
        self._repertoire = Repertoire(model, habits)

    @property
    def habits(self) -> Habits:
        """What was learned about ways of asking, to be kept for the next run."""
        return self._repertoire.habits

    def write(
        self,
        brief: ProgramBrief,
        *,
        seed: int,
        style: Style | None = None,
        cancelled: threading.Event | None = None,
    ) -> ProgramAttempt | Dud:
        """One program, or why the answer is none.

        Args:
            seed: of the choice of the prompt and of the model's own chance.
            style: how to ask; by default what promises most among what the brief allows.
            cancelled: ends the waiting when it is set.

        Raises:
            ModelError: no answer is to be had.
            ValueError: the brief holds nothing that the style goes by.
        """
        chance = random.Random(seed)
        habit = self._chosen(brief, style, chance, cancelled)
        asker = Asker(
            self._model,
            context=self._context,
            seed=chance.randrange(2**31),
            cancelled=cancelled,
        )
        asked = asker.say(ask(brief, habit.style, habit.wording), "program", _room(brief))
        program, why, words = _read(asked.text, brief, habit.style)
        if why is None:
            return _attempt(asked, habit, program, words)
        return self._repertoire.failed(asked, habit, why, words)

    def learn(self, attempt: ProgramAttempt, value: float) -> None:
        """What became of an attempt.

        Args:
            value: 1 for a program that was of use, 0 for none, between where it came near.
        """
        habit = self._repertoire.habit(_OBJECTIVE, attempt.style, attempt.wording)
        self._repertoire.learn(habit, value)

    def _chosen(
        self,
        brief: ProgramBrief,
        style: Style | None,
        chance: random.Random,
        cancelled: threading.Event | None,
    ) -> Habit:
        styles = program_styles(brief)
        if style is not None:
            if style not in (*styles, "edit"):
                raise ValueError(f"expected a brief with what the style {style} goes by")
            styles = [style]
        elif self._repertoire.writes_edits(cancelled=cancelled):
            styles.append("edit")
        ways = [(each, wording) for each in styles for wording in PROGRAM_WORDINGS[each]]
        return self._repertoire.choose(_OBJECTIVE, ways, chance)


def _room(brief: ProgramBrief) -> int:
    """Tokens that an answer may have."""
    own = sum(tokens(text) for text in texts(brief.program, brief.regions))
    return min(_MOST, max(_LEAST, 2 * own + 128))


def _read(answer: str, brief: ProgramBrief, style: Style) -> tuple[str, Why | None, str]:
    """The program in an answer; else why there is none, and that in words."""
    worst: tuple[Why, str] = ("empty", "the answer holds no program")
    for reading in [answer] if style == "edit" and edits(answer) else readings(answer):
        try:
            program = _made(reading, brief, style)
            wrong = _wrong(program, brief)
        except UNPARSABLE as error:
            wrong = ("unparsable", sentence(str(error), 200))
        if wrong is None:
            return program or "", None, sentence(prose(answer), 240)
        worst = max(worst, wrong, key=lambda each: REASONS.index(each[0]))
    return "", *worst


def _wrong(program: str | None, brief: ProgramBrief) -> tuple[Why, str] | None:
    if program is None:
        return "signature", "nothing in it has a place in the program"
    if _same(program, brief.program):
        return "unchanged", "it is the same program"
    if any(_same(program, other) for other, _ in brief.inspirations):
        return "duplicate", "another one is the same program"
    return None


def _made(reading: str, brief: ProgramBrief, style: Style) -> str | None:
    if style == "edit" and (found := edits(reading)):
        new, count = applied(texts(brief.program, brief.regions), found)
        program = with_texts(brief.program, brief.regions, new) if count else None
    elif is_python(brief.program):
        program = put_back(brief.program, brief.regions, reading)
    else:
        program = reading if not brief.regions else None
    if program is not None and is_python(brief.program) and not is_python(program):
        raise ValueError("with it the program does not parse any more")
    return program


def _same(one: str, other: str) -> bool:
    return one == other or (is_python(one) and identity(one) == identity(other))


def _attempt(asked: Asked, habit: Habit, program: str, words: str) -> ProgramAttempt:
    return ProgramAttempt(
        program=program,
        style=habit.style,
        wording=habit.wording,
        model=asked.answer.model,
        prompt=asked.prompt,
        usage=asked.usage,
        words=words,
    )
