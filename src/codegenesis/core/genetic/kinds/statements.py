"""Statements left out, swapped, moved, indented, unwrapped, put under a condition."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.core.genetic import layout
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.kinds.conjectures import conditions
from codegenesis.core.genetic.program import Block, Change, Program, Stmt, shown


def deleted(program: Program) -> Iterator[Edit]:
    """A statement left out."""
    for stmt in program.stmts:
        block = stmt.block
        if block.function is None or stmt.fixed or isinstance(stmt.node, ast.Pass):
            continue
        weight = 0.25 if layout.compound(stmt) else 0.5
        if isinstance(stmt.node, ast.Return) and block.owner and block.field == "body":
            weight = 0.4
        words = f"`{_head(program, stmt)}` is left out"
        change = _without(program, stmt)
        if change:
            yield program.patch(change, "deleted", weight, line=stmt.line, words=words)


def branches(program: Program) -> Iterator[Edit]:
    """An `else` or an `elif` with all that is in it, left out."""
    for block in program.blocks:
        owner = block.owner
        if owner is None or block.field != "orelse" or block.function is None:
            continue
        if block.chained:
            (inner,) = block.stmts
            start = layout.line_start(program, inner.start)
            end = layout.line_end(program, inner.blocks[0].stmts[-1].end)
        else:
            found = layout.keyword(program, block, "else")
            if found is None or not block.stmts[-1].alone:
                continue
            start = layout.line_start(program, found)
            end = layout.line_end(program, block.stmts[-1].end)
        words = f"`{shown(program.text[start:end])}` is left out"
        yield program.patch(
            Change(start, _past(program, end), ""),
            "deleted",
            0.35,
            line=block.stmts[0].line,
            words=words,
        )


def swapped(program: Program) -> Iterator[Edit]:
    """Two neighbours change places."""
    for block in program.blocks:
        for one, other in zip(block.stmts, block.stmts[1:], strict=False):
            if not (layout.movable(one) and layout.movable(other)):
                continue
            first, second = (
                layout.lines_of(program, one, one),
                layout.lines_of(program, other, other),
            )
            text = program.text
            moved = text[slice(*second)] + text[first[1] : second[0]] + text[slice(*first)]
            words = f"`{_head(program, one)}` ↔ `{_head(program, other)}`"
            weight = 0.3 if layout.compound(one) or layout.compound(other) else 0.55
            yield program.patch(
                Change(first[0], second[1], moved), "moved", weight, line=one.line, words=words
            )


def dedented(program: Program) -> Iterator[Edit]:
    """A statement, or all from it on, goes out of its block: after it, or before it."""
    for stmt in program.stmts:
        owner = stmt.block.owner
        if not layout.movable(stmt) or owner is None or stmt.block.inline:
            continue
        for outer in _outer(stmt):
            for change, weight in _out_of(program, stmt, outer):
                words = f"`{_head(program, stmt)}` goes out of `{_head(program, outer)}`"
                yield program.patch(change, "moved", weight, line=stmt.line, words=words)


def nested(program: Program) -> Iterator[Edit]:
    """A statement, or all from it on, goes into the block above it."""
    for stmt in program.stmts:
        if not layout.movable(stmt) or stmt.index == 0:
            continue
        above = stmt.block.stmts[stmt.index - 1]
        for block in _open(above):
            last = stmt.block.stmts[-1]
            rest = stmt.block.stmts[stmt.index :]
            words = f"`{_head(program, stmt)}` goes into `{_head(program, above)}`"
            for end in dict.fromkeys((stmt.index, last.index)):
                until = stmt.block.stmts[end]
                if not all(layout.movable(each) for each in rest[: end - stmt.index + 1]):
                    continue
                text = layout.indented(program, stmt, until, block.indent)
                span = layout.lines_of(program, stmt, until)
                weight = 0.6 if end == stmt.index else 0.4
                yield program.patch(
                    Change(*span, text), "moved", weight, line=stmt.line, words=words
                )


def into_next(program: Program) -> Iterator[Edit]:
    """A statement goes into the loop or the branch that follows it, as its first."""
    for block in program.blocks:
        for stmt, below in zip(block.stmts, block.stmts[1:], strict=False):
            if not layout.movable(stmt) or layout.compound(stmt) or not layout.movable(below):
                continue
            for inner in below.blocks:
                if inner.inline or inner.chained or not inner.stmts[0].alone:
                    continue
                span = layout.lines_of(program, stmt, stmt)
                at = layout.line_start(program, inner.stmts[0].start)
                kept = program.text[_past(program, span[1]) : at]
                text = f"{kept}{layout.indented(program, stmt, stmt, inner.indent)}\n"
                words = f"`{_head(program, stmt)}` goes into `{_head(program, below)}`"
                yield program.patch(
                    Change(span[0], at, text), "moved", 0.5, line=stmt.line, words=words
                )


def unwrapped(program: Program) -> Iterator[Edit]:
    """An `if`, a loop or a `try` gives way to what is in it."""
    for stmt in program.stmts:
        if not layout.movable(stmt) or not stmt.blocks or isinstance(stmt.node, ast.With):
            continue
        start, end = layout.lines_of(program, stmt, stmt)
        for block in stmt.blocks:
            if block.inline or block.chained or not block.stmts[-1].alone:
                continue
            text = layout.indented(program, block.stmts[0], block.stmts[-1], stmt.block.indent)
            words = f"`{_head(program, stmt)}` gives way to what is in it"
            yield program.patch(
                Change(start, end, text), "unwrapped", 0.35, line=stmt.line, words=words
            )


def else_opened(program: Program) -> Iterator[Edit]:
    """What follows an `if` goes into its `else`; what is in an `else` comes after the `if`."""
    for stmt in program.stmts:
        if isinstance(stmt.node, ast.If | ast.For | ast.While):
            yield from _else_closed(program, stmt)
        if not layout.movable(stmt) or not stmt.index:
            continue
        above = stmt.block.stmts[stmt.index - 1]
        if not isinstance(above.node, ast.If) or not above.alone or _has_else(above.node):
            continue
        indent = stmt.block.indent
        for until in dict.fromkeys((stmt.index, len(stmt.block.stmts) - 1)):
            last = stmt.block.stmts[until]
            text = layout.indented(program, stmt, last, indent + program.unit)
            span = layout.lines_of(program, stmt, last)
            words = f"`{_head(program, stmt)}` goes into an `else`"
            yield program.patch(
                Change(*span, f"{indent}else:\n{text}"), "else", 0.45, line=stmt.line, words=words
            )


def guarded(program: Program) -> Iterator[Edit]:
    """A statement goes under a condition."""
    for stmt in program.stmts:
        if not layout.movable(stmt) or isinstance(stmt.node, ast.If | ast.Pass):
            continue
        start, end = layout.lines_of(program, stmt, stmt)
        indent = stmt.block.indent
        text = layout.indented(program, stmt, stmt, indent + program.unit)
        scale = 0.3 if layout.compound(stmt) else 0.45
        near = stmt.exprs[-1] if stmt.exprs else None
        for test, weight in conditions(program, stmt, near):
            changed = f"{indent}if {test}:\n{text}"
            words = f"`{_head(program, stmt)}` only `if {test}`"
            yield program.patch(
                Change(start, end, changed), "guarded", scale * weight, line=stmt.line, words=words
            )


def _without(program: Program, stmt: Stmt) -> Change | None:
    if stmt.block.chained:
        return None  # `branches` does it
    if len(stmt.block.stmts) == 1:
        return Change(stmt.start, stmt.end, "pass")
    if stmt.alone:
        start, end = layout.lines_of(program, stmt, stmt)
        return Change(start, _past(program, end), "")
    return Change(stmt.start, stmt.end, "pass")


def _past(program: Program, end: int) -> int:
    """Past the line break."""
    return end + 1 if program.text.startswith("\n", end) else end


def _outer(stmt: Stmt) -> Iterator[Stmt]:
    """The compound statements around `stmt`, innermost first, within its function."""
    owner = stmt.block.owner
    while owner and owner.block.function is stmt.block.function:
        if not owner.alone:
            return
        if not owner.block.chained:
            yield owner
        owner = owner.block.owner


def _out_of(program: Program, stmt: Stmt, outer: Stmt) -> Iterator[tuple[Change, float]]:
    """After `outer`, alone or with what follows it; before `outer`."""
    siblings = stmt.block.stmts
    indent = outer.block.indent
    start, end = layout.lines_of(program, stmt, stmt)
    close = layout.line_end(program, outer.end)
    if len(siblings) > 1:
        alone = layout.indented(program, stmt, stmt, indent)
        kept = program.text[_past(program, end) : close]
        after = f"{kept}\n{alone}" if end < close else alone
        yield Change(start, close, after), 0.65
        if not layout.compound(stmt):
            open_ = layout.line_start(program, outer.start)
            before = f"{alone}\n{program.text[open_:start]}"
            yield Change(open_, end, before.rstrip("\n")), 0.35
    if 0 < stmt.index < len(siblings) - 1 and all(map(layout.movable, siblings[stmt.index :])):
        last = layout.lines_of(program, stmt, siblings[-1])[1]
        together = layout.indented(program, stmt, siblings[-1], indent)
        kept = program.text[_past(program, last) : close]
        yield Change(start, close, f"{kept}\n{together}" if last < close else together), 0.45


def _open(stmt: Stmt) -> Iterator[Block]:
    """Blocks that a line after `stmt` could belong to by its indentation alone."""
    while stmt.blocks:
        block = stmt.blocks[-1]
        if block.inline or not block.stmts[-1].alone:
            return
        if not block.chained and not isinstance(stmt.node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield block
        stmt = block.stmts[-1]


def _has_else(node: ast.If) -> bool:
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
    return bool(node.orelse)


def _else_closed(program: Program, stmt: Stmt) -> Iterator[Edit]:
    block = stmt.blocks[-1]
    if block.field != "orelse" or block.inline or block.chained or not block.stmts[-1].alone:
        return
    found = layout.keyword(program, block, "else")
    if found is None:
        return
    start = layout.line_start(program, found)
    first, end = layout.lines_of(program, block.stmts[0], block.stmts[-1])
    base = program.text[start:found]
    for outer in (stmt, *_outer(stmt)):
        if outer is not stmt and layout.line_end(program, outer.end) != end:
            continue  # something follows: the lines would have to jump over it
        indent = base if outer is stmt else outer.block.indent
        text = layout.reindented(program, first, end, block.indent, indent)
        words = f"what is in the `else` comes after `{_head(program, outer)}`"
        yield program.patch(
            Change(start, end, text), "else", 0.6, line=block.stmts[0].line, words=words
        )


def _head(program: Program, stmt: Stmt) -> str:
    text = program.text[stmt.start : stmt.end]
    return shown(text.partition("\n")[0] if stmt.blocks else text)
