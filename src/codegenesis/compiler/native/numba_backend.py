"""A program for numba: compiled in the process that loads it, from signatures that are given.

Only for programs of numbers and flat lists of numbers, because those cost little to hand over.
Integers wrap around silently, so they must be bounded (`codegenesis.compiler.native.bits`);
lists are copied into arrays, and copied back where the program changes them.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

from codegenesis.compiler.native import bits
from codegenesis.compiler.native.cython_backend import emitted
from codegenesis.compiler.native.normal import local_names
from codegenesis.compiler.native.observe import Observed
from codegenesis.compiler.native.program import ENTRY, Program, UnsuitableError
from codegenesis.compiler.native.types import BOOL, FLOAT, INT, vec
from codegenesis.compiler.native.world import World

_SCALARS = {INT: "int64", FLOAT: "float64", BOOL: "boolean"}
_LISTS = {vec("l"): "int64[::1]", vec("d"): "float64[::1]"}
_CALLS = {
    "range", "len", "abs", "min", "max", "int", "float", "enumerate", "zip",
}  # fmt: skip


class Made(NamedTuple):
    """Prelude and call of the fragment."""

    setup: str
    call: str


def numba_fragment(program: Program, observed: Observed) -> Made:
    """The prelude that compiles, and the call of what it compiles.

    Raises:
        UnsuitableError: numba could not keep what Python does.
    """
    world, _ = emitted(program, observed)
    _require_plain(world)
    order = _order(program)
    call = _call(world)
    used = [name for name in ("floats", "integers", "within") if f"_{name}(" in call]
    names = ", ".join(f"{name} as _{name}" for name in [*used, "jit"])
    parts = [f"from codegenesis.native import {names}"]
    for name in order:
        node = program.functions[name]
        _require_numbers(world, name, node)
        parts.append(ast.unparse(ast.fix_missing_locations(node)))
        parts.append(f"{name} = _jit({name}, {_signature(world, name)!r})")
    return Made("\n\n".join(parts), call)


def _require_plain(world: World) -> None:
    program = world.program
    if program.classes or program.written or world.uses_random:
        raise UnsuitableError("it has classes or changes module-level values")
    if world.doubts or world.left_out:
        raise UnsuitableError(f"not all of it is numbers ({(world.doubts + world.left_out)[0]})")
    if any(origin.partition(".")[0] != "math" for origin in program.imports.values()):
        raise UnsuitableError("it imports more than math")
    if world.read_globals:
        raise UnsuitableError("it reads module-level values that are not plain")


def _order(program: Program) -> list[str]:
    """Callees first; there may be no circle."""
    done: list[str] = []
    waiting = [(ENTRY, iter(_callees(program, ENTRY)))]
    open_ = {ENTRY}
    while waiting:
        name, rest = waiting[-1]
        following = next((each for each in rest if each not in done), None)
        if following is None:
            done.append(name)
            open_.discard(name)
            waiting.pop()
        elif following in open_:
            raise UnsuitableError("it calls itself")
        else:
            open_.add(following)
            waiting.append((following, iter(_callees(program, following))))
    return done


def _callees(program: Program, name: str) -> list[str]:
    nodes = ast.walk(program.functions[name])
    return [n.id for n in nodes if isinstance(n, ast.Name) and n.id in program.functions]


def _require_numbers(world: World, name: str, node: ast.FunctionDef) -> None:
    typing, integers = world.typing, set[str]()
    for variable in local_names(node):
        t = typing.at(f"{name}:{variable}")
        if t not in _SCALARS and t not in _LISTS:
            raise UnsuitableError(f"{variable} is no number and no list of numbers")
        if t == INT:
            integers.add(variable)
    if typing.at(f"{name}:return") not in _SCALARS:
        raise UnsuitableError("it returns what is no number")
    for each in ast.walk(node):
        _require_known(world.program, each)
    bits.require_bounded(node, integers, {a.arg for a in node.args.args})


def _require_known(program: Program, node: ast.AST) -> None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        known = node.func.id in _CALLS or node.func.id in program.functions
        if not known and not program.imports.get(node.func.id, "").startswith("math."):
            raise UnsuitableError(f"it calls {node.func.id}")
    elif isinstance(node, ast.Call) and not ast.unparse(node.func).startswith("math."):
        raise UnsuitableError("it calls methods")
    elif isinstance(node, ast.List | ast.Dict | ast.Set | ast.Slice | ast.Try | ast.Raise):
        raise UnsuitableError(f"it uses a {type(node).__name__.lower()}")
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        raise UnsuitableError("its powers may be rounded otherwise")


def _signature(world: World, name: str) -> str:
    signature = world.signature(name)
    types = [_SCALARS.get(t) or _LISTS[t] for _, t in signature.parameters]
    return f"{_SCALARS[signature.result]}({', '.join(types)})"


def _call(world: World) -> str:
    """The call, with integers limited, and lists as arrays."""
    if world.changed:
        raise UnsuitableError("it changes lists")
    parts = []
    for name, t in world.signature(ENTRY).parameters:
        wrap = {INT: "_within({})", vec("l"): "_integers({})", vec("d"): "_floats({})"}.get(t, "{}")
        parts.append(wrap.format(name))
    return f"{ENTRY}({', '.join(parts)})"
