"""Constants written in the program: the cheapest way for fresh inputs to reach rare branches.

`if total > 1000` is never entered by values drawn around recorded ones of 5 to 50, but 999, 1000
and 1001 stand in the source. Constants come from the original, from the variant (a wrong variant
often carries its own special case) and from what the original refers to in its module.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TypeVar

from codegenesis.model import Record

_T = TypeVar("_T")
_MOST = 64  # per type; more would only crowd out the recorded values


class Literals(Record, frozen=True, kw_only=True):
    """Constants by type, each without repeats, in the order of the source."""

    ints: tuple[int, ...] = ()
    floats: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()
    blobs: tuple[bytes, ...] = ()


def literals(*trees: ast.AST) -> Literals:
    """The constants in `trees`; numbers come with their neighbours, docstrings are left out."""
    found = [value for tree in trees for value in _constants(tree)]
    ints = [value for value in found if type(value) is int]
    return Literals(
        ints=_first(near for value in ints for near in (value, value - 1, value + 1)),
        floats=_first(value for value in found if type(value) is float),
        texts=_first(value for value in found if type(value) is str and len(value) <= 200),
        blobs=_first(value for value in found if type(value) is bytes and len(value) <= 200),
    )


def merged(*parts: Literals) -> Literals:
    """All of them together; those of the first come first and are the last to be crowded out."""
    return Literals(
        ints=_first(value for part in parts for value in part.ints),
        floats=_first(value for part in parts for value in part.floats),
        texts=_first(value for part in parts for value in part.texts),
        blobs=_first(value for part in parts for value in part.blobs),
    )


def _constants(tree: ast.AST) -> Iterable[object]:
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in prose:
            yield node.value
        elif isinstance(node, ast.BinOp | ast.UnaryOp):
            yield from _folded(node)


def _folded(node: ast.BinOp | ast.UnaryOp) -> Iterator[object]:
    """`2**64 - 1`, `-273.15`: what the compiler makes a constant of, as long as it is small."""
    try:
        code = compile(ast.Expression(node), "<constant>", "eval", dont_inherit=True)
    except (ValueError, SyntaxError, RecursionError):
        return
    if not code.co_names and len(code.co_consts) == 1 and len(code.co_code) <= 8:
        yield code.co_consts[0]


def _first(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))[:_MOST]
