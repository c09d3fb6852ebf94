"""What could stand as a condition, as a value to return, as a guard: made from names in scope.

Shared by the classes of edit that put something new in; each text comes with how plausible it is.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.guess import COLLECTIONS, Guesses
from codegenesis.core.genetic.program import Expr, Program, Stmt

_MOST_NAMES = 8


def conditions(
    program: Program, stmt: Stmt, near: Expr | None = None, *, inside: Expr | None = None
) -> list[tuple[str, float]]:
    """Conditions that can be asked at `stmt`, each once.

    Args:
        near: an expression that the condition is about: its names come first.
        inside: the comprehension whose variables can be read, too.
    """
    names = visible(program, stmt, inside)
    close = (
        {each.id for each in ast.walk(near.node) if isinstance(each, ast.Name)} if near else set()
    )
    found: dict[str, float] = {}
    for text in program.vocabulary.conditions:
        if readable(text, names, program):
            found[text] = 0.7
    for name in names[:_MOST_NAMES]:
        share = 1.0 if name in close or not close else 0.75
        for text, weight in _about(name, program.guesses(stmt).seen.get(name, "")):
            found.setdefault(text, weight * share)
    for text, weight in _between(program, stmt, names[:6]):
        found.setdefault(text, weight)
    return list(found.items())


def visible(program: Program, stmt: Stmt, inside: Expr | None = None) -> list[str]:
    """Variables that can be read at `stmt`: parameters, then what is bound before it."""
    function = stmt.block.function
    if function is None:
        return []
    names = [each for each in function.names if not program.is_function(each)]
    ready = [each for each in names if each in function.parameters or program.bound(each, stmt)]
    if inside is not None:
        targets = (each.target for each in inside.node.generators)  # type: ignore[attr-defined]
        extra = [e.id for t in targets for e in ast.walk(t) if isinstance(e, ast.Name)]
        ready = [*extra, *ready]
    return list(dict.fromkeys(ready))


def results(program: Program, stmt: Stmt) -> list[tuple[str, float]]:
    """What a `return` at `stmt` could give."""
    function = stmt.block.function
    if function is None or not function.returns:
        return []
    names = visible(program, stmt)
    found: dict[str, float] = {}
    wanted = program.vocabulary.returned
    for text in wanted:
        if readable(text, names, program):
            found.setdefault(text, 0.8)
    for name in names[:_MOST_NAMES]:
        found.setdefault(name, 0.7 if name not in function.parameters else 0.6)
    for text, weight in _plain(wanted):
        found.setdefault(text, weight)
    known = program.guesses(stmt).seen
    for name in names[:_MOST_NAMES]:
        if known.get(name) in COLLECTIONS:
            found.setdefault(f"len({name})", 0.45)
    return list(found.items())


def readable(text: str, names: Collection[str], program: Program) -> bool:
    """Whether all that `text` reads is among `names` or stands outside of the function."""
    read = syntax.reads(text)
    return all(name in names or program.vocabulary.foreign(name) for name in read)


def _about(name: str, word: str) -> Iterator[tuple[str, float]]:
    if word in COLLECTIONS:
        yield f"not {name}", 0.85
        yield name, 0.7
        yield f"len({name}) == 1", 0.4
        yield f"len({name}) > 1", 0.3
        return
    if word in ("", "number"):
        yield f"{name} == 0", 0.55
        yield f"{name} < 0", 0.4
        yield f"{name} > 0", 0.4
        yield f"{name} == 1", 0.35
        yield f"{name} <= 1", 0.25
    if word in ("", "none"):
        yield f"{name} is None", 0.7
        yield f"{name} is not None", 0.5
    yield f"not {name}", 0.6
    yield name, 0.6


def _between(program: Program, stmt: Stmt, names: list[str]) -> Iterator[tuple[str, float]]:
    known = program.guesses(stmt).seen
    for index, one in enumerate(names):
        for other in names:
            if other == one:
                continue
            first, second = known.get(one, ""), known.get(other, "")
            if second in COLLECTIONS and second != "text" and first not in COLLECTIONS - {"text"}:
                yield f"{one} in {other}", 0.4
                yield f"{one} not in {other}", 0.45
            if first in COLLECTIONS and second == "number":
                yield f"len({one}) < {other}", 0.35
                yield f"len({one}) == {other}", 0.35
                yield f"len({one}) > {other}", 0.25
            ordered = {first, second} <= {"", "number", "text"}
            if other in names[index:] and (first == second or not first or not second):
                yield f"{one} == {other}", 0.35
                yield f"{one} != {other}", 0.3
            if ordered and first != "text":
                yield f"{one} < {other}", 0.35
                yield f"{one} <= {other}", 0.25


def _plain(wanted: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    words = {_word(text) for text in wanted}
    plain = {"True": "bool", "False": "bool", "None": "none", "[]": "list", "0": "number",
             "''": "text", "1": "number", "-1": "number", "{}": "dict", "set()": "set",
             "()": "tuple"}  # fmt: skip
    for text, word in plain.items():
        yield text, 0.7 if word in words else 0.3


def _word(text: str) -> str:
    """The word for the type of an expression that is known by its text alone."""
    return Guesses({}, {}).of(syntax.expression(text))
