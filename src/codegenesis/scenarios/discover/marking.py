"""FunSearch's marks in a program: which function scores, which is evolved, and on what inputs.

Marks are decorators `@funsearch.run` and `@funsearch.evolve`, `@run` and `@evolve`, or either as a
comment on the line above the function, as in FunSearch's notebooks.
"""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from codegenesis.errors import UsageError
from codegenesis.fragment.syntax import lines_of
from codegenesis.parsing import literal, syntax_tree

_MARK = r"(?:funsearch\.)?{}"


class Marks(NamedTuple):
    """Names of the two functions, how many arguments `run` takes, and the inputs in the file."""

    run: str
    evolve: str
    arguments: int
    inputs: str


def marks_of(source: str) -> Marks | None:
    """The marks of a program; None when it has not both.

    Raises:
        UsageError: `INPUTS` is no list of plain values.
    """
    try:
        tree = syntax_tree(source)
    except (SyntaxError, ValueError):
        return None
    lines = lines_of(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    run = [node for node in functions if is_marked(node, "run", lines)]
    evolve = [node.name for node in functions if is_marked(node, "evolve", lines)]
    if len(run) != 1 or len(evolve) != 1:
        return None
    arguments = len(run[0].args.posonlyargs) + len(run[0].args.args)
    return Marks(run[0].name, evolve[0], arguments, _inputs(tree, arguments))


def is_marked(node: ast.FunctionDef | ast.AsyncFunctionDef, mark: str, lines: list[str]) -> bool:
    """Whether a function has this mark."""
    wanted = re.compile(_MARK.format(mark))
    if any(wanted.fullmatch(ast.unparse(each)) for each in node.decorator_list):
        return True
    above = lines[node.lineno - 2].strip() if node.lineno > 1 else ""
    return above.startswith("#") and bool(wanted.fullmatch(above.lstrip("# ").removeprefix("@")))


def _inputs(tree: ast.Module, arguments: int) -> str:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "INPUTS":
            return inputs_of(ast.unparse(node.value), "INPUTS", arguments)
    return ""


def inputs_of(text: str, where: str, arguments: int) -> str:
    """A list of inputs as a list of tuples of arguments, as Python writes it.

    Where the function takes several arguments, an input is a list of them.

    Raises:
        UsageError: it is something else.
    """
    try:
        found = literal(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        found = None
    if not isinstance(found, list) or not found:
        raise UsageError(
            f"expected a list of plain values as {where}", remedy="Write them out: [8, 9, 10]."
        )
    if arguments < 2:
        return repr([(each,) for each in found])
    if not all(isinstance(each, list | tuple) and len(each) == arguments for each in found):
        raise UsageError(
            f"expected lists of {arguments} arguments each as {where}",
            remedy="The function marked @run takes so many.",
        )
    return repr([tuple(each) for each in found])
