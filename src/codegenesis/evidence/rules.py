"""The rules of the policy gate, one function each: what is broken, in words, with its line."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

from codegenesis.evidence import keeping
from codegenesis.evidence.names import (
    bound_in,
    loads_now,
    mutated_globals,
    outer_stores,
    root_name,
)
from codegenesis.evidence.reach import Module, bound_names, imported, module_at
from codegenesis.evidence.vocabulary import INTERNALS, PLAIN_DUNDERS, PURE_MODULES, REACHING
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.model import Gene, Variant
from codegenesis.parsing import syntax_tree

_GROWTH = 6  # a variant may have so many times the original's syntax nodes,
_ALLOWANCE = 400  # and so many more

#: What only the fragment of a compiled variant may import: it loads what is named by digest.
_LOADER = "codegenesis.native"
NATIVE_BACKENDS = frozenset({"cython", "mypyc", "numba"})

_PLAIN_STATEMENTS = (
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)


class Subjects(NamedTuple):
    """What the rules look at."""

    gene: Gene
    variant: Variant
    original: ast.Module
    tree: ast.Module
    module: Module | None

    @classmethod
    def of(cls, gene: Gene, variant: Variant) -> Self:
        """Parse both; raises SyntaxError."""
        module = module_at(gene.path, gene.module)
        return cls(gene, variant, syntax_tree(gene.source), syntax_tree(variant.source), module)

    @property
    def prelude(self) -> list[ast.stmt]:
        """The fragment's module-level statements before the `def`."""
        return self.tree.body[:-1]


def base(s: Subjects) -> Iterator[str]:
    if s.variant.base != s.gene.base or s.variant.gene != s.gene.id:
        yield "was written for another version of the function"


def growth(s: Subjects) -> Iterator[str]:
    before, after = (sum(1 for _ in ast.walk(tree)) for tree in (s.original, s.tree))
    most = _GROWTH * before + _ALLOWANCE
    if after > most:
        yield f"grows to {after} syntax nodes from {before}, at most {most}"


def signature(s: Subjects) -> Iterator[str]:
    before, after = s.original.body[-1], s.tree.body[-1]
    if isinstance(before, FunctionNode) and isinstance(after, FunctionNode):
        old, new = _parameters(before), _parameters(after)
        if old != new:
            yield f"changes its parameters from ({old}) to ({new})"


def imports(s: Subjects) -> Iterator[str]:
    known = {origin.partition(".")[0] for origin in _module_imports(s)}
    for node in ast.walk(s.tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"line {node.lineno}: imports relatively"
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "builtins":
            if reaching := REACHING & {alias.name for alias in node.names}:
                yield f"line {node.lineno}: uses {', '.join(sorted(reaching))}"
            continue
        for origin in _origins(node):
            if origin == _LOADER and s.variant.backend in NATIVE_BACKENDS:
                continue
            if origin not in PURE_MODULES and origin.partition(".")[0] not in known:
                yield f"line {node.lineno}: imports {origin}, which is not a pure module"


def names(s: Subjects) -> Iterator[str]:
    before = {node.id for node in ast.walk(s.original) if isinstance(node, ast.Name)}
    own = bound_in(s.tree)
    for node in ast.walk(s.tree):
        name = node.id if isinstance(node, ast.Name) else ""
        if name not in before and (_is_odd(name) or name in REACHING - own):
            yield f"line {_line(node)}: uses {name}"


def attributes(s: Subjects) -> Iterator[str]:
    before = {node.attr for node in ast.walk(s.original) if isinstance(node, ast.Attribute)}
    for node in ast.walk(s.tree):
        name = node.attr if isinstance(node, ast.Attribute) else ""
        if name not in before and (_is_odd(name) or name.startswith(INTERNALS)):
            yield f"line {_line(node)}: reaches for .{name}"


def texts(s: Subjects) -> Iterator[str]:
    """A dunder in a string is how `attrgetter` and `str.format` get around the rule above."""
    before = {node.value for node in ast.walk(s.original) if isinstance(node, ast.Constant)}
    for node in ast.walk(s.tree):
        text = node.value if isinstance(node, ast.Constant) else ""
        if not isinstance(text, str) or "__" not in text or text in before:
            continue
        if text.strip("_-= \n"):  # the underline of a heading is no name
            yield f"line {_line(node)}: hides a name in a string"


def definitions(s: Subjects) -> Iterator[str]:
    for node in ast.walk(s.tree):
        name = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else ""
        if _is_odd(name) and name != s.gene.name:
            yield f"line {_line(node)}: defines {name}"


def stores(s: Subjects) -> Iterator[str]:
    """State of the module and of other modules is not the variant's to change; its own is."""
    before = {ast.unparse(node) for node in outer_stores(s.original)}
    private = {
        name
        for statement in s.prelude
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for name in bound_names(statement)
    }
    for node in outer_stores(s.tree):
        if root_name(node) not in private and ast.unparse(node) not in before:
            yield f"line {node.lineno}: changes `{ast.unparse(node)}` outside the function"


def shadows(s: Subjects) -> Iterator[str]:
    for statement in s.prelude:
        for name in bound_names(statement):
            if hasattr(builtins, name):
                yield f"line {statement.lineno}: shadows the built-in {name}"


def snapshots(s: Subjects) -> Iterator[str]:
    """A constant made from a module variable goes stale when the module changes it."""
    changed = mutated_globals(s.module) if s.module else {}
    for statement in s.prelude:
        for node in loads_now(statement):
            if node.id in changed:
                yield (
                    f"line {node.lineno}: keeps a copy of {node.id}, "
                    f"which its module changes (line {changed[node.id]})"
                )


def set_up(s: Subjects) -> Iterator[str]:
    """What runs when the variant is loaded must be as plain as a module's constants."""
    for statement in s.prelude:
        if not isinstance(statement, _PLAIN_STATEMENTS):
            word = type(statement).__name__.lower()
            yield f"line {statement.lineno}: runs a `{word}` statement when it is loaded"


def surroundings(s: Subjects) -> Iterator[str]:
    yield from keeping.surroundings(s.original, s.tree, s.module.imports if s.module else {})


def kept(s: Subjects) -> Iterator[str]:
    yield from keeping.kept(s.tree)


RULES: tuple[Callable[[Subjects], Iterator[str]], ...] = (
    base,
    growth,
    signature,
    imports,
    names,
    attributes,
    texts,
    definitions,
    stores,
    shadows,
    snapshots,
    set_up,
    surroundings,
    kept,
)


def _module_imports(s: Subjects) -> set[str]:
    own = set(s.module.imports.values()) if s.module else set()
    inner = (node for node in ast.walk(s.original) if isinstance(node, ast.stmt))
    return own.union(*(imported(node, s.gene.module).values() for node in inner))


def _origins(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    module = node.module or ""
    return [
        full if (full := f"{module}.{alias.name}") in PURE_MODULES else module
        for alias in node.names
    ]


def _parameters(node: FunctionNode) -> str:
    tree = syntax_tree(ast.unparse(node))
    for argument in ast.walk(tree):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    function = tree.body[0]
    return ast.unparse(function.args) if isinstance(function, FunctionNode) else ""


def _is_odd(name: str) -> bool:
    """A dunder name that honest code does not need."""
    dunder = name.startswith("__") and name.endswith("__") and len(name) > 4
    return dunder and name not in PLAIN_DUNDERS


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)
