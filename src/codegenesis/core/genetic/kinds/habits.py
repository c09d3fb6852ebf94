"""Mistakes with a name of their own: what people who learn Python write, and what they meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.core.genetic import layout, syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.guess import COLLECTIONS
from codegenesis.core.genetic.program import Change, Expr, Program

_PURE = frozenset(
    {"replace", "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "split",
     "join", "union", "intersection", "difference", "copy", "format", "zfill", "swapcase"}
)  # fmt: skip
_IN_PLACE = frozenset({"sort", "reverse", "append", "extend", "insert", "add", "remove", "update"})
_RESULT = "result of a method"
_CHANGES = frozenset({"append", "remove", "pop", "insert", "extend", "clear", "discard", "add"})


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


def outputs(program: Program) -> Iterator[Edit]:
    """`print(x)` → `return x`; `return x` ↔ `yield x`; `yield x` → `yield from x`."""
    for stmt in program.stmts:
        for expr in stmt.exprs:
            here = (expr.start, expr.end)
            match expr.node:
                case ast.Call(func=ast.Name(id="print"), args=[_]) if expr.role == "effect":
                    text = f"return {program.flat(expr.children[1])}"
                    yield program.patch(Change(*here, text), "output", 0.8, line=stmt.line)
                case ast.Yield(value=value) if value is not None:
                    text = program.flat(expr.children[0])
                    yield program.patch(
                        Change(*here, f"yield from {text}"), "output", 0.7, line=stmt.line
                    )
                    yield program.patch(
                        Change(*here, f"return {text}"), "output", 0.3, line=stmt.line
                    )
                case ast.YieldFrom():
                    text = program.flat(expr.children[0])
                    yield program.patch(
                        Change(*here, f"yield {text}"), "output", 0.7, line=stmt.line
                    )
        if isinstance(stmt.node, ast.Return) and stmt.exprs:
            function = stmt.block.function
            weight = 0.5 if function and function.generator else 0.25
            end = stmt.start + len("return")
            yield program.patch(Change(stmt.start, end, "yield"), "output", weight, line=stmt.line)


def own_values(program: Program) -> Iterator[Edit]:
    """`x += y` → `x = x + y`: a new value, where `+=` changes the list that others see."""
    for stmt in program.stmts:
        match stmt.node:
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
                if isinstance(value, ast.Constant):
                    continue
                target, added = stmt.exprs
                text = f"{name} = {name} + {syntax.fit(added.text, added.level, syntax.PRODUCT)}"
                change = Change(target.start, added.end, text)
                yield program.patch(change, "copy", 0.3, line=stmt.line)


def copies(program: Program) -> Iterator[Edit]:
    """`b = a` → `b = a[:]`; a loop over a list that it changes → over a copy of it."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Name | ast.Attribute | ast.Subscript):
            continue
        if expr.role not in ("value", "iter", "arg", "element"):
            continue
        word = program.guess(expr)
        if word not in COLLECTIONS | {""} or word in ("text", "tuple"):
            continue
        changed = expr.role == "iter" and _changed_in(expr)
        weight = 0.85 if changed else 0.3 if word else 0.15
        ways = (f"{expr.text}[:]", f"list({expr.text})", f"{expr.text}.copy()")
        for text in ways[:1] if not changed and expr.role != "value" else ways:
            yield program.replace(expr, text, syntax.ATOM, "copy", weight)
            weight *= 0.8


def concatenations(program: Program) -> Iterator[Edit]:
    """`t + x` → `t + (x,)`, `xs + x` → `xs + [x]`, `s + n` → `s + str(n)`."""
    for expr in program.exprs:
        up = expr.parent
        added = expr.role == "operand" and up and isinstance(getattr(up.node, "op", None), ast.Add)
        if expr.role == "value" and isinstance(expr.stmt.node, ast.AugAssign):
            added = isinstance(expr.stmt.node.op, ast.Add)
        if not added:
            continue
        text, word = program.flat(expr), program.guess(expr)
        if word in ("", "number", "text", "tuple", "list"):
            yield program.replace(expr, f"[{text}]", syntax.ATOM, "concatenation", 0.45)
            yield program.replace(expr, f"({text},)", syntax.ATOM, "concatenation", 0.45)
        if word in ("", "number"):
            yield program.replace(expr, f"str({text})", syntax.ATOM, "concatenation", 0.35)
        if word in ("", "list", "many"):
            yield program.replace(expr, f"tuple({text})", syntax.ATOM, "concatenation", 0.3)


