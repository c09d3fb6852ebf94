"""Statements of an answer, each in the place of the one in the program that binds the same name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from codegenesis.core.coders.finding import parsed, undecorated, with_comments
from codegenesis.core.coders.needs import loads
from codegenesis.core.genetic.syntax import UNPARSABLE, module
from codegenesis.evidence.reach import bound_names, top_level
from codegenesis.fragment.syntax import FunctionNode, lines_of


class Lines(Protocol):
    """A part of a program."""

    @property
    def first(self) -> int: ...

    @property
    def last(self) -> int: ...


class _Piece(NamedTuple):
    """A statement with its text."""

    node: ast.stmt
    text: str
    names: frozenset[str]


def merged(program: str, regions: Sequence[Lines], old: Sequence[str], answer: str) -> list[str]:
    """Texts of the regions with the answer's statements in them, the old ones where it has none.

    Statements that bind what the program binds outside of its regions are dropped, so are
    docstrings, `if __name__ == "__main__":` and calls at the end; what is new goes with the
    statement that follows it.

    Raises:
        SyntaxError, ValueError: (`UNPARSABLE`) the answer is no Python.
    """
    inside = [_pieces(text) for text in old]
    if not any(inside):
        return list(old)
    outside = _outside(program, regions)
    offered = [p for p in _split(*parsed(answer)) if not _is_outside(p, outside)]
    given = _dealt([_bare(p, program, regions, inside) for p in offered], inside)
    used = [
        loads(ast.Module([p.node for p in (*a, *b)], []))
        for a, b in zip(inside, given, strict=True)
    ]
    new = []
    for number, text in enumerate(old):
        others = used[:number] + used[number + 1 :]
        elsewhere = loads(ast.Module(outside, [])).union(*others)
        new.append(_joined(inside[number], given[number], elsewhere) if given[number] else text)
    return new


def _pieces(text: str) -> list[_Piece]:
    """Top-level statements; none where the text is indented, or is no Python by itself."""
    try:
        return _split(module(text), text)
    except UNPARSABLE:
        return []


def _split(tree: ast.Module, text: str) -> list[_Piece]:
    return [_Piece(n, with_comments(text, n), frozenset(bound_names(n))) for n in tree.body]


def _bare(
    piece: _Piece, program: str, regions: Sequence[Lines], inside: Sequence[Sequence[_Piece]]
) -> _Piece:
    """Without its decorators where those of the program stand above the region."""
    lines = lines_of(program)
    for region, pieces in zip(regions, inside, strict=True):
        decorated = region.first > 1 and lines[region.first - 2].startswith("@")
        if decorated and pieces and piece.names & pieces[0].names:
            return piece._replace(text=undecorated(piece.text))
    return piece


def _outside(program: str, regions: Sequence[Lines]) -> list[ast.stmt]:
    return [
        node
        for node in module(program).body
        if not any(each.first <= node.lineno <= each.last for each in regions)
    ]


def _is_outside(piece: _Piece, outside: Iterable[ast.stmt]) -> bool:
    """Whether a statement of an answer has no business in a region."""
    node = piece.node
    if isinstance(node, ast.Expr):
        return True
    if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
        return True
    taken = {
        name
        for each in outside
        for inner in top_level(ast.Module([each], []))
        for name in bound_names(inner)
    }
    return bool(piece.names) and piece.names <= taken


def _dealt(pieces: Sequence[_Piece], inside: Sequence[Sequence[_Piece]]) -> list[list[_Piece]]:
    """The statements by region: where their names are bound; new ones with what follows."""
    homes = {name: n for n, region in enumerate(inside) for p in region for name in p.names}
    given: list[list[_Piece]] = [[] for _ in inside]
    home = next((n for n, region in enumerate(inside) if region), 0)
    for piece in reversed(pieces):
        home = next((homes[name] for name in sorted(piece.names) if name in homes), home)
        given[home].insert(0, piece)
    return [part if any(p.names & homes.keys() for p in part) else [] for part in given]


def _joined(before: Sequence[_Piece], after: Sequence[_Piece], elsewhere: set[str]) -> str:
    """The region anew: each statement of the answer in the place of the old one.

    What is new goes before the first that is replaced. Where the answer has every function, what
    nothing reads any more is left out. Loops at the top of a region make it a script, which only
    makes sense as a whole.
    """
    if any(map(_runs, (*before, *after))):
        return _text(after)
    replaced = {name: piece for piece in after for name in piece.names}
    fresh = [p for p in after if not any(p.names & old.names for old in before)]
    kept: list[_Piece] = []
    for piece in _wanted(before, after, elsewhere):
        instead = next((replaced[name] for name in sorted(piece.names) if name in replaced), piece)
        if instead is not piece:
            kept, fresh = [*kept, *fresh], []
        if not any(instead.node is each.node for each in kept):
            kept.append(instead)
    return _text(kept)


def _wanted(before: Sequence[_Piece], after: Sequence[_Piece], elsewhere: set[str]) -> list[_Piece]:
    """Old statements that have a place in the new region."""
    new = {name for piece in after for name in piece.names}
    if not {name for p in before if _defines(p) for name in p.names} <= new:
        return list(before)
    kept = [p for p in before if not p.names or p.names & new]
    read = elsewhere.union(*(loads(piece.node) for piece in after))
    while more := [p for p in before if p.names & read and not any(p is each for each in kept)]:
        kept += more
        read = read.union(*(loads(piece.node) for piece in more))
    return [p for p in before if any(p is each for each in kept)]


def _runs(piece: _Piece) -> bool:
    """Whether it does something when the module is loaded, other than bind a name."""
    main = isinstance(piece.node, ast.If) and "__name__" in ast.unparse(piece.node.test)
    return not piece.names and not main and not isinstance(piece.node, ast.Expr)


def _defines(piece: _Piece) -> bool:
    return isinstance(piece.node, FunctionNode | ast.ClassDef)


def _text(pieces: Sequence[_Piece]) -> str:
    parts: list[str] = []
    for number, piece in enumerate(pieces):
        apart = _defines(piece) or (number and _defines(pieces[number - 1]))
        parts.append(("\n\n" if number and apart else "") + piece.text)
    return "".join(parts)
