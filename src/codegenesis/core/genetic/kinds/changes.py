"""Methods that change what they are called on, and methods that give something new: mistaken."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.guess import METHODS
from codegenesis.core.genetic.program import Change, Expr, Program

_PURE = frozenset(
    {"replace", "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "split",
     "join", "union", "intersection", "difference", "copy", "format", "zfill", "swapcase"}
)  # fmt: skip


_IN_PLACE = frozenset({"sort", "reverse", "append", "extend", "insert", "add", "remove", "update"})


_RESULT = "result of a method"


def results_of_methods(program: Program) -> Iterator[Edit]:
    """`x = x.sort()` → `x.sort()`, `s.replace(…)` → `s = s.replace(…)`, `f(x)` → `return f(x)`."""
    for stmt in program.stmts:
        call = stmt.exprs[-1] if stmt.exprs else None
        if call is None or not isinstance(call.node, ast.Call):
            continue
        match stmt.node, call.node.func:
            case ast.Assign(targets=[ast.Name()]), ast.Attribute(attr=name) if name in _IN_PLACE:
                change = Change(stmt.start, call.end, call.text)
                yield program.patch(change, _RESULT, 0.8, line=stmt.line)
                yield from _whole(program, call, name)
            case ast.Expr(), ast.Attribute(value=ast.Name(id=owner), attr=name):
                weight = 0.8 if name in _PURE else 0.15
                change = Change(call.start, call.start, f"{owner} = ")
                yield program.patch(change, _RESULT, weight, line=stmt.line)
            case ast.Expr(), ast.Name() if _recursive(call):
                change = Change(call.start, call.start, "return ")
                yield program.patch(change, _RESULT, 0.8, line=stmt.line)
            case ast.Return(), ast.Attribute(attr=name) if name in _IN_PLACE:
                yield from _return_of_change(program, call)


def values_of_changes(program: Program) -> Iterator[Edit]:
    """`out.append(xs.remove(x))` → `out.append(x)`, then `xs.remove(x)`: changes give no value."""
    for expr in program.exprs:
        match expr.node:
            case ast.Call(func=ast.Attribute(attr=name), args=[_], keywords=[]) if (
                name in _IN_PLACE and expr.parent and expr.role != "effect"
            ):
                argument = program.flat(expr.children[1])
                yield program.replace(expr, argument, expr.children[1].level, _RESULT, 0.7)
                stmt = expr.stmt
                if stmt.alone and not stmt.blocks:
                    text = syntax.fit(argument, expr.children[1].level, expr.need)
                    rest = program.text[expr.end : stmt.end]
                    line = f"\n{stmt.block.indent}{program.flat(expr)}"
                    change = Change(expr.start, stmt.end, f"{text}{rest}{line}")
                    yield program.patch(change, _RESULT, 0.75, line=stmt.line)
    for stmt in program.stmts:
        match stmt.node:
            case (
                ast.AugAssign(target=target, value=ast.Call(func=ast.Attribute(attr=name)))
                | ast.Assign(targets=[target], value=ast.Call(func=ast.Attribute(attr=name)))
            ) if name in _IN_PLACE:
                call = stmt.exprs[1]
                owner = call.children[0].children[0]
                text = ast.unparse(target) + program.text[owner.end : call.end]
                change = Change(stmt.start, stmt.end, text)
                yield program.patch(change, _RESULT, 0.75, line=stmt.line)


def in_order(program: Program) -> Iterator[Edit]:
    """`set(xs)` → `list(dict.fromkeys(xs))`, `sorted(set(xs), key=xs.index)`: no order is lost."""
    for expr in program.exprs:
        match expr.node:
            case ast.Call(func=ast.Name(id="set"), args=[_], keywords=[]):
                text = program.flat(expr.children[1])
                up = expr.parent
                wrapped = up is not None and up.text == f"list({expr.text})"
                whole = up if wrapped and up else expr
                for done in (
                    f"list(dict.fromkeys({text}))",
                    f"sorted({expr.text}, key={text}.index)",
                ):
                    yield program.replace(whole, done, syntax.ATOM, "order", 0.4)


def result_of_update(program: Program) -> Iterator[Edit]:
    """`a.update(b)` → `a = b`, `a.append(b)` → `a += b`, `a = a + [b]`, `return`, `yield`."""
    for stmt in program.stmts:
        match stmt.node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(), args=[_], keywords=[])):
                call = stmt.exprs[0]
                owner, argument = call.children[0].children[0], program.flat(call.children[1])
                name = call.children[0].node.attr  # type: ignore[attr-defined]
                plain = f"{owner.text} = {argument}"
                yield program.patch(
                    Change(call.start, call.end, plain), "assignment", 0.4, line=stmt.line
                )
                if name in ("append", "extend", "add"):
                    for text in (f"{owner.text} += {argument}", f"{owner.text} += [{argument}]"):
                        yield program.patch(
                            Change(call.start, call.end, text), "assignment", 0.3, line=stmt.line
                        )


def _whole(program: Program, call: Expr, name: str) -> Iterator[Edit]:
    owner = call.children[0].children[0].text
    if name == "sort":
        yield program.replace(call, f"sorted({owner})", syntax.ATOM, _RESULT, 0.8)
    elif name == "append" and len(call.children) == 2:
        text = f"{owner} + [{program.flat(call.children[1])}]"
        yield program.replace(call, text, syntax.SUM, _RESULT, 0.7)
    elif name == "reverse":
        yield program.replace(call, f"{owner}[::-1]", syntax.ATOM, _RESULT, 0.8)


def _recursive(expr: Expr) -> bool:
    function = expr.stmt.block.function
    match expr.node:
        case ast.Call(func=ast.Name(id=name)):
            return function is not None and name == function.name
    return False


def _return_of_change(program: Program, call: Expr) -> Iterator[Edit]:
    stmt = call.stmt
    owner = call.children[0].children[0]
    lines = [call.text, f"return {owner.text}"]
    if stmt.alone and "\n" not in call.text:
        text = f"\n{stmt.block.indent}".join(lines)
        yield program.patch(Change(stmt.start, stmt.end, text), _RESULT, 0.8, line=stmt.line)
    if call.text.endswith((".sort()", ".reverse()")):
        text = f"sorted({owner.text})" if call.text.endswith("sort()") else f"{owner.text}[::-1]"
        yield program.replace(call, text, syntax.ATOM, _RESULT, 0.7)
    if len(call.children) == 2 and call.text.find(".append(") > 0:
        text = f"{owner.text} + [{program.flat(call.children[1])}]"
        yield program.replace(call, text, syntax.SUM, _RESULT, 0.7)


def not_called(program: Program) -> Iterator[Edit]:
    """`xs.sort` → `xs.sort()`: a method named, not called."""
    for expr in program.exprs:
        named = isinstance(expr.node, ast.Attribute) and expr.node.attr in METHODS
        if named and expr.role not in ("callee", "target"):
            yield program.replace(expr, f"{program.flat(expr)}()", syntax.ATOM, "call", 0.8)


def without_effect(program: Program) -> Iterator[Edit]:
    """`x == y` → `x = y`, `x + y` → `x += y`, `x` → `return x`: a statement that does nothing."""
    for stmt in program.stmts:
        if not isinstance(stmt.node, ast.Expr) or stmt.fixed or not stmt.exprs:
            continue
        (expr,) = stmt.exprs
        match expr.node:
            case ast.Compare(left=ast.Name() | ast.Subscript() | ast.Attribute(), ops=[ast.Eq()]):
                left, right = expr.children
                change = Change(left.end, right.start, " = ")
                yield program.patch(change, "assignment", 0.85, line=stmt.line)
            case ast.BinOp(left=ast.Name() | ast.Subscript() | ast.Attribute()):
                left, right = expr.children
                between = program.text[left.end : right.start].strip("() ")
                change = Change(left.end, right.start, f" {between}= ")
                yield program.patch(change, "assignment", 0.8, line=stmt.line)
            case ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom():
                continue
        change = Change(expr.start, expr.start, "return ")
        yield program.patch(change, "output", 0.5, line=stmt.line)
