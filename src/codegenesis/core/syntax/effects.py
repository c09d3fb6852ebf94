"""What running a region of code changes, and whether an expression stays the same meanwhile.

This sees names and places (`self.items`, `row["price"]`), not objects: an alias goes unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import libcst as cst

from codegenesis.core.syntax.children import children
from codegenesis.core.syntax.names import binds, own, reads, walk
from codegenesis.core.syntax.purity import ITERATORS, MUTATORS, pure_call
from codegenesis.core.syntax.text import container, place, related


@dataclass(frozen=True)
class Effects:
    """What a region changes.

    Attributes:
        bound: variables that it binds.
        changed: places that it assigns to or calls a mutating method on.
        unknown: calls of which nothing is known.
        suspended: control is handed away in it, and anybody may change what others can reach.
    """

    bound: frozenset[str]
    changed: frozenset[str]
    unknown: tuple[cst.Call, ...]
    suspended: bool = False

    def spare(self, expression: cst.CSTNode) -> bool:
        """Whether the expression has the same value before, during and after the region."""
        if reads(expression) & self.bound or (self.suspended and reads(expression)):
            return False
        return not any(related(p, c) for p in places(expression) for c in self.changed)


def effects(nodes: Iterable[cst.CSTNode], *, bound: frozenset[str] = frozenset()) -> Effects:
    """Effects of executing the nodes; `bound` are variables that their loop binds."""
    region = tuple(nodes)
    changed: set[str] = set()
    unknown: list[cst.Call] = []
    for node in walk(*region):
        changed.update(_changed(node))
        if isinstance(node, cst.Call) and not _known(node):
            unknown.append(node)
    return Effects(
        bound=binds(*region) | bound,
        changed=frozenset(changed),
        unknown=tuple(unknown),
        suspended=any(map(suspends, own(*region))),
    )


def suspends(node: cst.CSTNode) -> bool:
    """Does the node itself hand control away?"""
    if isinstance(node, cst.For | cst.CompFor | cst.With):
        return node.asynchronous is not None
    return isinstance(node, cst.Yield | cst.Await)


def places(node: cst.CSTNode) -> frozenset[str]:
    """The outermost places that an expression looks at; of a method call, the object."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        inside = places(node.func.value)
        return inside.union(*(places(arg.value) for arg in node.args))
    text = place(node)
    if text is not None:
        return frozenset({text})
    if isinstance(node, cst.Attribute):
        return places(node.value)
    if isinstance(node, cst.Arg):
        return places(node.value)
    return frozenset().union(*(places(child) for child in children(node)))


def _changed(node: cst.CSTNode) -> Iterable[str]:
    match node:
        case cst.Call(func=cst.Attribute(value=base, attr=cst.Name(value=name))):
            found = container(base) if name in MUTATORS else None
        case cst.AssignTarget(target=target) | cst.AnnAssign(target=target):
            return _stored(target)
        case cst.AugAssign(target=target) | cst.Del(target=target) | cst.For(target=target):
            return _stored(target)
        case _:
            found = None
    return () if found is None else (found,)


def _stored(target: cst.CSTNode) -> Iterable[str]:
    match target:
        case cst.Attribute():
            found = container(target)
        case cst.Subscript():
            found = place(target) if _constant(target) else container(target.value)
        case cst.Tuple() | cst.List():
            return [text for e in target.elements for text in _stored(e.value)]
        case _:
            found = None
    return () if found is None else (found,)


def _constant(target: cst.Subscript) -> bool:
    """`row["total"] = x` changes that entry; `row[name] = x` may change any."""
    match target.slice:
        case [cst.SubscriptElement(slice=cst.Index(value=cst.SimpleString()))]:
            return True
    return False


def _known(call: cst.Call) -> bool:
    if isinstance(call.func, cst.Attribute) and call.func.attr.value in MUTATORS:
        return True
    return pure_call(call) or (isinstance(call.func, cst.Name) and call.func.value in ITERATORS)
