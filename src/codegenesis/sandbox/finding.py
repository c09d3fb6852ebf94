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

import importlib
import linecache
import types
from typing import NamedTuple

from codegenesis import fragment
from codegenesis.errors import FragmentError
from codegenesis.fragment import LOCALS, innermost, mangle
from codegenesis.fragment.syntax import nested_code
from codegenesis.sandbox.closures import closed


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
    made = fragment.prototype(code, function.__globals__, module=function.__module__)
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    fragment.give_defaults(made, fragment.find(text, code.co_qualname))
    around = function.__closure__ or ()
    known = dict(zip(function.__code__.co_freevars, around, strict=True))
    return Target(closed(made, {k: v for k, v in known.items() if k == "__class__"}), owner)
