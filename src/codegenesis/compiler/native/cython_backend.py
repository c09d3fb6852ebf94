"""A program as Cython source: typed from observation, with every check on."""

from __future__ import annotations

import ast

from codegenesis.compiler.native.boundary import boundary
from codegenesis.compiler.native.functions import constructors, functions, switches
from codegenesis.compiler.native.observe import Observed
from codegenesis.compiler.native.program import ENTRY, Program, UnsuitableError
from codegenesis.compiler.native.support import random_support, support
from codegenesis.compiler.native.types import T
from codegenesis.compiler.native.world import UnsupportedError, World

_MOST_ATTEMPTS = 8


def cython_source(program: Program, observed: Observed) -> str:
    """The text of the build.

    Raises:
        UnsuitableError: its entry has no compiled form.
    """
    world, body = emitted(program, observed)
    try:
        edge = boundary(world)
    except UnsupportedError as error:
        raise UnsuitableError(f"it cannot be compiled with types: {error}") from error
    parts = [
        support(),
        "cdef inline int shallower() noexcept:\n    global depth_\n    depth_ -= 1\n    return 0",
        random_support() if world.uses_random else "",
        *_classes(world),
        *_rows(world),
        *_makers(world),
        *_access(world),
        *_globals(world),
        *body,
        *edge,
    ]
    return "\n".join(parts) + "\n"


def emitted(program: Program, observed: Observed) -> tuple[World, list[str]]:
    """The functions of the build, and what was learned while they were written.

    Raises:
        UnsuitableError: the entry has no compiled form.
    """
    for _ in range(_MOST_ATTEMPTS):
        world = World(program, observed)
        try:
            world.signature(ENTRY)
            lines = [*functions(world), *switches(world), *constructors(world)]
        except UnsupportedError as error:
            raise UnsuitableError(f"it cannot be compiled with types: {error}") from error
        if not world.widened:
            break
    return world, lines


def _classes(world: World) -> list[str]:
    names = sorted(world.program.classes, key=lambda name: len(world.program.lineage(name)))
    lines = [f"cdef class C_{name}{_base(world, name)}" for name in names]
    certain = {name: _certain(world, name) for name in names if world.root(name) == name}
    for name in names:
        heirs = world.program.heirs(name)
        lines.append("@cython.freelist(128)")
        lines += ["@cython.final"] if heirs == [name] else []
        lines.append(f"cdef class C_{name}{_base(world, name)}:")
        fields = world.attributes(name) if world.root(name) == name else {}
        for attribute, t in fields.items():
            lines.append(f"    cdef {world.held(t)} a_{attribute}")
            if attribute not in certain[name]:
                lines.append(f"    cdef bint h_{attribute}")
        if not fields:
            lines.append("    pass")
        lines += [f"cdef inline C_{name} as_C_{name}(object o):",
                  f"    if o is not None and not isinstance(o, C_{name}): raise Outside()",
                  f"    return <C_{name}>o"]  # fmt: skip
    return lines


def _base(world: World, name: str) -> str:
    base = world.program.classes[name].base
    return f"(C_{base})" if base else ""


def _certain(world: World, root: str) -> set[str]:
    """Attributes that every instance has from its first moment: the others carry a mark."""
    program = world.program
    init = program.classes[root].methods.get("__init__")
    own = [n for n in program.heirs(root)[1:] if "__init__" in program.classes[n].methods]
    if init is None or any(not _begins_with_base(program, name) for name in own):
        return set()
    this, found = init.args.args[0].arg, set[str]()
    for statement in init.body:
        if not isinstance(statement, ast.Assign):
            break
        if any(_escapes(target, this) for target in statement.targets):
            break
        if any(isinstance(n, ast.Name) and n.id == this for n in ast.walk(statement.value)):
            break
        found |= {t.attr for t in statement.targets if isinstance(t, ast.Attribute)}
    return found


def _escapes(target: ast.expr, this: str) -> bool:
    if isinstance(target, ast.Name):
        return target.id == this
    return not (
        isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == this
    )


def _begins_with_base(program: Program, name: str) -> bool:
    first = program.classes[name].methods["__init__"].body[0]
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Call):
        return False
    called = ast.unparse(first.value.func)
    return called in (f"{program.classes[name].base}.__init__", "super().__init__")


def _rows(world: World) -> list[str]:
    held = {"l": "ll", "d": "double", "b": "bint", "n": "num"}
    lines: list[str] = []
    for letters in world.rows:
        name = f"R_{letters}"
        lines.append(f"cdef struct {name}:")
        lines += [f"    {held[letter]} i{index}" for index, letter in enumerate(letters)]
        arguments = ", ".join(f"{held[letter]} i{i}" for i, letter in enumerate(letters))
        lines.append(f"cdef inline {name} mk_{name}({arguments}) noexcept:")
        lines.append(f"    cdef {name} r")
        lines += [f"    r.i{i} = i{i}" for i in range(len(letters))]
        lines.append("    return r")
        items = ", ".join(f"o2{letter}(t[{i}])" for i, letter in enumerate(letters))
        lines.append(f"cdef {name} o2{name}(object o) except *:")
        lines.append(f"    cdef tuple t = tuple_of(o, {len(letters)})")
        lines.append(f"    return mk_{name}({items})")
        boxed = ", ".join(f"{letter}2o(r.i{i})" for i, letter in enumerate(letters))
        lines += [f"cdef object {name}2o({name} r):", f"    return ({boxed},)"]
        lines += [f"cdef {name} out_{name}() except *:", "    raise Outside()"]
    return lines


def _makers(world: World) -> list[str]:
    held = {"l": "ll", "d": "double", "n": "num"}
    lines: list[str] = []
    for name, (letter, count) in world.makers.items():
        arguments = ", ".join(f"{held[letter]} i{i}" for i in range(count))
        lines += [f"cdef V{letter} {name}({arguments}):"]
        lines.append(f"    cdef V{letter} v = V{letter}_new({count})")
        lines += [f"    v.p[{i}] = i{i}" for i in range(count)]
        lines += [f"    v.n = {count}", "    return v"]
    return lines


def _access(world: World) -> list[str]:
    lines: list[str] = []
    for (root, attribute), t in world.access.items():
        name, held = f"{root}_{attribute}", world.held(t)
        marked = attribute not in _certain(world, root)
        fails = world.fails(t)
        lines += ["@cython.nonecheck(False)"]
        lines.append(f"cdef inline {held} get_{name}(C_{root} o) {fails}:".replace(" :", ":"))
        lines.append("    if o is None: raise Outside()")
        lines += [f"    if not o.h_{attribute}: raise Outside()"] if marked else []
        lines.append(f"    return o.a_{attribute}")
        lines += ["@cython.nonecheck(False)"]
        lines.append(f"cdef inline int set_{name}(C_{root} o, {held} v) except -1:")
        lines.append("    if o is None: raise Outside()")
        lines.append(f"    o.a_{attribute} = v")
        lines += [f"    o.h_{attribute} = True"] if marked else []
        lines.append("    return 0")
        lines.append(f"cdef inline bint has_{name}(C_{root} o) noexcept:")
        lines.append(f"    return {f'o.h_{attribute}' if marked else 'True'}")
    return lines


def _globals(world: World) -> list[str]:
    lines = []
    for name in world.read_globals:
        t: T = world.typing.at(f"global:{name}")
        held = world.held(t)
        lines.append(f"cdef {held} g_{name}")
        head = f"cdef inline {held} read_{name}() {world.fails(t)}:"
        lines += [head.replace(" :", ":"), f"    return g_{name}"]
    return lines
