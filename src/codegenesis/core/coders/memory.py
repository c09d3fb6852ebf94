"""What was learned of ways of asking, carried from one run to the next.

It is kept beside the experience with operators, in the same file and under the same setting. Runs
that end at the same time overwrite each other: it orders what is tried and proves nothing.
"""

from __future__ import annotations

import msgspec

from codegenesis.core.coders.choice import Habits
from codegenesis.core.experience import book

_FUNCTIONS, _PROGRAMS = "ways of asking for functions", "ways of asking for programs"


class Memory:
    """The habits of one kind of coder.

    Args:
        setting: `Config.experience`.
        programs: of `ProgramCoder`; else of `Coder`.
    """

    def __init__(self, setting: str, *, programs: bool = False) -> None:
        self._book = book(setting)
        self._name = _PROGRAMS if programs else _FUNCTIONS

    def recall(self) -> Habits:
        """What earlier runs learned; nothing where nothing can be read."""
        body = self._book.recall(self._name) if self._book else b""
        try:
            return msgspec.json.decode(body, type=Habits) if body else Habits()
        except msgspec.MsgspecError:
            return Habits()

    def keep(self, habits: Habits) -> None:
        """Let the next run know."""
        if self._book and habits.known:
            self._book.remember(self._name, msgspec.json.encode(habits))
