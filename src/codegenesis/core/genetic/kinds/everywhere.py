"""One change at several places at once: a name or a part that was mistaken throughout.

A single edit at each place would make the program worse before it gets better, so a search that
climbs would never get there.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

from codegenesis.core.genetic import layout, syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.program import Change, Expr, Function, Program, shown

_FRESH = ("[]", "0", "''", "set()", "{}", "None", "1")


def unknown_names(program: Program) -> Iterator[Edit]:
    """A name that nothing defines: another name for all its uses, or a first value for it."""
    for function in program.functions:
        for name, uses in _unknown(program, function).items():
            for other in _others(program, function, name):
                yield _all(program, uses, other, "unknown name", 0.9)
            for place in _starts(program, function, uses[0]):
                for value in _FRESH:
                    change = layout.put(program, place, [f"{name} = {value}"])
                    if change:
                        words = f"`{name} = {value}` is added"
                        yield program.patch(
                            change, "unknown name", 0.8, line=place.stmt.line, words=words
                        )


def variables(program: Program) -> Iterator[Edit]:
    """Another variable at all its places in a statement."""
    for uses in _repeated(program):
        for name in uses[0].names[:8]:
            if name != uses[0].text and not program.is_function(name):
                yield _all(program, uses, name, "everywhere", 0.3)


def constants(program: Program) -> Iterator[Edit]:
    """Another constant, or a variable, wherever the function has this one."""
    found: dict[tuple[int, str], list[Expr]] = defaultdict(list)
    for expr in program.exprs:
        if isinstance(expr.node, ast.Constant) and expr.role != "default":
            found[id(expr.stmt.block.function), expr.text].append(expr)
    for uses in found.values():
        if 1 < len(uses) < 6:
            value = uses[0].node.value  # type: ignore[attr-defined]
            near = [str(value + 1), str(value - 1)] if type(value) is int else []
            for text in [*near, *uses[0].names[:6]]:
                if not program.is_function(text):
                    yield _all(program, uses, text, "everywhere", 0.25)


def suffixes(program: Program) -> Iterator[Edit]:
    """`a[i][1] = b[1]` → `a[i] = b`: the same index or field left out throughout a statement."""
    for stmt in program.stmts:
        found: dict[str, list[Expr]] = defaultdict(list)
        for expr in _within(program, stmt.exprs):
            if isinstance(expr.node, ast.Subscript | ast.Attribute) and expr.role != "callee":
                base = expr.children[0]
                found[program.text[base.end : expr.end]].append(expr)
        for suffix, uses in found.items():
            if len(uses) > 1 and not any(_nested(one, uses) for one in uses):
                changes = [(each.children[0].end, each.end, "") for each in uses]
                words = f"`{shown(suffix)}` is left out throughout"
                yield _together(program, changes, "everywhere", 0.35, words)


def added_suffixes(program: Program) -> Iterator[Edit]:
    """`a > b` → `a[1] > b[1]`, `len(a) > len(b)`, `a.x > b.x`: both sides of a comparison."""
    seen = {program.text[e.children[0].end : e.end] for e in program.exprs if _is_part(e)}
    ends = [*dict.fromkeys(("[0]", "[1]", "[-1]", ".lower()", *sorted(seen)))]
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Compare) or len(expr.children) != 2:
            continue
        if any(isinstance(each.node, ast.Constant) for each in expr.children):
            continue
        left, right = expr.children
        for end in ends:
            weight = 0.3 if end in seen else 0.2
            pair = [(e.end, e.end, end) for e in (left, right) if e.level == syntax.ATOM]
            if len(pair) == 2:
                words = f"`{end}` on both sides"
                yield _together(program, pair, "everywhere", weight, words)
        pair = [(each.start, each.end, f"len({each.text})") for each in (left, right)]
        yield _together(program, pair, "everywhere", 0.2, "`len` on both sides")


def parts_seen(program: Program) -> Iterator[Edit]:
    """`x` → `x[1]`, `x.name`: an index or a field that the function asks of something else."""
    seen = [program.text[e.children[0].end : e.end] for e in program.exprs if _is_part(e)]
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Name) or expr.role not in _PARTS:
            continue
        if program.guess(expr) in ("number", "bool", "none"):
            continue
        for end in list(dict.fromkeys(seen))[:8]:
            yield program.replace(expr, f"{expr.text}{end}", syntax.ATOM, "index", 0.4)


_PARTS = frozenset({"compared", "arg", "value", "return", "operand", "element", "iter", "index"})


def _is_part(expr: Expr) -> bool:
    """Whether it reads an index or a field of something."""
    plain = isinstance(expr.node, ast.Subscript | ast.Attribute) and expr.role != "callee"
    return plain and expr.end - expr.children[0].end < 16


def _unknown(program: Program, function: Function) -> dict[str, list[Expr]]:
    """Uses of each name that is read and bound nowhere."""
    found: dict[str, list[Expr]] = defaultdict(list)
    for expr in program.exprs:
        if isinstance(expr.node, ast.Name) and expr.stmt.block.function is function:
            name = expr.text
            if name not in expr.names and not program.vocabulary.defined(name):
                found[name].append(expr)
    return found


def _others(program: Program, function: Function, name: str) -> list[str]:
    known = [each for each in function.names if each != name and not program.is_function(each)]
    return known[:10]


def _starts(program: Program, function: Function, use: Expr) -> Iterator[layout.Place]:
    """Before the first statement of the function, and before that which holds the first use."""
    body = next(
        block for block in program.blocks if block.owner and block.owner.node is function.node
    )
    first = next((each for each in body.stmts if not each.fixed), None)
    if first is not None:
        yield layout.Place(first, after=False)
        if use.stmt.block is not body and use.stmt is not first:
            yield layout.Place(use.stmt, after=False)


def _repeated(program: Program) -> list[list[Expr]]:
    found: dict[tuple[int, str], list[Expr]] = defaultdict(list)
    for expr in program.exprs:
        if isinstance(expr.node, ast.Name) and expr.role != "callee":
            found[id(expr.stmt), expr.text].append(expr)
    return [uses for uses in found.values() if len(uses) > 1]


def _within(program: Program, exprs: Sequence[Expr]) -> Iterator[Expr]:
    for expr in exprs:
        yield expr
        yield from program.inside(expr)


def _nested(one: Expr, uses: Sequence[Expr]) -> bool:
    return any(
        other is not one and other.start <= one.start < one.end <= other.end for other in uses
    )


def _all(program: Program, uses: Sequence[Expr], text: str, kind: str, weight: float) -> Edit:
    has = syntax.level_of(text)
    changes = [(each.start, each.end, syntax.fit(text, has, each.need)) for each in uses]
    words = f"`{uses[0].text}` → `{text}`" + (" throughout" if len(uses) > 1 else "")
    return _together(program, changes, kind, weight, words)


def _together(
    program: Program, changes: list[tuple[int, int, str]], kind: str, weight: float, words: str
) -> Edit:
    """Several changes as one, from the first to the last."""
    changes.sort()
    at = changes[0][0]
    parts: list[str] = []
    for start, end, text in changes:
        parts += (program.text[at:start], text)
        at = end
    change = Change(changes[0][0], at, "".join(parts))
    line = program.line_at(change.start)
    return program.patch(change, kind, weight, line=line, words=words)
