"""Numbers that shrink, change places or count down: loops over nothing but numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

from codegenesis.arena.synthesis.bank import Entry
from codegenesis.arena.synthesis.bench import Bench, LongError, Step, uses

_ROUNDS = 400
_SAMPLES = 14
_TURN = 24


class Whiles:
    """All loops over the numbers among the parameters."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def strategies(self) -> list[Iterator[None]]:
        """One for each template that can give results of this type."""
        made: list[Iterator[None]] = []
        if self._bench.kinds <= {int, float, str, list}:
            made += [self._shrink(place) for place in self._bench.numbers()]
        if self._bench.kinds == {int}:
            made += [self._two_numbers(), self._pair()]
        return made

    def _shrink(self, place: int) -> Iterator[None]:
        """A number that shrinks to its end, and what is carried along."""
        problem = self._bench.problem
        name = problem.names[place]
        others = [n for n in range(len(problem.names)) if n != place]
        starts: dict[type, tuple[Any, ...]] = {
            int: (0, 1),
            str: ("",),
            list: ([],),
            float: (0.0,),
        }
        (kind, *more) = self._bench.kinds
        if more:
            return
        for start in starts[kind]:
            columns = self._shrink_columns(place, others, start)
            names = ["result", name, *(problem.names[other] for other in others)]
            bank = self._bench.bank(names, columns, 2500)
            done = 0
            for _ in bank.grow():
                yield
                fresh, done = bank.entries[done:], len(bank.entries)
                for number, entry in enumerate(fresh):
                    if uses(entry, 0) and type(start) in {type(v) for v in entry.values}:
                        self._all_shrinks(place, others, start, entry)
                    if number % 4 == 3:
                        yield

    def _shrink_columns(self, place: int, others: Sequence[int], start: Any) -> list[list[Any]]:
        numbers = [value for value in self._bench.problem.columns[place] if type(value) is int]
        pool = [abs(n) >> k for n in numbers for k in range(3)]
        rows = range(_SAMPLES)
        carried = [start, *self._bench.problem.wanted]
        made: list[list[Any]] = [[self._bench.rng.choice(carried) for _ in rows]]
        made.append([self._bench.rng.choice(pool) for _ in rows])
        return made + [
            [self._bench.rng.choice(self._bench.problem.columns[o]) for _ in rows] for o in others
        ]

    def _all_shrinks(self, place: int, others: Sequence[int], start: Any, entry: Entry) -> None:
        name = self._bench.problem.names[place]
        step = entry.closure()
        for end, (text, smaller) in product(_ENDS, _SMALLER):
            run = self._shrinking(place, others, start, step, end=end, smaller=smaller)
            if (values := self._bench.check(run)) is not None:
                tail = (
                    f"result = {start!r}\nwhile {name} {end.text}:\n    result = {{0}}\n"
                    f"    {name} = {text.format(name)}\nreturn result"
                )
                self._bench.tell(values, 7, tail, (entry,))

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
            given = self._bench.given(row)
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
        places = self._bench.numbers()[:2]
        if len(places) < 2:
            return
        names = [self._bench.problem.names[place] for place in places]
        columns = [list(self._bench.problem.columns[place]) for place in places]
        bank = self._bench.bank(names, columns, 400)
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
            given = self._bench.given(row)
            env = (given[places[0]], given[places[1]])
            for _ in range(_ROUNDS):
                if not env[test]:
                    return env[1 - test]
                env = (first(env), second(env))
            raise LongError

        if (values := self._bench.check(run)) is not None:
            a, b = names
            tail = f"while {names[test]}:\n    {a}, {b} = {{0}}, {{1}}\nreturn {names[1 - test]}"
            self._bench.tell(values, 4, tail, (one, two))

    def _pair(self) -> Iterator[None]:
        """Fibonacci's: two numbers that become two others, so many times."""
        counts = self._bench.numbers()[:2]
        names = (
            ["a", "b"] if not {"a", "b"} & set(self._bench.problem.names) else ["current", "after"]
        )
        columns: list[list[Any]] = [[1, 2, 3, 5, 0, 7, 4, 2], [1, 3, 2, 8, 1, 0, 4, 9]]
        bank = self._bench.bank(names, columns, 300)
        for _ in bank.grow():
            yield
        steps = [e for e in bank.entries if e.kinds[0] == "int" and e.cost <= 5][:45]
        for count, one, two in product(counts, steps, steps):
            if not (uses(one, 0) or uses(one, 1)):
                continue
            for starts in ((0, 1), (1, 1), (2, 1), (1, 2), (1, 0), (0, 0)):
                self._run_pair(count, names, one, two, starts)
            yield

    def _run_pair(
        self, count: int, names: Sequence[str], one: Entry, two: Entry, starts: tuple[int, int]
    ) -> None:
        first, second = one.closure(), two.closure()

        def run(row: int) -> Any:
            times = self._bench.given(row)[count]
            if times > _ROUNDS:
                raise LongError
            env = starts
            for _ in range(times):
                env = (first(env), second(env))
            return env[0]

        if (values := self._bench.check(run)) is not None:
            a, b = names
            tail = (
                f"{a}, {b} = {starts[0]}, {starts[1]}\n"
                f"for _ in range({self._bench.problem.names[count]}):\n"
                f"    {a}, {b} = {{0}}, {{1}}\nreturn {a}"
            )
            self._bench.tell(values, 4, tail, (one, two))


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
