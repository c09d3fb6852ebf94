"""Asking models about one function: calls in flight, answers as they come, what each was worth.

Shared by all who ask (evolution, fixes, bodies). Nothing here can fail for its owner: an endpoint
that is dead, slow, talks nonsense or lies costs its own proposals, is heard of in `asked.trouble`,
and is left alone when it goes on. When time is up, what is still in flight is cancelled and its
answer never looked at.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from types import TracebackType
from typing import Self

from codegenesis.core.coders import Attempt, Brief, Dud
from codegenesis.core.genetic import identity
from codegenesis.core.models.model import Usage
from codegenesis.errors import ModelError
from codegenesis.lifecycle.asking.asked import Asked
from codegenesis.lifecycle.asking.authors import Authors
from codegenesis.lifecycle.asking.calls import Calls

#: Answers in a row that are no versions, after which no better ones are to be expected: a model
#: that repeats itself, or a cache that does, would be asked as fast as it answers.
_MOST_DUDS = 6
#: Answers of which none lived, after which a function is a case for the strongest model.
_HARD = 3
#: Seconds between two looks at whether to go on.
_LOOK_S = 0.1

#: What to ask next, and programs that need not be written again; asked before each call.
Assignment = Callable[[], tuple[Brief, Collection[bytes]]]


class Asking:
    """Asks for versions of one function; a context manager, for one thread.

    Args:
        assignment: says what to ask next, in the light of what is known by then.
    """

    def __init__(self, authors: Authors, assignment: Assignment) -> None:
        self._authors, self._assignment = authors, assignment
        self._calls: Calls[Attempt | Dud] = Calls(authors.parallel)
        self._written: set[bytes] = set()
        self._duds: Counter[str] = Counter()
        self._died: Counter[str] = Counter()
        self._models: Counter[str] = Counter()
        self._usages: list[Usage] = []
        self._versions = self._lived = self._useful = self._failed = self._barren = 0
        self._trouble = ""
        authors.forgive()

    def begin(self) -> None:
        """Put calls into flight, as many as may be at a time, and come back at once."""
        self._authors.escalate(len(self._usages) >= _HARD and not self._lived)
        while self._calls.room and not self._authors.silent and self._barren < _MOST_DUDS:
            brief, known = self._assignment()
            self._calls.begin(self._question(brief, frozenset({*known, *self._written})))

    def attempts(self, *, until: float, over: Callable[[], bool]) -> Iterator[Attempt]:
        """Versions as they come; while one is looked at, others are being written.

        Args:
            until: on the monotonic clock; no call is begun that would hardly be back by then.
            over: asked often whether to end before that.
        """
        while not over() and time.monotonic() < until:
            if time.monotonic() + self._authors.typical_s < until:
                self.begin()
            if not self._calls.flying:
                return
            came = self._calls.take(min(_LOOK_S, until - time.monotonic()))
            if came is not None and (attempt := self._heard(came)):
                yield attempt

    def came(self) -> list[Attempt]:
        """Versions that are there already; waits for none, and puts new calls into flight."""
        found: list[Attempt] = []
        while (came := self._calls.take(0)) is not None:
            if attempt := self._heard(came):
                found.append(attempt)
        self.begin()
        return found

    def lived(self) -> None:
        """One of the versions passed every gate."""
        self._lived += 1

    def died(self, gate: str) -> None:
        """One of the versions did not."""
        self._died[gate] += 1

    def judged(self, attempt: Attempt, *, worth: float, useful: bool = False) -> None:
        """The last word on a version, for the choice of whom to ask and how.

        Args:
            worth: 0 nothing, 1 all that was wanted.
            useful: it is what was asked for.
        """
        self._useful += useful
        self._authors.coder.learn(attempt, worth)
        self._authors.reward(attempt.model, worth)

    @property
    def asked(self) -> Asked:
        """What it came to so far."""
        return Asked(
            calls=len(self._usages),
            input_tokens=sum(each.input_tokens for each in self._usages),
            output_tokens=sum(each.output_tokens for each in self._usages),
            usd=sum(each.usd for each in self._usages),
            seconds=sum(each.seconds for each in self._usages),
            versions=self._versions,
            lived=self._lived,
            useful=self._useful,
            duds=dict(self._duds),
            died=dict(self._died),
            failed=self._failed,
            trouble=self._trouble,
            models=dict(self._models),
        )

    def close(self) -> None:
        """Cancel what is in flight, and count what has come too late to be tried; idempotent."""
        self._calls.cancel()
        while (came := self._calls.take(0)) is not None:
            if isinstance(came, ModelError):  # it was given up, which is nobody's failure
                continue
            if self._heard(came):
                self._versions -= 1
                self._duds["late"] += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _question(
        self, brief: Brief, seen: Collection[bytes]
    ) -> Callable[[threading.Event], Attempt | Dud]:
        coder = self._authors.coder
        return lambda cancelled: coder.write(brief, seen=seen, cancelled=cancelled)

    def _heard(self, came: Attempt | Dud | ModelError) -> Attempt | None:
        if isinstance(came, ModelError):
            self._failed += 1
            self._trouble = str(came)
            self._authors.failed()
            return None
        self._usages.append(came.usage)
        self._models[came.model] += 1
        self._authors.answered(came.usage.seconds)
        if isinstance(came, Attempt) and self._is_new(came):
            self._versions += 1
            self._barren = 0
            return came
        self._barren += 1
        if isinstance(came, Dud):  # the coder has learned from it
            self._duds[came.why] += 1
        else:
            self._duds["duplicate"] += 1
            self._authors.coder.learn(came, 0.0)
        self._authors.reward(came.model, 0.0)
        return None

    def _is_new(self, attempt: Attempt) -> bool:
        """Calls that flew side by side may have brought the same program."""
        program = identity(attempt.source)
        if program in self._written:
            return False
        self._written.add(program)
        return True
