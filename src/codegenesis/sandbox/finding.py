"""From a qualified name to the plain function behind it, in the jail as in the live process.

What is evolved is always a `def`. Around it may stand decorators that say what they wrap (`cache`,
`singledispatch`, whatever uses `functools.wraps`, `property`, `classmethod`, icontract's checkers):
they stay, and the function behind them is taken. A `def` inside a function does not exist before
that is called, so it is made from the enclosing function's constant, with empty cells for its free
variables; each call fills them (`codegenesis.sandbox.closures`).

Calling the enclosing function to get a real one was rejected: it may need arguments that nobody
has, and it may do anything.
"""

from __future__ import annotations

import ast
import importlib
import linecache
import types
from typing import NamedTuple

from codegenesis import fragment
from codegenesis.errors import FragmentError
from codegenesis.fragment.behind import innermost
from codegenesis.fragment.syntax import FunctionNode, mangle, nested_code
from codegenesis.parsing import literal, syntax_tree

#: What stands between a function and what is defined in it.
LOCALS = ".<locals>."


class Target(NamedTuple):
    """A function of the target module, and the class that it is a method of."""

    function: types.FunctionType
    owner: type | None


def find(module: types.ModuleType, qualname: str) -> Target:
    """Look a function up by its qualified name, through class dictionaries, not attributes.

    `module:qualname` finds one of another module (a judge, in the target's process).

    Raises:
        FragmentError: nothing there, or no plain function, or hidden by a decorator.
    """
    home, colon, qualname = qualname.rpartition(":")
    module = importlib.import_module(home) if colon else module
    outer, *inside = qualname.split(LOCALS)
    target = _named(module, outer)
    for path in inside:
        target = _nested(target, path)
    return target


def _named(module: types.ModuleType, qualname: str) -> Target:
    owner: type | None = None
    found: object = module
    for part in qualname.split("."):
        owner = found if isinstance(found, type) else None
        space = vars(found) if isinstance(found, type | types.ModuleType) else {}
        found = space.get(mangle(part, owner.__name__) if owner else part)
    name = f"{module.__name__}:{qualname}"
    function = innermost(found, qualname)
    if not isinstance(function, types.FunctionType):
        raise FragmentError(f"expected a plain function {name}, came {type(found).__name__}")
    if "<locals>" in function.__code__.co_qualname:
        raise FragmentError(
            f"what stands under {name} is {function.__code__.co_qualname}",
            remedy="let the decorator around it say what it wraps: functools.wraps",
        )
    return Target(function, owner)


def _nested(outer: Target, path: str) -> Target:
    """The function that `outer` would make, with nothing in its cells but `__class__`."""
    function, owner = outer
    code = nested_code(function.__code__, *path.split("."))
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    closure = tuple(
        cells[name] if name == "__class__" and name in cells else types.CellType()
        for name in code.co_freevars
    )
    made = types.FunctionType(code, function.__globals__, code.co_name, closure=closure)
    made.__qualname__, made.__module__ = code.co_qualname, function.__module__
    _give_defaults(made)
    return Target(made, owner)


def _give_defaults(function: types.FunctionType) -> None:
    """Those that the `def` spells out; others are only known when the outer function runs."""
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    node = syntax_tree(fragment.find(text, code.co_qualname).source).body[-1]
    assert isinstance(node, FunctionNode)
    own = node.args
    function.__defaults__ = tuple(_value(each) for each in own.defaults) or None
    pairs = zip(own.kwonlyargs, own.kw_defaults, strict=True)
    function.__kwdefaults__ = {a.arg: _value(each) for a, each in pairs if each is not None} or None


def _value(default: ast.expr) -> object:
    try:
        return literal(ast.unparse(default))
    except (ValueError, SyntaxError, TypeError) as error:
        raise FragmentError(
            f"the default {ast.unparse(default)} is worked out when the function around it runs",
            remedy="give the function a plain default, or none",
        ) from error
