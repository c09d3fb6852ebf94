"""Asks a model for versions of a function, and learns which way of asking is worth it."""

from __future__ import annotations

import random
import threading
from collections.abc import Collection

from codegenesis.core.coders.asking import Asked, Asker
from codegenesis.core.coders.attempt import Attempt, Dud, Style
from codegenesis.core.coders.brief import Brief
from codegenesis.core.coders.choice import Habit, Habits
from codegenesis.core.coders.prompts import WORDINGS, styles_for
from codegenesis.core.coders.reading import Read, read, read_edits
from codegenesis.core.coders.repertoire import Repertoire
from codegenesis.core.models.model import Model

#: Functions from so many lines on are worth an edit.
_LONG = 12


class Coder:
    """Writes versions of functions by asking a model; may be used from several threads.

    Args:
        seed: of all chance in it; every call of the model has another seed of its own.
        context: tokens that the model reads and writes at most in one go.
        habits: experience of earlier runs.
    """

    def __init__(
        self, model: Model, *, seed: int = 0, context: int = 4096, habits: Habits | None = None
    ) -> None:
        self._model = model
        self._context = context
        self._repertoire = Repertoire(model, habits)
        self._chance = random.Random(seed)
        self._lock = threading.Lock()

    @property
    def habits(self) -> Habits:
        """What was learned about ways of asking, to be kept for the next run."""
        return self._repertoire.habits

    def write(
        self,
        brief: Brief,
        *,
        style: Style | None = None,
        seen: Collection[bytes] = (),
        cancelled: threading.Event | None = None,
    ) -> Attempt | Dud:
        """One version, or why the answer is none.

        Args:
            style: how to ask; by default what promises most among what the brief allows.
            seen: `core.genetic.identity` of versions that are not worth another trial.
            cancelled: ends the waiting when it is set.

        Raises:
            ModelError: no answer is to be had.
            ValueError: the brief holds nothing that the style goes by.
        """
        habit, seed = self._chosen(brief, style, cancelled)
        asker = Asker(self._model, context=self._context, seed=seed, cancelled=cancelled)
        asked = asker.ask(brief, habit.style, habit.wording)
        found = _read(asked.text, brief, habit.style, seen)
        if found.why is None:
            return _attempt(asked, habit, found)
        return self._repertoire.failed(asked, habit, found.why, found.words)

    def learn(self, attempt: Attempt, value: float) -> None:
        """What became of an attempt.

        Args:
            value: 1 for a version that was of use, 0 for none, between where it came near.
        """
        habit = self._repertoire.habit(attempt.objective, attempt.style, attempt.wording)
        self._repertoire.learn(habit, value)

    def _chosen(
        self, brief: Brief, style: Style | None, cancelled: threading.Event | None
    ) -> tuple[Habit, int]:
        styles = self._styles(brief, style, cancelled)
        ways = [(each, wording) for each in styles for wording in WORDINGS[each]]
        with self._lock:
            habit = self._repertoire.choose(brief.objective, ways, self._chance)
            return habit, self._chance.randrange(2**31)

    def _styles(
        self, brief: Brief, style: Style | None, cancelled: threading.Event | None
    ) -> list[Style]:
        possible = styles_for(brief)
        if style is not None:
            if style not in (*possible, "edit"):
                raise ValueError(f"expected a brief with what the style {style} goes by")
            return [style]
        long = brief.gene.source.count("\n") >= _LONG and brief.objective != "fill"
        if long and self._repertoire.writes_edits(cancelled=cancelled):
            possible.append("edit")
        return possible


def _read(answer: str, brief: Brief, style: str, seen: Collection[bytes]) -> Read:
    if style == "edit":
        return read_edits(answer, brief, seen=seen)
    return read(answer, brief, seen=seen, helpers=style == "several")


def _attempt(asked: Asked, habit: Habit, found: Read) -> Attempt:
    return Attempt(
        source=found.source,
        style=habit.style,
        wording=habit.wording,
        objective=habit.objective,
        model=asked.answer.model,
        prompt=asked.prompt,
        usage=asked.usage,
        words=found.words,
    )
