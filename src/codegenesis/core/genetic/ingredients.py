"""What a repair can be made of: expressions, statements and names of the function and of its kin.

The redundancy assumption of repair by search (Barr et al., "The plastic surgery hypothesis", FSE
2014): most of what a fix needs is already written nearby. Nearest first: the function itself, the
functions of its module that call it, then the rest of the module.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Iterator

from codegenesis.core.genetic.syntax import UNPARSABLE
from codegenesis.core.genetic.syntax import module as parsed
from codegenesis.model import Record

_LONGEST = 80
_EXPRESSIONS, _STATEMENTS, _NAMES = 80, 40, 30
_ROOTS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SIMPLE = (
    ast.Assign,
    ast.AugAssign,
    ast.AnnAssign,
    ast.Expr,
    ast.Return,
    ast.Raise,
    ast.Assert,
    ast.Delete,
)
_EXPRESSION = (
    ast.BinOp,
    ast.Compare,
    ast.BoolOp,
    ast.UnaryOp,
    ast.Call,
    ast.Subscript,
    ast.Attribute,
    ast.IfExp,
    ast.ListComp,
    ast.SetComp,
    ast.List,
    ast.Tuple,
)


class Ingredients(Record, frozen=True, kw_only=True):
    """Pieces of text, each at most once, nearest first.

    Attributes:
        expressions: as they can be read anywhere (no `yield`, no f-string).
        statements: simple ones, on one line.
        names: of the module, that any of its functions can read.
        callees: functions that are called, or could be: the module's own and the builtins used.
        attributes: names after a dot, methods and fields.
        constants: literals.
    """

    expressions: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    callees: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()


def ingredients(source: str, *, module_source: str = "", qualname: str = "") -> Ingredients:
    """What stands in `source`, in its module and in the functions of the module that call it.

    Args:
        module_source: text of the module that the function belongs to; may be empty.
        qualname: name of the function in the module, so that its old self is not read twice.
    """
    own = _parsed(source)
    module = _parsed(module_source)
    name = qualname.rpartition(".")[2]
    functions = [node for node in _functions(module) if node.name != name]
    callers = [node for node in functions if name and _calls(node, name)]
    others = [node for node in functions if node not in callers]
    near = [*_walk(own), *(node for each in callers for node in _walk(each))]
    far = [node for each in others for node in _walk(each)]
    return Ingredients(
        expressions=_most(_spelled(near, _EXPRESSION), _EXPRESSIONS),
        statements=_most([*_spelled(near, _SIMPLE), *_spelled(far, _SIMPLE)], _STATEMENTS),
        names=_most(_bound(module), _NAMES),
        callees=_most(_callees(near, module, far), _NAMES),
        attributes=_most(_attributes([*near, *far], module), _NAMES),
        constants=_most(_constants([*near, *far]), _NAMES),
    )


def _parsed(source: str) -> ast.AST:
    try:
        return parsed(source)
    except UNPARSABLE:
        return ast.Module(body=[], type_ignores=[])


def _functions(module: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(module) if isinstance(node, _ROOTS)]


def _calls(function: ast.AST, name: str) -> bool:
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=called)) | ast.Call(func=ast.Attribute(attr=called)):
                if called == name:
                    return True
    return False


def _walk(root: ast.AST) -> Iterator[ast.AST]:
    """All below `root` in order, without docstrings, annotations and insides of f-strings."""
    for node in ast.iter_child_nodes(root):
        if isinstance(node, ast.JoinedStr | ast.arg) or _is_text(node):
            continue
        yield node
        yield from _walk(node)


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _spelled(nodes: Iterable[ast.AST], kinds: tuple[type[ast.AST], ...]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, kinds) and not isinstance(getattr(node, "ctx", None), ast.Del):
            try:
                text = ast.unparse(node)
            except UNPARSABLE:
                continue
            if len(text) <= _LONGEST and "\n" not in text and not _bound_to_its_place(node):
                yield text


def _bound_to_its_place(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.Yield | ast.YieldFrom | ast.NamedExpr | ast.Starred | ast.JoinedStr)
        for each in ast.walk(node)
    )


def _bound(module: ast.AST) -> Iterator[str]:
    for node in getattr(module, "body", ()):
        match node:
            case ast.Assign(targets=targets):
                yield from (each.id for each in targets if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                every = ((each.asname or each.name).partition(".")[0] for each in names)
                yield from (name for name in every if name != "*")


def _callees(near: list[ast.AST], module: ast.AST, far: list[ast.AST]) -> Iterator[str]:
    yield from _called(near)
    for node in getattr(module, "body", ()):
        if isinstance(node, (*_ROOTS, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            yield from (each.asname or each.name for each in node.names if each.name != "*")
    yield from (name for name in _called(far) if hasattr(builtins, name))


def _called(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def _attributes(nodes: list[ast.AST], module: ast.AST) -> Iterator[str]:
    yield from (node.attr for node in nodes if isinstance(node, ast.Attribute))
    for owner in (node for node in ast.walk(module) if isinstance(node, ast.ClassDef)):
        for node in ast.walk(owner):
            match node:
                case ast.FunctionDef(name=name) if not name.startswith("__"):
                    yield name
                case ast.Attribute(value=ast.Name(id="self"), attr=name):
                    yield name


def _constants(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and node.value is not Ellipsis:
            text = repr(node.value)
            if len(text) <= _LONGEST:
                yield text


def _most(found: Iterable[str], limit: int) -> tuple[str, ...]:
    """The first `limit` different ones."""
    return tuple(Counter(found))[:limit]
