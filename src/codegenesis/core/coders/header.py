"""The gene's own header on a body that somebody else wrote."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import libcst as cst

from codegenesis.core.genetic.syntax import module
from codegenesis.core.syntax import Unit
from codegenesis.fragment.syntax import FunctionNode

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def with_header(source: str, original: str, *, filling: bool = False) -> str | None:
    """`source` with parameters, defaults and annotations as the original writes them.

    Args:
        filling: the original has no body yet that could tell whether it is a generator.

    Returns:
        None when it takes other parameters, has other defaults or is of another kind.
    """
    new, old = _function(source), _function(original)
    if _shape(new) != _shape(old) or (_yields(new) != _yields(old) and not filling):
        return None
    if ast.dump(new.args) == ast.dump(old.args) and _returns(new) == _returns(old):
        return source
    mine, theirs = Unit.parse(original).function, Unit.parse(source)
    function = theirs.function.with_changes(
        params=mine.params,
        returns=mine.returns,
        whitespace_before_params=mine.whitespace_before_params,
    )
    return "".join(cst.Module([]).code_for_node(each) for each in (*theirs.prelude, function))


def is_bare(source: str) -> bool:
    """Whether nothing stands in a function but a docstring, `pass` and `...`: left out, or torn."""
    return all(
        isinstance(each, ast.Pass)
        or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        for each in _function(source).body
    )


def _function(source: str) -> _Function:
    last = module(source).body[-1]
    if not isinstance(last, FunctionNode):
        raise ValueError("expected a function at the end")
    return last


def _shape(node: _Function) -> tuple[object, ...]:
    """Name, kind, parameters and defaults; annotations do not count."""
    own = node.args
    names = [[a.arg for a in each] for each in (own.posonlyargs, own.args, own.kwonlyargs)]
    stars = [each.arg if each else None for each in (own.vararg, own.kwarg)]
    defaults = [ast.dump(each) if each else None for each in (*own.defaults, *own.kw_defaults)]
    return type(node), node.name, names, stars, defaults


def _returns(node: _Function) -> str:
    return ast.dump(node.returns) if node.returns else ""


def _yields(node: _Function) -> bool:
    return any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _own(node.body))


def _own(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
    """What stands in a function itself, not in functions inside of it."""
    stack: list[ast.AST] = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))
