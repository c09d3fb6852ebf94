"""Inner loops that only act where keys are equal, and the index that finds those items directly.

    for a in xs:                      ys_by_k = {}
        for b in ys:                  for b in ys:
            if a.k == b.k:                ys_by_k.setdefault(b.k, []).append(b)
                ...                   for a in xs:
                                          for b in ys_by_k.get(a.k, ()):
                                              if a.k == b.k:
                                                  ...

Buckets keep the order of the sequence, and the condition stays where it was, so `break`, `else`,
early returns and values that are not equal to themselves behave as before. The items may be
elements, positions or pairs from `enumerate`; a range that depends on the outer loop becomes a
condition. It is the same for clauses of comprehensions, and for `any(...)` over a comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import libcst as cst

from codegenesis.core.operators.ranges import Source, source_of
from codegenesis.core.syntax import (
    Loop,
    View,
    conjuncts,
    disjuncts,
    effects,
    equality,
    flat,
    places,
    reads,
    related,
    repeatable,
    substitute,
    targets,
    uses,
)

Inner = cst.For | cst.CompFor


@dataclass(frozen=True)
class Match:
    """An inner loop that an index can replace.

    Attributes:
        inner: the loop or clause.
        source: what it runs over.
        outer: the outermost loop in which the index stays valid; it is built before that.
        inner_key: the key of an item, in the names of the inner loop's target.
        outer_key: the key that is looked for.
        grows: `append` calls on the sequence inside the outer loop that the index must follow.
    """

    inner: Inner
    source: Source
    outer: Loop
    inner_key: tuple[cst.BaseExpression, ...]
    outer_key: tuple[cst.BaseExpression, ...]
    grows: tuple[cst.Call, ...] = ()


def matches(view: View) -> Iterator[Match]:
    """All inner loops of the function that an index can replace."""
    for node in view.nodes:
        if isinstance(node, cst.For | cst.CompFor):
            found = _match(view, node)
            if found is not None:
                yield found


def _match(view: View, inner: Inner) -> Match | None:
    loops = view.loops(inner)
    if not loops or any(isinstance(loop.node, cst.Lambda) for loop in loops):
        return None
    source = source_of(inner, lambda node: not loops[0].does.spare(node))
    if source is None or (isinstance(inner, cst.For) and _leaks(view, inner)):
        return None
    local = _leading(inner)
    own = targets(inner.target) | local.keys()
    pairs = [p for c in _conditions(view, inner) if (p := _sides(c, own)) is not None]
    pairs = [
        (substitute(item, local), wanted)
        for item, wanted in pairs
        if not loops[0].does.spare(wanted) and repeatable(wanted) and repeatable(item)
    ]
    if not pairs or any(reads(item) & local.keys() for item, _ in pairs):
        return None
    items, wanteds = zip(*pairs, strict=True)
    return _placed(view, Match(inner, source, loops[0], items, wanteds))


def _placed(view: View, match: Match) -> Match | None:
    """The match before the outermost loop in which the items and their keys stay the same."""
    inner, source = match.inner, match.source
    own = targets(inner.target)
    free = frozenset[str]().union(*(reads(item) for item in match.inner_key)) - own
    found: Match | None = None
    for loop in view.loops(inner):
        kept = frozenset[str]().union(*(places(item) for item in match.inner_key))
        touched = any(related(place, c) for place in kept for c in loop.does.changed)
        if free & loop.does.bound or touched:
            break
        growth = () if loop.does.spare(source.entries) else _growth(view, inner, source, loop)
        if growth is None:
            break
        found = replace(match, outer=loop, grows=growth)
        if growth:
            break
    return found if _changes_nothing(inner, match.outer_key) else None


def _growth(view: View, inner: Inner, source: Source, loop: Loop) -> tuple[cst.Call, ...] | None:
    """Appends to a local list inside the loop, when that is all that happens to it there."""
    name = source.sequence
    simple = isinstance(inner.target, cst.Name) and not source.bounds and not loop.does.suspended
    if not simple or not loop.is_statement or name not in view.locals - loop.does.bound:
        return None
    calls = []
    for use in uses(view, name):
        if not view.inside(use.node, loop.node) or use.kind in ("iterated", "tested", "contains"):
            continue
        if use.kind == "argument" and use.name == "len":
            continue
        if use.kind != "method" or use.name != "append" or len(use.values()) != 1:
            return None
        if not repeatable(use.values()[0]) or not view.alone(use.call):
            return None
        if view.inside(use.node, inner.body if isinstance(inner, cst.For) else inner):
            return None
        calls.append(use.call)
    return tuple(calls) or None


def _changes_nothing(inner: Inner, wanteds: tuple[cst.BaseExpression, ...]) -> bool:
    """Whether the inner loop leaves alone what it looks for."""
    if isinstance(inner, cst.CompFor):
        return True
    does = effects((inner.body,))
    return all(does.spare(wanted) for wanted in wanteds)


def _sides(
    pair: tuple[cst.BaseExpression, cst.BaseExpression], own: frozenset[str]
) -> tuple[cst.BaseExpression, cst.BaseExpression] | None:
    """(side of the item, side that is looked for), when the two are apart."""
    for item, wanted in (pair, pair[::-1]):
        if reads(item) & own and not reads(wanted) & own:
            return item, wanted
    return None


def _conditions(view: View, inner: Inner) -> list[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """Equalities without which the inner loop does nothing."""
    if isinstance(inner, cst.CompFor):
        tests = [c for clause in inner.ifs for c in conjuncts(clause.test)]
        found = [equality(test) for test in tests] + _of_element(view, inner)
    else:
        found = _of_body(_body(inner))
    return [pair for pair in found if pair is not None]


def _of_element(
    view: View, inner: cst.CompFor
) -> list[tuple[cst.BaseExpression, cst.BaseExpression] | None]:
    """`any(a == b for b in ys)`, `all(a != b for b in ys)`, `sum(a == b for b in ys)`."""
    whole: cst.CSTNode | None = inner
    while isinstance(whole, cst.CompFor):
        whole = view.parent(whole)
    argument = view.parent(whole) if whole is not None else None
    call = view.parent(argument) if argument is not None else None
    match whole, call:
        case cst.GeneratorExp(elt=elt), cst.Call(func=cst.Name(value=name), args=[_]):
            if inner.inner_for_in is None and name in ("any", "sum"):
                tests = conjuncts(elt) if name == "any" else [elt]
                return [equality(test) for test in tests]
            if inner.inner_for_in is None and name == "all":
                return [equality(test, negated=True) for test in disjuncts(elt)]
    return []


def _body(inner: cst.For) -> list[cst.BaseStatement]:
    if isinstance(inner.body, cst.IndentedBlock):
        return list(inner.body.body)
    return []


def _of_body(
    body: list[cst.BaseStatement],
) -> list[tuple[cst.BaseExpression, cst.BaseExpression] | None]:
    rest = body[_count_leading(body) :]
    if not rest or not isinstance(rest[0], cst.If) or rest[0].orelse is not None:
        return []
    first = rest[0]
    if _continues(first):
        found = [equality(test, negated=True) for test in disjuncts(first.test)]
        return found + (_of_body(rest[1:]) if len(rest) > 1 else [])
    if len(rest) > 1:
        return []
    found = [equality(test) for test in conjuncts(first.test)]
    deeper = list(first.body.body) if isinstance(first.body, cst.IndentedBlock) else []
    return found + (_of_body(deeper) if len(deeper) == 1 else [])


def _continues(statement: cst.If) -> bool:
    match statement.body:
        case cst.IndentedBlock(body=[cst.SimpleStatementLine(body=[cst.Continue()])]):
            return True
        case cst.SimpleStatementSuite(body=[cst.Continue()]):
            return True
    return False


def _count_leading(body: list[cst.BaseStatement]) -> int:
    return next((i for i, s in enumerate(body) if _assignment(s) is None), len(body))


def _assignment(statement: cst.BaseStatement) -> tuple[str, cst.BaseExpression] | None:
    match statement:
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[target], value=value)]):
            if isinstance(target.target, cst.Name) and repeatable(value):
                return target.target.value, value
    return None


def _leading(inner: Inner) -> dict[str, str]:
    """Names for parts of the item that the body introduces before it compares: `k = b["k"]`."""
    if isinstance(inner, cst.CompFor):
        return {}
    found: dict[str, str] = {}
    body = _body(inner)
    for statement in body[: _count_leading(body)]:
        pair = _assignment(statement)
        if pair is not None:
            found[pair[0]] = flat(substitute(pair[1], found))
    return found


def _leaks(view: View, inner: cst.For) -> bool:
    """Whether variables of the inner loop are read where it did not just set them."""
    for name in targets(inner.target) | _leading(inner).keys():
        for use in uses(view, name):
            set_here = view.inside(use.node, inner) or use.kind in ("assigned", "bound")
            if not set_here and not _rebound(view, name, use.node):
                return True
    return False


def _rebound(view: View, name: str, node: cst.CSTNode) -> bool:
    """Whether a loop around the node has the name as its own variable."""
    return any(
        isinstance(loop.node, cst.For | cst.CompFor) and name in targets(loop.node.target)
        for loop in view.loops(node)
    )