def extremes(program: Program) -> Iterator[Edit]:
    """`best = x` → `best = max(best, x)`, `max(0, x)` and the like."""
    for stmt in program.stmts:
        match stmt.node:
            case ast.Assign(targets=[ast.Name(id=name)]) if len(stmt.exprs) == 2:
                value = stmt.exprs[1]
                if program.guess(value) in COLLECTIONS | {"bool", "none"}:
                    continue
                weight = 0.55 if stmt.block.loop else 0.2
                text = program.flat(value)
                for word in ("max", "min"):
                    yield program.replace(
                        value, f"{word}({name}, {text})", syntax.ATOM, "extreme", weight
                    )
                yield program.replace(
                    value, f"max(0, {text})", syntax.ATOM, "extreme", weight * 0.7
                )
                yield program.replace(
                    value, f"min(0, {text})", syntax.ATOM, "extreme", weight * 0.3
                )


def powers(program: Program) -> Iterator[Edit]:
    """`x` → `x ** 2`, `2 * x`, `x // 2`, `x / 2`."""
    for expr in program.exprs:
        if expr.role not in ("operand", "arg", "return", "value", "compared", "bound", "index"):
            continue
        if not isinstance(expr.node, ast.Name | ast.Call | ast.Subscript | ast.BinOp):
            continue
        if program.guess(expr) not in ("number", "") or expr.role == "effect":
            continue
        weight = 0.3 if program.guess(expr) == "number" else 0.2
        if isinstance(expr.node, ast.Name):
            yield program.replace(expr, f"{expr.text} ** 2", syntax.POWER, "power", weight)
        text = syntax.fit(program.flat(expr), expr.level, syntax.PRODUCT)
        for done, share in ((f"{text} // 2", 0.8), (f"{text} * 2", 0.7), (f"{text} / 2", 0.4)):
            yield program.replace(expr, done, syntax.PRODUCT, "power", weight * share)


def results_as_tests(program: Program) -> Iterator[Edit]:
    """`return True` → `return x == 0`, and `return c` for a condition of the function."""
    from codegenesis.core.genetic.kinds.conjectures import conditions

    for stmt in program.stmts:
        if isinstance(stmt.node, ast.Return) and stmt.exprs:
            expr = stmt.exprs[0]
            if program.guess(expr) != "bool" or not isinstance(expr.node, ast.Constant | ast.Name):
                continue
            for text, weight in conditions(program, stmt):
                has = syntax.level_of(text)
                yield program.replace(expr, text, has, "condition", 0.7 * weight)


def _whole(program: Program, call: Expr, name: str) -> Iterator[Edit]:
    owner = call.children[0].children[0].text
    if name == "sort":
        yield program.replace(call, f"sorted({owner})", syntax.ATOM, _RESULT, 0.8)
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


def _changed_in(expr: Expr) -> bool:
    for node in ast.walk(expr.stmt.node):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in _CHANGES:
                if ast.unparse(owner) == expr.text:
                    return True
            case ast.Delete(targets=[ast.Subscript(value=owner)]):
                if ast.unparse(owner) == expr.text:
                    return True
    return False


def blank_returns(program: Program) -> Iterator[Edit]:
    """`return` → `return X`."""
    from codegenesis.core.genetic.kinds.conjectures import results

    for stmt in program.stmts:
        if isinstance(stmt.node, ast.Return):
            for text, weight in results(program, stmt):
                if not stmt.exprs:
                    end = layout.line_end(program, stmt.end)
                    del end
                    yield program.patch(
                        Change(stmt.end, stmt.end, f" {text}"),
                        "return",
                        0.6 * weight,
                        line=stmt.line,
                    )
                elif text != stmt.exprs[0].text:
                    has = syntax.level_of(text)
                    yield program.replace(stmt.exprs[0], text, has, "return", 0.6 * weight)


def replaced(program: Program) -> Iterator[Edit]:
    """An expression gives way to another of the function, of its callers or of its module."""
    from codegenesis.core.genetic.kinds.conjectures import readable, visible

    texts = program.given.expressions[:40]
    for expr in program.exprs:
        if expr.role not in ("arg", "value", "return", "compared", "operand", "iter", "bound",
                             "index", "target", "element", "choice"):  # fmt: skip
            continue
        if isinstance(expr.node, ast.Slice):
            continue
        word, store = program.guess(expr), expr.role == "target"
        names = {*visible(program, expr.stmt), *expr.names[:0]}
        for text in texts:
            node = syntax.expression(text)
            if node is None or text == expr.text or (store and not _storable(node, expr)):
                continue
            other = program.guesses(expr.stmt).of(node)
            if (word and other and word != other) or not readable(text, names, program):
                continue
            weight = 0.35 if (word == other and word) or store else 0.22
            yield program.replace(
                expr, text, syntax.level_of(text), "ingredient", weight * 40 / (40 + len(text))
            )


def _storable(node: ast.expr, expr: Expr) -> bool:
    return isinstance(node, ast.Subscript | ast.Attribute) and isinstance(
        expr.node, ast.Name | ast.Subscript | ast.Attribute
    )
