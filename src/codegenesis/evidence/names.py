"""Which names a piece of syntax binds, reads and changes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.evidence.reach import Module, bound_names, top_level
from codegenesis.evidence.vocabulary import CHANGING


def mutated_globals(module: Module) -> dict[str, int]:
    """Top-level variables that the module itself changes after binding them, with a line.

    Changes made by other modules are not seen.
    """
    changed: dict[str, int] = {}
    bound: set[str] = set()
    for statement in top_level(module.tree):
        names = set(bound_names(statement))
        changed.update(dict.fromkeys(names & bound, statement.lineno))
        bound |= names
    for node in outer_stores(module.tree):
        names = set(node.names) if isinstance(node, ast.Global) else {root_name(node)}
        changed.update(dict.fromkeys(names, node.lineno))
    return {name: line for name, line in changed.items() if name in bound}


def outer_stores(tree: ast.AST) -> Iterator[ast.stmt | ast.expr]:
    """`global`s in functions, and changes of objects behind names that are not local to them.

    Module-level code that fills a table right after creating it is not counted.
    """
    for function in _outermost_functions(tree):
        local = {*bound_in(function), ""}
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield node
            target = node.func if isinstance(node, ast.Call) else node
            if _is_change(node) and root_name(target) not in local:
                yield target  # type: ignore[misc]  # _is_change passes expressions only


def _is_change(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING
    return isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load)


def _outermost_functions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef | ast.If | ast.Try | ast.With):
            yield from _outermost_functions(node)


def bound_in(tree: ast.AST) -> set[str]:
    """Names bound anywhere inside, nested functions included, without the tree's own name."""
    bound: set[str] = set()
    free: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.Global):
            free.update(node.names)
        elif isinstance(node, ast.stmt) and node is not tree:
            bound.update(bound_names(node))
    return bound - free


def root_name(node: ast.AST) -> str:
    """`a` of `a.b[c].d`; empty when the chain does not start with a name."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def loads_now(statement: ast.stmt) -> Iterator[ast.Name]:
    """Names that a statement reads when it is executed (not later, inside a function)."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            stack.extend([*node.args.defaults, *filter(None, node.args.kw_defaults)])
            stack.extend(getattr(node, "decorator_list", []))
        else:
            stack.extend(ast.iter_child_nodes(node))
