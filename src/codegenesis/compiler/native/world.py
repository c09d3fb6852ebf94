"""What the emitters of one build share: representations, conversions, signatures, and the names
that are emitted once per build (rows, attribute access)."""

from __future__ import annotations

import ast
import math
from typing import Any, NamedTuple

from codegenesis.compiler.native.observe import Observed
from codegenesis.compiler.native.program import Program
from codegenesis.compiler.native.types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    NUM,
    OBJECT,
    STR,
    T,
    struct,
    vec,
)


class UnsupportedError(Exception):
    """A construct that has no compiled form; its statement refuses the input instead."""


class E(NamedTuple):
    """An expression of the build: its text, its representation.

    `fresh` says that it is a new container that nobody else holds.
    """

    code: str
    t: T
    fresh: bool = False


class Signature(NamedTuple):
    """How a function of the build is called."""

    parameters: tuple[tuple[str, T], ...]
    result: T
    defaults: dict[str, ast.expr]


_LETTERS = {INT: "l", FLOAT: "d", BOOL: "b", NUM: "n"}
_HELD = {"l": "ll", "d": "double", "b": "bint", "n": "num"}
_PYTHON = {"str": "str", "bytes": "bytes", "dict": "dict", "set": "set", "range": "range"}


class World:
    """One build.

    Args:
        program: in normal form.
    """

    def __init__(self, program: Program, observed: Observed) -> None:
        self.program = program
        self.typing = observed.typing
        self.values = observed.values
        self.rows: dict[str, T] = {}
        self.access: dict[tuple[str, str], T] = {}
        self.read_globals: dict[str, None] = {}
        self.checked: dict[str, Any] = {}
        self.changed: set[str] = set()
        self.left_out: list[str] = []
        self.doubts: list[str] = []
        self.uses_random = False
        self.widened = False
        self.function = ""
        self.new: dict[str, None] = {}
        self.switches: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        self.makers: dict[str, tuple[str, int]] = {}
        self._attributes: dict[str, dict[str, T]] = {}
        self._signatures: dict[str, Signature] = {}
        self._nodes = dict(program.all_functions())

    # --- representations ---

    def held(self, t: T) -> str:
        """The C or Cython type of a representation."""
        if t in _LETTERS:
            return _HELD[_LETTERS[t]]
        if t.is_row:
            return f"R_{self.row(t)}"
        if t.kind in ("vec", "array"):
            return f"V{t.of[0]}"
        if t.kind == "struct":
            return f"C_{t.of[0]}"
        if t.kind in ("list", "tuple"):
            return t.kind
        return "object"

    def row(self, t: T) -> str:
        """The name of a row's struct; noted, so that it is emitted."""
        letters = "".join(_LETTERS[item] for item in t.of)
        self.rows[letters] = t
        return letters

    def letter(self, t: T) -> str:
        """The suffix of the conversions of a representation."""
        return _LETTERS.get(t) or f"R_{self.row(t)}"

    def fails(self, t: T) -> str:
        """The `except` clause of a function with this result."""
        return {
            "int": "except? -4611686018427388977",
            "float": "except? -1.2345678901234567e-301",
            "bool": "except -1",
        }.get(t.kind, "except *" if t.is_flat else "")

    def nothing(self, t: T) -> str:
        """An expression of this representation that refuses the input."""
        if t in _LETTERS:
            return f"out_{_LETTERS[t]}()"
        if t.is_row:
            return f"out_{self.letter(t)}()"
        return self.to(E("out_o()", OBJECT), t)

    # --- conversions ---

    def boxed(self, e: E) -> str:
        """As a Python object."""
        if e.t in _LETTERS:
            return f"{_LETTERS[e.t]}2o({e.code})"
        if e.t.is_row:
            return f"{self.letter(e.t)}2o({e.code})"
        if e.t == NONE and e.code != "None":
            raise UnsupportedError("the result of what returns nothing")
        return e.code

    def to(self, e: E, t: T) -> str:  # noqa: PLR0911 (one per pair)
        """The expression in another representation; refuses at run time what is not exact."""
        source = e.t
        if source == t or (t == OBJECT and not source.is_flat and source != NONE):
            return e.code
        if t.kind == source.kind and t.kind in _PYTHON:
            return e.code
        if t == OBJECT:
            return self.boxed(e)
        if t == NUM and source == INT:
            return f"num_l({e.code})"
        if t == NUM and source == FLOAT:
            return f"num_d({e.code})"
        if source == NUM and t in (INT, FLOAT):
            self.doubts.append(f"{source.kind} for {t.kind}")
            return f"n2{_LETTERS[t]}({e.code})"
        if t.is_flat:
            self.doubts.append(f"{source.kind} for {t.kind}")
            return f"o2{self.letter(t)}({self.boxed(e)})"
        return self._object_to(e, t)

    def put(self, e: E, t: T, place: str) -> str:
        """The expression in the representation of a place. Where the text says that a number of
        the other kind gets there, which was not seen, the place is widened for the next attempt."""
        if {e.t, t} == {INT, FLOAT} or (e.t == NUM and t in (INT, FLOAT) and self._is_wide(e)):
            self.typing.widen(place, NUM)
            self.widened = True
        if e.t.kind == t.kind == "struct" and (base := self._shared_base(e.t, t)) != t:
            self.typing.widen(place, base)
            self.widened = True
        return self.to(e, t)

    def _shared_base(self, one: T, other: T) -> T:
        """The nearest class that both are, or `other` when there is none."""
        lineage = self.program.lineage(other.of[0])
        shared = [name for name in self.program.lineage(one.of[0]) if name in lineage]
        return struct(shared[0]) if shared else other

    def _is_wide(self, e: E) -> bool:
        """Is it read from a place that was widened itself?"""
        if e.code.startswith("v_"):
            return self.typing.is_widened(f"{self.function}:{e.code[2:]}")
        name = e.code.removeprefix("get_").partition("(")[0]
        return any(
            name == f"{root}_{attribute}" and self.typing.is_widened(f"@{root}.{attribute}")
            for root, attribute in self.access
        )

    def _object_to(self, e: E, t: T) -> str:
        if t.kind == "struct":
            return self._instance_to(e, t)
        code = self.boxed(e)
        if t.kind in ("vec", "array"):
            if e.fresh and e.t.kind in ("object", "list"):
                return f"V{t.of[0]}_from({code})"
            if e.t.kind in ("vec", "array") and e.t.of[0] == t.of[0]:
                return code
            return f"as_V{t.of[0]}({code})"
        if t.kind in ("list", "tuple"):
            return code if e.t.kind == t.kind else f"as_{t.kind}({code})"
        return f"as_kind({code}, {_PYTHON[t.kind]})" if t.kind in _PYTHON else code

    def _instance_to(self, e: E, t: T) -> str:
        name = t.of[0]
        if e.t.kind == "struct":
            if name in self.program.lineage(e.t.of[0]):
                return f"<C_{name}>{e.code}"
            if e.t.of[0] not in self.program.lineage(name):
                raise UnsupportedError("an instance of another class")
        return f"as_C_{name}({self.boxed(e)})"

    # --- what the program's names are ---

    def node(self, name: str) -> ast.FunctionDef:
        """The function or method (`Class.method`) of this name."""
        return self._nodes[name]

    def has(self, name: str) -> bool:
        """Is there such a function or method?"""
        return name in self._nodes

    def signature(self, name: str) -> Signature:
        """How a function or method is called."""
        found = self._signatures.get(name)
        if found is None:
            found = self._signatures[name] = self._signature(name)
        return found

    def _signature(self, name: str) -> Signature:
        if not self.typing.knows(f"{name}:return"):
            raise UnsupportedError(f"{name} was never seen to return")
        node = self._nodes[name]
        own = node.args
        if own.vararg or own.kwarg or own.posonlyargs:
            raise UnsupportedError(f"{name} takes stars")
        if any(isinstance(n, ast.Yield | ast.YieldFrom | ast.Await) for n in ast.walk(node)):
            raise UnsupportedError(f"{name} is a generator")
        names = [each.arg for each in own.args + own.kwonlyargs]
        given = own.args[len(own.args) - len(own.defaults) :]
        defaults = dict(zip((each.arg for each in given), own.defaults, strict=True))
        for each, default in zip(own.kwonlyargs, own.kw_defaults, strict=True):
            if default is not None:
                defaults[each.arg] = default
        types = [(each, self.typing.at(f"{name}:{each}")) for each in names]
        owner = name.rpartition(".")[0]
        if owner and types:
            types[0] = (types[0][0], struct(owner))
        result = self.typing.at(f"{name}:return")
        return Signature(tuple(types), OBJECT if result == NONE else result, defaults)

    def attributes(self, name: str) -> dict[str, T]:
        """Attributes of instances of a class and of its kin."""
        root = self.root(name)
        if root not in self._attributes:
            self._attributes[root] = self.typing.attributes(root)
        return self._attributes[root]

    def root(self, name: str) -> str:
        """The base of a class that has no base in the program."""
        return self.program.lineage(name)[-1]

    def attribute(self, owner: str, name: str) -> T:
        """The type of an attribute; noted, so that its access is emitted."""
        known = self.attributes(owner)
        if name not in known:
            raise UnsupportedError(f"{owner}.{name} was never seen")
        self.access[self.root(owner), name] = known[name]
        return known[name]

    # --- what is emitted once, because somebody asked ---

    def made(self, name: str) -> None:
        """Instances of this class are made."""
        self.new[name] = None

    def maker(self, letter: str, count: int) -> str:
        """A function that makes an array of so many numbers."""
        name = f"V{letter}_of{count}"
        self.makers[name] = (letter, count)
        return name

    def changes(self, t: T) -> None:
        """Something of this representation is changed in place."""
        self.changed.add(t.kind)

    def switch(self, owner: str, name: str, holders: list[str]) -> str:
        """A function that calls the method of the class that an instance really has."""
        made = f"d_{owner}__{name}"
        self.switches[made] = (owner, name, tuple(holders))
        return made

    def switched(self, owner: str, name: str, holders: list[str]) -> Signature:
        """How a switch is called: as the methods, which must agree."""
        found = [self.signature(f"{holder}.{name}") for holder in holders]
        shapes = {tuple(n for n, _ in each.parameters[1:]) for each in found}
        if len(shapes) != 1 or any(each.defaults for each in found):
            raise UnsupportedError(f"methods {name} with different parameters")
        parameters = [("self", struct(owner))]
        for index, (parameter, t) in enumerate(found[0].parameters[1:], start=1):
            kinds = {each.parameters[index][1] for each in found}
            parameters.append((parameter, t if len(kinds) == 1 else OBJECT))
        results = {each.result for each in found}
        result = self._shared(results)
        return Signature(tuple(parameters), result, {})

    def _shared(self, results: set[T]) -> T:
        """What results of different methods are all held as."""
        if len(results) == 1:
            return results.pop()
        if all(t.kind == "struct" for t in results):
            roots = {self.root(t.of[0]) for t in results}
            if len(roots) == 1:
                return struct(roots.pop())
        return OBJECT

    def constant(self, path: str) -> E | None:
        """A number or text that is written into the build, and compared when it is entered."""
        if path not in self.values or path in self.program.written:
            return None
        value = self.values[path]
        e = literal(value)
        if e is not None:
            self.checked[path] = value
        return e


def literal(value: object) -> E | None:
    """A plain value as an expression."""
    if type(value) is bool:
        return E(str(value), BOOL)
    if type(value) is int and -(1 << 62) < value < 1 << 62:
        suffix = "LL" if abs(value) > 1 << 30 else ""  # without it, it would be a Python object
        return E(f"(<ll>{value}{suffix})" if value >= 0 else f"(-<ll>{-value}{suffix})", INT)
    if type(value) is float and math.isfinite(value):
        return E(repr(value) if value > 0 or str(value) == "0.0" else f"({value!r})", FLOAT)
    if type(value) is str:
        return E(f"({value!r})", STR)
    if value is None:
        return E("None", NONE)
    return None


__all__ = ["E", "Signature", "UnsupportedError", "World", "literal", "vec"]
