"""A fragment as trees: the statements in front (the prelude) and the function itself."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from functools import lru_cache

import libcst as cst

from codegenesis.core.syntax.text import Statement, code
from codegenesis.parsing import syntax_tree

_STYLE = cst.Module([])


@dataclass(frozen=True)
class Unit:
    """A fragment (`codegenesis.fragment`), taken apart.

    Attributes:
        prelude: module-level statements that the function needs.
        function: the `def`, decorators included.
        style: an empty module with the indentation and line ends of the source.
    """

    function: cst.FunctionDef
    prelude: tuple[Statement, ...] = ()
    style: cst.Module = _STYLE

    @classmethod
    def parse(cls, source: str) -> Unit:
        """Take a fragment apart.

        Raises:
            ValueError: it does not parse or does not end with a function.
        """
        return _parsed(source)

    @property
    def source(self) -> str:
        """The fragment's source."""
        lines = self.function.leading_lines
        if self.prelude:
            lines = (cst.EmptyLine(indent=False), cst.EmptyLine(indent=False), *lines)
        function = self.function.with_changes(leading_lines=lines)
        return "".join(self.style.code_for_node(s) for s in (*self.prelude, function))

    @property
    def identity(self) -> str:
        """Text that two fragments share when they are the same program in other formatting."""
        return ast.dump(syntax_tree(self.source))

    def merged(self, prelude: tuple[Statement, ...]) -> Unit:
        """The same with statements put in front, those it already has left out."""
        have = {code(statement).strip() for statement in self.prelude}
        more = tuple(s for s in prelude if code(s).strip() not in have)
        return replace(self, prelude=(*more, *self.prelude))


def signature(source: str) -> str:
    """Name, parameters, defaults and kind of the last function in a source, for comparison."""
    last = syntax_tree(source).body[-1]
    if not isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef):
        raise ValueError("expected a function at the end")
    returns = ast.unparse(last.returns) if last.returns else ""
    return f"{type(last).__name__} {last.name}({ast.unparse(last.args)}) -> {returns}"


@lru_cache(maxsize=64)
def _parsed(source: str) -> Unit:
    try:
        module = cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise ValueError(f"not a fragment: {error.message}") from error
    body = list(module.body)
    if not body or not isinstance(body[-1], cst.FunctionDef):
        raise ValueError("not a fragment: expected a function at the end")
    last = body.pop()
    assert isinstance(last, cst.FunctionDef)
    lines = (*module.header, *last.leading_lines) if not body else last.leading_lines
    bare = last.with_changes(leading_lines=[line for line in lines if line.comment])
    return Unit(bare, tuple(body), module.with_changes(body=(), header=(), footer=()))
