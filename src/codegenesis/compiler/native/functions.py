"""The functions of a Cython build: the program's own, constructors, switches between overrides."""

from __future__ import annotations

import ast

from codegenesis.compiler.native import statements
from codegenesis.compiler.native.calls import function_name
from codegenesis.compiler.native.scope import Scope
from codegenesis.compiler.native.types import NONE, T, struct
from codegenesis.compiler.native.world import E, Signature, UnsupportedError, World


def functions(world: World) -> list[str]:
    """All functions of the program that were seen to run."""
    lines: list[str] = []
    cyclic = _cyclic(world)
    for name, node in world.program.all_functions():
        try:
            signature = world.signature(name)
        except UnsupportedError:
            continue  # whoever calls it refuses the input
        lines += _function(world, name, node, signature, counted=name in cyclic)
    return lines


def _function(
    world: World, name: str, node: ast.FunctionDef, signature: Signature, *, counted: bool
) -> list[str]:
    scope = Scope(world, name, node)
    world.function = name
    scope.counted = counted
    if counted:
        scope.out("deeper()")
    statements.block(scope, node.body)
    if not _leaves(node.body):
        scope.out("shallower()" if counted else "pass")
        scope.out(f"return {_fall_through(world, signature)}")
    parameters = ", ".join(f"{world.held(t)} v_{p}" for p, t in signature.parameters)
    head = f"cdef {world.held(signature.result)} {function_name(name)}({parameters})"
    fails = world.fails(signature.result)
    declared = [f"    {line}" for line in scope.declarations()]
    declared += [f"    global g_{n}" for n in world.program.written if n in world.read_globals]
    return [f"{head} {fails}:".replace(" :", ":"), *declared, *scope.lines]


def _fall_through(world: World, signature: Signature) -> str:
    try:
        return world.to(E("None", NONE), signature.result)
    except UnsupportedError:
        return world.nothing(signature.result)


def _leaves(body: list[ast.stmt]) -> bool:
    """Does control never come to the end of it?"""
    match body[-1] if body else None:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=yes, orelse=no):
            return _leaves(yes) and _leaves(no)
        case ast.While(test=ast.Constant(value=value), body=inner):
            return bool(value) and not any(map(_breaks, inner))
    return False


def _breaks(node: ast.AST) -> bool:
    """Does it leave the loop that it stands in?"""
    if isinstance(node, ast.Break):
        return True
    if isinstance(node, ast.For | ast.While):
        return any(map(_breaks, node.orelse))
    return any(map(_breaks, ast.iter_child_nodes(node)))


def _cyclic(world: World) -> set[str]:
    """Functions that may come to call themselves: their depth is counted, as Python counts it."""
    calls: dict[str, set[str]] = {}
    names = [name for name, _ in world.program.all_functions()]
    for name, node in world.program.all_functions():
        used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        used |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
        used |= {"__init__"} if used & set(world.program.classes) else set()
        calls[name] = {each for each in names if each.rpartition(".")[2] in used}
    found = set()
    for name in names:
        seen, waiting = set[str](), list(calls[name])
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting += calls[each]
        if name in seen:
            found.add(name)
    return found


def constructors(world: World) -> list[str]:
    """`new_C(…)` for the classes whose instances are made."""
    lines: list[str] = []
    for name in world.new:
        owner = world.program.method(name, "__init__")
        parameters: tuple[tuple[str, T], ...] = ()
        call = ""
        if owner:
            signature = world.signature(f"{owner}.__init__")
            parameters = signature.parameters[1:]
            passed = ", ".join([f"<C_{owner}>o", *(f"v_{p}" for p, _ in parameters)])
            call = f"    {function_name(f'{owner}.__init__')}({passed})"
        declared = ", ".join(f"{world.held(t)} v_{p}" for p, t in parameters)
        lines.append(f"cdef C_{name} new_{name}({declared}):")
        lines.append(f"    cdef C_{name} o = C_{name}.__new__(C_{name})")
        lines += [call] if call else []
        lines.append("    return o")
    return lines


def switches(world: World) -> list[str]:
    """`d_C__m(…)` for the methods that are overridden."""
    lines: list[str] = []
    done: set[str] = set()
    while set(world.switches) - done:
        for made in sorted(set(world.switches) - done):
            done.add(made)
            lines += _switch(world, made)
    return lines


def _switch(world: World, made: str) -> list[str]:
    owner, name, holders = world.switches[made]
    signature = world.switched(owner, name, list(holders))
    parameters = ", ".join(f"{world.held(t)} v_{p}" for p, t in signature.parameters)
    head = f"cdef {world.held(signature.result)} {made}({parameters}) "
    lines = [f"{head}{world.fails(signature.result)}:".replace(" :", ":")]
    lines.append("    kind = type(v_self)")
    for heir in world.program.heirs(owner):
        holder = world.program.method(heir, name)
        if holder not in holders:
            continue
        own = world.signature(f"{holder}.{name}")
        codes = [
            world.to(E(f"v_{p}" if index else "v_self", t), wanted)
            for index, ((p, t), (_, wanted)) in enumerate(
                zip(signature.parameters, own.parameters, strict=True)
            )
        ]
        called = E(f"{function_name(f'{holder}.{name}')}({', '.join(codes)})", own.result)
        lines.append(f"    if kind is C_{heir}:")
        lines.append(f"        return {world.to(called, signature.result)}")
    return [*lines, "    raise Outside()"]


__all__ = ["constructors", "functions", "struct", "switches"]
