"""What all templates with holes need: expressions for the holes, and a check of what they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from codegenesis.arena.synthesis.bank import Bank, Entry, Part, constant, leaf
from codegenesis.arena.synthesis.grammar import small
from codegenesis.arena.synthesis.problem import Problem
from codegenesis.arena.synthesis.sources import Source
from codegenesis.arena.synthesis.values import ERR

_SAMPLES = 14

Solved = Callable[[Entry, str], None]
Step = Callable[[tuple[Any, ...]], Any]


class LongError(Exception):
    """A loop went on for too long."""


class Bench:
    """The examples, as templates see them.

    Args:
        solved: is told of whole solutions.
        rng: draws the values that steps are compared on.
    """

    def __init__(self, problem: Problem, solved: Solved, rng: Random) -> None:
        self.problem, self.rng = problem, rng
        self.kinds = set(map(type, problem.wanted))
        self.trials = 0
        self._solved = solved

    def numbers(self) -> list[int]:
        """Places of the parameters that are whole numbers."""
        columns = enumerate(self.problem.columns)
        return [place for place, column in columns if all(type(v) is int for v in column)]

    def bank(self, names: Sequence[str], columns: Sequence[Sequence[Any]], most: int) -> Bank:
        """Expressions over the variables of a loop, and the parameters after them."""
        rows = min(map(len, columns))
        made = [
            leaf(name, column[:rows], slot=slot)
            for slot, (name, column) in enumerate(zip(names, columns, strict=True))
        ]
        for value, cost in ((0, 1), (1, 1), (2, 1), (10, 2), (3, 2)):
            made.append(constant(repr(value), value, rows, cost=cost))
        kinds = set(self.problem.kinds) - {"float"} | ({"str"} if str in self.kinds else set())
        if "str" in kinds:
            made += [constant(repr(t), t, rows, cost=c) for t, c in (("", 1), (" ", 1))]
        return Bank(made, small(kinds), known=rows, most=most, largest=7)

    def sampled(self, source: Source, carried: Sequence[Any]) -> list[list[Any]]:
        """Columns: what is carried, the loop's variables, the parameters."""
        pairs = [
            (item, row)
            for row, items in enumerate(source.items)
            for item in items or ()
            if row < self.problem.known
        ]
        rows = [self.rng.choice(pairs) for _ in range(_SAMPLES)] if pairs else []
        columns: list[list[Any]] = [[self.rng.choice(carried) for _ in rows]]
        columns += [[item[place] for item, _ in rows] for place in range(len(source.names))]
        columns += [[column[row] for _, row in rows] for column in self.problem.columns]
        return columns

    def check(self, run: Callable[[int], Any]) -> tuple[Any, ...] | None:
        """What a loop gives in each row, if that is what is wanted."""
        self.trials += 1
        for row, wanted in enumerate(self.problem.wanted):
            try:
                came = run(row)
            except Exception:  # noqa: BLE001 (whatever a step makes of odd values)
                return None
            if came != wanted or type(came) is not type(wanted):
                return None
        return tuple(_guarded(run, row) for row in range(self.problem.rows))

    def tell(self, values: tuple[Any, ...], cost: int, tail: str, kids: tuple[Entry, ...]) -> None:
        """A loop with these holes filled has what is wanted."""
        part = Part("", cost=cost, tail=tail, slot=1000)
        total = cost + sum(kid.cost for kid in kids)
        whole = not any(value is ERR for value in values)
        self._solved(Entry(values, total, part, kids, whole=whole), "loop")

    def given(self, row: int) -> tuple[Any, ...]:
        """The arguments of a row."""
        return tuple(column[row] for column in self.problem.columns)


def items_of(loop: Source, row: int) -> list[tuple[Any, ...]]:
    """What a loop goes through in a row."""
    items = loop.items[row]
    if items is None:
        raise ValueError("nothing to loop over")
    return items


def _guarded(run: Callable[[int], Any], row: int) -> Any:
    try:
        return run(row)
    except Exception:  # noqa: BLE001 (whatever a step makes of odd values)
        return ERR


def uses(entry: Entry, slot: int) -> bool:
    """Whether a variable of the loop is in it."""
    if not entry.kids:
        return entry.part.slot == slot
    return any(uses(kid, slot) for kid in entry.kids)


def lazily(entry: Entry) -> Step:
    """A function of the environment in which only the branch that is chosen is computed."""
    if entry.part.text.startswith("({1} if {0} else {2})"):
        test, yes, no = map(lazily, entry.kids)
        return lambda env: yes(env) if test(env) else no(env)
    return entry.closure()


def braced(text: str) -> str:
    """As a literal part of a template."""
    return text.replace("{", "{{").replace("}", "}}")
