"""Loops that carry something along: what no comprehension can say.

A template has holes (what it starts from, what a round does, when it ends), and expressions over
the loop's variables, enumerated on made-up values of these, go into the holes. A candidate is run
for real, as closures over operations that stay small, and given up at the first example it gets
wrong. Where the result is a list of what was carried, each round's result is known, and no loop has
to be run at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from random import Random
from typing import Any, NamedTuple

from codegenesis.arena.synthesis.aims import Aim
from codegenesis.arena.synthesis.bank import Bank, Entry, Part, constant, leaf
from codegenesis.arena.synthesis.grammar import small
from codegenesis.arena.synthesis.problem import Problem
from codegenesis.arena.synthesis.sources import Source
from codegenesis.arena.synthesis.values import ERR

_SAMPLES = 14
_MOST_STEPS = 9000
_MOST_LOOPS = 10
_ROUNDS = 400
_TURN = 24

Solved = Callable[[Entry, str], None]
Step = Callable[[tuple[Any, ...]], Any]


class LongError(Exception):
    """A loop went on for too long."""


class Loops:
    """All loops over the sources of a problem, and over its numbers.

    Args:
        solved: is told of whole solutions.
    """

    def __init__(
        self, problem: Problem, loops: Sequence[Source], solved: Solved, *, rng: Random
    ) -> None:
        self._problem, self._solved, self._rng = problem, solved, rng
        self._loops = [loop for loop in loops if loop.cost <= 4][:_MOST_LOOPS]
        self._kinds = set(map(type, problem.wanted))
        self.trials = 0

    def strategies(self) -> list[Iterator[None]]:
        """One for each template that can give results of this type."""
        made: list[Iterator[None]] = []
        for loop in self._loops:
            if self._kinds == {list}:
                made += [self._scan(loop), self._collect(loop)]
            if self._kinds <= {int, float}:
                made.append(self._fold(loop, (0, 1), "total"))
            elif self._kinds == {str}:
                made.append(self._fold(loop, ("",), "text"))
        if self._kinds <= {int, float, bool, str, list}:
            made += [self._shrink(place) for place in self._numbers()]
        if self._kinds == {int}:
            made.append(self._two_numbers())
            made.append(self._pair())
        return made

    def _numbers(self) -> list[int]:
        columns = enumerate(self._problem.columns)
        return [place for place, column in columns if all(type(v) is int for v in column)]

    # --- what goes into the holes ---------------------------------------------------------------

    def _bank(self, names: Sequence[str], columns: Sequence[Sequence[Any]], most: int) -> Bank:
        """Expressions over the variables of a loop, and the parameters after them."""
        rows = min(map(len, columns))
        made = [
            leaf(name, column[:rows], slot=slot)
            for slot, (name, column) in enumerate(zip(names, columns, strict=True))
        ]
        for value, cost in ((0, 1), (1, 1), (2, 1), (10, 2), (3, 2)):
            made.append(constant(repr(value), value, rows, cost=cost))
        kinds = set(self._problem.kinds) - {"float"} | ({"str"} if str in self._kinds else set())
        if "str" in kinds:
            made += [constant(repr(t), t, rows, cost=c) for t, c in (("", 1), (" ", 1))]
        return Bank(made, small(kinds), known=rows, most=most, largest=7)

    def _sampled(self, source: Source, carried: Sequence[Any]) -> list[list[Any]]:
        """Columns: what is carried, the loop's variables, the parameters."""
        pairs = [
            (item, row)
            for row, items in enumerate(source.items)
            for item in items or ()
            if row < self._problem.known
        ]
        rows = [self._rng.choice(pairs) for _ in range(_SAMPLES)]
        columns: list[list[Any]] = [[self._rng.choice(carried) for _ in rows]]
        columns += [[item[place] for item, _ in rows] for place in range(len(source.names))]
        columns += [[column[row] for _, row in rows] for column in self._problem.columns]
        return columns

    def _check(self, run: Callable[[int], Any]) -> tuple[Any, ...] | None:
        """What a loop gives in each row, if that is what is wanted."""
        self.trials += 1
        for row, wanted in enumerate(self._problem.wanted):
            try:
                came = run(row)
            except Exception:  # noqa: BLE001 (whatever a step makes of odd values)
                return None
            if came != wanted or type(came) is not type(wanted):
                return None
        return tuple(_guarded(run, row) for row in range(self._problem.rows))

    def _tell(self, values: tuple[Any, ...], cost: int, tail: str, kids: tuple[Entry, ...]) -> None:
        part = Part("", cost=cost, tail=tail, slot=1000)
        total = cost + sum(kid.cost for kid in kids)
        whole = not any(value is ERR for value in values)
        self._solved(Entry(values, total, part, kids, whole=whole), "loop")

    # --- for … in …: total = STEP ---------------------------------------------------------------

    def _fold(self, loop: Source, starts: Sequence[Any], name: str) -> Iterator[None]:
        name = name if name not in self._problem.names else f"{name}_"
        wanted = [value for value in self._problem.wanted if value is not None]
        carried = [*starts, *wanted, *starts]
        bank = self._bank(
            [name, *loop.names, *self._problem.names], self._sampled(loop, carried), _MOST_STEPS
        )
        done = 0
        for _ in bank.grow():
            yield
            fresh, done = bank.entries[done:], len(bank.entries)
            for number, entry in enumerate(fresh):
                if _uses(entry, 0):
                    for start in starts:
                        self._run_fold(loop, start, entry, name)
                if number % _TURN == _TURN - 1:
                    yield
        yield from self._conditional_folds(loop, starts, name, bank)

    def _run_fold(self, loop: Source, start: Any, entry: Entry, name: str) -> None:
        step = entry.closure()

        def run(row: int) -> Any:
            given, total = self._given(row), start
            for item in _items(loop, row):
                total = step((total, *item, *given))
            return total

        if (values := self._check(run)) is not None:
            tail = (
                f"{name} = {start!r}\nfor {_braced(loop.loop)}:\n    {name} = {{0}}\nreturn {name}"
            )
            self._tell(values, 3 + loop.cost, tail, (entry,))

    def _conditional_folds(
        self, loop: Source, starts: Sequence[Any], name: str, bank: Bank
    ) -> Iterator[None]:
        conditions = [e for e in bank.by_kind["bool"] if not e.constant][:80]
        bodies = [e for e in bank.entries if not e.constant and "bool" not in e.kinds][:70]
        for condition in conditions:
            for entry in bodies:
                if (_uses(entry, 0) or _uses(condition, 0)) and condition.cost + entry.cost <= 9:
                    for start in starts:
                        self._run_conditional(loop, start, condition, entry, name)
            yield

    def _run_conditional(
        self, loop: Source, start: Any, condition: Entry, entry: Entry, name: str
    ) -> None:
        holds, step = condition.closure(), entry.closure()

        def run(row: int) -> Any:
            given, total = self._given(row), start
            for item in _items(loop, row):
                env = (total, *item, *given)
                if holds(env):
                    total = step(env)
            return total

        if (values := self._check(run)) is not None:
            tail = (
                f"{name} = {start!r}\nfor {_braced(loop.loop)}:\n    if {{0}}:\n"
                f"        {name} = {{1}}\nreturn {name}"
            )
            self._tell(values, 4 + loop.cost, tail, (condition, entry))

    # --- result.append(…) -----------------------------------------------------------------------

    def _scan(self, loop: Source) -> Iterator[None]:
        """Where every round appends what it carries, each round is an example of its own."""
        rows = list(zip(self._problem.wanted, loop.items, strict=False))
        if any(items is None or len(items) != len(want) for want, items in rows):
            return
        for start in (0, 1, ""):
            before = [v for want, _ in rows for v in [start, *want][:-1]]
            after = [v for want, _ in rows for v in want]
            if not after or len({type(v) for v in [start, *after]}) > 1:
                continue
            items = [item for _, some in rows for item in some or ()]
            columns = [before, *([item[p] for item in items] for p in range(len(loop.names)))]
            bank = self._bank(["total", *loop.names], columns, _MOST_STEPS)
            aim = Aim(after, self._scan_reporter(loop, start))
            done = 0
            for _ in bank.grow():
                for entry in bank.entries[done:]:
                    aim.see(entry)
                done = len(bank.entries)
                yield
            yield from aim.combine(bank)

    def _scan_reporter(self, loop: Source, start: Any) -> Solved:
        def report(entry: Entry, _: str) -> None:
            if not _uses(entry, 0):
                return
            step = _lazily(entry)

            def run(row: int) -> Any:
                total, made = start, []
                for item in _items(loop, row):
                    total = step((total, *item))
                    made.append(total)
                return made

            if (values := self._check(run)) is not None:
                tail = (
                    f"result = []\ntotal = {start!r}\nfor {_braced(loop.loop)}:\n"
                    "    total = {0}\n    result.append(total)\nreturn result"
                )
                self._tell(values, 4 + loop.cost, tail, (entry,))

        return report

    def _collect(self, loop: Source) -> Iterator[None]:
        """`if P: result.append(E)`, where P looks at what is there already."""
        carried = [value[:cut] for value in self._problem.wanted for cut in range(len(value) + 1)]
        columns = self._sampled(loop, carried or [[]])
        bank = self._bank(["result", *loop.names, *self._problem.names], columns, 2500)
        for _ in bank.grow():
            yield
        conditions = [e for e in bank.entries if e.kinds[0] == "bool" and not e.constant]
        conditions = [e for e in conditions if _uses(e, 0)][:400]
        bodies = [e for e in bank.entries if not e.constant and not _uses(e, 0)][:12]
        for condition in conditions:
            for entry in bodies:
                self._run_collect(loop, condition, entry)
            yield

    def _run_collect(self, loop: Source, condition: Entry, entry: Entry) -> None:
        holds, step = condition.closure(), entry.closure()

        def run(row: int) -> Any:
            given, made = self._given(row), list[Any]()
            for item in _items(loop, row):
                env = (made, *item, *given)
                if holds(env):
                    made.append(step(env))
            return made

        if (values := self._check(run)) is not None:
            tail = (
                f"result = []\nfor {_braced(loop.loop)}:\n    if {{0}}:\n"
                "        result.append({1})\nreturn result"
            )
            self._tell(values, 4 + loop.cost, tail, (condition, entry))

    # --- while … --------------------------------------------------------------------------------

    def _shrink(self, place: int) -> Iterator[None]:
        """A number that shrinks to its end, and what is carried along."""
        problem = self._problem
        name = problem.names[place]
        others = [n for n in range(len(problem.names)) if n != place]
        starts: dict[type, tuple[Any, ...]] = {
            int: (0, 1),
            str: ("",),
            list: ([],),
            float: (0.0,),
            bool: (),
        }
        (kind, *more) = self._kinds
        if more:
            return
        for start in starts[kind]:
            columns = self._shrink_columns(place, others, start)
            names = ["result", name, *(problem.names[other] for other in others)]
            bank = self._bank(names, columns, 2500)
            done = 0
            for _ in bank.grow():
                yield
                fresh, done = bank.entries[done:], len(bank.entries)
                for number, entry in enumerate(fresh):
                    if _uses(entry, 0) and type(start) in {type(v) for v in entry.values}:
                        self._all_shrinks(place, others, start, entry)
                    if number % 4 == 3:
                        yield

    def _shrink_columns(self, place: int, others: Sequence[int], start: Any) -> list[list[Any]]:
        numbers = [value for value in self._problem.columns[place] if type(value) is int]
        pool = [abs(n) >> k for n in numbers for k in range(3)]
        rows = range(_SAMPLES)
        carried = [start, *self._problem.wanted]
        made: list[list[Any]] = [[self._rng.choice(carried) for _ in rows]]
        made.append([self._rng.choice(pool) for _ in rows])
        return made + [[self._rng.choice(self._problem.columns[o]) for _ in rows] for o in others]

    def _all_shrinks(self, place: int, others: Sequence[int], start: Any, entry: Entry) -> None:
        name = self._problem.names[place]
        step = entry.closure()
        for end, (text, smaller) in product(_ENDS, _SMALLER):
            run = self._shrinking(place, others, start, step, end=end, smaller=smaller)
            if (values := self._check(run)) is not None:
                tail = (
                    f"result = {start!r}\nwhile {name} {end.text}:\n    result = {{0}}\n"
                    f"    {name} = {text.format(name)}\nreturn result"
                )
                self._tell(values, 7, tail, (entry,))

    def _shrinking(
        self,
        place: int,
        others: Sequence[int],
        start: Any,
        step: Step,
        *,
        end: _End,
        smaller: Callable[[int], int],
    ) -> Callable[[int], Any]:
        def run(row: int) -> Any:
            given = self._given(row)
            n, result = given[place], start
            rest = tuple(given[other] for other in others)
            for _ in range(_ROUNDS):
                if not end.goes_on(n):
                    return result
                result = step((result, n, *rest))
                n = smaller(n)
            raise LongError

        return run

    def _two_numbers(self) -> Iterator[None]:
        """Euclid's: two numbers that become two others until one is nothing."""
        places = self._numbers()[:2]
        if len(places) < 2:
            return
        names = [self._problem.names[place] for place in places]
        columns = [list(self._problem.columns[place]) for place in places]
        bank = self._bank(names, columns, 400)
        for _ in bank.grow():
            yield
        steps = [e for e in bank.entries if e.kinds[0] == "int" and e.cost <= 3][:60]
        pairs = list(product(steps, steps))
        for number, (one, two) in enumerate(pairs):
            for test in range(2):
                self._run_two(places, names, one, two, test)
            if number % _TURN == _TURN - 1:
                yield

    def _run_two(
        self, places: Sequence[int], names: Sequence[str], one: Entry, two: Entry, test: int
    ) -> None:
        first, second = one.closure(), two.closure()

        def run(row: int) -> Any:
            given = self._given(row)
            env = (given[places[0]], given[places[1]])
            for _ in range(_ROUNDS):
                if not env[test]:
                    return env[1 - test]
                env = (first(env), second(env))
            raise LongError

        if (values := self._check(run)) is not None:
            a, b = names
            tail = f"while {names[test]}:\n    {a}, {b} = {{0}}, {{1}}\nreturn {names[1 - test]}"
            self._tell(values, 4, tail, (one, two))

    def _pair(self) -> Iterator[None]:
        """Fibonacci's: two numbers that become two others, so many times."""
        counts = self._numbers()[:2]
        names = ["a", "b"] if not {"a", "b"} & set(self._problem.names) else ["current", "after"]
        columns: list[list[Any]] = [[1, 2, 3, 5, 0, 7, 4, 2], [1, 3, 2, 8, 1, 0, 4, 9]]
        bank = self._bank(names, columns, 300)
        for _ in bank.grow():
            yield
        steps = [e for e in bank.entries if e.kinds[0] == "int" and e.cost <= 5][:45]
        for count, one, two in product(counts, steps, steps):
            if not (_uses(one, 0) or _uses(one, 1)):
                continue
            for starts in ((0, 1), (1, 1), (2, 1), (1, 2), (1, 0), (0, 0)):
                self._run_pair(count, names, one, two, starts)
            yield

    def _run_pair(
        self, count: int, names: Sequence[str], one: Entry, two: Entry, starts: tuple[int, int]
    ) -> None:
        first, second = one.closure(), two.closure()

        def run(row: int) -> Any:
            times = self._given(row)[count]
            if times > _ROUNDS:
                raise LongError
            env = starts
            for _ in range(times):
                env = (first(env), second(env))
            return env[0]

        if (values := self._check(run)) is not None:
            a, b = names
            tail = (
                f"{a}, {b} = {starts[0]}, {starts[1]}\n"
                f"for _ in range({self._problem.names[count]}):\n"
                f"    {a}, {b} = {{0}}, {{1}}\nreturn {a}"
            )
            self._tell(values, 4, tail, (one, two))

    def _given(self, row: int) -> tuple[Any, ...]:
        return tuple(column[row] for column in self._problem.columns)


