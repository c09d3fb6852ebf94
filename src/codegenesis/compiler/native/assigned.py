"""Which reads of a variable are certain to come after a write.

A C variable that was never written holds nonsense where Python raises `UnboundLocalError`; reads
that are not certain are guarded by a mark.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

Names = frozenset[str]
_ANY: Names | None = None  # where control never comes


class Assigned:
    """One function's reads.

    Attributes:
        doubtful: ids of `ast.Name` nodes that may be read before they are written.
        marked: names of variables that need a mark.
    """

    def __init__(self, body: Sequence[ast.stmt], parameters: Iterable[str]) -> None:
        self.doubtful: set[int] = set()
        self.marked: set[str] = set()
        self._breaks: list[list[Names | None]] = []
        self._block(body, frozenset(parameters))

    def _block(self, body: Sequence[ast.stmt], known: Names | None) -> Names | None:
        for statement in body:
            known = self._statement(statement, known)
        return known

    def _statement(  # noqa: PLR0911 (one per kind)
        self, node: ast.stmt, known: Names | None
    ) -> Names | None:
        match node:
            case ast.If():
                self._reads(node.test, known)
                return _both(self._block(node.body, known), self._block(node.orelse, known))
            case ast.For():
                self._reads(node.iter, known)
                inner = known if known is None else known | _stores(node.target)
                self._reads(node.target, inner)
                return self._loop(node, inner, known)
            case ast.While():
                self._reads(node.test, known)
                forever = isinstance(node.test, ast.Constant) and bool(node.test.value)
                return self._loop(node, known, _ANY if forever else known)
            case ast.Try():
                return self._try(node, known)
            case ast.Return() | ast.Raise():
                self._reads(node, known)
                return _ANY
            case ast.Break():
                if self._breaks:
                    self._breaks[-1].append(known)
                return _ANY
            case ast.Continue():
                return _ANY
        self._reads(node, known)
        return known if known is None else known | _stores(node)

    def _loop(
        self, node: ast.For | ast.While, inner: Names | None, after: Names | None
    ) -> Names | None:
        self._breaks.append([])
        self._block(node.body, inner)
        leaving = self._breaks.pop()
        after = self._block(node.orelse, after)
        for known in leaving:
            after = _both(after, known)
        return after

    def _try(self, node: ast.Try, known: Names | None) -> Names | None:
        after = self._block(node.orelse, self._block(node.body, known))
        for handler in node.handlers:
            after = _both(after, self._block(handler.body, known))
        final = self._block(node.finalbody, known)
        if after is None or final is None:
            return after
        return after | final

    def _reads(self, node: ast.AST, known: Names | None) -> None:
        for inner in ast.walk(node):
            if not isinstance(inner, ast.Name):
                continue
            read = isinstance(inner.ctx, ast.Load) or isinstance(node, ast.AugAssign)
            if read and known is not None and inner.id not in known:
                self.doubtful.add(id(inner))
                self.marked.add(inner.id)


def _both(one: Names | None, other: Names | None) -> Names | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _stores(node: ast.AST) -> Names:
    return frozenset(
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    )
