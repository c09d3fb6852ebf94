"""Calls: another function or method, other arguments, another attribute, a missing `self.`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.core.genetic import syntax
from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.program import Change, Expr, Program

_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("min", "max", "sum"),
    ("any", "all"),
    ("sorted", "reversed", "list"),
    ("sum", "len", "max"),
    ("floor", "ceil", "round", "int", "trunc"),
    ("int", "float", "str", "bool"),
    ("list", "set", "tuple", "sorted", "dict"),
    ("range", "enumerate", "len"),
    ("zip", "enumerate"),
    ("map", "filter"),
    ("ord", "chr"),
    ("abs", "int"),
    ("isinstance", "issubclass"),
    ("heappush", "heappop", "heapify", "heappushpop", "heapreplace"),
    ("bisect_left", "bisect_right", "bisect", "insort"),
    ("permutations", "combinations", "product", "combinations_with_replacement"),
    ("sin", "cos", "tan"),
    ("log", "log2", "log10", "exp", "sqrt"),
    ("print", "str"),
)
_METHODS: tuple[tuple[str, ...], ...] = (
    ("append", "extend", "add", "insert", "appendleft"),
    ("add", "discard", "remove", "append", "update"),
    ("pop", "popleft", "remove", "get", "popitem"),
    ("remove", "discard", "append"),
    ("extend", "append", "update", "extendleft"),
    ("update", "add", "intersection_update", "difference_update"),
    ("upper", "lower", "title", "capitalize", "swapcase", "casefold"),
    ("isupper", "islower"),
    ("isdigit", "isalpha", "isalnum", "isnumeric", "isspace"),
    ("keys", "values", "items"),
    ("find", "index", "rfind", "rindex", "count"),
    ("startswith", "endswith"),
    ("strip", "lstrip", "rstrip"),
    ("split", "rsplit", "splitlines", "partition"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("issubset", "issuperset", "isdisjoint"),
    ("sort", "reverse"),
    ("ljust", "rjust", "center", "zfill"),
    ("get", "setdefault", "pop"),
)


def callee(program: Program) -> Iterator[Edit]:
    """Another function."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Name) or expr.role != "callee":
            continue
        near = _family(expr.text, _FAMILIES)
        here = [name for name in expr.names if program.is_function(name)]
        for name in near:
            yield program.replace(expr, name, syntax.ATOM, "callee", 0.75)
        for name in dict.fromkeys((*here, *program.given.callees)):
            if name != expr.text and name not in near:
                yield program.replace(expr, name, syntax.ATOM, "callee", 0.4)


def attribute(program: Program) -> Iterator[Edit]:
    """Another method or field."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Attribute):
            continue
        old = expr.node.attr
        near = _family(old, _METHODS)
        called = expr.role == "callee"
        for name in dict.fromkeys(
            (*near, *program.vocabulary.attributes, *program.given.attributes)
        ):
            if name == old:
                continue
            weight = (
                0.7
                if name in near
                else 0.4
                if program.vocabulary.is_method(name) == called
                else 0.1
            )
            if not near and not called and not program.vocabulary.is_method(name):
                weight = 0.75
            yield program.patch(
                Change(expr.end - len(old), expr.end, name), "attribute", weight, line=expr.line
            )


def arguments(program: Program) -> Iterator[Edit]:
    """An argument left out, added, or (in a recursive call) any of the function's parameters."""
    for expr in program.exprs:
        if not isinstance(expr.node, ast.Call):
            continue
        given = expr.children[1:]
        if len(given) > 1:
            yield from (_without(program, expr, given, index) for index in range(len(given)))
        bare = any(isinstance(each.node, ast.GeneratorExp) for each in given)
        if not expr.node.keywords and len(given) < 4 and not bare:
            yield from _with_more(program, expr, given)


def recursion(program: Program) -> Iterator[Edit]:
    """Arguments of a recursive call: one less, the rest of a sequence, another parameter."""
    for expr in program.exprs:
        function = expr.stmt.block.function
        if function is None or not _calls(expr, function.name):
            continue
        parameters = [name for name in function.parameters if name not in ("self", "cls")]
        for slot, argument in enumerate(expr.children[1:]):
            own = parameters[slot] if slot < len(parameters) else ""
            for name in dict.fromkeys((own, *parameters)):
                for text, weight in _steps(name) if name else ():
                    if text != argument.text:
                        share = 0.75 if name == own else 0.4
                        has = syntax.level_of(text)
                        yield program.replace(argument, text, has, "recursion", weight * share)


