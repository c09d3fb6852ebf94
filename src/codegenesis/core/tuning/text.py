"""The function of a fragment with what is needed to find and to place things in its text."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Literal

from codegenesis.fragment.syntax import lines_of
from codegenesis.parsing import syntax_tree

_HOMES = ("codegenesis", "codegenesis.tunables")
_KINDS: tuple[Literal["param", "choice"], ...] = ("param", "choice")


class Text:
    """A fragment's function.

    Args:
        module_source: tells under which names `codegenesis` was imported.
    """

    def __init__(self, source: str, *, module_source: str = "") -> None:
        self._aliases = {**_aliases(module_source), **_aliases(source)}
        self._lines = lines_of(source)
        self._offsets = [0]
        for line in self._lines:
            self._offsets.append(self._offsets[-1] + len(line))
        self.function = syntax_tree(source).body[-1]
        self.nodes = list(ast.walk(self.function))
        self.parents = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def kind(self, node: ast.AST | None) -> Literal["param", "choice", ""]:
        """Which of the two a node calls; empty when none."""
        return self._aliases.get(ast.unparse(node.func), "") if isinstance(node, ast.Call) else ""

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Offsets of a node in the source."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._at(node.lineno, node.col_offset),
            self._at(node.end_lineno, node.end_col_offset),
        )

    def _at(self, line: int, column: int) -> int:
        """Offset in characters; `ast` counts bytes within the line."""
        return self._offsets[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def argument(node: ast.Call, position: int, name: str) -> ast.expr | None:
    """An argument by position or name; None where it is not given, or given with a star."""
    if any(isinstance(each, ast.Starred) for each in node.args):
        return None
    if position < len(node.args):
        return node.args[position]
    return next((each.value for each in node.keywords if each.arg == name), None)


def literal(node: ast.expr | None) -> object:
    """The value of a literal; None for anything else."""
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError):
        return None


def _aliases(text: str) -> Mapping[str, Literal["param", "choice"]]:
    """How `param` and `choice` are written in a module: text of the callee → which it is."""
    found: dict[str, Literal["param", "choice"]] = {}
    try:
        nodes = list(ast.walk(syntax_tree(text)))
    except (SyntaxError, ValueError):
        return {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for name in [each for each in node.names if each.name == "codegenesis"]:
                found |= {f"{name.asname or name.name}.{kind}": kind for kind in _KINDS}
        elif isinstance(node, ast.ImportFrom) and node.module in _HOMES and not node.level:
            for kind in _KINDS:
                bound = [n.asname or n.name for n in node.names if n.name == kind]
                found |= dict.fromkeys(bound, kind)
    return found
