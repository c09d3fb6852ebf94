"""One function of a build while it is emitted: its variables, its temporaries, its lines."""

from __future__ import annotations

import ast

from codegenesis.compiler.native.assigned import Assigned
from codegenesis.compiler.native.normal import local_names
from codegenesis.compiler.native.types import OBJECT, T, struct
from codegenesis.compiler.native.world import E, UnsupportedError, World


class Scope:
    """Where expressions and statements of one function are written to.

    Args:
        name: of the function, `Class.method` for a method.

    Attributes:
        counted: its depth is counted, as it may come to call itself.
    """

    def __init__(self, world: World, name: str, node: ast.FunctionDef) -> None:
        self.world, self.name, self.node = world, name, node
        self.lines: list[str] = []
        self.counted = False
        self.locals = local_names(node)
        self.handles = any(isinstance(inner, ast.Try) for inner in ast.walk(node))
        parameters = {each.arg for each in node.args.args + node.args.kwonlyargs}
        self.assigned = Assigned(node.body, parameters)
        self._temporaries: dict[str, T] = {}
        self._indent = 1

    @property
    def owner(self) -> str:
        """The class that the function is a method of, or an empty string."""
        return self.name.rpartition(".")[0]

    def type_of(self, variable: str) -> T:
        """The representation of a local variable."""
        parameters = [each.arg for each in self.node.args.args]
        if self.owner and parameters and variable == parameters[0]:
            return struct(self.owner)
        return self.world.typing.at(f"{self.name}:{variable}")

    def marked(self, variable: str) -> bool:
        """Does a mark say whether the variable was written?"""
        return variable in self.assigned.marked and self.type_of(variable).is_flat

    def temporary(self, t: T) -> str:
        """A new variable of the build's own."""
        name = f"t{len(self._temporaries)}"
        self._temporaries[name] = t
        return name

    def kept(self, e: E) -> E:
        """The expression, evaluated once, now."""
        if e.code == "None":
            return e
        name = self.temporary(e.t)
        self.out(f"{name} = {e.code}")
        return E(name, e.t, e.fresh)

    def steady(self, e: E) -> E:
        """The expression, where nothing is assigned before it is used for the last time."""
        return e if e.code.isidentifier() else self.kept(e)

    def bound(self, e: E) -> tuple[E, E]:
        """Evaluated where it first stands, and by name from there on."""
        if e.code.isidentifier() or e.code.startswith("(<ll>"):
            return e, e
        name = self.temporary(e.t)
        return E(f"({name} := {e.code})", e.t), E(name, e.t)

    def out(self, line: str) -> None:
        """Write one line."""
        self.lines.append("    " * self._indent + line)

    def begin(self, line: str) -> None:
        """Write the head of a block."""
        self.out(line)
        self._indent += 1

    def end(self) -> None:
        """End a block."""
        self._indent -= 1

    def position(self) -> tuple[int, int]:
        """Where writing goes on; for `back`."""
        return len(self.lines), self._indent

    def back(self, position: tuple[int, int]) -> None:
        """Forget what was written since."""
        del self.lines[position[0] :]
        self._indent = position[1]

    def declarations(self) -> list[str]:
        """Of variables, marks and temporaries."""
        parameters = {each.arg for each in self.node.args.args + self.node.args.kwonlyargs}
        found = []
        for variable in sorted(self.locals):
            t = self.type_of(variable)
            if variable not in parameters:
                found.append(_declared(self.world, f"v_{variable}", t))
            if self.marked(variable):
                found.append(f"cdef bint s_{variable} = False")
        return found + [_declared(self.world, n, t) for n, t in self._temporaries.items()]

    def load(self, node: ast.Name) -> E:  # noqa: PLR0911 (one per kind of name)
        """Read a variable."""
        name = node.id
        if name in self.locals:
            t = self.type_of(name)
            if id(node) in self.assigned.doubtful and t.is_flat:
                return E(f"(v_{name} if s_{name} else {self.world.nothing(t)})", t)
            return E(f"v_{name}", t)
        world = self.world
        if name in world.program.classes:
            return E(f"real_[{name!r}]", OBJECT)
        if name in world.program.functions and not name.startswith("part"):
            return E(f"seen_[{name!r}]", OBJECT)
        if name in world.program.globals:
            constant = world.constant(name)
            if constant is not None:
                return constant
            world.read_globals[name] = None
            t = world.typing.at(f"global:{name}")
            if name in world.program.written:  # read now: what follows may rebind it
                return E(f"read_{name}()", t)
            return E(f"g_{name}", t)
        raise UnsupportedError(f"the name {name}")


def _declared(world: World, name: str, t: T) -> str:
    held = world.held(t)
    return f"cdef {held} {name}" + {"ll": " = 0", "double": " = 0.0", "bint": " = False"}.get(
        held, ""
    )


__all__ = ["OBJECT", "Scope"]
