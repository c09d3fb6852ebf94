"""Calls: the program's own functions directly, known built-ins in C, pure ones in Python."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from codegenesis.compiler.native import builtins, containers, expressions
from codegenesis.compiler.native.scope import Scope
from codegenesis.compiler.native.types import OBJECT, T, struct
from codegenesis.compiler.native.world import E, Signature, UnsupportedError, World

#: Of a default that may be written at each call.
_PLAIN = (ast.Constant, ast.UnaryOp)


def function_name(name: str) -> str:
    """What a function or method is called in the build."""
    return "f_" + name.replace(".", "__")


def call(s: Scope, node: ast.Call, want: T) -> E:
    """A call of whatever kind."""
    if any(isinstance(a, ast.Starred) for a in node.args) or any(not k.arg for k in node.keywords):
        raise UnsupportedError("a call with stars")
    if isinstance(node.func, ast.Name) and node.func.id not in s.locals:
        return _by_name(s, node, node.func.id, want)
    if isinstance(node.func, ast.Attribute):
        return _by_attribute(s, node, node.func, want)
    callee = expressions.expression(s, node.func)
    if callee.t.kind == "struct":
        return _bound_method(s, callee, "__call__", node)
    raise UnsupportedError("a call of a value")


def _by_name(s: Scope, node: ast.Call, name: str, want: T) -> E:
    program = s.world.program
    if name in program.functions:
        return _own(s, name, node, [])
    if name in program.classes:
        return _instance(s, name, node)
    if name in program.imports:
        return builtins.imported(s, program.imports[name], node, want)
    if name in program.globals:
        callee = s.load(ast.Name(name, ast.Load()))
        if callee.t.kind == "struct":
            return _bound_method(s, callee, "__call__", node)
        raise UnsupportedError(f"a call of {name}")
    return builtins.builtin(s, name, node, want)


def _by_attribute(s: Scope, node: ast.Call, func: ast.Attribute, want: T) -> E:
    program = s.world.program
    if isinstance(func.value, ast.Name) and func.value.id not in s.locals:
        name = func.value.id
        if name in program.imports:
            return builtins.imported(s, f"{program.imports[name]}.{func.attr}", node, want)
        if name in program.classes:
            return _explicit(s, name, func.attr, node)
    if isinstance(func.value, ast.Call) and ast.unparse(func.value) == "super()":
        return _super(s, func.attr, node)
    base = expressions.expression(s, func.value)
    if base.t.kind == "struct":
        return _bound_method(s, base, func.attr, node)
    return containers.method(s, base, func.attr, node, want)


def _own(s: Scope, name: str, node: ast.Call, before: list[E]) -> E:
    signature = s.world.signature(name)
    arguments = _arguments(s, signature, node, before, name)
    return E(f"{function_name(name)}({', '.join(arguments)})", signature.result)


def _instance(s: Scope, name: str, node: ast.Call) -> E:
    owner = s.world.program.method(name, "__init__")
    s.world.made(name)
    if not owner:
        return E(f"new_{name}()", struct(name), fresh=True)
    signature = s.world.signature(f"{owner}.__init__")
    own = Signature(signature.parameters[1:], signature.result, signature.defaults)
    arguments = _arguments(s, own, node, [], f"{owner}.__init__")
    return E(f"new_{name}({', '.join(arguments)})", struct(name), fresh=True)


def _explicit(s: Scope, owner: str, name: str, node: ast.Call) -> E:
    """`Base.method(self, ...)`."""
    holder = s.world.program.method(owner, name)
    if not holder:
        raise UnsupportedError(f"a call of {owner}.{name}")
    return _own(s, f"{holder}.{name}", node, [])


def _super(s: Scope, name: str, node: ast.Call) -> E:
    program = s.world.program
    base = program.classes[s.owner].base if s.owner else ""
    holder = program.method(base, name) if base else ""
    if not holder:
        raise UnsupportedError("a call of super()")
    this = s.load(ast.Name(s.node.args.args[0].arg, ast.Load()))
    return _own(s, f"{holder}.{name}", node, [this])


def _bound_method(s: Scope, base: E, name: str, node: ast.Call) -> E:
    target, signature = _target(s.world, base.t.of[0], name)
    holder = s.world.program.method(base.t.of[0], name)
    arguments = _arguments(s, signature, node, [base], f"{holder}.{name}")
    return E(f"{target}({', '.join(arguments)})", signature.result)


def method(s: Scope, base: E, name: str, arguments: Sequence[E]) -> E:
    """Call a method of an instance with arguments that are expressions already."""
    target, signature = _target(s.world, base.t.of[0], name)
    if len(signature.parameters) != len(arguments) + 1:
        raise UnsupportedError(f"a call of {name} with other arguments")
    holder = f"{s.world.program.method(base.t.of[0], name)}.{name}"
    pairs = zip([base, *arguments], signature.parameters, strict=True)
    codes = [s.world.put(e, t, f"{holder}:{p}") for e, (p, t) in pairs]
    return E(f"{target}({', '.join(codes)})", signature.result)


def _target(world: World, owner: str, name: str) -> tuple[str, Signature]:
    """What to call for a method: the one there is, or a switch over the classes that have one."""
    program = world.program
    holders = dict.fromkeys(program.method(heir, name) for heir in program.heirs(owner))
    seen = [h for h in holders if h and world.typing.knows(f"{h}.{name}:return")]
    if not seen:
        raise UnsupportedError(f"{owner}.{name} was never seen to return")
    if len(seen) == 1 and len(holders) == 1:
        return function_name(f"{seen[0]}.{name}"), world.signature(f"{seen[0]}.{name}")
    return world.switch(owner, name, seen), world.switched(owner, name, seen)


def _arguments(
    s: Scope, signature: Signature, node: ast.Call, before: list[E], callee: str
) -> list[str]:
    """In the order of the parameters; keywords must be given in it."""
    names = [name for name, _ in signature.parameters]
    given: dict[str, ast.expr] = {}
    if len(before) + len(node.args) > len(names):
        raise UnsupportedError("a call with too many arguments")
    given.update(zip(names[len(before) :], node.args, strict=False))
    order = [keyword.arg for keyword in node.keywords]
    if order != [name for name in names if name in order]:
        raise UnsupportedError("a call with keywords in another order")
    given.update((k.arg, k.value) for k in node.keywords if k.arg)
    codes = []
    for index, (name, t) in enumerate(signature.parameters):
        if index < len(before):
            codes.append(s.world.to(before[index], t))
        elif name in given:
            e = expressions.expression(s, given[name], t)
            codes.append(s.world.put(e, t, f"{callee}:{name}"))
        else:
            codes.append(_default(s, signature, name, t, callee))
    return codes


def _default(s: Scope, signature: Signature, name: str, t: T, callee: str) -> str:
    default = signature.defaults.get(name)
    if not isinstance(default, _PLAIN):
        raise UnsupportedError(f"a call without {name}")
    return s.world.put(expressions.expression(s, default, t), t, f"{callee}:{name}")


__all__ = ["OBJECT", "call", "function_name", "method"]
