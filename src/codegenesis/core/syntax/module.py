"""What the rest of the module says about names that a function uses but does not own.

Read with `ast`: nothing here is rewritten. All answers are guesses from the text of one file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from codegenesis.core.syntax.purity import MUTATORS
from codegenesis.parsing import syntax_tree

_CONTAINERS: dict[type, str] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Tuple: "tuple",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.JoinedStr: "str",
}

#: Builtin calls and methods by the kind of what they return.
CALLS = {
    "list": "list",
    "sorted": "list",
    "tuple": "tuple",
    "set": "set",
    "frozenset": "set",
    "dict": "dict",
    "defaultdict": "dict",
    "Counter": "dict",
    "OrderedDict": "dict",
    "deque": "deque",
    "str": "str",
    "repr": "str",
    "format": "str",
    "chr": "str",
    "bytes": "bytes",
    "int": "int",
    "len": "int",
    "float": "float",
    "range": "range",
}
METHOD_CALLS = {
    "split": "list",
    "rsplit": "list",
    "splitlines": "list",
    "findall": "list",
    "most_common": "list",
    "keys": "keys",
    "values": "values",
    "join": "str",
    "format": "str",
    "lower": "str",
    "upper": "str",
    "strip": "str",
    "replace": "str",
    "title": "str",
    "isoformat": "str",
    "strftime": "str",
    "encode": "bytes",
    "decode": "str",
}


class ModuleFacts:
    """Constants, imports and attributes of one module, as far as its text shows them."""

    def __init__(self, source: str) -> None:
        self._tree = _parse(source)
        self._assigned: dict[str, list[ast.expr | None]] = {}
        for statement in self._tree.body:
            for name, value in _assignments(statement):
                self._assigned.setdefault(name, []).append(value)
        self._touched = frozenset(_touched(self._tree))

    def constant(self, name: str) -> ast.expr | None:
        """The value of a module-level name that is assigned once and never changed."""
        values = self._assigned.get(name, [])
        return values[0] if len(values) == 1 and name not in self._touched else None

    def defined(self) -> frozenset[str]:
        """Names that the module gives a meaning to: assigned, defined or imported."""
        kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        names = {node.name for node in self._tree.body if isinstance(node, kinds)}
        return frozenset(names | self._assigned.keys() | set(self.imports()))

    def imports(self) -> dict[str, str]:
        """Imported names at module level: name -> dotted origin."""
        found: dict[str, str] = {}
        for node in self._tree.body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = alias.name
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    def attribute_kinds(self, attribute: str) -> set[str]:
        """Kinds of values that any class of the module gives to `self.<attribute>`."""
        found: set[str] = set()
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Assign):
                if any(_is_self(target, attribute) for target in node.targets):
                    found.add(kind_of_ast(node.value))
            elif isinstance(node, ast.AnnAssign):
                named = isinstance(node.target, ast.Name) and node.target.id == attribute
                if named or _is_self(node.target, attribute):
                    found.add(kind_of_annotation(ast.unparse(node.annotation)))
        return found - {"unknown"}

    def mentions(self, function: str, attribute: str) -> bool:
        """Whether a function or method of that name, or what it calls, mentions `.attribute`."""
        return self._mentions(function, attribute, set())

    def _mentions(self, function: str, attribute: str, seen: set[str]) -> bool:
        if function in seen:
            return False
        seen.add(function)
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.FunctionDef) or node.name != function:
                continue
            for inner in ast.walk(node):
                if isinstance(inner, ast.Attribute) and inner.attr == attribute:
                    return True
                called = _called(inner)
                if called and self._mentions(called, attribute, seen):
                    return True
        return False

    def words(self) -> frozenset[str]:
        """Every name used anywhere in the module."""
        return frozenset(
            node.id if isinstance(node, ast.Name) else node.name
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Name | ast.FunctionDef | ast.ClassDef)
        ) | frozenset(self.imports())


@lru_cache(maxsize=32)
def module_facts(source: str) -> ModuleFacts:
    """Facts of a module; none when its text does not parse."""
    return ModuleFacts(source)


def kind_of_ast(node: ast.expr | None) -> str:
    """Kind of the value of an expression: `list`, `str`, …, or `unknown`."""
    match node:
        case ast.Constant(value=value):
            found = "none" if value is None else type(value).__name__
        case ast.Call(func=ast.Name(id=name)):
            found = CALLS.get(name, "unknown")
        case ast.Call(func=ast.Attribute(attr=name)):
            found = METHOD_CALLS.get(name) or CALLS.get(name, "unknown")
        case ast.BinOp(left=left, right=right):
            found = _of_operation(node, kind_of_ast(left), kind_of_ast(right))
        case ast.IfExp(body=left, orelse=right):
            found = kind_of_ast(left) if kind_of_ast(left) == kind_of_ast(right) else "unknown"
        case _:
            found = _CONTAINERS.get(type(node), "unknown")
    return found


def _of_operation(node: ast.BinOp, left: str, right: str) -> str:
    if isinstance(node.op, ast.Mod) and left in ("str", "bytes"):
        return left
    if isinstance(node.op, ast.Mult):
        return next((k for k in (left, right) if k in ("str", "bytes", "list", "tuple")), "unknown")
    sequences = ("str", "bytes", "list", "tuple")
    if isinstance(node.op, ast.Add) and (left in sequences or right in sequences):
        return left if left in sequences else right
    return left if left == right and left in ("int", "float") else "unknown"


def kind_of_annotation(text: str) -> str:
    """Kind that an annotation promises; `Sequence[str]` counts as `list`, unions as `unknown`."""
    bare = text.strip("\"'").partition("[")[0].rpartition(".")[2].strip()
    aliases = {
        "List": "list",
        "Sequence": "list",
        "MutableSequence": "list",
        "Tuple": "tuple",
        "Set": "set",
        "frozenset": "set",
        "FrozenSet": "set",
        "AbstractSet": "set",
        "Dict": "dict",
        "Mapping": "dict",
        "MutableMapping": "dict",
        "Iterator": "iterator",
        "Generator": "iterator",
    }
    plain = {"list", "tuple", "set", "dict", "str", "bytes", "int", "float", "bool", "range"}
    kind = aliases.get(bare, bare if bare in plain else "unknown")
    return kind if "|" not in _outside_brackets(text) else "unknown"


def _outside_brackets(text: str) -> str:
    depth, kept = 0, []
    for char in text:
        depth += (char == "[") - (char == "]")
        if depth == 0:
            kept.append(char)
    return "".join(kept)


def _parse(source: str) -> ast.Module:
    try:
        return syntax_tree(source)
    except (SyntaxError, ValueError):
        return ast.Module([], type_ignores=[])


def _assignments(statement: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    match statement:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, value
                else:
                    yield from ((n.id, None) for n in ast.walk(target) if isinstance(n, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
            return
        case _:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                    yield node.id, None


def _touched(tree: ast.Module) -> Iterator[str]:
    """Names that some function rebinds (`global`) or something changes in place."""
    for node in ast.walk(tree):
        match node:
            case ast.Global(names=names):
                yield from names
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                if method in MUTATORS:
                    yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name
            case ast.AugAssign(target=ast.Name(id=name)):
                yield name


def _is_self(node: ast.expr, attribute: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == attribute
        and isinstance(node.value, ast.Name)
        and node.value.id in ("self", "cls")
    )


def _called(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node.func.id
        if isinstance(node.func, ast.Attribute):
            return node.func.attr
    return ""
