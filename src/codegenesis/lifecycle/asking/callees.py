"""What a function uses of its own module: the sources a model needs to see beside it."""

from __future__ import annotations

import ast

from codegenesis.model import Gene
from codegenesis.parsing import syntax_tree

_MOST = 6
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


def callees(gene: Gene, module_source: str) -> tuple[str, ...]:
    """Sources of the functions, classes and constants of the module that the gene reads, and of
    the methods that it calls on `self`; the nearest in the file first."""
    try:
        module, own = syntax_tree(module_source), syntax_tree(gene.source)
    except (SyntaxError, ValueError):
        return ()
    names = {node.id for node in ast.walk(own) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(own) if isinstance(node, ast.Attribute)}
    found = [
        node
        for node in _around(gene, module)
        if isinstance(node, _Definition) and _bound(node) & (names - {gene.name})
    ]
    found.sort(key=lambda node: abs(node.lineno - gene.line))
    sources = (ast.get_source_segment(module_source, node) for node in found[:_MOST])
    return tuple(source for source in sources if source)


def _around(gene: Gene, module: ast.Module) -> list[ast.stmt]:
    """What stands at the top of the module, and beside a method in its class."""
    body = list(module.body)
    for name in gene.qualname.split(".")[:-1]:
        inner = next((n for n in body if isinstance(n, ast.ClassDef) and n.name == name), None)
        if inner is None:
            break
        body = [*inner.body, *(node for node in body if node is not inner)]
    return body


def _bound(node: _Definition) -> set[str]:
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign):
        return {node.target.id} if isinstance(node.target, ast.Name) else set()
    return {node.name}
