"""What was found, checked once more as the text that it will be, and with its guards in front."""

from __future__ import annotations

import re
import signal
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from codegenesis.arena.comparing import meets
from codegenesis.arena.synthesis.aims import CHOICE, Aim
from codegenesis.arena.synthesis.bank import Entry
from codegenesis.arena.synthesis.constants import stated_numbers
from codegenesis.arena.synthesis.leaves import SlowError
from codegenesis.arena.synthesis.messages import Found
from codegenesis.arena.synthesis.problem import Problem, fresh
from codegenesis.arena.synthesis.values import ERR, digest, key
from codegenesis.arena.synthesis.writing import Guard, body, imports

_RUN_S = 1.0
_MOST_WAITING = 12


class Solutions:
    """Collects solutions; tells of each that holds.

    Args:
        tell: is told of solutions.
        trials: how many expressions were tried so far.
    """

    def __init__(
        self, problem: Problem, tell: Callable[[Found], None], trials: Callable[[], int]
    ) -> None:
        self._problem, self._tell, self._trials = problem, tell, trials
        self._guards: dict[str, Guard] = {}
        self._waiting: list[tuple[Entry, str]] = []
        self._bodies: set[str] = set()
        self._looked: set[tuple[str, tuple[int, ...]]] = set()
        self._alike: dict[int, int] = {}
        self.count = 0
        self.best: tuple[float, int] | None = None

    def guard_aims(self) -> list[Aim]:
        """One for each exception: a condition that holds for just the rows that are to raise it."""
        made = []
        for raising in self._problem.raising:
            wanted = [row in raising.rows for row in range(self._problem.judged)]
            made.append(Aim(wanted, self._guard_reporter(raising.name)))
        return made

    def _guard_reporter(self, name: str) -> Callable[[Entry, str], None]:
        def report(entry: Entry, _: str) -> None:
            old = self._guards.get(name)
            if entry.part is CHOICE or (old and old.condition.cost <= entry.cost):
                return
            self._guards[name] = Guard(entry, name)
            waiting, self._waiting = self._waiting, []
            for solution, method in waiting:
                self.take(solution, method)

        return report

    def take(self, entry: Entry, method: str) -> None:
        """Look at a solution; what needs a guard that is still missing waits for it."""
        raw = entry.render() or body(entry)
        state = (raw, tuple(guard.condition.cost for guard in self._guards.values()))
        if state in self._looked:
            return
        self._looked.add(state)
        if method == "expression" and entry.part is CHOICE:
            method = "conditional"
        if not self._taken(entry, method, ()) and self._problem.raising:
            names = [raising.name for raising in self._problem.raising]
            if all(name in self._guards for name in names):
                self._taken(entry, method, tuple(self._guards[name] for name in names))
            elif len(self._waiting) < _MOST_WAITING:
                self._waiting.append((entry, method))

    def _taken(self, entry: Entry, method: str, guards: tuple[Guard, ...]) -> bool:
        text = body(entry, guards, names=self._problem.names)
        if text in self._bodies:
            return True
        needed = imports(entry, guards)
        outcomes: list[int] | None = None
        with _alarm():
            outcomes = self._outcomes(text, needed)
        if outcomes is None:
            return False
        self._bodies.add(text)
        cost = entry.cost + sum(guard.condition.cost for guard in guards) + self._missing(text)
        mark = key(outcomes)
        if self._alike.get(mark, 1 << 30) <= cost:
            return True  # a smaller one does the same wherever anybody looks
        self._alike[mark] = cost
        self.count = len(self._alike)
        if self.best is None or cost < self.best[0]:
            self.best = (cost, self._trials())
        self._tell(Found(text, needed, cost, method, self._trials(), outcomes))
        return True

    def _missing(self, text: str) -> int:
        """Parameters, and numbers of the docstring, that it does without: it may miss the point."""
        words = set(re.findall(r"[\w.]+", text))
        numbers = set(stated_numbers(self._problem.docstring)) - words
        varying = [
            name
            for name, column in zip(self._problem.names, self._problem.columns, strict=True)
            if len(set(map(repr, column))) > 1 and name != "self"
        ]
        unused = [name for name in varying if not re.search(rf"\b{name}\b", text)]
        return min(2, len(numbers)) + 3 * len(unused)

    def _outcomes(self, text: str, needed: list[str]) -> list[int] | None:
        """What it makes of the probes; None when it does not do what the examples say."""
        problem = self._problem
        try:
            function = compiled(problem, text, needed)
        except Exception:  # noqa: BLE001 (no text that a search composes is certain to compile)
            return None
        rows = list(zip(*problem.columns, strict=True)) or [()] * problem.rows
        for number, row in enumerate(rows[: problem.judged]):
            value, error = _call(function, row)
            if number < problem.known:
                wanted = problem.wanted[number]
                if error or not meets(value, wanted, lenient=problem.lenient):
                    return None
            elif not self._raises(number, error):
                return None
        return [self._digest(function, row) for row in rows[problem.judged :]]

    def _raises(self, number: int, error: BaseException | None) -> bool:
        wanted = next(r.name for r in self._problem.raising if number in r.rows)
        return error is not None and wanted in {kind.__name__ for kind in type(error).__mro__}

    @staticmethod
    def _digest(function: Callable[..., Any], row: tuple[Any, ...]) -> int:
        value, error = _call(function, row)
        return 0 if error or value is ERR else digest(value)


def compiled(problem: Problem, text: str, needed: list[str]) -> Callable[..., Any]:
    """The function with this body, in a copy of its module's names."""
    lines = [*needed, f"def {problem.function}({', '.join(problem.names)}):"]
    lines += [f"    {line}" for line in text.splitlines()]
    space = dict(vars(problem.module))
    exec(compile("\n".join(lines), "<found>", "exec", dont_inherit=True), space)  # noqa: S102
    function = space[problem.function]
    assert isinstance(function, types.FunctionType)
    return function


def _call(function: Callable[..., Any], row: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    try:
        return function(*fresh(row)), None
    except Exception as error:  # noqa: BLE001 (whatever the function raises is its outcome)
        return None, error


@contextmanager
def _alarm() -> Iterator[None]:
    """No version is run for long; a helper's own alarm is not on at that time."""
    signal.setitimer(signal.ITIMER_REAL, _RUN_S)
    try:
        yield
    except SlowError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
