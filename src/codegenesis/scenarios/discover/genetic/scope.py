"""A part of a program, read: which expressions can change, of which kind, from which ingredients.

Everything that is put in is made of what the program and its module use already: variables that
have a value at that line, expressions that stand there, numbers, numpy or `math` where the program
imports them. Nothing is ever imported for it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from codegenesis.core.genetic.ingredients import Ingredients, ingredients
from codegenesis.core.genetic.program import Expr, Function, Program
from codegenesis.core.genetic.reader import read
from codegenesis.core.genetic.syntax import UNPARSABLE, module, reads
from codegenesis.scenarios.discover.genetic.kinds import Kind, kind, variables
from codegenesis.scenarios.discover.genetic.pieces import Piece

#: Roles in which another value of the same kind makes sense.
_ROLES = {
    "return": 4.0,
    "value": 3.0,
    "operand": 1.0,
    "arg": 1.0,
    "compared": 1.0,
    "element": 0.7,
    "choice": 1.5,
    "cond": 1.0,
    "index": 0.3,
    "bound": 0.2,
    "base": 0.0,
}
#: Callees whose arguments are sizes, seeds or types.
_SIZES = frozenset({
    "range", "zeros", "ones", "empty", "full", "arange", "linspace", "reshape", "seed",
    "default_rng", "RandomState", "int", "len", "array", "asarray", "astype", "isinstance",
    "print",
})  # fmt: skip
_LONGEST = 90
_WORDS: tuple[Kind, ...] = ("array", "number", "mask", "truth")


class Spot(msgspec.Struct, eq=False):
    """An expression that can change.

    Attributes:
        kind: of its value.
        weight: how often it is chosen.
    """

    expr: Expr
    kind: Kind
    weight: float

    @property
    def piece(self) -> Piece:
        """Its text for another place."""
        return Piece(self.expr.text, self.expr.level)


class Scope(msgspec.Struct, eq=False):
    """What can be changed in a part, and what there is to change it with.

    Attributes:
        numpy, math: names that the modules go by; empty when they are not imported.
        kinds: of variables, by function; None for the part's own level.
        constants: numbers that stand in the part.
        size: expressions in it, literals not counted.
        known: phrases that were asked for.
    """

    program: Program
    spots: list[Spot]
    numpy: str
    math: str
    kinds: dict[Function | None, dict[str, Kind]]
    constants: tuple[float, ...]
    size: int
    known: dict[tuple[Function | None, Kind], list[tuple[Piece, frozenset[str]]]]

    def names(self, expr: Expr, wanted: Kind) -> list[str]:
        """Variables of a kind that have a value where `expr` stands."""
        known = self.kinds.get(expr.stmt.block.function, {})
        bound = self.program.bound
        return [n for n in expr.names if known.get(n) == wanted and bound(n, expr.stmt)]

    def phrases(self, expr: Expr, wanted: Kind) -> list[Piece]:
        """Expressions of the same function that could stand where `expr` does."""
        function, stmt = expr.stmt.block.function, expr.stmt
        own = self.kinds.get(function, {})
        return [
            piece
            for piece, names in self._written(function, wanted)
            if all(
                name in expr.names and self.program.bound(name, stmt)
                for name in names
                if name in own or name in expr.names
            )
        ]

    def _written(
        self, function: Function | None, wanted: Kind
    ) -> list[tuple[Piece, frozenset[str]]]:
        """Expressions of a function and a kind, and the names that each reads."""
        known = self.known.get((function, wanted))
        if known is None:
            mine = (s for s in self.spots if s.kind == wanted)
            pieces = {
                spot.expr.text: spot.piece
                for spot in mine
                if spot.expr.stmt.block.function is function and _phrase(spot.expr)
            }
            known = [(piece, reads(text)) for text, piece in pieces.items()]
            self.known[(function, wanted)] = known
        return known


def _phrase(expr: Expr) -> bool:
    return (
        not isinstance(expr.node, ast.Constant)
        and len(expr.text) <= _LONGEST
        and "\n" not in expr.text
    )


@lru_cache(maxsize=512)
def scope(text: str, module_source: str, locked: int = 0) -> Scope | None:
    """The part `text` of a module; None where it is no program of its own.

    Args:
        locked: characters at its beginning that may not change.
    """
    try:
        program = read(text, given=_given(module_source))
    except UNPARSABLE:
        return None
    if not program.stmts:
        return None
    numpy, math = _aliases(module_source)
    kinds = _kinds(program)
    free = (each for each in program.exprs if each.start >= locked)
    spots = [s for expr in free if (s := _spot(expr, kinds))]
    constants = (_value(s.expr.node) for s in spots if isinstance(s.expr.node, ast.Constant))
    numbers = tuple(dict.fromkeys(float(each) for each in constants))
    size = sum(not isinstance(each.node, ast.Constant) for each in program.exprs)
    return Scope(program, spots, numpy, math, kinds, numbers[:40], size, {})


@lru_cache(maxsize=16)
def _given(module_source: str) -> Ingredients:
    """Ingredients for small edits, once a problem: gathering them costs more than reading."""
    return ingredients(module_source)


def _value(node: ast.expr) -> float:
    value = node.value if isinstance(node, ast.Constant) else 0
    return value if isinstance(value, int | float) else 0


def _kinds(program: Program) -> dict[Function | None, dict[str, Kind]]:
    found: dict[Function | None, dict[str, Kind]] = {None: {}}
    for function in program.functions:
        outer = found.get(function.outer, {})
        found[function] = {**outer, **variables(function.node)}
    return found


def _spot(expr: Expr, kinds: Mapping[Function | None, Mapping[str, Kind]]) -> Spot | None:
    if not isinstance(getattr(expr.node, "ctx", ast.Load()), ast.Load):
        return None
    word = kind(expr.node, kinds.get(expr.stmt.block.function, {}))
    weight = _ROLES.get(expr.role, 0.0)
    if word not in _WORDS or not weight or expr.stmt.block.function is None:
        return None
    if _sized(expr):
        weight *= 0.1
    return Spot(expr, word, weight)


def _sized(expr: Expr) -> bool:
    """Whether it says how many, of what type or in which order, rather than how much."""
    above = expr.parent
    while above is not None:
        if isinstance(above.node, ast.Call):
            called = above.node.func
            name = getattr(called, "attr", getattr(called, "id", ""))
            if name in _SIZES or any(k.value is expr.node for k in above.node.keywords):
                return True
        above = above.parent
    return False


@lru_cache(maxsize=64)
def _aliases(module_source: str) -> tuple[str, str]:
    """What numpy and math are called in a module; empty where it does not import them."""
    found = {"numpy": "", "math": ""}
    try:
        body = module(module_source).body
    except UNPARSABLE:
        return "", ""
    for node in body:
        for name in node.names if isinstance(node, ast.Import) else ():
            if name.name in found:
                found[name.name] = name.asname or name.name
    return found["numpy"], found["math"]
