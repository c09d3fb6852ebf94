"""What a function needs in front of it, and what it would look for in vain.

Of the statements around a function in an answer only those come along that it uses and its module
does not have. What the module has is the module's: models repeat its constants and helpers from
memory, often wrongly. Only where they were asked to change helpers do those come along, as copies
under names of their own.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from functools import lru_cache
from typing import Self

from codegenesis.core.coders.copies import renamed
from codegenesis.core.coders.finding import Whole, source_of
from codegenesis.core.genetic.syntax import UNPARSABLE, module
from codegenesis.evidence.names import bound_in
from codegenesis.evidence.reach import bound_names, top_level
from codegenesis.fragment.enclosing import compilable
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.model import Gene, Record

_TAKEN = (
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
    *FunctionNode.__args__,
    ast.ClassDef,
)

#: What small models use without importing it.
FORGOTTEN = {
    **dict.fromkeys(("Counter", "OrderedDict", "defaultdict", "deque"), "collections"),
    **dict.fromkeys(("accumulate", "chain", "combinations", "groupby", "islice"), "itertools"),
    **dict.fromkeys(("permutations", "product", "takewhile", "zip_longest"), "itertools"),
    **dict.fromkeys(("cache", "lru_cache", "reduce"), "functools"),
    **dict.fromkeys(("bisect_left", "bisect_right", "insort"), "bisect"),
    **dict.fromkeys(("heappop", "heappush", "nlargest", "nsmallest"), "heapq"),
    **dict.fromkeys(("gcd", "isqrt", "sqrt"), "math"),
    **dict.fromkeys(("attrgetter", "itemgetter"), "operator"),
    **dict.fromkeys(("Any", "Dict", "Iterable", "Iterator", "List", "Optional", "Set"), "typing"),
    **dict.fromkeys(("Sequence", "Tuple", "Union"), "typing"),
}
_MODULES = frozenset(
    ("bisect", "collections", "functools", "heapq", "itertools", "math", "operator", "re", "string")
)


class Surroundings(Record, frozen=True, kw_only=True):
    """The module that a function stands in, as far as its text tells.

    Attributes:
        bound: statement that binds each name of its top level; `pass` for variables of functions
            around the gene.
        known: whether there is a text at all and it has no `import *`.
        owner: class that the gene is a method of; empty for a function.
    """

    name: str
    owner: str = ""
    bound: dict[str, ast.stmt]
    known: bool

    @classmethod
    def of(cls, text: str, gene: Gene) -> Self:
        """Read a module's text; nothing is known when it is empty or does not parse."""
        module_bound, known = _module(text)
        bound = {**module_bound, **{name: ast.Pass() for name in gene.free}}
        owner = gene.qualname.rpartition(".")[0]
        return cls(name=gene.name, owner=owner, bound=bound, known=known)


class Prelude(Record, frozen=True, kw_only=True):
    """Statements in front of a function.

    Attributes:
        statements: their sources, in order.
        copies: names of the module's helpers that are among them -> their names here.
    """

    statements: tuple[str, ...] = ()
    copies: dict[str, str] = {}

    def joined(self, function: str) -> str:
        """A fragment: these statements, then the function."""
        text = "\n".join([*(each.rstrip("\n") for each in self.statements), function])
        return renamed(text, self.copies) if self.copies else text


def needed(found: Whole, function: str, around: Surroundings, *, helpers: bool) -> Prelude:
    """What of an answer must stand in front of its function."""
    offered = {name: node for node in found.tree.body for name in _offers(node)}
    names, waiting, taken = set[str](), [module(function)], list[ast.stmt]()
    copies: dict[str, str] = {}
    for tree in waiting:  # grows while it is walked
        for name in sorted(reads(tree) - names):
            names.add(name)
            statement = offered.get(name)
            if statement is None or name in (around.name, found.owner):
                continue
            if name in around.bound:
                if not (helpers and _changed(statement, around.bound[name])):
                    continue
                copies[name] = _free_name(name, {*offered, *around.bound})
            taken.append(statement)
            waiting.append(ast.Module([statement], []))
    order = {id(node): place for place, node in enumerate(found.tree.body)}
    unique = sorted({id(node): node for node in taken}.values(), key=lambda node: order[id(node)])
    sources = [source_of(found.text, node) for node in unique]
    imports = _forgotten(names - {*offered, *around.bound}, module(function), unique)
    return Prelude(statements=(*imports, *sources), copies=copies)


def unknown(source: str, around: Surroundings) -> set[str]:
    """Names that a fragment reads and that neither it, its module nor the language defines."""
    if not around.known:
        return set()
    tree = module(source)
    own = {name for statement in tree.body for name in bound_names(statement)}
    return {
        name
        for name in _looked_up(source) & loads(tree) - own - around.bound.keys()
        if not hasattr(builtins, name) and not name.startswith("__")
    }


def reads(tree: ast.AST) -> set[str]:
    """Names that are read and not bound anywhere inside; parameters' annotations left out."""
    return loads(tree) - bound_in(tree)


def loads(tree: ast.AST) -> set[str]:
    """Names that are read anywhere inside; annotations left out."""
    skipped = {id(inner) for each in _annotations(tree) for inner in ast.walk(each)}
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in skipped
    }


def _looked_up(source: str) -> set[str]:
    """Names that are looked up in the module, as the compiler sees it."""
    program = compilable(source)
    text = program if isinstance(program, str) else ast.unparse(program)
    tables = [symtable.symtable(text, "<fragment>", "exec")]
    found = {each.get_name() for each in tables[0].get_symbols() if each.is_referenced()}
    for table in tables:  # grows while it is walked
        tables += table.get_children()
        found |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return found


def _annotations(tree: ast.AST) -> Iterator[ast.expr]:
    """A fragment's annotations are dropped when it is loaded."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation:
            yield node.annotation
        elif isinstance(node, FunctionNode) and node.returns:
            yield node.returns
        elif isinstance(node, ast.AnnAssign):
            yield node.annotation


def _offers(node: ast.stmt) -> list[str]:
    future = isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.level)
    return bound_names(node) if isinstance(node, _TAKEN) and not future else []


def _changed(statement: ast.stmt, known: ast.stmt) -> bool:
    if not isinstance(statement, FunctionNode) or not isinstance(known, FunctionNode):
        return False
    return ast.dump(ast.Module(statement.body, [])) != ast.dump(ast.Module(known.body, []))


def _free_name(name: str, taken: set[str]) -> str:
    count = 2
    while f"{name}_{count}" in taken:
        count += 1
    return f"{name}_{count}"


def _forgotten(names: set[str], function: ast.Module, taken: list[ast.stmt]) -> list[str]:
    """Imports that a model forgot: of names that everybody knows."""
    read = reads(ast.Module([*taken, *function.body], [])) & names
    plain = [f"import {name}\n" for name in sorted(read & _MODULES)]
    froms = sorted((FORGOTTEN[name], name) for name in read if name in FORGOTTEN)
    return [*plain, *(f"from {origin} import {name}\n" for origin, name in froms)]


@lru_cache(maxsize=16)
def _module(text: str) -> tuple[dict[str, ast.stmt], bool]:
    try:
        tree = module(text)
    except UNPARSABLE:
        return {}, False
    bound = {name: node for node in top_level(tree) for name in bound_names(node)}
    return bound, bool(text.strip()) and "*" not in bound
