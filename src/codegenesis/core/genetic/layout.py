"""Where statements go: lines put in, taken out, moved and indented, in the author's own layout."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from codegenesis.core.genetic.program import Block, Change, Program, Stmt

_JUMPS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_COMPOUND = (
    ast.If, ast.For, ast.While, ast.With, ast.Try, ast.FunctionDef, ast.AsyncFunctionDef,
    ast.ClassDef, ast.AsyncFor, ast.AsyncWith, ast.Match, ast.TryStar,
)  # fmt: skip


class Place(NamedTuple):
    """A gap between statements: before `stmt`, or after it at the end of its block."""

    stmt: Stmt
    after: bool

    @property
    def block(self) -> Block:
        """The block that the gap is in."""
        return self.stmt.block


def places(program: Program) -> Iterator[Place]:
    """All gaps in functions where a statement can be put and would run."""
    for block in program.blocks:
        if block.function is None or block.chained:
            continue
        for stmt in block.stmts:
            if not stmt.fixed:
                yield Place(stmt, after=False)
        if not jumps(block.stmts[-1]):
            yield Place(block.stmts[-1], after=True)


def movable(stmt: Stmt) -> bool:
    """Whether it stands on lines of its own and is no part of an `if` chain, no `def`."""
    inner = isinstance(stmt.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    free = stmt.alone and not stmt.fixed and not stmt.block.chained
    return free and not inner and stmt.block.function is not None


def jumps(stmt: Stmt) -> bool:
    """Whether nothing after it in its block can run."""
    return isinstance(stmt.node, _JUMPS)


def compound(stmt: Stmt) -> bool:
    """Whether it has a suite."""
    return isinstance(stmt.node, _COMPOUND)


def put(program: Program, place: Place, lines: Sequence[str]) -> Change | None:
    """The change that puts `lines` there; None where only a simple statement could stand."""
    stmt = place.stmt
    if stmt.alone:
        indent = stmt.block.indent
        body = "\n".join(indent + line for line in lines)
        if place.after:
            at = line_end(program, stmt.end)
            return Change(at, at, f"\n{body}")
        at = line_start(program, stmt.start)
        return Change(at, at, f"{body}\n")
    if len(lines) > 1 or compound(stmt):
        return None
    if place.after:
        return Change(stmt.end, stmt.end, f"; {lines[0]}")
    return Change(stmt.start, stmt.start, f"{lines[0]}; ")


def line_start(program: Program, offset: int) -> int:
    """Offset of the first character of the line."""
    return program.text.rfind("\n", 0, offset) + 1


def line_end(program: Program, offset: int) -> int:
    """Offset of the line's end, before its line break."""
    found = program.text.find("\n", offset)
    return len(program.text) if found < 0 else found


def lines_of(program: Program, first: Stmt, last: Stmt) -> tuple[int, int]:
    """From the first line of `first` to the end of the last line of `last`."""
    return line_start(program, first.start), line_end(program, last.end)


def indented(program: Program, first: Stmt, last: Stmt, indent: str) -> str:
    """The lines of some statements with another indentation; insides of texts stay."""
    start, end = lines_of(program, first, last)
    return reindented(program, start, end, first.block.indent, indent)


def reindented(program: Program, start: int, end: int, old: str, new: str) -> str:
    """Lines from `start` to `end` with indentation `new` where `old` was."""
    number = program.line_at(start)
    lines = program.text[start:end].split("\n")
    for index, line in enumerate(lines):
        if number + index not in program.strings and line.startswith(old) and line.strip():
            lines[index] = new + line[len(old) :]
    return "\n".join(lines)


def keyword(program: Program, block: Block, word: str) -> int | None:
    """Offset of the `else` (or the like) that opens `block`; None when it is an `elif`."""
    owner = block.owner
    if owner is None or block.chained:
        return None
    at = owner.blocks.index(block)
    start = owner.blocks[at - 1].stmts[-1].end if at else owner.start
    found = re.search(rf"^[ \t]*({word})\b", program.text[start : block.stmts[0].start], re.M)
    return start + found.start(1) if found else None
