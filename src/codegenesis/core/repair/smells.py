"""What people who repair a function rarely leave behind, and searches often do.

Only what the repair brought in counts, not what was there before: a name that is bound and no
longer read, a call that is no longer made, and an end of the function that can be reached without
a `return` although the other ways out give a value.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence


def unread(tree: ast.AST) -> set[str]:
    """Names that are bound and never read; `_` and the like are meant to be."""
    bound, read = Counter[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            bound[node.arg] += 1
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound[node.id] += 1
        elif isinstance(node, ast.Name):
            read.add(node.id)
    return {name for name in bound if name not in read and not name.startswith("_")}


def calls(tree: ast.AST) -> Counter[str]:
    """Names of the functions and methods that are called, each as often as it is written."""
    called = Counter[str]()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                called[name] += 1
    return called


def falls_off(tree: ast.Module) -> bool:
    """Can the function (the last statement) end without `return` though others give a value?"""
    function = tree.body[-1] if tree.body else None
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
    return bool(returns) and _goes_on(function.body)


def _goes_on(body: Sequence[ast.stmt]) -> bool:
    """Can what stands after these statements be reached?"""
    return all(map(_passable, body))


def _passable(node: ast.stmt) -> bool:
    match node:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return False
        case ast.If(body=body, orelse=orelse):
            return _goes_on(body) or _goes_on(orelse)
        case ast.While(test=ast.Constant(value=value), body=body) if value:
            return any(isinstance(each, ast.Break) for inner in body for each in ast.walk(inner))
        case ast.With(body=body) | ast.AsyncWith(body=body):
            return _goes_on(body)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            ways = [[*body, *orelse], *(handler.body for handler in handlers)]
            return _goes_on(final) and any(map(_goes_on, ways))
    return True
