"""Functions inside functions: their code objects are constants of the code around them.

An inner function is made anew each time that the outer one runs, from a constant. So what the
functions to come shall run is decided by exchanging that constant; those that exist have a
`__code__` of their own.
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable, Iterator

from codegenesis.errors import FragmentError
from codegenesis.fragment.definition import Definition
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.parsing import literal, syntax_tree

#: What stands between the names of a function and of one that is defined in it.
LOCALS = ".<locals>."


def inner(code: types.CodeType) -> Iterator[types.CodeType]:
    """Code of the functions with a name that `code` makes when it runs, in the file's order."""
    for const in code.co_consts:
        if not isinstance(const, types.CodeType):
            continue
        if _is_passage(const):
            yield from inner(const)
        elif not const.co_name.startswith("<"):
            yield const


def exchange(
    code: types.CodeType, by: Callable[[types.CodeType], types.CodeType | None]
) -> types.CodeType:
    """`code` with other functions inside; itself when `by` has nothing else for any of them."""
    consts = tuple(_exchanged(const, by) for const in code.co_consts)
    if all(new is old for new, old in zip(consts, code.co_consts, strict=True)):
        return code
    return code.replace(co_consts=consts)


def _exchanged(const: object, by: Callable[[types.CodeType], types.CodeType | None]) -> object:
    if not isinstance(const, types.CodeType):
        return const
    if _is_passage(const):
        return exchange(const, by)
    return by(const) or const


def _is_passage(code: types.CodeType) -> bool:
    """Code that runs at once where it stands: bodies of classes, scopes of type parameters."""
    return not code.co_flags & inspect.CO_OPTIMIZED or code.co_name.startswith("<generic param")


def prototype(code: types.CodeType, space: dict[str, object], *, module: str) -> types.FunctionType:
    """A function like those that are made from an inner `code`, with nothing in its cells."""
    closure = tuple(types.CellType() for _ in code.co_freevars)
    made = types.FunctionType(code, space, code.co_name, closure=closure)
    made.__qualname__, made.__module__ = code.co_qualname, module
    return made


def give_defaults(made: types.FunctionType, definition: Definition) -> None:
    """Give a prototype the defaults that the `def` spells out.

    Raises:
        FragmentError: a default is not written out: it differs from function to function.
    """
    node = syntax_tree(definition.source).body[-1]
    assert isinstance(node, FunctionNode)
    own = node.args
    made.__defaults__ = tuple(map(_value, own.defaults)) or None
    pairs = zip(own.kwonlyargs, own.kw_defaults, strict=True)
    made.__kwdefaults__ = {a.arg: _value(each) for a, each in pairs if each is not None} or None


def _value(default: ast.expr) -> object:
    text = ast.unparse(default)
    try:
        return literal(text)
    except (ValueError, SyntaxError, TypeError) as error:
        raise FragmentError(
            f"its default {text} is worked out when the function around it runs"
        ) from error
