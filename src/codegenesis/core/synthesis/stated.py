"""Examples that stand in the text: doctests, and asserts of tests on literal values.

Read, not run: `>>> double(3)` above `6`, `assert double(3) == 6`, `with pytest.raises(ValueError):
double(None)`. What is no literal is passed over; the tests themselves decide in the end.
"""

from __future__ import annotations

import ast
import doctest
from collections.abc import Iterator
from typing import Any

from codegenesis import wire
from codegenesis.arena.messages import Example
from codegenesis.errors import WireError
from codegenesis.parsing import syntax_tree

_BAD = (ValueError, SyntaxError, TypeError, WireError, MemoryError, RecursionError)


def stated(text: str, name: str) -> tuple[Example, ...]:
    """Examples of the function `name`, each once, in the order of the text.

    Args:
        text: of the function, of its module, or of a test file.
    """
    found = [*_of_docstrings(text, name), *_of_asserts(text, name)]
    return tuple(dict.fromkeys(found))


def _of_docstrings(text: str, name: str) -> Iterator[Example]:
    try:
        tree = syntax_tree(text)
    except _BAD:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            yield from _of_doctest(ast.get_docstring(node) or "", name)


def _of_doctest(docstring: str, name: str) -> Iterator[Example]:
    try:
        examples = doctest.DocTestParser().get_examples(docstring)
    except ValueError:
        return
    for example in examples:
        call = _expression(example.source)
        if example.exc_msg:
            yield from _raising(call, name, example.exc_msg.partition(":")[0].strip())
        elif example.want.strip():
            yield from _returning(call, _expression(example.want), name)


def _of_asserts(text: str, name: str) -> Iterator[Example]:
    try:
        tree = syntax_tree(text)
    except _BAD:
        return
    for node in sorted(ast.walk(tree), key=lambda node: getattr(node, "lineno", 0)):
        if isinstance(node, ast.Assert):
            yield from _of_assert(node.test, name)
        elif isinstance(node, ast.With):
            yield from _of_raises(node, name)
        elif isinstance(node, ast.FunctionDef):
            yield from _of_parameters(node, name)


def _of_assert(test: ast.expr, name: str) -> Iterator[Example]:
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        if isinstance(test.ops[0], ast.Eq | ast.Is):
            yield from _returning(test.left, test.comparators[0], name)
            yield from _returning(test.comparators[0], test.left, name)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _returning(test.operand, ast.Constant(False), name, only_bool=True)
    else:
        yield from _returning(test, ast.Constant(True), name, only_bool=True)


def _of_raises(node: ast.With, name: str) -> Iterator[Example]:
    context = node.items[0].context_expr
    if isinstance(context, ast.Call) and context.args and len(node.body) == 1:
        statement = node.body[0]
        if ast.unparse(context.func).endswith("raises") and isinstance(statement, ast.Expr):
            yield from _raising(statement.value, name, ast.unparse(context.args[0]))


def _of_parameters(node: ast.FunctionDef, name: str) -> Iterator[Example]:
    """`@pytest.mark.parametrize("x, y", [(1, 2)])` over `assert f(x) == y`."""
    asserts = [each.test for each in ast.walk(node) if isinstance(each, ast.Assert)]
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("parametrize"):
            for values in _rows(mark):
                for test in asserts:
                    yield from _of_assert(_Given(values).visit(_copy(test)), name)


def _rows(mark: ast.Call) -> Iterator[dict[str, ast.expr]]:
    try:
        names = ast.literal_eval(mark.args[0])
    except (*_BAD, IndexError):
        return
    names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
    table = mark.args[1] if len(mark.args) > 1 else None
    for row in table.elts if isinstance(table, ast.List | ast.Tuple) else ():
        cells = row.elts if isinstance(row, ast.Tuple | ast.List) and len(names) > 1 else [row]
        if len(cells) == len(names):
            yield dict(zip(names, cells, strict=True))


class _Given(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._values.get(node.id, node)


def _copy(node: ast.expr) -> ast.expr:
    return syntax_tree(ast.unparse(node), mode="eval").body


def _expression(text: str) -> ast.expr:
    try:
        return syntax_tree(text.strip(), mode="eval").body
    except _BAD:
        return ast.Name("?")


def _returning(
    call: ast.expr, result: ast.expr, name: str, *, only_bool: bool = False
) -> Iterator[Example]:
    if only_bool and not isinstance(call, ast.Call):
        return
    try:
        encoded = _call(call, name)
        if encoded is not None:
            yield Example(call=encoded, result=wire.encode(ast.literal_eval(result)))
    except _BAD:
        return


def _raising(call: ast.expr, name: str, exception: str) -> Iterator[Example]:
    try:
        encoded = _call(call, name)
        if encoded is not None and exception.replace(".", "").isidentifier():
            yield Example(call=encoded, raises=exception)
    except _BAD:
        return


def _call(node: ast.expr, name: str) -> bytes | None:
    """The arguments of a call of that function; raises when they are no literals."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] != name:
        return None
    args: list[Any] = [ast.literal_eval(each) for each in node.args]
    kwargs = {str(each.arg): ast.literal_eval(each.value) for each in node.keywords}
    return wire.encode_call(tuple(args), kwargs)
