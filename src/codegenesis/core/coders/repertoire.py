"""The ways in which one model can be asked, and what came of each; for coders of all kinds."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable

from codegenesis.core.coders import probe
from codegenesis.core.coders.asking import Asked
from codegenesis.core.coders.attempt import Dud, Style, Why
from codegenesis.core.coders.choice import Habit, Habits
from codegenesis.core.models.model import Model

#: A model that was of use so often is worth asking whether it can write edits.
_PROVEN = 2.0


class Repertoire:
    """Chooses among ways of asking, and learns; may be used from several threads.

    Args:
        habits: experience of earlier runs.
    """

    def __init__(self, model: Model, habits: Habits | None) -> None:
        self._model = model
        self._lock = threading.Lock()
        self.habits = habits or Habits()

    def choose(
        self, objective: str, ways: Iterable[tuple[Style, str]], chance: random.Random
    ) -> Habit:
        """One of the ways (style and wording): what promises most.

        Args:
            ways: at least one, those that are expected to do well first.
        """
        among = [self.habit(objective, style, wording) for style, wording in ways]
        with self._lock:
            return self.habits.choose(among, chance)

    def habit(self, objective: str, style: Style, wording: str) -> Habit:
        """A way of asking this model, by what makes it up."""
        return Habit(model=self._model.name, objective=objective, style=style, wording=wording)

    def learn(self, habit: Habit, value: float) -> None:
        """What came of one answer: 1 where it was of use, 0 where it was not."""
        with self._lock:
            self.habits = self.habits.learned(habit, value)

    def writes_edits(self, *, cancelled: threading.Event | None = None) -> bool:
        """Was the model of use before, and does it keep to the format of edits? May ask it."""
        proven = self.habits.good(self._model.name) >= _PROVEN
        return proven and probe.passes(self._model, cancelled=cancelled)

    def failed(self, asked: Asked, habit: Habit, why: Why, words: str) -> Dud:
        """Learn from an answer that is none, and say so."""
        self.learn(habit, 0.0)
        return Dud(
            why=why,
            style=habit.style,
            wording=habit.wording,
            model=asked.answer.model,
            prompt=asked.prompt,
            usage=asked.usage,
            words=words,
        )
