"""From a function, or the text of a module, to the source of one `def`.

`inspect.getsource` was tried and rejected: it believes whatever now stands in the file, and it
returns decorators and indentation. Here the `def` that is found must compile to the very program
that runs, so a file edited after the import is noticed and not evolved by mistake.
`textwrap.dedent` was rejected too: it changes what stands inside multi-line strings.
"""

from __future__ import annotations

import ast
import io
import linecache
import tokenize
import types
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from codegenesis.errors import FragmentError
from codegenesis.fragment.syntax import UNPARSABLE, FunctionNode, lines_of
from codegenesis.parsing import syntax_tree


class Definition(NamedTuple):
    """A `def` as it stands in a file.

    Attributes:
        source: dedented, without decorators.
        line: of the `def`, from 1.
        decorated: decorators that stay around it, as they are written, `@` and all; `@evolvable`
            does not count, it gives the function back.
    """

    source: str
    line: int
    decorated: str = ""


def definition(function: types.FunctionType) -> str:
    """The source of `function`'s `def`, dedented, without decorators.

    Raises:
        FragmentError: there is no source, or the file no longer says what runs.
    """
    return locate(function).source


def locate(function: types.FunctionType) -> Definition:
    """Like `definition`, with the line of the `def` in its file (from 1).

    Raises:
        FragmentError: there is no source, or the file no longer says what runs.
    """
    code = function.__code__
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    if not text:
        raise FragmentError(f"no source is found for {code.co_qualname} ({code.co_filename})")
    named = _named(text, code.co_qualname)
    for node in named:
        if _first_line(node) == code.co_firstlineno:
            if any(same_program(each, code) for each in _compiled(text).get(_place(code), ())):
                _require_standing(node, named, code.co_qualname)
                return _definition(text, node)
            break
    raise FragmentError(
        f"what {code.co_filename} says of {code.co_qualname} is not what runs",
        remedy="restart the process: the file changed after it was imported",
    )


def find(text: str, qualname: str) -> Definition:
    """The `def` called `qualname` in the text of a module, without importing it.

    Of several the last, as it wins; but the getter of a property, and what `overload` speaks of.

    Raises:
        FragmentError: the text does not parse, or has no such `def`.
    """
    found = _named(text, qualname)
    if not found:
        raise FragmentError(f"no `def` with the qualified name {qualname} is in the file")
    return _definition(text, _standing(found))


def same_program(left: object, right: object) -> bool:
    """Do both run the same instructions on the same constants? Positions do not count."""
    if isinstance(left, types.CodeType) and isinstance(right, types.CodeType):
        return (
            left.co_code == right.co_code
            and left.co_names == right.co_names
            and left.co_varnames == right.co_varnames
            and len(left.co_consts) == len(right.co_consts)
            and all(map(same_program, left.co_consts, right.co_consts))
        )
    return type(left) is type(right) and (left == right or repr(left) == repr(right))


@lru_cache(maxsize=2)  # the functions of a module are asked for one after the other
def _parse(text: str) -> ast.Module:
    try:
        return syntax_tree(text)
    except UNPARSABLE as error:
        raise FragmentError(f"the source does not parse: {error}") from error


def _definitions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, FunctionNode]]:
    """All `def`s with their qualified names, in the order of the file."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, FunctionNode):
            yield prefix + node.name, node
            yield from _definitions(node, f"{prefix}{node.name}.<locals>.")
        elif isinstance(node, ast.ClassDef):
            yield from _definitions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _definitions(node, prefix)


def _named(text: str, qualname: str) -> list[FunctionNode]:
    return _by_name(text).get(qualname, [])


@lru_cache(maxsize=2)
def _by_name(text: str) -> dict[str, list[FunctionNode]]:
    found: dict[str, list[FunctionNode]] = {}
    for name, node in _definitions(_parse(text)):
        found.setdefault(name, []).append(node)
    return found


def _standing(named: list[FunctionNode]) -> FunctionNode:
    """The one that the name leads to."""
    return next((node for node in reversed(named) if not _is_beside(node)), named[-1])


def _is_beside(node: FunctionNode) -> bool:
    """Does its decorator leave the name to an earlier, or a later, `def`?"""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "deleter"):
            return isinstance(decorator.value, ast.Name) and decorator.value.id == node.name
        if ast.unparse(decorator).rpartition(".")[2] == "overload":
            return True
    return False


def _require_standing(node: FunctionNode, named: list[FunctionNode], qualname: str) -> None:
    other = _standing(named)
    if other is node:
        return
    if _is_beside(node):
        raise FragmentError("it is a property's setter or deleter; the getter has the name")
    raise FragmentError(f"several functions are called {qualname}; one at line {other.lineno} too")


def _definition(text: str, node: FunctionNode) -> Definition:
    around = [ast.unparse(each) for each in node.decorator_list]
    staying = [f"@{each}" for each in around if each.rpartition(".")[2] != "evolvable"]
    return Definition(_dedented(text, node), node.lineno, ", ".join(staying))


def _first_line(node: FunctionNode) -> int:
    return node.decorator_list[0].lineno if node.decorator_list else node.lineno


@lru_cache(maxsize=2)
def _compiled(text: str) -> dict[tuple[str, int], list[types.CodeType]]:
    """All code objects of a module; the whole of it, as code depends on what is imported above."""
    try:
        found = [compile(text, "<module>", "exec", dont_inherit=True)]
    except UNPARSABLE as error:
        raise FragmentError(f"the source does not compile: {error}") from error
    by_place: dict[tuple[str, int], list[types.CodeType]] = {}
    for code in found:  # grows while it is walked
        by_place.setdefault(_place(code), []).append(code)
        found += [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return by_place


def _place(code: types.CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _dedented(text: str, node: FunctionNode) -> str:
    lines = lines_of(text)[node.lineno - 1 : node.end_lineno]
    if not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    inside = _lines_inside_strings("".join(lines)) if node.col_offset else set()
    return "".join(
        line if number in inside else _without_indent(line, node.col_offset)
        for number, line in enumerate(lines, start=1)
    )


def _without_indent(line: str, width: int) -> str:
    indent = len(line) - len(line.lstrip(" \t\f"))
    return line[min(indent, width) :]


def _lines_inside_strings(text: str) -> set[int]:
    """Numbers of the lines that begin inside a string literal: their blanks are data."""
    if not any(sign in text for sign in ('"""', "'''", "\\\n")):
        return set()  # no literal goes over a line's end
    inside: set[int] = set()
    starts: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        name = tokenize.tok_name[token.type]
        if name == "FSTRING_START":  # from 3.12 on, f-strings come in pieces
            starts.append(token.start[0])
        elif name == "FSTRING_END":
            inside.update(range(starts.pop() + 1, token.end[0] + 1))
        elif name == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    return inside
