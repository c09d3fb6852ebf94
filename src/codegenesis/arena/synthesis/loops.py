"""Loops that carry something along: what no comprehension can say.

A template has holes (what it starts from, what a round does, when it ends), and expressions over
the loop's variables, enumerated on made-up values of these, go into the holes. A candidate is run
for real, as closures over operations that stay small, and given up at the first example it gets
wrong. Where the result is a list of what was carried, each round's result is known, and no loop has
to be run at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from codegenesis.arena.synthesis.aims import Aim
from codegenesis.arena.synthesis.bank import Bank, Entry
from codegenesis.arena.synthesis.bench import Bench, Solved, braced, items_of, lazily, uses
from codegenesis.arena.synthesis.sources import Source

_MOST_STEPS = 9000
_MOST_LOOPS = 10
_TURN = 24


class Loops:
    """All loops over the sources of a problem."""

    def __init__(self, bench: Bench, loops: Sequence[Source]) -> None:
        self._bench = bench
        self._loops = [loop for loop in loops if loop.cost <= 4 and _has_items(loop, bench)]

    def strategies(self) -> list[Iterator[None]]:
        """One for each template that can give results of this type."""
        made: list[Iterator[None]] = []
        kinds = self._bench.kinds
        for loop in self._loops[:_MOST_LOOPS]:
            if kinds == {list}:
                made += [self._scan(loop), self._collect(loop)]
            if kinds <= {int, float}:
                made.append(self._fold(loop, (0, 1), "total"))
            elif kinds == {str}:
                made.append(self._fold(loop, ("",), "text"))
        return made

    # --- for … in …: total = STEP ---------------------------------------------------------------

    def _fold(self, loop: Source, starts: Sequence[Any], name: str) -> Iterator[None]:
        name = name if name not in self._bench.problem.names else f"{name}_"
        wanted = [value for value in self._bench.problem.wanted if value is not None]
        carried = [*starts, *wanted, *starts]
        bank = self._bench.bank(
            [name, *loop.names, *self._bench.problem.names],
            self._bench.sampled(loop, carried),
            _MOST_STEPS,
        )
        done = 0
        for _ in bank.grow():
            yield
            fresh, done = bank.entries[done:], len(bank.entries)
            for number, entry in enumerate(fresh):
                if uses(entry, 0):
                    for start in starts:
                        self._run_fold(loop, start, entry, name)
                    if name == "total" and entry.kinds[0] in ("int", "num"):
                        self._run_best(loop, 0, entry)
                if number % _TURN == _TURN - 1:
                    yield
        yield from self._conditional_folds(loop, starts, name, bank)

    def _run_fold(self, loop: Source, start: Any, entry: Entry, name: str) -> None:
        step = entry.closure()

        def run(row: int) -> Any:
            given, total = self._bench.given(row), start
            for item in items_of(loop, row):
                total = step((total, *item, *given))
            return total

        if (values := self._bench.check(run)) is not None:
            tail = (
                f"{name} = {start!r}\nfor {braced(loop.loop)}:\n    {name} = {{0}}\nreturn {name}"
            )
            self._bench.tell(values, 2 + loop.cost, tail, (entry,))

    def _run_best(self, loop: Source, start: Any, entry: Entry) -> None:
        """The largest of what is carried along the way."""
        step = entry.closure()

        def run(row: int) -> Any:
            given, best = self._bench.given(row), start
            current = start
            for item in items_of(loop, row):
                current = step((current, *item, *given))
                best = max(best, current)
            return best

        if (values := self._bench.check(run)) is not None:
            tail = (
                f"best = total = {start!r}\nfor {braced(loop.loop)}:\n    total = {{0}}\n"
                "    best = max(best, total)\nreturn best"
            )
            self._bench.tell(values, 3 + loop.cost, tail, (entry,))

    def _conditional_folds(
        self, loop: Source, starts: Sequence[Any], name: str, bank: Bank
    ) -> Iterator[None]:
        conditions = [e for e in bank.by_kind["bool"] if not e.constant][:80]
        bodies = [e for e in bank.entries if not e.constant and "bool" not in e.kinds][:70]
        for condition in conditions:
            for entry in bodies:
                if (uses(entry, 0) or uses(condition, 0)) and condition.cost + entry.cost <= 9:
                    for start in starts:
                        self._run_conditional(loop, start, condition, entry, name)
            yield

    def _run_conditional(
        self, loop: Source, start: Any, condition: Entry, entry: Entry, name: str
    ) -> None:
        holds, step = condition.closure(), entry.closure()

        def run(row: int) -> Any:
            given, total = self._bench.given(row), start
            for item in items_of(loop, row):
                env = (total, *item, *given)
                if holds(env):
                    total = step(env)
            return total

        if (values := self._bench.check(run)) is not None:
            tail = (
                f"{name} = {start!r}\nfor {braced(loop.loop)}:\n    if {{0}}:\n"
                f"        {name} = {{1}}\nreturn {name}"
            )
            self._bench.tell(values, 3 + loop.cost, tail, (condition, entry))

    # --- result.append(…) -----------------------------------------------------------------------

    def _scan(self, loop: Source) -> Iterator[None]:
        """Where every round appends what it carries, each round is an example of its own."""
        rows = list(zip(self._bench.problem.wanted, loop.items, strict=False))
        if any(items is None or len(items) != len(want) for want, items in rows):
            return
        for start in (0, 1, ""):
            before = [v for want, _ in rows for v in [start, *want][:-1]]
            after = [v for want, _ in rows for v in want]
            if not after or len({type(v) for v in [start, *after]}) > 1:
                continue
            items = [item for _, some in rows for item in some or ()]
            columns = [before, *([item[p] for item in items] for p in range(len(loop.names)))]
            bank = self._bench.bank(["total", *loop.names], columns, _MOST_STEPS)
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
            if not uses(entry, 0):
                return
            step = lazily(entry)

            def run(row: int) -> Any:
                total, made = start, []
                for item in items_of(loop, row):
                    total = step((total, *item))
                    made.append(total)
                return made

            if (values := self._bench.check(run)) is not None:
                tail = (
                    f"result = []\ntotal = {start!r}\nfor {braced(loop.loop)}:\n"
                    "    total = {0}\n    result.append(total)\nreturn result"
                )
                self._bench.tell(values, 3 + loop.cost, tail, (entry,))

        return report

    def _collect(self, loop: Source) -> Iterator[None]:
        """`if P: result.append(E)`, where P looks at what is there already."""
        carried = [
            value[:cut] for value in self._bench.problem.wanted for cut in range(len(value) + 1)
        ]
        columns = self._bench.sampled(loop, carried or [[]])
        bank = self._bench.bank(["result", *loop.names, *self._bench.problem.names], columns, 2500)
        for _ in bank.grow():
            yield
        conditions = [e for e in bank.entries if e.kinds[0] == "bool" and not e.constant]
        conditions = [e for e in conditions if uses(e, 0)][:400]
        bodies = [e for e in bank.entries if not e.constant and not uses(e, 0)][:12]
        for condition in conditions:
            for entry in bodies:
                self._run_collect(loop, condition, entry)
            yield

    def _run_collect(self, loop: Source, condition: Entry, entry: Entry) -> None:
        holds, step = condition.closure(), entry.closure()

        def run(row: int) -> Any:
            given, made = self._bench.given(row), list[Any]()
            for item in items_of(loop, row):
                env = (made, *item, *given)
                if holds(env):
                    made.append(step(env))
            return made

        if (values := self._bench.check(run)) is not None:
            tail = (
                f"result = []\nfor {braced(loop.loop)}:\n    if {{0}}:\n"
                "        result.append({1})\nreturn result"
            )
            self._bench.tell(values, 3 + loop.cost, tail, (condition, entry))


def _has_items(loop: Source, bench: Bench) -> bool:
    return any(items for items in loop.items[: bench.problem.known])
