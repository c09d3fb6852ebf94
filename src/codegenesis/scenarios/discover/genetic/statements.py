"""Changes of whole statements: values set under a mask, values given a name, and plain small edits.

What a function returns gets a name when a statement is to work on it; the small edits are those
that mend programs elsewhere (`codegenesis.core.genetic`), taken by their plausibility.
"""

from __future__ import annotations

import ast
from itertools import islice
from random import Random

from codegenesis.core.genetic.edit import applied
from codegenesis.core.genetic.layout import Place, put
from codegenesis.core.genetic.program import Change, Stmt
from codegenesis.core.genetic.registry import KINDS
from codegenesis.scenarios.discover.genetic.grow import Bed, grow, mixed, test
from codegenesis.scenarios.discover.genetic.pieces import number
from codegenesis.scenarios.discover.genetic.scope import Scope, Spot
from codegenesis.scenarios.discover.genetic.terms import term

_KINDS_TRIED = 6
_MOST_EDITS = 200


def reworked(bed: Bed, spot: Spot) -> list[Change]:
    """A statement before the `return` that changes the array or number that is returned."""
    stmt = spot.expr.stmt
    if not isinstance(stmt.node, ast.Return) or spot.expr.parent or not stmt.alone:
        return []
    name, before = _named(bed, spot)
    lines = _array_lines(bed, name) if spot.kind == "array" else _number_lines(bed, name)
    if not lines:
        return []
    change = put(bed.scope.program, Place(stmt, after=False), [*before, *lines])
    if change is None:
        return []
    return [change, Change(spot.expr.start, spot.expr.end, name)] if before else [change]


def named(bed: Bed, spot: Spot) -> list[Change]:
    """A value gets a name of its own, so that it is an ingredient from now on."""
    stmt = spot.expr.stmt
    if not spot.expr.children or not stmt.alone or _inner(stmt, spot):
        return []
    name = _free(bed.scope, "value")
    change = put(bed.scope.program, Place(stmt, after=False), [f"{name} = {spot.expr.text}"])
    if change is None or "\n" in spot.expr.text:
        return []
    return [change, Change(spot.expr.start, spot.expr.end, name)]


def mended(scope: Scope, rng: Random) -> str | None:
    """The part with one of the small edits that `core.genetic` knows.

    One class of edit is made at a time: all of them together take a thousand times as long.
    """
    program = scope.program
    for _ in range(_KINDS_TRIED):
        found = list(islice(rng.choice(KINDS)(program), _MOST_EDITS))
        if found:
            chosen = rng.choices(found, [max(each.weight, 0.01) for each in found])[0]
            return applied(program.text, [chosen])
    return None


def _named(bed: Bed, spot: Spot) -> tuple[str, list[str]]:
    """The name of what is returned, and the line that gives it one."""
    node = spot.expr.node
    if isinstance(node, ast.Name) and node.id not in spot.expr.stmt.block.function.parameters:  # type: ignore[union-attr]
        return node.id, []
    name = _free(bed.scope, "result")
    copied = f"{bed.np}.array({spot.expr.text}, dtype=float)" if bed.np else spot.expr.text
    return name, [f"{name} = {copied if spot.kind == 'array' else spot.expr.text}"]


def _array_lines(bed: Bed, name: str) -> list[str]:
    mask, value = test(bed, "array", 1), mixed(bed, "number", 1)
    shift, where = term(bed, "array"), bed.rng.random()
    if where < 0.25:
        return [f"{name}[1:] {bed.rng.choice('+-')}= {name}[:-1]"]
    if where < 0.4 and bed.np:
        return [f"{name} = {bed.np}.{bed.rng.choice(('cumsum', 'sort', 'abs'))}({name})"]
    if where < 0.6 and shift:
        return [f"{name} = {name} {bed.rng.choice('+-')} {shift.text}"]
    if mask is None or value is None:
        return []
    op = bed.rng.choice(("=", "*=", "+=", "-="))
    return [f"{name}[{mask.text}] {op} {value.text}"]


def _number_lines(bed: Bed, name: str) -> list[str]:
    check, value = test(bed, "number", 1), grow(bed, "number", 1) or number(1)
    if check is None:
        return []
    return [
        f"if {check.text}:",
        f"    {name} {bed.rng.choice(('=', '*=', '+=', '-='))} {value.text}",
    ]


def _free(scope: Scope, stem: str) -> str:
    known = {name for function in scope.program.functions for name in function.names}
    for index in range(1, 100):
        name = stem if index == 1 else f"{stem}{index}"
        if name not in known and name not in scope.program.text:
            return name
    return f"{stem}_{len(known)}"


def _inner(stmt: Stmt, spot: Spot) -> bool:
    """Whether it is asked again while the statement runs, or only sometimes."""
    if isinstance(stmt.node, ast.While | ast.For) or stmt.block.chained:
        return True
    above = spot.expr.parent
    while above is not None:
        if isinstance(above.node, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.IfExp):
            return True
        above = above.parent
    return False
