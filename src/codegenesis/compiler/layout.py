"""Lines of program text: splitting, indenting and renaming without touching what strings hold."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Sequence

from codegenesis.errors import FragmentError
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.parsing import syntax_tree

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def split(text: str) -> list[str]:
    """Lines with their ends, as Python counts lines (form feeds do not end one)."""
    return _LINE.findall(text)


def inside_strings(text: str) -> set[int]:
    """Numbers (from 1) of the lines that begin inside a string literal: their blanks are data."""
    inside: set[int] = set()
    starts: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "FSTRING_START":  # from 3.12 on, f-strings come in pieces
            starts.append(token.start[0])
        elif kind == "FSTRING_END":
            inside.update(range(starts.pop() + 1, token.end[0] + 1))
        elif kind == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    return inside


def indented(lines: Sequence[str], indent: str, *, tabs: bool) -> list[str]:
    """The lines moved to the right by `indent`; with `tabs`, their own indentation in tabs."""
    inside = inside_strings("".join(lines))
    return [
        line if number in inside or not line.strip() else indent + _tabbed(line, tabs=tabs)
        for number, line in enumerate(lines, start=1)
    ]


def _tabbed(line: str, *, tabs: bool) -> str:
    body = line.lstrip(" \t")
    blanks = line[: len(line) - len(body)]
    return blanks.replace("    ", "\t") + body if tabs else line


def renamed(source: str, old: str, new: str) -> str:
    """A fragment in which every variable `old` is called `new`.

    Raises:
        FragmentError: the name is also a parameter or declared `global` somewhere.
    """
    lines = split(source)
    for node in sorted(ast.walk(syntax_tree(source)), key=_place, reverse=True):
        if isinstance(node, ast.arg) and node.arg == old:
            raise FragmentError(f"{old} stands for two things in the fragment")
        if isinstance(node, ast.Global | ast.Nonlocal) and old in node.names:
            raise FragmentError(f"{old} is declared global in the fragment")
        if old not in (getattr(node, "id", None), getattr(node, "name", None)):
            continue
        line, column = _place(node)
        data = lines[line - 1].encode()
        start = data.index(old.encode(), column)
        data = data[:start] + new.encode() + data[start + len(old.encode()) :]
        lines[line - 1] = data.decode()
    return "".join(lines)


def with_docstring(original: str, source: str) -> str:
    """The fragment with the docstring of the original, where a rewrite has lost it."""
    old, new = syntax_tree(original).body[-1], syntax_tree(source).body[-1]
    if not isinstance(old, FunctionNode) or not isinstance(new, FunctionNode):
        return source
    if ast.get_docstring(old) is None or ast.get_docstring(new) is not None:
        return source
    text, below = old.body[0], new.body[0]
    place = first_line(below) - 1
    if place < new.lineno or text.lineno == old.lineno:
        return source  # one of them stands on the line of its `def`
    lines, kept = split(source), split(original)[text.lineno - 1 : text.end_lineno]
    while place > new.lineno and lines[place - 1].lstrip().startswith("#"):
        place -= 1
    return "".join([*lines[:place], *kept, *lines[place:]])


def first_line(statement: ast.stmt) -> int:
    """Where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
