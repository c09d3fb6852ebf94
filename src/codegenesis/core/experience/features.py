"""What a function looks like, in a few cheap figures: enough to tell where an operator pays.

Everything is read off the AST of the fragment (about 100 µs), so that thousands of variants can be
weighed before one is tried. Counts go through a logarithm: the second loop matters, the tenth does
not. A variant is described by its function and by what the rewrite changed in these very figures,
so what is learned of one operator says something about another that changes the same.
"""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from codegenesis.model import Gene, Trait, Variant
from codegenesis.parsing import syntax_tree

Features = dict[str, float]

_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.comprehension)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: Built-ins that go through their whole argument, and methods that go through their list.
_SCANS = frozenset({"sum", "min", "max", "sorted", "any", "all", "list", "tuple"})
_SCANNING = frozenset({"count", "index", "remove", "insert", "copy"})
_HASHED = frozenset({"set", "dict", "frozenset", "Counter", "defaultdict"})
_NEEDLES = frozenset({"re", "strptime", "datetime", "json", "math"})


def describe(gene: Gene, variant: Variant, traits: Iterable[Trait]) -> Features:
    """A variant, as the learner sees it: operators, function, change, traits."""
    before, after = shape(gene.source), shape(variant.source)
    found = {f"is {name}": 1.0 for name in variant.operator.split("+")}
    found |= {f"has {name}": value for name, value in before.items()}
    change = {n: after.get(n, 0.0) - before.get(n, 0.0) for n in {**before, **after}}
    found |= {f"new {name}": value for name, value in change.items() if value}
    return found | measured(traits)


def measured(traits: Iterable[Trait]) -> Features:
    """Traits on scales of about one."""
    known = {trait.name: trait.value for trait in traits if not trait.variant}
    found: Features = {}
    if "cpu_ns_mean" in known:
        found["log cost"] = (math.log10(max(known["cpu_ns_mean"], 100.0)) - 5) / 2
    if "complexity" in known:
        found["growth"] = min(max(known["complexity"], 0.0), 3.0) - 1.0
        found["growth known"] = 1.0
    for name in ("repeat_rate", "error_rate"):
        if known.get(name):
            found[name] = known[name]
    return found


@lru_cache(maxsize=512)
def shape(source: str) -> Mapping[str, float]:
    """Figures of a fragment: logarithm of 1 + count, by name."""
    tree = syntax_tree(source)
    own = next((n.name for n in reversed(tree.body) if isinstance(n, ast.FunctionDef)), "")
    counts: Counter[str] = Counter()
    for node, depth in _with_depth(tree, 0):
        counts["nodes"] += 1
        counts["deepest"] = max(counts["deepest"], depth)
        counts.update(_figures(node, depth, own))
    return {name: math.log1p(count) for name, count in sorted(counts.items()) if count}


def _with_depth(node: ast.AST, depth: int) -> Iterator[tuple[ast.AST, int]]:
    """All nodes with the number of loops around them."""
    yield node, depth
    if isinstance(node, _COMPREHENSIONS):
        yield from _comprehension(node, depth)
        return
    inner = depth + isinstance(node, ast.For | ast.AsyncFor | ast.While)
    outside = {id(node.iter)} if isinstance(node, ast.For | ast.AsyncFor) else set[int]()
    for child in ast.iter_child_nodes(node):
        yield from _with_depth(child, depth if id(child) in outside else inner)


def _comprehension(node: ast.AST, depth: int) -> Iterator[tuple[ast.AST, int]]:
    for clause in getattr(node, "generators", ()):
        yield clause, depth
        yield from _with_depth(clause.iter, depth)
        depth += 1
        for each in (clause.target, *clause.ifs):
            yield from _with_depth(each, depth)
    for field in ("elt", "key", "value"):
        if (child := getattr(node, field, None)) is not None:
            yield from _with_depth(child, depth)


def _figures(node: ast.AST, depth: int, own: str) -> Iterator[str]:
    where = ("", " in loop", " in loops")[min(depth, 2)]
    match node:
        case ast.Call():
            yield from _call(node, where, own)
        case ast.Compare(ops=ops, comparators=sides):
            for op, side in zip(ops, sides, strict=True):
                if isinstance(op, ast.In | ast.NotIn):
                    fixed = isinstance(side, ast.Tuple | ast.List | ast.Set | ast.Constant)
                    yield ("membership in literal" if fixed else "membership") + where
        case ast.AugAssign(op=ast.Add()) | ast.Assign(value=ast.BinOp(op=ast.Add())):
            yield "growth by +" + where
        case ast.Subscript(slice=ast.Slice()):
            yield "slice" + where
        case ast.Subscript() | ast.Attribute():
            yield type(node).__name__ + where
        case ast.If() | ast.IfExp() | ast.Try() | ast.Break() | ast.JoinedStr() | ast.Lambda():
            yield type(node).__name__
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef():
            yield type(node).__name__
        case _ if isinstance(node, _LOOPS):
            yield "loops" if not depth else "nested loops"


def _call(node: ast.Call, where: str, own: str) -> Iterator[str]:
    yield "calls" + where
    function = node.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    method = isinstance(function, ast.Attribute)
    if name == own:
        yield "recursion"
    if name in (_SCANNING if method else _SCANS):
        yield "scan" + where
    if name in _HASHED:
        yield "hashed" + where
    if name == "pop" and node.args:
        yield "pop at" + where
    root = function.value.id if method and isinstance(function.value, ast.Name) else ""  # type: ignore[attr-defined]
    if {name, root} & _NEEDLES:
        yield "parsing" + where
