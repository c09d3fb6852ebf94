"""Inputs aimed at what the original asserts: just inside, on and just outside each bound.

A search by chance seldom meets `assert start <= stop` from both sides at its edge. So the
original is run with its comparisons watched (`left - right` of each one inside an `assert`), and
the numbers and lengths in its arguments are moved by just that difference: one step of the
alternating variable method (Korel 1990), which is enough where a bound is linear in its argument.
Assertions that compare nothing are left to the edge cases and to chance.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Any

from codegenesis.errors import WireError
from codegenesis.evidence.infer import with_state
from codegenesis.evidence.manners import dressed, reported
from codegenesis.evidence.plain import Call, Instance, data_of
from codegenesis.model import Outcome
from codegenesis.parsing import syntax_tree

_PRELUDE = """
def _codegenesis_watched(function):
<helper>
    <async>def watched(*args, **kwargs):
        _codegenesis_seen.clear()
        try:
            <take>
        except Exception:
            pass
        <give> list(_codegenesis_seen)
    return watched


def _codegenesis_met(goal, left, right):
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        _codegenesis_seen.append((goal, left - right))


_codegenesis_seen = []
"""

_LONGEST = 1000
_NEAR = 3
_DEEPEST = 4
_MOST_PARTS = 20
_SIMPLE = (
    ast.Name,
    ast.Attribute,
    ast.Constant,
    ast.Subscript,
    ast.BinOp,
    ast.UnaryOp,
    ast.operator,
    ast.unaryop,
    ast.expr_context,
)
_SAFE_CALLS = frozenset({"len", "abs", "sum", "min", "max", "round", "int", "float"})


def asserts(source: str) -> list[ast.Assert]:
    """The `assert` statements of a fragment's function, those of nested functions included."""
    node = syntax_tree(source).body[-1]
    return [inner for inner in ast.walk(node) if isinstance(inner, ast.Assert)]


def watched(source: str, *, free: Sequence[str] = ()) -> str:
    """The function as a fragment that returns, for each asserted comparison it met, a pair:
    number of the comparison, and by how much its left side is above the right one.

    Args:
        free: the gene's free variables.
    """
    tree = syntax_tree(source)
    goals: list[int] = []
    tree.body[-1] = _Watch(goals).visit(tree.body[-1])
    source = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    return dressed(source, _PRELUDE, "_codegenesis_watched", free=free)


class _Watch(ast.NodeTransformer):
    """Notes the comparisons of each `assert` right before it."""

    def __init__(self, goals: list[int]) -> None:
        self._goals = goals

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        return [*self._notes(node.test), node]

    def _notes(self, test: ast.expr) -> Iterator[ast.stmt]:
        for inner in ast.walk(test):
            if not isinstance(inner, ast.Compare):
                continue
            sides = [inner.left, *inner.comparators]
            for left, right in pairwise(sides):
                if _is_simple(left) and _is_simple(right):
                    self._goals.append(len(self._goals))
                    yield _note(self._goals[-1], left, right)


def _note(goal: int, left: ast.expr, right: ast.expr) -> ast.stmt:
    call = ast.Call(ast.Name("_codegenesis_met", ast.Load()), [ast.Constant(goal), left, right], [])
    quiet = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
    return ast.Try(body=[ast.Expr(call)], handlers=[quiet], orelse=[], finalbody=[])


def _is_simple(side: ast.expr) -> bool:
    """May it be evaluated twice?"""
    return all(
        isinstance(node, _SIMPLE)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _SAFE_CALLS
        )
        for node in ast.walk(side)
    )


class Aim:
    """Learns from calls how far they are from each asserted bound, and moves them there.

    Args:
        ask: puts an encoded call to the watched original.
    """

    def __init__(self, ask: Callable[[bytes], Outcome]) -> None:
        self._ask = ask
        self._near: dict[tuple[int, bool], list[tuple[float, Call]]] = {}

    def learn(self, data: bytes, call: Call) -> None:
        """Keep the call where it is among the nearest to a bound, from either side."""
        outcome = self._ask(data)
        seen = reported(outcome) if outcome.kind == "returned" else ()
        if type(seen) is not list:
            return
        for goal, distance in dict(seen).items():
            if distance != distance or abs(distance) > 1e9:  # noqa: PLR0124 (NaN)
                continue
            nearest = self._near.setdefault((goal, distance > 0), [])
            nearest.append((distance, call))
            nearest.sort(key=lambda pair: abs(pair[0]))
            del nearest[_NEAR:]

    def calls(self) -> Iterator[Call]:
        """The nearest calls, each with one number or length moved onto and around the bound."""
        for nearest in list(self._near.values()):
            for distance, call in list(nearest):
                for number, rebuilt in leaves(call):
                    for target in _targets(number, distance):
                        yield rebuilt(target)


def _targets(number: float, distance: float) -> Iterator[float]:
    """Where the difference becomes -1, 0 or 1, whichever side of it the number is on."""
    for sign in (-1, 1):
        for off in (-1, 0, 1):
            moved = number + sign * distance + off
            yield int(moved) if type(number) is int else moved


Rebuild = Callable[[float], Any]


def leaves(value: Any, depth: int = 0) -> Iterator[tuple[float, Rebuild]]:
    """Each number in a value, and each length, with what the value is when it is another one."""
    kind = type(value)
    if kind in (int, float):
        yield value, lambda new: new
    elif depth > _DEEPEST:
        return
    elif kind in (list, tuple, str):
        if depth and 0 < len(value) <= _LONGEST:
            yield len(value), lambda new: _resized(value, int(new))
        if kind is not str:
            yield from _parts(dict(enumerate(value)), depth, lambda new: kind(new.values()))
    elif kind is dict:
        yield from _parts(value, depth, lambda new: new)
    elif kind is Instance:
        state = dict(enumerate(value.state))
        yield from _parts(state, depth, lambda new: with_state(value, tuple(new.values())))


def _parts(
    parts: dict[Any, Any], depth: int, make: Callable[[dict[Any, Any]], Any]
) -> Iterator[tuple[float, Rebuild]]:
    for key, part in islice(parts.items(), _MOST_PARTS):
        for number, rebuilt in leaves(part, depth + 1):
            yield number, _put(parts, key, rebuilt, make)


def _put(
    parts: dict[Any, Any], key: Any, rebuilt: Rebuild, make: Callable[[dict[Any, Any]], Any]
) -> Rebuild:
    return lambda new: make({**parts, key: rebuilt(new)})


def _resized(value: Any, size: int) -> Any:
    size = min(max(size, 0), _LONGEST)
    return (value * (size // len(value) + 1))[:size]


def encoded(calls: Iterator[Call]) -> Iterator[tuple[bytes, Call]]:
    """Those that can travel, encoded."""
    for call in calls:
        try:
            yield data_of(call), call
        except WireError:
            continue
