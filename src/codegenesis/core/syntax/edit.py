"""Edits of a tree: collected first, applied in one pass, everything else kept as it was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import libcst as cst

from codegenesis.core.syntax.text import Statement, expression, statements
from codegenesis.core.syntax.unit import Unit
from codegenesis.core.syntax.view import View

_Result = cst.CSTNode | cst.FlattenSentinel[cst.CSTNode] | cst.RemovalSentinel


class Edits:
    """What to change in the function of a view.

    Statements are given as source and may hold several lines. A one-line suite (`if a: b`) that
    gets a neighbour becomes a block.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._swap: dict[cst.CSTNode, cst.CSTNode] = {}
        self._rewrite: dict[cst.CSTNode, list[Statement]] = {}
        self._wrap: dict[cst.CSTNode, Callable[[cst.CSTNode], Statement]] = {}
        self._before: dict[cst.CSTNode, list[Statement]] = {}
        self._after: dict[cst.CSTNode, list[Statement]] = {}
        self._prelude: list[Statement] = []
        self._decorators: list[cst.Decorator] = []

    def swap(self, node: cst.CSTNode, text: str) -> Edits:
        """Put another expression in the place of one."""
        self._swap[node] = expression(text)
        return self

    def swap_node(self, node: cst.CSTNode, other: cst.CSTNode) -> Edits:
        """Put another node of the same role in the place of one."""
        self._swap[node] = other
        return self

    def rewrite(self, statement: cst.CSTNode, text: str) -> Edits:
        """Put other statements in the place of one; none removes it."""
        self._rewrite[statement] = statements(text)
        return self

    def wrap(self, statement: cst.CSTNode, wrapper: Callable[[cst.CSTNode], Statement]) -> Edits:
        """Put something around a statement, which is handed over with its own edits made."""
        self._wrap[statement] = wrapper
        return self

    def before(self, statement: cst.CSTNode, text: str) -> Edits:
        """Put statements before one."""
        self._before.setdefault(statement, []).extend(statements(text))
        return self

    def after(self, statement: cst.CSTNode, text: str) -> Edits:
        """Put statements after one."""
        self._after.setdefault(statement, []).extend(statements(text))
        return self

    def prelude(self, text: str) -> Edits:
        """Put statements in front of the function, at module level."""
        self._prelude.extend(statements(text))
        return self

    def decorate(self, text: str) -> Edits:
        """Add a decorator."""
        self._decorators.append(cst.Decorator(expression(text)))
        return self

    def apply(self) -> Unit:
        """The unit with all edits made."""
        changed = self._view.function.visit(_Transformer(self))
        assert isinstance(changed, cst.FunctionDef)
        if self._decorators:
            changed = changed.with_changes(decorators=[*self._decorators, *changed.decorators])
        grown = replace(self._view.unit, function=changed, prelude=tuple(self._prelude))
        return Unit.parse(grown.merged(self._view.unit.prelude).source)

    def leave(self, original: cst.CSTNode, updated: cst.CSTNode) -> _Result:
        """What becomes of a node."""
        if original in self._wrap:
            return self._around(original, [self._wrap[original](updated)], updated)
        if original in self._swap:
            return _keeping_parentheses(original, self._swap[original])
        if original in self._rewrite:
            return self._around(original, self._rewrite[original], updated)
        if original in self._before or original in self._after:
            return self._around(original, None, updated)
        return updated

    def _around(
        self, original: cst.CSTNode, instead: list[Statement] | None, updated: cst.CSTNode
    ) -> _Result:
        before, after = self._before.get(original, []), self._after.get(original, [])
        if isinstance(updated, cst.SimpleStatementSuite):
            line = cst.SimpleStatementLine(body=updated.body)
            return cst.IndentedBlock(body=[*before, *(instead or [line]), *after])
        assert isinstance(updated, Statement)
        body = [*before, *([updated] if instead is None else instead), *after]
        if not body:
            return cst.RemovalSentinel.REMOVE
        if body[0] is not updated:
            body = _with_leading(body, updated)
        return cst.FlattenSentinel(body)


def _with_leading(body: list[Statement], updated: cst.CSTNode) -> list[Statement]:
    """Move blank lines (and, when the statement goes, its comments) to the first statement."""
    lines = tuple(getattr(updated, "leading_lines", ()))
    gone = not any(statement is updated for statement in body)
    if not lines or (not gone and any(line.comment for line in lines)):
        return body
    first = body[0].with_changes(leading_lines=lines)
    rest = [s.with_changes(leading_lines=()) if s is updated else s for s in body[1:]]
    return [first, *rest]


def _keeping_parentheses(original: cst.CSTNode, new: cst.CSTNode) -> cst.CSTNode:
    """Parentheses stay, because the words around may lean on them: `in(a, b)`."""
    if not isinstance(original, cst.BaseExpression) or not isinstance(new, cst.BaseExpression):
        return new
    if not original.lpar or new.lpar or isinstance(new, cst.Set | cst.List | cst.Dict):
        return new
    return new.with_changes(lpar=original.lpar, rpar=original.rpar)


class _Transformer(cst.CSTTransformer):
    def __init__(self, edits: Edits) -> None:
        super().__init__()
        self._edits = edits

    def on_leave(self, original: cst.CSTNode, updated: cst.CSTNode) -> _Result:  # type: ignore[override]
        return self._edits.leave(original, updated)
