"""Statements put in: copies of others, results, base cases, updates, jumps."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from codegenesis.core.genetic import layout, syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.kinds.conjectures import conditions, readable, results, visible
from codegenesis.core.genetic.layout import Place
from codegenesis.core.genetic.program import Change, Program, Stmt, shown

_MOST_COPIES = 24


def copied(program: Program) -> Iterator[Edit]:
    """A copy of a statement of the function, of its callers or of its module."""
    own = [text for stmt in program.stmts if (text := _simple(program, stmt))]
    every = {syntax.normal(text): text for text in (*program.given.statements, *own)}
    texts = [*dict.fromkeys((*own, *every.values()))][:_MOST_COPIES]
    for place in layout.places(program):
        names = {*visible(program, place.stmt), *_bound_by(place)}
        for text in texts:
            jump = text.startswith(("return", "raise", "continue", "break"))
            if (jump and not place.after) or not readable(text, names, program):
                continue
            if text in _neighbours(program, place):
                continue
            weight = (0.5 if text in own else 0.3) * (0.9 if jump else 1.0)
            yield from _put(program, place, [text], "copied statement", weight)


def returned(program: Program) -> Iterator[Edit]:
    """`return X` at the end of a block, above all at the end of the function."""
    for place in layout.places(program):
        if not place.after:
            continue
        last = place.block.owner is not None and place.block.owner.node in _functions(program)
        scale = 0.8 if last else 0.45
        for text, weight in results(program, _after(place)):
            yield from _put(program, place, [f"return {text}"], "return", scale * weight)


def base_cases(program: Program) -> Iterator[Edit]:
    """`if COND: return X` at the start of a function, of a loop, or before a recursive call."""
    for place in layout.places(program):
        scale = _wants_base_case(program, place)
        if not scale:
            continue
        tests = sorted(conditions(program, place.stmt), key=lambda each: -each[1])[:16]
        for text, weight in results(program, place.stmt)[:12]:
            for test, likely in tests:
                lines = [f"if {test}:", f"{program.unit}return {text}"]
                yield from _put(program, place, lines, "base case", scale * weight * likely)


def jumps(program: Program) -> Iterator[Edit]:
    """`break`, `continue`, alone or under a condition."""
    for place in layout.places(program):
        if not place.block.loop:
            continue
        if place.after and place.block.field in ("body", "orelse"):
            inner = not isinstance(
                place.block.owner and place.block.owner.node, ast.For | ast.While
            )
            for word in ("break", "continue") if inner else ("break",):
                yield from _put(program, place, [word], "jump", 0.5 if inner else 0.3)
        if place.after or isinstance(place.block.owner and place.block.owner.node, ast.If):
            continue
        for test, weight in conditions(program, place.stmt):
            for word in ("continue", "break"):
                lines = [f"if {test}:", f"{program.unit}{word}"]
                yield from _put(program, place, lines, "jump", 0.4 * weight)


def updates(program: Program) -> Iterator[Edit]:
    """`x += 1`, `x = y`, `x += y`, `xs.append(y)`, `seen.add(y)`, `x = 0`."""
    for place in layout.places(program):
        names = [*visible(program, place.stmt)][:9]
        for text, weight in _updates(program, place, names):
            if text not in _neighbours(program, place):
                yield from _put(program, place, [text], "update", weight)


def else_added(program: Program) -> Iterator[Edit]:
    """A missing `else`: with a result, a jump, or a copy of a statement."""
    own = [text for stmt in program.stmts if (text := _simple(program, stmt))]
    for stmt in program.stmts:
        if not isinstance(stmt.node, ast.If) or stmt.node.orelse or not stmt.alone:
            continue
        names = visible(program, stmt)
        found = {text: 0.45 for text in own if readable(text, names, program)}
        for text, weight in results(program, stmt)[:8]:
            found.setdefault(f"return {text}", 0.4 * weight)
        if stmt.block.loop:
            found |= {"break": 0.4, "continue": 0.3}
        at = layout.line_end(program, stmt.end)
        indent = program.text[layout.line_start(program, stmt.start) : stmt.start]
        for text, weight in found.items():
            body = f"\n{indent}else:\n{indent}{program.unit}{text}"
            words = f"`else: {shown(text)}` is added"
            yield program.patch(Change(at, at, body), "else", weight, line=stmt.line, words=words)


def _updates(program: Program, place: Place, names: list[str]) -> Iterator[tuple[str, float]]:
    known = program.guesses(place.stmt).seen
    function = place.block.function
    parameters = function.parameters if function else ()
    within = 0.4 if place.block.loop else 0.25
    for name in names:
        word, own = known.get(name, ""), name not in parameters
        if word == "number" and (own or place.block.loop):
            yield f"{name} += 1", within
            yield f"{name} -= 1", within * 0.8
        if own and word in _FRESH:
            yield f"{name} = {_FRESH[word]}", within * 0.8
        for text, weight in _METHODS.get(word, {}).items():
            yield f"{name}.{text}", weight
        for other in names:
            if other != name:
                yield from _with_other(name, word, other, known.get(other, ""), own, within)


def _with_other(  # noqa: PLR0917
    name: str, word: str, other: str, its: str, own: bool, within: float
) -> Iterator[tuple[str, float]]:
    like = its == word or not word or not its
    if like:
        yield f"{name} = {other}", within * 0.85
    if word in ("number", "text") and like and own:
        yield f"{name} += {other}", within * 0.6
    if word == "list" and its not in ("list", "set", "dict"):
        yield f"{name}.append({other})", within
        yield f"{name}.remove({other})", within * 0.6
    if word == "set":
        yield f"{name}.add({other})", within
    if word == "dict" and its in ("", "number", "text"):
        yield f"{name}[{other}] = 1", within * 0.5


#: What can be done to a collection with nothing else at hand.
_METHODS = {
    "list": {"reverse()": 0.25, "sort()": 0.25, "pop()": 0.2, "pop(0)": 0.15},
    "many": {"reverse()": 0.1, "sort()": 0.15, "pop()": 0.1},
    "set": {"pop()": 0.1},
}
_FRESH = {"number": "0", "list": "[]", "text": "''", "set": "set()", "dict": "{}", "bool": "False"}


def _put(
    program: Program, place: Place, lines: Sequence[str], kind: str, weight: float
) -> Iterator[Edit]:
    change = layout.put(program, place, lines)
    if change:
        words = f"`{shown(' '.join(lines))}` is added"
        yield program.patch(change, kind, weight, line=place.stmt.line, words=words)


def _simple(program: Program, stmt: Stmt) -> str:
    """The text of a statement that can be copied; empty otherwise."""
    if layout.compound(stmt) or stmt.fixed or stmt.block.function is None:
        return ""
    if isinstance(stmt.node, ast.Import | ast.ImportFrom | ast.Global | ast.Nonlocal | ast.Pass):
        return ""
    text = program.text[stmt.start : stmt.end]
    return text if "\n" not in text else ast.unparse(stmt.node)


def _neighbours(program: Program, place: Place) -> tuple[str, ...]:
    stmts = place.block.stmts
    index = place.stmt.index
    near = stmts[index : index + 1] if place.after else stmts[max(index - 1, 0) : index + 1]
    return tuple(program.text[each.start : each.end] for each in near)


def _bound_by(place: Place) -> set[str]:
    if not place.after:
        return set()
    return {each.id for each in ast.walk(place.stmt.node) if isinstance(each, ast.Name)}


def _after(place: Place) -> Stmt:
    return place.stmt


def _functions(program: Program) -> list[ast.AST]:
    return [each.node for each in program.functions]


def _wants_base_case(program: Program, place: Place) -> float:
    if place.after:
        return 0.0
    block = place.block
    first = all(each.fixed for each in block.stmts[: place.stmt.index])
    owner = block.owner
    if first and owner and owner.node in _functions(program):
        return 0.7
    function = block.function
    if function and _recurs(place.stmt.node, function.name) and not layout.compound(place.stmt):
        return 0.6
    if first and owner and isinstance(owner.node, ast.For | ast.While) and block.field == "body":
        return 0.35
    return 0.0


def _recurs(node: ast.AST, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(node))
