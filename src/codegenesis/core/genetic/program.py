"""A source with its syntax laid over it: where each expression and each statement stands.

Built once per source (well below a millisecond per ten lines); every kind of edit reads it. What
stands inside f-strings is left out: up to Python 3.11 its positions are wrong.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from codegenesis.core.genetic.edit import Edit
from codegenesis.core.genetic.guess import Guesses
from codegenesis.core.genetic.ingredients import Ingredients
from codegenesis.core.genetic.syntax import fit
from codegenesis.core.genetic.vocabulary import Vocabulary

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_SHOWN = 60


class Change(NamedTuple):
    """A piece of text and what it becomes."""

    start: int
    end: int
    text: str


class Function(msgspec.Struct, eq=False):
    """A `def`, with the names that its body can use, parameters first."""

    node: FunctionNode
    parameters: tuple[str, ...]
    names: tuple[str, ...]
    outer: Function | None
    generator: bool
    guesses: Guesses

    @property
    def name(self) -> str:
        """As it is called."""
        return self.node.name

    @property
    def returns(self) -> bool:
        """Whether `return` may give a value: everywhere but in an async generator."""
        return not (self.generator and isinstance(self.node, ast.AsyncFunctionDef))


class Block(msgspec.Struct, eq=False):
    """A suite: the statements of one body.

    Attributes:
        owner: the statement that it belongs to; None for the module.
        field: `body`, `orelse`, `finalbody` …
        indent: white space before its statements.
        inline: it stands on the line of its header (`if a: b`).
        chained: it is the rest of an `if` that goes on with `elif`.
        loop: inside a loop of the same function.
    """

    owner: Stmt | None
    field: str
    stmts: list[Stmt]
    indent: str
    inline: bool
    loop: bool
    function: Function | None
    chained: bool = False


class Stmt(msgspec.Struct, eq=False):
    """A statement.

    Attributes:
        start, end: of its text, decorators included.
        alone: nothing else but a comment stands on its lines.
        blocks: its suites, in order.
        exprs: its own expressions that are part of no other, in order.
        fixed: a docstring or a declaration of names, that stays first.
    """

    node: ast.stmt
    start: int
    end: int
    line: int
    block: Block
    index: int
    alone: bool
    blocks: list[Block]
    exprs: list[Expr]
    fixed: bool = False


class Expr(msgspec.Struct, eq=False):
    """An expression.

    Attributes:
        role: what it is for: `cond`, `iter`, `return`, `value`, `arg`, `index`, `bound`,
            `operand`, `compared`, `element`, `callee`, `base`, `target`, `effect`, `choice`,
            `default`, `other`.
        need: level that whatever stands here must reach.
        names: variables that can be read here.
        order: slot in the parent (of an argument, an operand, an element).
    """

    node: ast.expr
    start: int
    end: int
    text: str
    level: int
    role: str
    need: int
    stmt: Stmt
    parent: Expr | None
    names: tuple[str, ...]
    order: int
    children: list[Expr]

    @property
    def line(self) -> int:
        """Where it starts, from 1."""
        return self.node.lineno


class Program(msgspec.Struct, eq=False):
    """A source, read."""

    text: str
    tree: ast.Module
    exprs: list[Expr]
    stmts: list[Stmt]
    blocks: list[Block]
    functions: list[Function]
    unit: str
    starts: list[int]
    strings: frozenset[int]
    given: Ingredients
    vocabulary: Vocabulary

    def guess(self, expr: Expr) -> str:
        """What type of value it gives, in a word; empty when nothing tells."""
        return self.guesses(expr.stmt).of(expr.node)

    def guesses(self, stmt: Stmt) -> Guesses:
        """What is known of types where `stmt` stands."""
        function = stmt.block.function
        return function.guesses if function else Guesses({}, {})

    def inside(self, expr: Expr) -> Iterator[Expr]:
        """The expressions within `expr`, outer ones first, itself not."""
        for child in expr.children:
            yield child
            yield from self.inside(child)

    def is_function(self, name: str) -> bool:
        """Whether the source calls `name` (or defines it): no value to compute with."""
        return name in self.vocabulary.functions

    def bound(self, name: str, stmt: Stmt) -> bool:
        """Whether the variable has probably a value before `stmt` runs."""
        return self.vocabulary.first.get(name, 0) < stmt.line

    def line_at(self, offset: int) -> int:
        """Number of the line that `offset` is in, from 1."""
        return bisect_right(self.starts, offset)

    def flat(self, expr: Expr) -> str:
        """The text of `expr` for another place, on one line."""
        return ast.unparse(expr.node) if "\n" in expr.text else expr.text

    def patch(
        self, change: Change, kind: str, weight: float, *, line: int, words: str = ""
    ) -> Edit:
        """An edit of a piece of text."""
        words = words or f"`{shown(self.text[change.start : change.end])}` → `{shown(change.text)}`"
        return Edit(
            start=change.start,
            end=change.end,
            text=change.text,
            kind=kind,
            line=line,
            words=f"line {line}: {words}",
            weight=weight,
        )

    def replace(self, expr: Expr, text: str, has: int, kind: str, weight: float) -> Edit:
        """An edit that puts `text`, which binds as tightly as `has`, where `expr` stands."""
        change = Change(expr.start, expr.end, fit(text, has, expr.need))
        return self.patch(change, kind, weight, line=expr.node.lineno)


def shown(text: str) -> str:
    """`text` as it fits into a sentence."""
    if "\n" in text or "  " in text:
        text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
