"""From Python source to its syntax tree, also while other threads do the same.

CPython up to 3.11.7 counts the depth of the tree that it builds in one place for all threads: when
a garbage collection in the middle lets another thread parse, both may end with `SystemError: AST
constructor recursion depth mismatch` (gh-106905; 132 of 1213 parses in a stress of three
threads on 3.11.7, none on 3.12.1 and 3.13.0). Nothing is wrong with the source then, so it is
parsed again. A lock of ours would not do: the application around us parses, too.
"""

from __future__ import annotations

import ast
from typing import Any, Literal, cast, overload

#: Times that a source is parsed before the interpreter's complaint counts as the source's.
TRIES = 50


@overload
def syntax_tree(
    source: str | bytes, filename: str = ..., *, mode: Literal["exec"] = ...
) -> ast.Module: ...
@overload
def syntax_tree(
    source: str | bytes, filename: str = ..., *, mode: Literal["eval"]
) -> ast.Expression: ...
def syntax_tree(
    source: str | bytes, filename: str = "<unknown>", *, mode: Literal["exec", "eval"] = "exec"
) -> ast.Module | ast.Expression:
    """What `ast.parse` returns and raises, without the interpreter's race.

    Raises:
        SyntaxError: the source does not parse.
        ValueError: it holds null bytes.
        RecursionError, MemoryError: it is nested too deeply.
    """
    for _ in range(TRIES - 1):
        try:
            return _parsed(source, filename, mode)
        except SystemError:
            continue
    return _parsed(source, filename, mode)


def literal(text: str) -> Any:
    """What `ast.literal_eval` makes of a text.

    Raises:
        ValueError, SyntaxError: it is no literal.
    """
    return ast.literal_eval(syntax_tree(text.lstrip(" \t"), mode="eval"))


def _parsed(source: str | bytes, filename: str, mode: str) -> ast.Module | ast.Expression:
    return cast("ast.Module | ast.Expression", ast.parse(source, filename, mode))
