"""A fragment taken apart: imports, other module-level statements, the `def`; texts, not trees,
because people will read them."""

from __future__ import annotations

import ast
from typing import NamedTuple


class Statement(NamedTuple):
    """One module-level statement: its text, and the names that it binds and reads."""

    text: str
    is_import: bool
    binds: frozenset[str]
    reads: frozenset[str]


class Pieces(NamedTuple):
    """Module-level statements in order, then the `def` with its decorators."""

    prelude: tuple[Statement, ...]
    definition: str

    @property
    def text(self) -> str:
        """The fragment again."""
        prelude = "".join(statement.text for statement in self.prelude)
        return f"{prelude}\n\n{self.definition}" if prelude else self.definition

    def with_definition(self, definition: str, used: set[str]) -> Pieces:
        """The same with another `def`, keeping only what `used` and its like need."""
        needed, kept = set(used), list[Statement]()
        for statement in reversed(self.prelude):
            if statement.binds & needed:
                kept.append(statement)
                needed |= statement.reads
        return Pieces(tuple(reversed(kept)), definition)


def pieces(fragment: str) -> Pieces:
    """Take a fragment apart; it must parse and end with a `def`."""
    lines = fragment.splitlines(keepends=True)
    body = ast.parse(fragment).body
    starts = [_start(node) - 1 for node in body]
    texts = [
        "".join(lines[start:end]).strip("\n") + "\n"
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]
    prelude = tuple(_statement(node, text) for node, text in zip(body[:-1], texts, strict=False))
    return Pieces(prelude, texts[-1])


def _start(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _statement(node: ast.stmt, text: str) -> Statement:
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    binds = {each.id for each in names if isinstance(each.ctx, ast.Store)}
    is_import = isinstance(node, ast.Import | ast.ImportFrom)
    if isinstance(node, ast.Import | ast.ImportFrom):
        binds |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        binds.add(node.name)
    reads = {each.id for each in names if isinstance(each.ctx, ast.Load)}
    return Statement(text, is_import, frozenset(binds), frozenset(reads))
