"""Rules of the policy gate about what a variant keeps between calls, and what it looks at.

Tests of behaviour cannot find a counter that goes off after a million calls, a branch on the
address of an object or on the number of the process. Honest variants need none of these: what they
keep is a cache, filled under keys that come from the arguments. So a cache is allowed, and a
counter, an iterator that runs down, a history, or a look at the surroundings is refused.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping

from codegenesis.evidence.names import bound_in, outer_stores, root_name
from codegenesis.evidence.reach import dotted, imported
from codegenesis.evidence.vocabulary import CLOCKS, HARMLESS, HIDDEN_INPUTS, NOW
from codegenesis.fragment.syntax import FunctionNode

#: Methods that a cache needs; `clear` and `popitem` keep it small.
_OF_A_CACHE = frozenset({"get", "setdefault", "clear", "popitem", "move_to_end"})
_RUNNING_DOWN = frozenset({"iter", "map", "filter", "zip", "enumerate", "reversed", "open"})
_SURROUNDINGS = (
    *CLOCKS,
    "os.",
    "sys.",
    "gc.",
    "inspect.",
    "io.",
    "multiprocessing.",
    "pathlib.",
    "resource.",
    "signal.",
    "socket.",
    "tempfile.",
    "threading.",
    "traceback.",
    "tracemalloc.",
    "warnings.",
    "weakref.",
)
_PLAIN_SYS = frozenset({"sys.maxsize", "sys.maxunicode", "sys.float_info", "sys.byteorder"})


def surroundings(
    original: ast.Module, tree: ast.Module, imports: Mapping[str, str]
) -> Iterator[str]:
    """What a variant newly asks of its process: clock, chance, environment, addresses, hashes.

    Args:
        imports: dotted origin of each name that the module imports.
    """
    before = {words for words, _ in _looks(original, imports)}
    for words, line in _looks(tree, imports):
        if words not in before:
            yield f"line {line}: asks for {words}, which is no argument"


def _looks(tree: ast.Module, imports: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    origins = dict(imports)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            origins.update(imported(node, ""))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in HIDDEN_INPUTS and hasattr(builtins, node.id):
            if isinstance(node.ctx, ast.Load) and node.id not in origins:
                yield node.id, node.lineno
        elif isinstance(node, ast.Attribute | ast.Name):
            origin = _origin(dotted(node), origins)
            if _is_surroundings(origin):
                yield origin, node.lineno


def _origin(written: str, origins: Mapping[str, str]) -> str:
    head, dot, rest = written.partition(".")
    return f"{origins[head]}{dot}{rest}" if head in origins else ""


def _is_surroundings(origin: str) -> bool:
    owner, _, last = origin.rpartition(".")
    if not origin or origin.startswith(HARMLESS) or origin in _PLAIN_SYS:
        return False
    return origin.startswith(_SURROUNDINGS) or (owner.startswith("datetime") and last in NOW)


def kept(tree: ast.Module) -> Iterator[str]:
    """What a variant keeps between calls and is not a cache under keys from the arguments."""
    prelude = tree.body[:-1]
    yield from _defaults(prelude)
    yield from _closures(tree, prelude)
    for name, value in _assigned(prelude):
        if runs_down(value):
            yield f"line {value.lineno}: keeps an iterator, {name}, which calls use up"
        elif isinstance(value, ast.Call) and _has_state(root_name(value.func), prelude):
            yield f"line {value.lineno}: keeps an object, {name}, which its methods change"
        elif _is_changed(name, tree):
            yield from _not_as_a_cache(name, tree)


def _assigned(prelude: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for statement in prelude:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
                yield from ((name, statement.value) for name in names)


def runs_down(value: ast.expr) -> bool:
    """Is it an iterator? Each look at one changes it."""
    if isinstance(value, ast.GeneratorExp):
        return True
    if not isinstance(value, ast.Call):
        return False
    written = dotted(value.func)
    return written in _RUNNING_DOWN or written.partition(".")[0] in {"itertools", "random"}


def _is_changed(name: str, tree: ast.Module) -> bool:
    return any(root_name(node) == name for node in outer_stores(tree)) or _is_stepped(name, tree)


def _is_stepped(name: str, tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Call)
        and dotted(node.func) == "next"
        and any(root_name(each) == name for each in node.args)
        for node in ast.walk(tree)
    )


def _not_as_a_cache(name: str, tree: ast.Module) -> Iterator[str]:
    parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for function in ast.walk(tree):
        if not isinstance(function, FunctionNode | ast.Lambda) or name in bound_in(function):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id == name:
                use = parents[id(node)]
                if not _is_cache_use(node, use, parents):
                    yield f"line {node.lineno}: keeps more than a cache in {name}"
                    return


def _is_cache_use(node: ast.Name, use: ast.AST, parents: dict[int, ast.AST]) -> bool:
    if isinstance(use, ast.Attribute):
        return use.attr in _OF_A_CACHE
    if isinstance(use, ast.Compare):
        return isinstance(use.ops[0], ast.In | ast.NotIn) and use.comparators[0] is node
    if isinstance(use, ast.Subscript):
        return use.value is node and _is_entry(node.id, use, parents)
    if isinstance(use, ast.Call) and dotted(use.func) == "len":
        return _only_clears(node.id, parents.get(id(use)), parents)
    return False


def _is_entry(name: str, use: ast.Subscript, parents: dict[int, ast.AST]) -> bool:
    """Read, or written under a key that is no constant, with a value that is not made of itself."""
    if isinstance(use.ctx, ast.Load):
        return True
    statement = parents[id(use)]
    if isinstance(use.slice, ast.Constant) or isinstance(statement, ast.AugAssign):
        return False
    value = getattr(statement, "value", None)
    inner = ast.walk(value) if isinstance(value, ast.AST) else ()
    return not any(isinstance(node, ast.Name) and node.id == name for node in inner)


def _only_clears(name: str, use: ast.AST | None, parents: dict[int, ast.AST]) -> bool:
    """`if len(cache) > 1000: cache.clear()`, and nothing else hangs on its size."""
    guard = parents.get(id(use)) if isinstance(use, ast.Compare) else None
    if not isinstance(guard, ast.If | ast.While) or guard.orelse or guard.test is not use:
        return False
    return all(
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and dotted(statement.value.func) in (f"{name}.clear", f"{name}.popitem")
        for statement in guard.body
    )


def _defaults(prelude: list[ast.stmt]) -> Iterator[str]:
    plain = ast.Constant | ast.Name | ast.Attribute | ast.UnaryOp | ast.Tuple | ast.Lambda
    for statement in prelude:
        for node in ast.walk(statement):
            if isinstance(node, FunctionNode | ast.Lambda):
                own = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
                if not all(isinstance(each, plain) for each in own):
                    yield f"line {node.lineno}: keeps an object in the default of a parameter"


def _closures(tree: ast.Module, prelude: list[ast.stmt]) -> Iterator[str]:
    """A function of the prelude whose inner function changes what it closes over."""
    for outer in prelude:
        if not isinstance(outer, FunctionNode):
            continue
        for inner in ast.walk(outer):
            if inner is outer or not isinstance(inner, FunctionNode | ast.Lambda):
                continue
            if any(isinstance(node, ast.Nonlocal) for node in ast.walk(inner)):
                yield f"line {inner.lineno}: keeps a variable between calls"
            elif isinstance(inner, FunctionNode) and _escapes(outer, tree):
                own = ast.Module([inner], [])
                if any(True for _ in outer_stores(own)):
                    yield f"line {inner.lineno}: keeps an object between calls"
    defined = {each.name for each in tree.body if isinstance(each, FunctionNode | ast.ClassDef)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
            continue
        if root_name(node) in defined:
            yield f"line {node.lineno}: keeps an attribute of {root_name(node)}"


def _escapes(outer: FunctionNode, tree: ast.Module) -> bool:
    """Is it used when the fragment is loaded: called, or as a decorator?"""
    for statement in tree.body:
        heads: list[ast.AST] = [statement]
        if isinstance(statement, FunctionNode):
            heads = list(statement.decorator_list)
        for head in heads:
            if any(isinstance(n, ast.Name) and n.id == outer.name for n in ast.walk(head)):
                return True
    return False


def _has_state(name: str, prelude: list[ast.stmt]) -> bool:
    """A class of the prelude whose methods, other than `__init__`, change `self`."""
    for statement in prelude:
        if isinstance(statement, ast.ClassDef) and statement.name == name:
            for method in statement.body:
                if isinstance(method, FunctionNode) and method.name != "__init__":
                    for node in ast.walk(method):
                        stored = isinstance(node, ast.Attribute) and not isinstance(
                            node.ctx, ast.Load
                        )
                        if stored and root_name(node) == "self":
                            return True
    return False
