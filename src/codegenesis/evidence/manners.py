"""Watching a function from inside the jail: a decorator around a fragment, for every kind of it.

What is to be watched is written down as the text of a decorator (the jail runs fragments and
nothing else), with marks where the kinds differ: a coroutine has to be awaited, a generator gone
through before there is anything to report, and the decorated function must be of the same kind as
the original, because it takes its place.

A closure's fragment cannot be decorated (a decorator's memory would be shared by closures over
other values), so there the `def` moves into a function of its name and parameters that decorates it
for the one call.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from codegenesis.evidence.plain import Built, value_of
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.model import Outcome
from codegenesis.parsing import syntax_tree

_TAKEN = """
    async def taken(items):
        found = []
        async for item in items:
            found.append(item)
            if len(found) == 1000:
                break
        return found
"""


class Manner(NamedTuple):
    """How a decorator calls a function of one kind, and gives its report in the same way.

    Attributes:
        take: an expression that runs it to its end.
        inside: statements, two levels deep, that stand in for it.
        give: in front of the report.
        relay: statements that give what `<call>` gives.
        helper: what `take` needs, one level deep.
    """

    take: str = "function(*args, **kwargs)"
    inside: str = "return function(*args, **kwargs)"
    give: str = "return"
    relay: str = "return <call>"
    is_async: bool = False
    helper: str = ""

    def write(self, template: str) -> str:
        """A decorator's text for functions of this kind."""
        text = template.replace("<async>", "async " if self.is_async else "")
        text = text.replace("<await>", "await " if self.is_async else "")
        for name in ("take", "inside", "give", "helper"):
            text = text.replace(f"<{name}>", getattr(self, name))
        return text


_PLAIN = Manner()
_GENERATOR = Manner(
    take="[item for item, _ in zip(function(*args, **kwargs), range(1000))]",
    inside="return (yield from function(*args, **kwargs))",
    give="yield",
    relay="return (yield from <call>)",
)
_COROUTINE = Manner(
    take="await function(*args, **kwargs)",
    inside="return await function(*args, **kwargs)",
    relay="return await <call>",
    is_async=True,
)
_ASYNC_GENERATOR = Manner(
    take="await taken(function(*args, **kwargs))",
    inside="async for item in function(*args, **kwargs):\n                yield item\n"
    "            return",
    give="yield",
    relay="async for item in <call>:\n    yield item",
    is_async=True,
    helper=_TAKEN,
)


def manner_of(function: ast.stmt) -> Manner:
    """The manner for a `def`."""
    yields = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _own(function))
    if isinstance(function, ast.AsyncFunctionDef):
        return _ASYNC_GENERATOR if yields else _COROUTINE
    return _GENERATOR if yields else _PLAIN


def dressed(source: str, template: str, decorator: str, *, free: Sequence[str] = ()) -> str:
    """The fragment with a decorator around its function; its lines stay in their order.

    Args:
        template: the text that defines `decorator`, with marks (`Manner`).
        free: the gene's free variables.
    """
    *before, node = syntax_tree(source).body
    assert isinstance(node, FunctionNode)
    manner = manner_of(node)
    written = manner.write(template)
    if free:
        around = ast.fix_missing_locations(_around(node, decorator, manner))
        return "\n".join([*map(ast.unparse, before), written, ast.unparse(around)]) + "\n"
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
    lines = source.splitlines(keepends=True)
    return "".join([*lines[:first], written, f"@{decorator}\n", *lines[first:]])


def reported(outcome: Outcome) -> Any:
    """The report in what a decorated function gave, whatever its kind."""
    value = value_of(outcome.value)
    if isinstance(value, Built) and value.type_name == "codegenesis:driven":
        return next(iter(value.parts[1]), None)
    return value


def _around(node: FunctionNode, decorator: str, manner: Manner) -> ast.stmt:
    """A `def` of the same head that decorates the function and calls it."""
    inner = copy.deepcopy(node)
    inner.returns = None
    for argument in ast.walk(inner.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    call = ast.unparse(
        _forwarded(syntax_tree(f"{decorator}({node.name})", mode="eval").body, inner)
    )
    outer = copy.deepcopy(inner)
    outer.decorator_list = []
    outer.body = [inner, *syntax_tree(manner.relay.replace("<call>", call)).body]
    return outer


def _forwarded(function: ast.expr, node: FunctionNode) -> ast.Call:
    own = node.args
    given: list[ast.expr] = [ast.Name(each.arg, ast.Load()) for each in own.posonlyargs + own.args]
    if own.vararg:
        given.append(ast.Starred(ast.Name(own.vararg.arg, ast.Load()), ast.Load()))
    named = [ast.keyword(each.arg, ast.Name(each.arg, ast.Load())) for each in own.kwonlyargs]
    if own.kwarg:
        named.append(ast.keyword(None, ast.Name(own.kwarg.arg, ast.Load())))
    return ast.Call(function, given, named)


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """What is in the function and not in one inside it."""
    for child in ast.iter_child_nodes(function):
        yield child
        if not isinstance(child, FunctionNode | ast.Lambda):
            yield from _own(child)
