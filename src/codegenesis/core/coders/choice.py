"""Which way of asking is used next: Thompson sampling over what came of each.

Every pair of style and wording has a beta distribution per model and objective. Old experience
fades, because code, models and what is still weak change. The state is a plain record that whoever
runs the search keeps.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from codegenesis.core.coders.attempt import Style
from codegenesis.model import Record

#: Answers after which older ones count for less.
_MEMORY = 60.0


class Habit(Record, frozen=True, kw_only=True):
    """What came of one way of asking.

    Attributes:
        good, bad: how much of its answers was useful, and how much not.
    """

    model: str
    objective: str
    style: Style
    wording: str
    good: float = 0.0
    bad: float = 0.0


class Habits(Record, frozen=True, kw_only=True):
    """All experience with ways of asking."""

    known: tuple[Habit, ...] = ()

    def of(self, like: Habit) -> Habit:
        """The experience with that way of asking; `like` itself when there is none."""
        return next((each for each in self.known if _key(each) == _key(like)), like)

    def good(self, model: str) -> float:
        """How many answers of a model were of use, of late."""
        return sum(each.good for each in self.known if each.model == model)

    def learned(self, like: Habit, value: float) -> Habits:
        """With one more answer in it.

        Args:
            value: how useful it was, 0..1.
        """
        before = self.of(like)
        fade = min(1.0, _MEMORY / (before.good + before.bad + 1.0))
        value = min(1.0, max(0.0, value))
        after = Habit(
            model=like.model,
            objective=like.objective,
            style=like.style,
            wording=like.wording,
            good=before.good * fade + value,
            bad=before.bad * fade + 1.0 - value,
        )
        others = tuple(each for each in self.known if _key(each) != _key(like))
        return Habits(known=(*others, after))

    def choose(self, among: Sequence[Habit], chance: random.Random) -> Habit:
        """One of them: the likelier, the more came of it; what was never tried has a fair chance.

        Args:
            among: at least one, those that are expected to do well first.
        """
        drawn = [self._draw(each, rank, chance) for rank, each in enumerate(among)]
        return among[max(range(len(among)), key=drawn.__getitem__)]

    def _draw(self, like: Habit, rank: int, chance: random.Random) -> float:
        known = self.of(like)
        return chance.betavariate(known.good + 1.0, known.bad + 1.0 + 0.25 * rank)


def _key(habit: Habit) -> tuple[str, ...]:
    return habit.model, habit.objective, habit.style, habit.wording
