"""From a fragment to a change of the file: what a person reads, and may apply.

The rest of the file keeps every byte. New imports follow the module's own, other module-level
statements stand before the function (before the class, for a method), the `def` is replaced where it
stands, with its indentation and the decorators it had.
"""

from __future__ import annotations

import ast
import difflib
from pathlib import Path

from codegenesis.compiler.pieces import pieces
from codegenesis.errors import FragmentError, TargetError
from codegenesis.fragment import indented
from codegenesis.model import Gene


def patch(gene: Gene, fragment: str) -> str:
    """Unified diff of the gene's file; empty when nothing changes.

    Raises:
        TargetError: the file is gone, or no longer has the function as it was.
    """
    before = _read(gene)
    name = _display_name(gene)
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        apply(gene, fragment, text=before).splitlines(keepends=True),
        fromfile=f"a/{name}",
        tofile=f"b/{name}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def apply(gene: Gene, fragment: str, *, text: str | None = None) -> str:
    """The whole new text of the gene's file.

    Raises:
        TargetError: the file is gone, or no longer has the function as it was.
        FragmentError: the result would not parse.
    """
    before = _read(gene) if text is None else text
    newline = "\r\n" if "\r\n" in before else "\n"
    lines = before.replace("\r\n", "\n").splitlines(keepends=True)
    module = ast.parse("".join(lines))
    outer, node = _find(module, gene)
    parts = pieces(fragment)
    new = [s for s in parts.prelude if s.text.strip() not in _own_statements(module)]
    lines[node.lineno - 1 : node.end_lineno] = [_placed(parts.definition, node)]
    constants = [s.text for s in new if not s.is_import]
    if constants:
        lines.insert(_first_line(outer) - 1, "".join([*constants, "\n\n"]))
    lines.insert(_after_imports(module), "".join(s.text for s in new if s.is_import))
    return _checked("".join(lines), gene).replace("\n", newline)


def _read(gene: Gene) -> str:
    try:
        with Path(gene.path).open(encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as error:
        raise TargetError(f"{gene.path} cannot be read: {error.strerror}") from error


def _display_name(gene: Gene) -> str:
    path = Path(gene.path)
    return str(path.relative_to(gene.root)) if path.is_relative_to(gene.root) else path.name


def _find(module: ast.Module, gene: Gene) -> tuple[ast.stmt, ast.FunctionDef]:
    """The top-level statement that holds the gene, and its `def`."""
    for outer in reversed(module.body):
        found = _inside(outer, gene.qualname.split("."))
        if found is not None:
            return outer, found
    raise TargetError(
        f"{gene.path} has no function {gene.qualname} any more",
        remedy="Evolve it again from the present source.",
    )


def _inside(node: ast.stmt, path: list[str]) -> ast.FunctionDef | None:
    name, *rest = path
    if not rest:
        return node if isinstance(node, ast.FunctionDef) and node.name == name else None
    if not isinstance(node, ast.ClassDef) or node.name != name:
        return None
    candidates = (_inside(child, rest) for child in reversed(node.body))
    return next((found for found in candidates if found is not None), None)


def _placed(definition: str, node: ast.FunctionDef) -> str:
    return indented(definition.rstrip("\n") + "\n", node.col_offset)


def _own_statements(module: ast.Module) -> set[str]:
    """Imports that the module has already, as text."""
    imports = (n for n in module.body if isinstance(n, ast.Import | ast.ImportFrom))
    return {ast.unparse(node) for node in imports}


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _after_imports(module: ast.Module) -> int:
    """Index of the line after the module's leading imports, or else after its docstring."""
    line = 0
    for position, node in enumerate(module.body):
        is_docstring = position == 0 and isinstance(node, ast.Expr)
        if not (is_docstring or isinstance(node, ast.Import | ast.ImportFrom)):
            break
        line = node.end_lineno or line
    return line


def _checked(text: str, gene: Gene) -> str:
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise FragmentError(f"the patched {gene.path} would not parse: {error}") from error
    return text
