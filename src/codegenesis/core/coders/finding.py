"""The function of a name in a text that should be code, and the statements around it."""

from __future__ import annotations

import ast

from codegenesis import fragment
from codegenesis.core.genetic.syntax import UNPARSABLE, module
from codegenesis.errors import FragmentError
from codegenesis.fragment.syntax import FunctionNode, lines_of
from codegenesis.model import Record

#: Lines at the end of a text that may be prose, or cut off.
_MOST_TAIL = 60
#: Levels of syntax in one text; what people write has a few dozen.
_DEEPEST = 300


class Whole(Record, frozen=True, kw_only=True):
    """A function and what stands around it.

    Attributes:
        function: its source, dedented, with decorators.
        text, tree: all of it, as far as it parses.
        owner: name of the class that it stands in; empty at module level.
    """

    function: str
    text: str
    tree: ast.Module
    owner: str = ""


def whole(text: str, qualname: str) -> Whole | None:
    """The function, bare or in a class; None when there is none of that name.

    Raises:
        SyntaxError, ValueError: (`UNPARSABLE`) the text is no Python.
    """
    tree, text = parsed(text)
    name = qualname.rpartition(".")[2]
    for place in _places(tree, name, qualname.rpartition(".")[0]):
        node = _node(tree, place)
        try:
            found = fragment.find(text, place)
        except FragmentError:
            continue
        decorators = "".join(f"@{ast.unparse(each)}\n" for each in node.decorator_list)
        owner = place.rpartition(".")[0]
        return Whole(function=decorators + found.source, text=text, tree=tree, owner=owner)
    return None


def source_of(text: str, statement: ast.stmt) -> str:
    """Source of a top-level statement, decorators included."""
    first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
    return "".join(lines_of(text)[first - 1 : statement.end_lineno]).rstrip("\n") + "\n"


def undecorated(source: str) -> str:
    """A function's source from its `def` on."""
    last = module(source).body[-1]
    return "".join(lines_of(source)[last.lineno - 1 :])


def with_comments(text: str, statement: ast.stmt) -> str:
    """Source of a top-level statement with the comments right above it."""
    first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
    above, lines = first - 1, lines_of(text)
    while above and lines[above - 1].startswith("#") and "EVOLVE-BLOCK-" not in lines[above - 1]:
        above -= 1
    return "".join(lines[above : first - 1]) + source_of(text, statement)


def parsed(text: str) -> tuple[ast.Module, str]:
    """The tree of as much of the text as parses: prose or a torn example below is left out.

    A line is only taken away when it, or a later one that went before, begins a statement of its
    own; a function that was cut off in the middle stays unparsable.
    """
    lines = text.split("\n")
    try:
        return _shallow(module(text)), text
    except UNPARSABLE as error:
        problem = error
    for end in range(len(lines) - 1, max(0, len(lines) - _MOST_TAIL), -1):
        if lines[end][:1].strip() and not lines[end].startswith((")", "]", "}")):
            kept = "\n".join(lines[:end]) + "\n"
            try:
                return _shallow(module(kept)), kept
            except UNPARSABLE:
                continue
    raise problem


def _shallow(tree: ast.Module) -> ast.Module:
    """The tree itself: of thousands of levels, LibCST would bring down the process."""
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree
    raise RecursionError(f"it is nested more than {_DEEPEST} levels deep")


def _places(tree: ast.Module, name: str, owner: str) -> list[str]:
    """Qualified names of functions of that name: in the class it belongs to, bare, in others."""
    found = [
        node.name for node in tree.body if isinstance(node, FunctionNode) and node.name == name
    ]
    inside = [
        f"{each.name}.{name}"
        for each in tree.body
        if isinstance(each, ast.ClassDef)
        and any(isinstance(node, FunctionNode) and node.name == name for node in each.body)
    ]
    wanted = f"{owner}.{name}"
    return sorted([*found[:1], *inside], key=lambda place: (place != wanted, "." in place))


def _node(tree: ast.Module, place: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    body: list[ast.stmt] = tree.body
    *owners, name = place.split(".")
    for owner in owners:
        body = next(n.body for n in body if isinstance(n, ast.ClassDef) and n.name == owner)
    return [node for node in body if isinstance(node, FunctionNode) and node.name == name][-1]
