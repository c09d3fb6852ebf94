"""The words of a source: its variables and functions, what it asks and what it returns."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

import msgspec

from codegenesis.core.genetic.guess import METHODS
from codegenesis.core.genetic.ingredients import Ingredients
from codegenesis.core.genetic.syntax import expression

_LONGEST = 60


class Vocabulary(msgspec.Struct, eq=False):
    """What names mean in a source.

    Attributes:
        functions: names that are called or defined with `def`.
        first: line on which a variable is bound first; 0 for parameters.
        conditions: that are asked in the source, in its callers and in its module.
        returned: expressions that are returned.
        attributes: names after a dot.
        methods: those that are called.
        elsewhere: names that stand for something outside of the source.
        given: those of them that the source or its module is known to define.
    """

    functions: frozenset[str]
    first: dict[str, int]
    conditions: tuple[str, ...]
    returned: tuple[str, ...]
    attributes: tuple[str, ...]
    methods: frozenset[str]
    elsewhere: frozenset[str]
    given: frozenset[str]

    def foreign(self, name: str) -> bool:
        """Whether `name` can be read anywhere: a global of the module, or a builtin."""
        return name in self.elsewhere

    def defined(self, name: str) -> bool:
        """Whether something is known to define `name` outside of the function's variables."""
        return name in self.given or hasattr(builtins, name)

    def is_method(self, name: str) -> bool:
        """Whether what stands after the dot is called rather than read."""
        return name in self.methods or name in METHODS


def vocabulary(tree: ast.Module, given: Ingredients) -> Vocabulary:
    """The words of `tree`."""
    nodes = list(ast.walk(tree))
    first = _first(nodes)
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    functions = {each.id for each in called if isinstance(each, ast.Name)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    defs = {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    attributes = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    outside = names.difference(first).union(given.names, given.callees, defs, dir(builtins))
    return Vocabulary(
        functions=frozenset(functions | defs),
        first=first,
        conditions=tuple(dict.fromkeys(_conditions(nodes, given))),
        returned=tuple(dict.fromkeys(_returned(nodes))),
        attributes=tuple(dict.fromkeys(attributes)),
        methods=frozenset(each.attr for each in called if isinstance(each, ast.Attribute)),
        elsewhere=frozenset(outside),
        given=frozenset({*given.names, *given.callees, *defs, *_imported(nodes), *first}),
    )


def _first(nodes: list[ast.AST]) -> dict[str, int]:
    first: dict[str, int] = {}
    loops = (node.target for node in nodes if isinstance(node, ast.comprehension))
    hidden = {each for target in loops for each in ast.walk(target)}
    for node in nodes:
        match node:
            case ast.arg(arg=name):
                first[name] = 0
            case ast.Name(id=name, ctx=ast.Store(), lineno=line) if node not in hidden:
                first[name] = min(line, first.get(name, line))
            case ast.ExceptHandler(name=str(name), lineno=line):
                first[name] = min(line, first.get(name, line))
    return first


def _imported(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((each.asname or each.name).partition(".")[0] for each in names)
            case ast.Global(names=globals_) | ast.Nonlocal(names=globals_):
                yield from globals_
            case ast.ClassDef(name=name):
                yield name


def _conditions(nodes: list[ast.AST], given: Ingredients) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
                yield from _asked(test)
            case ast.Return(value=ast.Compare() | ast.BoolOp() as value):
                yield from _asked(value)
    for text in given.expressions:
        if isinstance(expression(text), ast.Compare | ast.BoolOp):
            yield text


def _asked(test: ast.expr) -> Iterator[str]:
    parts = test.values if isinstance(test, ast.BoolOp) else [test]
    for part in parts:
        if not isinstance(part, ast.Constant):
            text = ast.unparse(part)
            if len(text) <= _LONGEST:
                yield text


def _returned(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            text = ast.unparse(node.value)
            if len(text) <= _LONGEST:
                yield text
