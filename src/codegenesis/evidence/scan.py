"""Static search for effects and hidden inputs, in everything a gene can reach.

The jail shows what a function does to its arguments, its module and its output; it cannot show
that a helper would have written to a database, had there been one. This scan reads the project's
own code for that. It is conservative: what it does not know (a call into somebody else's
package, a method of a module-level object) counts as an effect, because purity is a licence to
repeat and to skip calls.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Literal

from codegenesis.evidence.names import bound_in, outer_stores
from codegenesis.evidence.reach import Module, Reached, dotted, project_module, reach
from codegenesis.evidence.vocabulary import (
    CLOCKS,
    EFFECTS,
    HARMLESS,
    HIDDEN_INPUTS,
    NOW,
    PURE_MODULES,
)
from codegenesis.model import Gene, Record


class Effect(Record, frozen=True, kw_only=True):
    """Something that an outcome cannot show.

    Attributes:
        kind: `effect` changes the world, `input` reads something beside the arguments.
        words: what and where, for people.
    """

    kind: Literal["effect", "input"]
    words: str


def scan(gene: Gene) -> tuple[Effect, ...]:
    """Effects and hidden inputs of the gene and what it reaches; empty when none were found."""
    found = [effect for reached in reach(gene) for effect in _effects(reached, gene)]
    return tuple({effect.words: effect for effect in found}.values())


def _effects(reached: Reached, gene: Gene) -> Iterator[Effect]:
    node = reached.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return  # a constant was computed at import; that is over
    where = getattr(node, "name", "")
    local = bound_in(node)
    for store in outer_stores(ast.Module([node], [])):
        yield Effect(kind="effect", words=f"{where} changes `{ast.unparse(store)}`")
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            yield from _call(inner.func, local, reached.module, gene, where)
        elif isinstance(inner, ast.Attribute | ast.Name):
            name = _origin(dotted(inner), local, reached.module)
            if name.startswith("os.environ"):
                yield Effect(kind="input", words=f"{where} reads {name}")


def _call(
    function: ast.expr, local: set[str], module: Module, gene: Gene, where: str
) -> Iterator[Effect]:
    written = dotted(function)
    head = written.partition(".")[0]
    if not written or head in local:
        return
    if isinstance(function, ast.Name) and head not in module.bound and hasattr(builtins, head):
        if head in EFFECTS:
            yield Effect(kind="effect", words=f"{where} calls {head}")
        elif head in HIDDEN_INPUTS:
            yield Effect(kind="input", words=f"{where} calls {head}")
        return
    origin = _origin(written, local, module)
    if origin:
        yield from _imported(origin, gene, where)
    elif isinstance(function, ast.Attribute):
        yield from _on_global(function, head, module, where)


def _imported(origin: str, gene: Gene, where: str) -> Iterator[Effect]:
    owner, _, last = origin.rpartition(".")
    if origin.startswith(HARMLESS):
        return
    if origin.startswith(CLOCKS) or (owner.startswith("datetime") and last in NOW):
        yield Effect(kind="input", words=f"{where} calls {origin}")
    elif not _known(origin, gene.root):
        yield Effect(kind="effect", words=f"{where} calls {origin}, whose effects are not known")


def _known(origin: str, root: str) -> bool:
    """Pure standard library, or the project's own code, which is scanned by itself."""
    parts = origin.split(".")
    prefixes = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return bool(prefixes & PURE_MODULES) or any(project_module(name, root) for name in prefixes)


def _on_global(function: ast.Attribute, head: str, module: Module, where: str) -> Iterator[Effect]:
    """A method of a module-level object: harmless for constants, classes and compiled patterns."""
    bound = module.bound.get(head)
    if isinstance(bound, ast.Assign | ast.AnnAssign) and not _is_constant(bound.value, module):
        yield Effect(kind="effect", words=f"{where} calls {dotted(function)}, effects not known")


def _is_constant(value: ast.expr | None, module: Module) -> bool:
    literal = (
        ast.Constant,
        ast.List,
        ast.Tuple,
        ast.Dict,
        ast.Set,
        ast.JoinedStr,
        ast.ListComp,
        ast.SetComp,
        ast.DictComp,
        ast.BinOp,
    )
    if isinstance(value, literal):
        return True
    if not isinstance(value, ast.Call):
        return False
    origin = _origin(dotted(value.func), set(), module) or dotted(value.func)
    known = {"frozenset", "set", "dict", "list", "tuple", "str", "sorted", "range"}
    return origin in known or any(origin.startswith(f"{name}.") for name in PURE_MODULES)


def _origin(written: str, local: set[str], module: Module) -> str:
    head, dot, rest = written.partition(".")
    if not head or head in local or head not in module.imports:
        return ""
    return f"{module.imports[head]}{dot}{rest}"
