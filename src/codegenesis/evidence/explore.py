"""Drive Hypothesis outside a test: search for a call on which a check fails, and shrink it.

Hypothesis is used as a library here: its generation and its shrinker, nothing of its test
runner. Two things had to be bent. It mixes in constants of whatever modules this process happens
to have imported (and caches them in the working directory), so two processes would not try the
same calls; that is switched off while we run, and the gene's own constants are in the
strategies. And it may not shrink for minutes: after the deadline unknown calls count as fine,
while known ones keep their verdict, so that its last replay agrees.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.internal.conjecture.providers import GLOBAL_CONSTANTS, HypothesisProvider
from hypothesis.strategies import SearchStrategy

from codegenesis.errors import CodeGenesisError, WireError
from codegenesis.evidence.plain import Call, data_of


class Finding(NamedTuple):
    """A call on which the check failed, and what it said."""

    call: bytes
    words: str


_PRIVATE = "_local_constants"


@contextmanager
def _without_constants_of_this_process() -> Iterator[None]:
    """A private attribute: where a version of Hypothesis lacks it, nothing but variety is lost."""
    before = vars(HypothesisProvider).get(_PRIVATE)
    if before is None:
        yield
        return
    setattr(HypothesisProvider, _PRIVATE, type(GLOBAL_CONSTANTS)())
    try:
        yield
    finally:
        setattr(HypothesisProvider, _PRIVATE, before)


class _Found(Exception):
    pass


class _OutOfTime(BaseException):
    """Ends Hypothesis at once, as an interrupt would; an Exception it would try to reproduce."""


class _Search:
    def __init__(self, check: Callable[[bytes, Call], str], *, budget_s: float, shrink_s: float):
        self.check = check
        self.deadline = time.monotonic() + budget_s
        self.shrink_s = shrink_s
        self.known: dict[bytes, str] = {}
        self.best: Finding | None = None
        self.trouble: CodeGenesisError | None = None

    def meet(self, call: Call) -> None:
        if self.best is None and time.monotonic() > self.deadline:
            raise _OutOfTime
        try:
            data = data_of(call)
        except WireError:
            return
        words = self.known.get(data)
        if words is None:
            words = self.known[data] = self._ask(data, call)
        if words:
            if self.best is None:
                self.deadline = time.monotonic() + self.shrink_s
            if self.best is None or len(data) <= len(self.best.call):
                self.best = Finding(data, words)
            raise _Found

    def _ask(self, data: bytes, call: Call) -> str:
        if self.trouble or time.monotonic() > self.deadline:
            return ""
        try:
            return self.check(data, call)
        except CodeGenesisError as error:  # not a finding; Hypothesis would try to shrink it
            self.trouble = error
            return ""


def explore(
    strategy: SearchStrategy[Call],
    check: Callable[[bytes, Call], str],
    *,
    n: int,
    seed_: int,
    budget_s: float,
    shrink_s: float = 2.0,
) -> Finding | None:
    """Try `n` calls drawn from `strategy`; the smallest found on which `check` says something.

    Args:
        check: given a call, encoded and plain; returns words for a failure, else the empty string.
        budget_s: no call is checked after that many seconds.
        shrink_s: seconds for making a finding smaller.

    Raises:
        CodeGenesisError: what `check` raised.
    """
    search = _Search(check, budget_s=budget_s, shrink_s=shrink_s)

    @seed(seed_)
    @settings(
        max_examples=n,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(call: Call) -> None:
        search.meet(call)

    with _without_constants_of_this_process(), suppress(_Found, _OutOfTime):
        run()
    if search.trouble:
        raise search.trouble
    return search.best