class _End(NamedTuple):
    """How long a number goes on shrinking."""

    text: str
    goes_on: Callable[[int], bool]


_ENDS = (
    _End("> 0", lambda n: n > 0),
    _End("> 1", lambda n: n > 1),
    _End(">= 10", lambda n: n >= 10),
)
_SMALLER: tuple[tuple[str, Callable[[int], int]], ...] = (
    ("{0} // 10", lambda n: n // 10),
    ("{0} // 2", lambda n: n // 2),
    ("{0} - 1", lambda n: n - 1),
    ("{0} - 2", lambda n: n - 2),
    ("{0} // 2 if {0} % 2 == 0 else 3 * {0} + 1", lambda n: 3 * n + 1 if n % 2 else n // 2),
    ("{0} & {0} - 1", lambda n: n & n - 1),
    ("sum((int(digit) for digit in str({0})))", lambda n: sum(map(int, str(n)))),
)


def _items(loop: Source, row: int) -> list[tuple[Any, ...]]:
    items = loop.items[row]
    if items is None:
        raise ValueError("nothing to loop over")
    return items


def _guarded(run: Callable[[int], Any], row: int) -> Any:
    try:
        return run(row)
    except Exception:  # noqa: BLE001 (whatever a step makes of odd values)
        return ERR


def _uses(entry: Entry, slot: int) -> bool:
    """Whether a variable of the loop is in it."""
    if not entry.kids:
        return entry.part.slot == slot
    return any(_uses(kid, slot) for kid in entry.kids)


def _lazily(entry: Entry) -> Step:
    """A function of the environment in which only the branch that is chosen is computed."""
    if entry.part.text.startswith("({1} if {0} else {2})"):
        test, yes, no = map(_lazily, entry.kids)
        return lambda env: yes(env) if test(env) else no(env)
    return entry.closure()


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