def sorting(program: Program) -> Iterator[Edit]:
    """How `sorted`, `sort`, `min` and `max` compare: turned round, by a part of each element."""
    for expr in program.exprs:
        match expr.node:
            case ast.Call(func=ast.Name(id="sorted" | "min" | "max" as name), keywords=[]):
                pass
            case ast.Call(func=ast.Attribute(attr="sort" as name), keywords=[]):
                pass
            case _:
                continue
        end = expr.end - 1
        comma = ", " if len(expr.children) > 1 else ""
        turned = () if name in ("min", "max") else (("reverse=True", 0.5),)
        for text, weight in (*turned, *_KEYS):
            words = f"`{text}` is given, too"
            change = Change(end, end, comma + text)
            yield program.patch(change, "sorting", weight, line=expr.line, words=words)


_KEYS = (("key=lambda e: e[1]", 0.3), ("key=lambda e: e[0]", 0.25), ("key=len", 0.25),
         ("key=lambda e: -e", 0.1), ("key=str", 0.1))  # fmt: skip


def missing_self(program: Program) -> Iterator[Edit]:
    """`count` → `self.count` where the class has such a field."""
    for expr in program.exprs:
        function = expr.stmt.block.function
        if not function or function.parameters[:1] not in (("self",), ("cls",)):
            continue
        owner = function.parameters[0]
        if isinstance(expr.node, ast.Name) and expr.text in program.given.attributes:
            yield program.replace(expr, f"{owner}.{expr.text}", syntax.ATOM, "missing self", 0.7)


def _without(program: Program, call: Expr, given: list[Expr], index: int) -> Edit:
    spans = [_span(program, call, each) for each in given]
    if index:
        start, end = spans[index - 1][1], spans[index][1]
    else:
        start, end = spans[0][0], spans[1][0]
    words = f"`{program.text[slice(*spans[index])]}` is left out"
    change = Change(start, end, "")
    return program.patch(change, "argument left out", 0.35, line=call.line, words=words)


def _span(program: Program, call: Expr, given: Expr) -> tuple[int, int]:
    """From the first to the last character of an argument, with its keyword and its brackets."""
    assert isinstance(call.node, ast.Call)
    for keyword in call.node.keywords:
        if keyword.value is given.node:
            word = f"{keyword.arg}" if keyword.arg else "**"
            return program.text.rfind(word, call.start, given.start), given.end
    return given.start, given.end


def _with_more(program: Program, call: Expr, given: list[Expr]) -> Iterator[Edit]:
    function = call.stmt.block.function
    own = function is not None and _calls(call, function.name)
    weight = 0.4 if own or not given else 0.2
    first = given[0].start if given else program.text.find("(", call.children[0].end) + 1
    known = {each.text for each in given}
    for name in call.names[:6]:
        if name in known or program.is_function(name):
            continue
        words = f"`{name}` is given, too"
        if given:
            end = given[-1].end
            change = Change(end, end, f", {name}")
            yield program.patch(change, "argument added", weight, line=call.line, words=words)
        change = Change(first, first, f"{name}, " if given else name)
        share = 0.7 if given else 1.0
        yield program.patch(change, "argument added", weight * share, line=call.line, words=words)


def _steps(name: str) -> Iterator[tuple[str, float]]:
    yield name, 0.8
    yield f"{name} - 1", 0.9
    yield f"{name} + 1", 0.7
    yield f"{name}[1:]", 0.8
    yield f"{name}[:-1]", 0.6
    yield f"{name}[0]", 0.4
    yield f"{name} // 2", 0.3
    yield f"{name} // 10", 0.3


def _calls(expr: Expr, name: str) -> bool:
    match expr.node:
        case ast.Call(func=ast.Name(id=called)):
            return called == name
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self" | "cls"), attr=called)):
            return called == name
    return False


def _family(name: str, families: tuple[tuple[str, ...], ...]) -> dict[str, None]:
    return {
        other: None for family in families if name in family for other in family if other != name
    }
