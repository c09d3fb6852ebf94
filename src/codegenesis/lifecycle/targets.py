"""From TARGET to gene, by reading the file: nothing of the project is imported outside the jail.

`package.module:qualname` is looked for below the working directory, its `src`, and on `sys.path`;
`path/to/file.py:qualname` is taken as it stands, and its importable name follows from the packages
(`__init__.py`) around it.
"""

from __future__ import annotations

import ast
import difflib
import re
import symtable
import sys
import time
import tokenize
from collections.abc import Iterator
from pathlib import Path

from codegenesis import fragment
from codegenesis.errors import FragmentError, NotEvolvableError, TargetError
from codegenesis.model import Gene
from codegenesis.parsing import literal, syntax_tree

Definition = ast.FunctionDef | ast.AsyncFunctionDef
LOCALS = "<locals>"
#: Decorators that make something else of a `def` than a function that can be called by its name.
_ADDITION = re.compile(
    r"@(?:(?:[\w.]+\.)(?P<part>setter|deleter)|(?:typing\.)?(?P<stub>overload))\b"
)


def locate(target: str, *, service: str, cwd: Path) -> Gene:
    """The gene that TARGET names, read from its file.

    Args:
        target: `package.module:qualname` or `path/to/file.py:qualname`; of a function inside a
            function, `outer.inner` will do for `outer.<locals>.inner`.
        service: name of the application it belongs to.
        cwd: where relative paths and top-level packages are looked for.

    Raises:
        TargetError: no such file, module or function; or the file does not parse.
        NotEvolvableError: the function is of a kind that is not evolved.
    """
    place, colon, qualname = target.rpartition(":")
    if not colon or not place or not qualname:
        raise TargetError(
            f"expected package.module:qualname or path/to/file.py:qualname, got {target!r}",
            remedy="For example: codegenesis evolve shop.pricing:quote",
        )
    path, module, root = place_of(place, cwd)
    text = read_text(path)
    found = Found(text, path=path, module=module, root=root)
    name = found.full_name(qualname, target)
    if reason := found.why_not(name):
        raise NotEvolvableError(
            f"{target} is not evolved: {reason}",
            remedy="Move the work into a plain function or method and evolve that.",
        )
    return found.gene(name, service=service)


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


class Found:
    """The functions of one file.

    Attributes:
        names: qualified names in the order of the file.

    Raises:
        TargetError: the file does not parse.
    """

    def __init__(self, text: str, *, path: Path, module: str, root: Path) -> None:
        self._text, self._path, self._module, self._root = text, path, module, root
        self._nodes: dict[str, list[Definition]] = {}
        for name, node in definitions(parsed(text, path).body):
            self._nodes.setdefault(name, []).append(node)
        self.names = tuple(self._nodes)

    def full_name(self, qualname: str, target: str) -> str:
        """The qualified name that is meant; raises TargetError where there is none."""
        for name in (qualname, *self.names):
            if name in self._nodes and qualname in (name, name.replace(f"{LOCALS}.", "")):
                return name
        near = difflib.get_close_matches(qualname, self.names, n=1)
        listed = ", ".join(self.names[:12]) or "none"
        hint = f"Did you mean {near[0]}?" if near else f"It has: {listed}."
        raise TargetError(f"{target}: there is no function {qualname!r} in that file", remedy=hint)

    def node(self, qualname: str) -> Definition:
        """The last one that counts: a property's setter is no version of its getter."""
        nodes = self._nodes[qualname]
        return next((each for each in reversed(nodes) if not _addition(each)), nodes[-1])

    def why_not(self, qualname: str) -> str:
        """Why it is not evolved, as far as the file tells; empty when it can be."""
        node = self.node(qualname)
        if match := _addition(node):
            return f"it is a property's {match['part']}" if match["part"] else "it is a type stub"
        inside = qualname.rpartition(f"{LOCALS}.")[2] if LOCALS in qualname else ""
        if "." in inside:
            return "its class is made anew by each call of the function around it"
        try:
            found = fragment.find(self._text, qualname)
        except FragmentError as error:
            return str(error)
        if found.line != node.lineno or (inside and len(self._nodes[qualname]) > 1):
            return f"several functions are called {qualname}"
        return _made_default(node) if inside else ""

    def gene(self, qualname: str, *, service: str) -> Gene:
        """The record of one that can be evolved."""
        node = self.node(qualname)
        return Gene(
            service=service,
            module=self._module,
            qualname=qualname,
            kind="method" if "." in qualname.rpartition(f"{LOCALS}.")[2] else "function",
            path=str(self._path),
            root=str(self._root),
            line=node.lineno,
            source=fragment.find(self._text, qualname).source,
            free=self._free(qualname),
            decorated=" ".join(_decorators(node)),
            noted_at_ns=time.time_ns(),
        )

    def _free(self, qualname: str) -> tuple[str, ...]:
        if LOCALS not in qualname:
            return ()
        table = symtable.symtable(self._text, str(self._path), "exec")
        for name in qualname.replace(f"{LOCALS}.", "").split("."):
            table = [each for each in _scopes(table) if each.get_name() == name][-1]
        names = table.get_frees() if isinstance(table, symtable.Function) else ()
        return tuple(sorted(set(names) - {"__class__"}))


def definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Functions and methods with their qualified names, in the order of the file."""
    for node in body:
        if isinstance(node, Definition):
            yield prefix + node.name, node
            yield from definitions(list(_inside(node)), f"{prefix}{node.name}.{LOCALS}.")
        elif isinstance(node, ast.ClassDef):
            yield from definitions(node.body, f"{prefix}{node.name}.")


def _inside(node: ast.AST) -> Iterator[ast.stmt]:
    """Statements of a function, those of its blocks included, not those of its functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, Definition | ast.ClassDef | ast.Lambda):
            yield from _inside(child)


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Functions and classes in a scope; those with type parameters stand in one of their own."""
    for child in table.get_children():
        if isinstance(child, symtable.Function | symtable.Class):
            yield child
        else:
            yield from _scopes(child)


def _decorators(node: Definition) -> list[str]:
    return [f"@{ast.unparse(each)}" for each in node.decorator_list]


def _addition(node: Definition) -> re.Match[str] | None:
    return next(filter(None, map(_ADDITION.match, _decorators(node))), None)


def _made_default(node: Definition) -> str:
    own = node.args
    for default in filter(None, (*own.defaults, *own.kw_defaults)):
        try:
            literal(ast.unparse(default))
        except (ValueError, SyntaxError, TypeError):
            return f"its default {ast.unparse(default)} is made when the function around it runs"
    return ""
