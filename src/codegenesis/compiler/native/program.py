"""The closed world of one build: a function and everything of its module that it reaches.

Compiled code that had to ask the interpreter for each helper would gain little, so helpers,
classes and constants are compiled along. What cannot be (a class with a foreign base, a decorated
helper) stays outside: code that touches it refuses the input when it gets there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.errors import FragmentError
from codegenesis.evidence.names import bound_in
from codegenesis.evidence.reach import Module, imported, module_at
from codegenesis.model import Gene, Record
from codegenesis.parsing import syntax_tree

#: The entry's name inside a build, so that its own name stays free for the guarded `def`.
ENTRY = "entry_"

#: Functions and classes that are compiled together; more would take minutes.
_MOST = 100

_SPECIAL = frozenset(
    [
        "__init__",
        "__getitem__",
        "__setitem__",
        "__len__",
        "__call__",
        "__add__",
        "__radd__",
        "__sub__",
        "__rsub__",
        "__mul__",
        "__rmul__",
        "__truediv__",
        "__neg__",
    ]
)


class UnsuitableError(FragmentError):
    """The function cannot be built this way; the message says why."""


class Class(Record, frozen=True, kw_only=True):
    """A class whose instances become structs.

    Attributes:
        base: name of its base in the program, empty for none.
        methods: by name, those that the program uses.
        constants: class attributes that are plain values.
    """

    name: str
    base: str = ""
    methods: dict[str, ast.FunctionDef]
    constants: dict[str, ast.expr]


class Program(Record, frozen=True, kw_only=True):
    """What is compiled together.

    Attributes:
        functions: by name; the entry is called `ENTRY`.
        globals: names of module-level values that are read.
        written: those of them that functions rebind.
        imports: dotted origin by the name that it is known under.
        parameters: names of the entry's parameters, in order.
    """

    functions: dict[str, ast.FunctionDef]
    classes: dict[str, Class]
    globals: tuple[str, ...]
    written: tuple[str, ...]
    imports: dict[str, str]
    parameters: tuple[str, ...]

    def all_functions(self) -> Iterator[tuple[str, ast.FunctionDef]]:
        """Functions, then methods as `Class.method`."""
        yield from self.functions.items()
        for owner in self.classes.values():
            for name, method in owner.methods.items():
                yield f"{owner.name}.{name}", method

    def lineage(self, name: str) -> list[str]:
        """A class and its bases, nearest first."""
        found = []
        while name:
            found.append(name)
            name = self.classes[name].base
        return found

    def heirs(self, name: str) -> list[str]:
        """A class and everything derived from it."""
        return [each for each in self.classes if name in self.lineage(each)]

    def method(self, owner: str, name: str) -> str:
        """The class that `owner.name` is defined in, or an empty string."""
        lineage = self.lineage(owner)
        return next((each for each in lineage if name in self.classes[each].methods), "")


def program_of(gene: Gene, source: str) -> Program:
    """The closed world of a gene's function as `source` (a fragment) has it.

    Raises:
        UnsuitableError: it is a method, takes stars, or its file cannot be read.
    """
    module = module_at(gene.path, gene.module)
    if module is None:
        raise UnsuitableError(f"{gene.path} cannot be read any more")
    *prelude, entry = syntax_tree(source).body
    if not isinstance(entry, ast.FunctionDef) or gene.kind == "method" or gene.free:
        raise UnsuitableError("only plain functions are compiled with types")
    if entry.args.vararg or entry.args.kwarg or entry.decorator_list:
        raise UnsuitableError("functions with stars or decorators are not compiled with types")
    return _Collector(module, prelude, gene.name).collected(entry)


class _Collector:
    def __init__(self, module: Module, prelude: list[ast.stmt], name: str) -> None:
        self._bound = dict(module.bound)
        self._imports = dict(module.imports)
        self._name = name
        for node in prelude:
            self._imports.update(imported(node, module.name))
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                self._bound[node.name] = node
        self._functions: dict[str, ast.FunctionDef] = {}
        self._classes: dict[str, ast.ClassDef] = {}
        self._globals: dict[str, None] = {}
        self._written: set[str] = set()
        self._used: dict[str, str] = {}
        self._attributes: set[str] = set(_SPECIAL)

    def collected(self, entry: ast.FunctionDef) -> Program:
        entry = _renamed(entry, {self._name: ENTRY})
        entry.name = ENTRY
        self._functions[ENTRY] = entry
        self._visit(entry)
        while self._grow():
            pass
        classes = {name: self._class(node) for name, node in self._classes.items()}
        return Program(
            functions=self._functions,
            classes=classes,
            globals=tuple(self._globals),
            written=tuple(sorted(self._written)),
            imports=self._used,
            parameters=tuple(each.arg for each in _arguments(entry)),
        )

    def _grow(self) -> bool:
        """Visit methods whose names came up since; was there any?"""
        before = (len(self._attributes), len(self._functions), len(self._classes))
        for node in list(self._classes.values()):
            for method in _methods(node):
                if method.name in self._attributes:
                    self._visit(method)
            for value in _constants(node).values():
                self._visit(value)
        return before != (len(self._attributes), len(self._functions), len(self._classes))

    def _visit(self, node: ast.AST) -> None:
        local = bound_in(node) | _parameters(node)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Global):
                self._written.update(inner.names)
                self._globals.update(dict.fromkeys(inner.names))
            elif isinstance(inner, ast.Attribute):
                self._attributes.add(inner.attr)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and (inner.id not in local or inner.id in self._written):
                self._name_used(inner.id)

    def _name_used(self, name: str) -> None:
        bound = self._bound.get(name)
        if name == self._name or name in self._functions or name in self._classes:
            return
        if len(self._functions) + len(self._classes) > _MOST:
            raise UnsuitableError(f"it reaches more than {_MOST} functions and classes")
        if isinstance(bound, ast.FunctionDef) and not bound.decorator_list:
            self._functions[name] = _renamed(bound, {self._name: ENTRY})
            self._visit(self._functions[name])
        elif isinstance(bound, ast.ClassDef) and self._is_plain(bound):
            for base in bound.bases:
                self._name_used(ast.unparse(base))
            self._classes[name] = bound
        elif name in self._imports:
            self._used[name] = self._imports[name]
        elif bound is not None:
            self._globals.setdefault(name)
            for inner in ast.walk(bound):  # the classes of what it holds
                if isinstance(inner, ast.Name) and isinstance(
                    self._bound.get(inner.id), ast.ClassDef
                ):
                    self._name_used(inner.id)

    def _is_plain(self, node: ast.ClassDef) -> bool:
        """Could its instances be structs? Known bases, no metaclass, no magic beyond operators."""
        if node.decorator_list or node.keywords or len(node.bases) > 1:
            return False
        for base in map(ast.unparse, node.bases):
            known = self._bound.get(base)
            if base != "object" and not (isinstance(known, ast.ClassDef) and self._is_plain(known)):
                return False
        allowed = (ast.FunctionDef, ast.Assign, ast.Expr, ast.Pass, ast.AnnAssign)
        magic = {"__getattr__", "__setattr__", "__getattribute__", "__eq__", "__hash__", "__del__"}
        magic |= {"__new__", "__bool__", "__get__", "__set__", "__lt__", "__iter__", "__contains__"}
        names = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        return all(isinstance(each, allowed) for each in node.body) and not names & magic

    def _class(self, node: ast.ClassDef) -> Class:
        methods = {
            method.name: _renamed(method, {self._name: ENTRY})
            for method in _methods(node)
            if method.name in self._attributes and not method.decorator_list
        }
        bases = [ast.unparse(base) for base in node.bases if ast.unparse(base) in self._classes]
        constants = {k: v for k, v in _constants(node).items() if k != "__slots__"}
        for name, value in constants.items():
            if isinstance(value, ast.Name) and value.id in methods:  # `__rmul__ = __mul__`
                methods[name] = methods[value.id]
        return Class(
            name=node.name, base=bases[0] if bases else "", methods=methods, constants=constants
        )


def _methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [each for each in node.body if isinstance(each, ast.FunctionDef)]


def _constants(node: ast.ClassDef) -> dict[str, ast.expr]:
    return {
        each.targets[0].id: each.value
        for each in node.body
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)
    }


def _arguments(node: ast.FunctionDef) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _parameters(node: ast.AST) -> set[str]:
    return {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}


def _renamed(node: ast.FunctionDef, names: dict[str, str]) -> ast.FunctionDef:
    """A copy of its own in which global names are replaced."""
    copy = syntax_tree(ast.unparse(node)).body[0]
    if not isinstance(copy, ast.FunctionDef):  # pragma: no cover (what it was made from is one)
        raise UnsuitableError("the function does not parse")
    local = bound_in(copy) | _parameters(copy)
    for inner in ast.walk(copy):
        if isinstance(inner, ast.Name) and inner.id in names and inner.id not in local:
            inner.id = names[inner.id]
    return copy
