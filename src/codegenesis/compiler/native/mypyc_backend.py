"""A program as Python with annotations, for mypyc.

mypyc keeps Python's integers but takes an integer where a float is announced, silently; so only
programs are annotated in which no number can turn up as another kind, by the typing of the
Cython emitter. It works on the caller's own objects, so programs that change what they are given
are refused.
"""

from __future__ import annotations

import ast

from codegenesis.compiler.native.cython_backend import emitted
from codegenesis.compiler.native.normal import text_of
from codegenesis.compiler.native.observe import Observed
from codegenesis.compiler.native.program import ENTRY, Program, UnsuitableError
from codegenesis.compiler.native.types import ITEM_OF, T
from codegenesis.compiler.native.world import UnsupportedError, World
from codegenesis.parsing import syntax_tree

_NAMES = {
    "int": "int", "float": "float", "bool": "bool", "str": "str", "bytes": "bytes",
    "dict": "dict[Any, Any]", "set": "set[Any]", "range": "range", "none": "None",
}  # fmt: skip


def mypyc_source(program: Program, observed: Observed) -> str:
    """The text of the build.

    Raises:
        UnsuitableError: mypyc could not keep what Python does.
    """
    world, _ = emitted(program, observed)
    _require_quiet(world)
    if world.doubts:
        raise UnsuitableError(f"a number may be of another kind than seen ({world.doubts[0]})")
    if world.left_out:
        raise UnsuitableError(f"part of it has no typed form ({world.left_out[0]})")
    statements = text_of(program)
    for name, node in program.all_functions():
        _annotate(world, name, node)
    for statement in statements:
        if isinstance(statement, ast.ClassDef) and world.root(statement.name) == statement.name:
            statement.body = [*_declared(world, statement.name), *statement.body]
    constants = [f"{n} = {v!r}" for n, v in observed.values.items() if n in program.globals]
    if set(program.globals) - set(observed.values):
        raise UnsuitableError("it reads module-level values that are not plain")
    imports = [_import(name, origin) for name, origin in program.imports.items()]
    body = [ast.unparse(ast.fix_missing_locations(node)) for node in statements]
    head = ["from __future__ import annotations", "from typing import Any", *imports, *constants]
    return "\n".join(head) + "\n\n\n" + "\n\n\n".join(body) + "\n"


def _require_quiet(world: World) -> None:
    """Nothing of the caller's may change before the result is there, as there is no way back."""
    signature = world.signature(ENTRY)
    kinds = {each.kind for _, t in signature.parameters for each in _inside(t)}
    if kinds & world.changed or world.program.written or world.uses_random:
        raise UnsuitableError("it changes what it is given")
    edge = [signature.result, *(t for _, t in signature.parameters)]
    if any(each.kind in ("struct", "object") for t in edge for each in _inside(t)):
        raise UnsuitableError("instances go in or out, which would be of another class")


def _inside(t: T) -> list[T]:
    found = [t]
    for each in t.of:
        if isinstance(each, tuple):
            found += _inside(T(*each))
    return found


def _declared(world: World, name: str) -> list[ast.stmt]:
    """The attributes of a class, with their types."""
    return [
        ast.AnnAssign(ast.Name(attribute, ast.Store()), _expression(t), None, 1)
        for attribute, t in world.attributes(name).items()
    ]


def _annotate(world: World, name: str, node: ast.FunctionDef) -> None:
    try:
        signature = world.signature(name)
    except UnsupportedError as error:
        raise UnsuitableError(f"part of it was never seen to run ({error})") from error
    types = dict(signature.parameters)
    own = node.args.args + node.args.kwonlyargs
    for argument in own[1 if "." in name else 0 :]:
        argument.annotation = _expression(types[argument.arg])
    node.returns = _expression(signature.result)


def _expression(t: T) -> ast.expr:
    return syntax_tree(_name(t), mode="eval").body


def _name(t: T) -> str:
    if t.kind in _NAMES:
        return _NAMES[t.kind]
    if t.kind == "struct":
        return f"{t.of[0]} | None"
    if t.kind == "vec" and t.of[0] != "n":
        return f"list[{_NAMES[ITEM_OF[t.of[0]].kind]}]"
    if t.kind == "list":
        return f"list[{_name(T(*t.of[0]))}]"
    if t.kind in ("tuple", "row"):
        items = ", ".join(_name(T(*each)) for each in t.of)
        return f"tuple[{items}]" if items else "tuple[()]"
    return "Any"


def _import(name: str, origin: str) -> str:
    module, _, attribute = origin.rpartition(".")
    if module:
        return f"from {module} import {attribute} as {name}"
    return f"import {origin} as {name}"
