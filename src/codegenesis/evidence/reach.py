"""What a gene's code can run or read, as far as the project's own files tell: its *reach*.

Names are followed from the `def` to the module's top level, to methods of the module's classes,
and through imports into other files of the project. It over-approximates on purpose (every
method with a called name counts), and it never imports anything: files are parsed, not run.

Used to mine constants for fresh inputs and to look for effects that no outcome can show.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from codegenesis.model import Gene, Record
from codegenesis.parsing import syntax_tree

_MOST_DEFINITIONS = 300  # a bound for pathological projects, not a tuning knob


class Module(Record, frozen=True, kw_only=True):
    """The top level of one file.

    Attributes:
        tree: the whole file.
        bound: statement that binds each top-level name; the last one wins, as it does at run time.
        imports: dotted origin of each imported name (`dt` -> `datetime.datetime`).
        methods: functions of the file's classes, by bare name.
    """

    name: str
    tree: ast.Module
    bound: dict[str, ast.stmt]
    imports: dict[str, str]
    methods: dict[str, list[ast.stmt]]


class Reached(Record, frozen=True, kw_only=True):
    """One definition in reach and the module in whose names it reads."""

    module: Module
    node: ast.AST


def reach(gene: Gene) -> tuple[Reached, ...]:
    """The gene's `def` first, then what it refers to, transitively.

    The `def` alone when the gene's file cannot be read any more.
    """
    module = module_at(gene.path, gene.module) or _empty(gene.module)
    queue = [Reached(module=module, node=syntax_tree(gene.source).body[0])]
    seen = {id(queue[0].node)}
    for reached in queue:
        for found in _referred(reached, gene.root):
            if id(found.node) not in seen and len(queue) < _MOST_DEFINITIONS:
                seen.add(id(found.node))
                queue.append(found)
    return tuple(queue)


def module_at(path: str, name: str) -> Module | None:
    """The parsed file, or None when there is none that parses."""
    try:
        return _parsed(name, Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=64)  # by content, so an edited file is read anew
def _parsed(name: str, data: bytes) -> Module:
    tree = syntax_tree(data)
    bound: dict[str, ast.stmt] = {}
    imports: dict[str, str] = {}
    methods: dict[str, list[ast.stmt]] = {}
    for node in top_level(tree):
        bound.update(dict.fromkeys(bound_names(node), node))
        imports.update(imported(node, name))
        for inner in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                methods.setdefault(inner.name, []).append(inner)
    return Module(name=name, tree=tree, bound=bound, imports=imports, methods=methods)


def _empty(name: str) -> Module:
    return Module(name=name, tree=ast.Module([], []), bound={}, imports={}, methods={})


def top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements of the module's top level, also those inside `if`, `try` and `with`."""
    stack: list[ast.AST] = list(reversed(tree.body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def bound_names(node: ast.stmt) -> list[str]:
    """Names that a top-level statement binds by itself (not through its nested blocks)."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [inner for target in targets for inner in ast.walk(target)]
        return [
            name.id
            for name in names
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        ]
    return []


def imported(node: ast.stmt, module: str) -> dict[str, str]:
    """Dotted origin of each name that an import statement binds."""
    if isinstance(node, ast.Import):
        plain = [(alias.asname, alias.name) for alias in node.names]
        return {
            name or full.partition(".")[0]: full if name else full.partition(".")[0]
            for name, full in plain
        }
    if isinstance(node, ast.ImportFrom):
        origin = node.module or ""
        if node.level:
            package = module.split(".")[: -node.level]
            origin = ".".join([*package, *([origin] if origin else [])])
        return {alias.asname or alias.name: f"{origin}.{alias.name}" for alias in node.names}
    return {}


def dotted(node: ast.expr) -> str:
    """`a.b.c` for an attribute chain on a name, else the empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _referred(reached: Reached, root: str) -> Iterator[Reached]:
    module = reached.module
    for node in ast.walk(reached.node):
        if isinstance(node, ast.Attribute):
            for method in module.methods.get(node.attr, ()):
                yield Reached(module=module, node=method)
            yield from _elsewhere(dotted(node), module, root)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if node.id in module.imports:
                yield from _elsewhere(node.id, module, root)
            elif node.id in module.bound:
                yield Reached(module=module, node=module.bound[node.id])


def _elsewhere(name: str, module: Module, root: str) -> Iterator[Reached]:
    """The definition behind an imported name, where a file of the project has it."""
    head, _, rest = name.partition(".")
    if head not in module.imports:
        return
    origin = ".".join(filter(None, [module.imports[head], rest]))
    owner, _, attribute = origin.rpartition(".")
    other = project_module(owner, root)
    if other and attribute in other.bound:
        yield Reached(module=other, node=other.bound[attribute])


def project_module(name: str, root: str) -> Module | None:
    """The project's own file behind a dotted name, or None when it is somebody else's."""
    if not name or not root:
        return None
    base = Path(root, *name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return module_at(str(path), name)
    return None
