"""From TARGET to gene, by reading the file: nothing of the project is imported outside the jail.

`package.module:qualname` is looked for below the working directory, its `src`, and on `sys.path`;
`path/to/file.py:qualname` is taken as it stands, and its importable name follows from the packages
(`__init__.py`) around it.
"""

from __future__ import annotations

import ast
import difflib
import re
import sys
import time
import tokenize
from collections.abc import Iterator
from pathlib import Path

from codegenesis import fragment
from codegenesis.errors import NotEvolvableError, TargetError
from codegenesis.model import Gene
from codegenesis.parsing import syntax_tree

Definition = ast.FunctionDef | ast.AsyncFunctionDef
#: Decorators that give the same function back, and icontract's, behind which it can be found.
_KEEPING = re.compile(r"([\w.]+\.)?(evolvable|invariant)\b|icontract\.")


def locate(target: str, *, service: str, cwd: Path, suspending: bool = False) -> Gene:
    """The gene that TARGET names, read from its file.

    Args:
        target: `package.module:qualname` or `path/to/file.py:qualname`.
        service: name of the application it belongs to.
        cwd: where relative paths and top-level packages are looked for.
        suspending: generators and coroutines will do as well.

    Raises:
        TargetError: no such file, module or function; or the file does not parse.
        NotEvolvableError: the function is of a kind that is not evolved yet.
    """
    place, colon, qualname = target.rpartition(":")
    if not colon or not place or not qualname:
        raise TargetError(
            f"expected package.module:qualname or path/to/file.py:qualname, got {target!r}",
            remedy="For example: codegenesis evolve shop.pricing:quote",
        )
    path, module, root = place_of(place, cwd)
    text = read_text(path)
    found = _find(parsed(text, path), qualname, target)
    _require_evolvable(found, target, suspending=suspending)
    return Gene(
        service=service,
        module=module,
        qualname=qualname,
        kind="method" if "." in qualname else "function",
        path=str(path),
        root=str(root),
        line=found.lineno,
        source=fragment.find(text, qualname).source,
        noted_at_ns=time.time_ns(),
    )


def place_of(place: str, cwd: Path) -> tuple[Path, str, Path]:
    """(file, importable name, directory for sys.path) of a module or a file.

    Raises:
        TargetError: there is none.
    """
    if place.endswith(".py"):
        path = (cwd / place).resolve()
        if not path.is_file():
            raise TargetError(f"there is no file {path}", remedy="Check the path before the colon.")
        root = path.parent
        while (root / "__init__.py").exists():
            root = root.parent
        parts = path.relative_to(root).with_suffix("").parts
        return path, ".".join(parts[:-1] if parts[-1] == "__init__" else parts), root
    for root in roots(cwd):
        base = root.joinpath(*place.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path, place, root
    raise TargetError(
        f"no module {place!r} below {cwd} or on the import path",
        remedy="Run it where the package imports, or name the file: path/to/file.py:qualname.",
    )


def roots(cwd: Path) -> Iterator[Path]:
    """Where modules are looked for, in order."""
    yield cwd.resolve()
    yield (cwd / "src").resolve()
    yield from (Path(entry).resolve() for entry in sys.path if entry)


def read_text(path: Path) -> str:
    """The text as Python reads it: in the encoding that it names, without a byte order mark."""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise TargetError(f"{path} cannot be read: {error}") from error


def parsed(text: str, path: Path) -> ast.Module:
    """The syntax tree of a file; TargetError where it has none."""
    try:
        return syntax_tree(text)
    except SyntaxError as error:
        raise TargetError(
            f"{path}:{error.lineno} does not parse: {error.msg}",
            remedy="Mend the file first; CodeGenesis evolves working code.",
        ) from error


def _find(tree: ast.Module, qualname: str, target: str) -> Definition:
    scope: list[ast.stmt] = tree.body
    *classes, name = qualname.split(".")
    for class_name in classes:
        owner = next(
            (n for n in scope if isinstance(n, ast.ClassDef) and n.name == class_name), None
        )
        scope = owner.body if owner else []
    # The last definition of a name is the one that counts at import.
    for node in reversed(scope):
        if isinstance(node, Definition) and node.name == name:
            return node
    known = [name for name, _ in definitions(tree.body) if name != qualname]
    near = difflib.get_close_matches(qualname, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"It has: {', '.join(known[:12]) or 'none'}."
    raise TargetError(f"{target}: there is no function {qualname!r} in that file", remedy=hint)


def definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Functions and methods with their qualified names, in the order of the file."""
    for node in body:
        if isinstance(node, Definition):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from definitions(node.body, f"{prefix}{node.name}.")


def _require_evolvable(node: Definition, target: str, *, suspending: bool) -> None:
    if reason := why_not(node, suspending=suspending):
        raise NotEvolvableError(
            f"{target} is not evolved: {reason}",
            remedy="Move the work into a plain function or method and evolve that.",
        )


def why_not(node: Definition, *, suspending: bool = False) -> str:
    """Why functions of this kind are not evolved; empty when they are."""
    reason = ""
    if names := [d for d in map(ast.unparse, node.decorator_list) if not _KEEPING.match(d)]:
        reason = f"it is decorated with @{names[0]}"
    elif suspending:
        pass
    elif isinstance(node, ast.AsyncFunctionDef):
        reason = "it is a coroutine function"
    elif any(isinstance(n, ast.Yield | ast.YieldFrom) for n in _own_nodes(node)):
        reason = "it is a generator function"
    return reason


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Descendants, without the bodies of nested functions."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, Definition | ast.Lambda):
            yield from _own_nodes(child)
