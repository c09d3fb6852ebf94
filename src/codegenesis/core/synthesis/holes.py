"""Is there anything in it? Functions that only say what they are for, and how to fill them."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence

from codegenesis.errors import FragmentError
from codegenesis.parsing import syntax_tree

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_hole(source: str) -> bool:
    """Whether a `def` has no body yet.

    That is `raise NotImplementedError` with or without words, or `...` or `pass` below a
    docstring. An empty function without a docstring, or a method that is abstract, may well be
    meant as it is.

    Args:
        source: of one `def`, prelude allowed; anything else is no hole.
    """
    try:
        tree = syntax_tree(textwrap.dedent(source))
    except (SyntaxError, ValueError):
        return False
    node = tree.body[-1] if tree.body else None
    if not isinstance(node, _Function) or _is_abstract(node):
        return False
    documented = ast.get_docstring(node, clean=False) is not None
    rest = node.body[documented:]
    if len(rest) != 1:
        return documented and not rest
    return _not_implemented(rest[0]) or (documented and _is_nothing(rest[0]))


def _is_abstract(node: _Function) -> bool:
    names = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
    return bool(names & {"abstractmethod", "overload"})


def _not_implemented(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise) or statement.exc is None:
        return False
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _is_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and value.value is ...


def fill(source: str, body: str, *, imports: Sequence[str] = ()) -> str:
    """The `def` with this body: signature, docstring and comments on them stay as written.

    Args:
        imports: statements to put in front.

    Raises:
        FragmentError: the source does not end with a `def`.
    """
    try:
        tree = syntax_tree(source)
    except (SyntaxError, ValueError) as error:
        raise FragmentError(f"the source does not parse: {error}") from error
    node = tree.body[-1] if tree.body else None
    if not isinstance(node, _Function):
        raise FragmentError("expected a source that ends with a `def`")
    head = "".join([*(f"{line}\n" for line in imports), _kept(source, node)])
    return f"{head}{textwrap.indent(body.strip(), _indent(source, node))}\n"


def _kept(source: str, node: _Function) -> str:
    """Up to the first statement that is no docstring, which begins a line of its own."""
    lines = source.splitlines(keepends=True)
    documented = ast.get_docstring(node, clean=False) is not None
    if documented:
        last = node.body[0].end_lineno or 1
        text = "".join(lines[:last])
        return text if text.endswith("\n") else f"{text}\n"
    first = node.body[0]
    before = "".join(lines[: first.lineno - 1]) + lines[first.lineno - 1][: first.col_offset]
    return f"{before.rstrip()}\n"


def _indent(source: str, node: _Function) -> str:
    first = node.body[0]
    line = source.splitlines()[first.lineno - 1]
    before = line[: first.col_offset]
    return before if before and not before.strip() else " " * (node.col_offset + 4)
