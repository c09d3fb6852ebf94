"""Shapes of loops and statements that several rules look for.

A *funnel* is what a comprehension can say: nested `for` and `if`, with one statement in the middle.

    for row in rows:
        for cell in row:              ->   clauses  for row in rows for cell in row if cell > 0
            if cell > 0:                   middle   total += cell
                total += cell
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from codegenesis.core.syntax import (
    View,
    binds,
    code,
    flat,
    kind,
    operand,
    own,
    place,
    pure_call,
    reads,
    repeatable,
    substitute,
    targets,
    uses,
    walk,
)
from codegenesis.core.syntax.kinds import assigned_kind

Small = cst.BaseSmallStatement


@dataclass(frozen=True)
class Funnel:
    """A loop that ends in one statement.

    Attributes:
        loop: the outermost `for`.
        clauses: its clauses as a comprehension writes them, with a blank in front.
        middle: the one statement.
        known: names that the loop introduces for expressions it uses once, with these expressions.
        bound: variables that the loop binds.
        heard: variables that clauses and conditions read.
    """

    loop: cst.For
    clauses: str
    middle: Small
    known: tuple[tuple[str, str], ...]
    bound: frozenset[str]
    heard: frozenset[str]

    def text(self, node: cst.BaseExpression) -> str:
        """An expression of the middle, as it stands in a comprehension."""
        return flat(substitute(node, dict(self.known)))

    @property
    def whole(self) -> str | None:
        """The iterable, when each of its items comes to the middle as it is."""
        target = code(self.loop.target).strip()
        plain = f" for {target} in {flat(self.loop.iter)}"
        return flat(self.loop.iter) if self.clauses == plain else None


#: Makes one statement of several, where they come to that.
Accept = Callable[[list[cst.CSTNode]], Small | None]


def only(statements: list[cst.CSTNode]) -> Small | None:
    """The one small statement of a block that has no other."""
    return small(statements[0]) if len(statements) == 1 else None


def funnel(view: View, loop: cst.For, *, accept: Accept = only) -> Funnel | None:
    """The loop as a funnel; None when it is none, or when others read its variables.

    Args:
        accept: what may stand in the middle.
    """
    found = _funnel(_Way(loop, accept), loop)
    if found is None or leaks(view, found.bound, loop):
        return None
    forbidden = cst.NamedExpr | cst.Await | cst.Yield | cst.Lambda
    return None if any(isinstance(node, forbidden) for node in walk(loop)) else found


@dataclass(frozen=True)
class _Way:
    """How far into the loop one is, and what was met."""

    loop: cst.For
    accept: Accept
    clauses: str = ""
    known: tuple[tuple[str, str], ...] = ()
    bound: frozenset[str] = frozenset()
    heard: frozenset[str] = frozenset()

    def into(self, text: str, bound: frozenset[str], heard: frozenset[str]) -> _Way:
        return replace(
            self,
            clauses=f"{self.clauses} {text}",
            bound=self.bound | bound,
            heard=self.heard | heard,
        )


def _funnel(way: _Way, node: cst.CSTNode) -> Funnel | None:
    match node:
        case cst.For(target=target, iter=items, orelse=None, asynchronous=None):
            if not targets(target) or _stores(target):
                return None
            items = substitute(items, dict(way.known))
            text = f"for {code(target).strip()} in {_clause(items)}"
            return _middle(way.into(text, targets(target), reads(items)), node.body)
        case cst.If(test=test, orelse=None):
            test = substitute(test, dict(way.known))
            return _middle(way.into(f"if {_clause(test)}", frozenset(), reads(test)), node.body)
    return None


def _clause(node: cst.BaseExpression) -> str:
    return operand(node) if isinstance(node, cst.IfExp | cst.Lambda) else flat(node)


def _middle(way: _Way, body: cst.BaseSuite) -> Funnel | None:
    rest = block(body)
    while (middle := way.accept(rest)) is None and len(rest) > 1:
        named = _named(rest[0], rest[1:])
        if named is None:
            return None
        name, value = named
        known = (*way.known, (name, operand(substitute(value, dict(way.known)))))
        way = replace(way, known=known, bound=way.bound | {name}, heard=way.heard | reads(value))
        rest = rest[1:]
    if middle is not None and not isinstance(middle, ENDS):
        return Funnel(way.loop, way.clauses, middle, way.known, way.bound, way.heard)
    return _funnel(way, rest[0]) if len(rest) == 1 else None


#: What leaves a block.
ENDS = (cst.Return, cst.Break, cst.Continue, cst.Pass, cst.Raise)


def _named(
    statement: cst.CSTNode, rest: list[cst.CSTNode]
) -> tuple[str, cst.BaseExpression] | None:
    """`name = value` where the name is read exactly once in the rest, and not repeated there."""
    match small(statement):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
            pass
        case _:
            return None
    times = sum(isinstance(n, cst.Name) and n.value == name for n in walk(*rest))
    inner = any(isinstance(n, cst.For | cst.CompFor | cst.While) for n in walk(*rest))
    if times != 1 or inner or not repeatable(value) or name in reads(value):
        return None
    return name, value


def _stores(target: cst.CSTNode) -> bool:
    """Whether the target of a loop is more than names."""
    return any(isinstance(node, cst.Attribute | cst.Subscript) for node in walk(target))


def block(body: cst.BaseSuite | cst.CSTNode) -> list[cst.CSTNode]:
    """The statements of a suite; docstring-like lines included."""
    if isinstance(body, cst.IndentedBlock | cst.SimpleStatementSuite):
        return list(body.body)
    return []


def small(statement: cst.CSTNode | None) -> Small | None:
    """The one small statement of a line; the statement itself when it is already small."""
    match statement:
        case cst.SimpleStatementLine(body=[only]):
            return only
        case cst.BaseSmallStatement():
            return statement
    return None


def assigned(statement: cst.CSTNode | None) -> tuple[str, cst.BaseExpression] | None:
    """(place, value) of `place = value` with one target, annotated or not."""
    match small(statement):
        case cst.Assign(targets=[cst.AssignTarget(target=target)], value=value):
            text = place(target)
        case cst.AnnAssign(target=target, value=cst.BaseExpression() as value):
            text = place(target)
        case _:
            return None
    return None if text is None else (text, value)


def start(
    view: View, statement: cst.CSTNode, name: str
) -> tuple[cst.SimpleStatementLine, cst.BaseExpression] | None:
    """The nearest `name = value` before a statement in its block, with no use of it between."""
    siblings, position = view.siblings(statement)
    for before in reversed(siblings[: max(position, 0)]):
        found = assigned(before)
        if found is not None and found[0] == name and isinstance(before, cst.SimpleStatementLine):
            return before, found[1]
        if name in reads(before) | binds(before):
            return None
    return None


def named(statement: cst.SimpleStatementLine, name: str) -> str:
    """The left side of an assignment of one name, with the annotation that it has."""
    match small(statement):
        case cst.AnnAssign(annotation=annotation):
            return f"{name}: {code(annotation.annotation).strip()}"
    return name


def following(view: View, statement: cst.CSTNode) -> cst.CSTNode | None:
    """The next statement of the same block."""
    siblings, position = view.siblings(statement)
    return siblings[position + 1] if 0 <= position < len(siblings) - 1 else None


def leaks(view: View, names: frozenset[str], region: cst.CSTNode) -> bool:
    """Whether variables that a region sets are read outside of it without being set anew."""
    for name in names:
        for use in uses(view, name):
            if use.kind in ("assigned", "bound") or view.inside(use.node, region):
                continue
            if not any(_sets(loop.node, name) for loop in view.loops(use.node)):
                return True
    return False


def _sets(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.For | cst.CompFor) and name in targets(node.target)


def leaves(body: Sequence[cst.CSTNode]) -> bool:
    """Whether what follows the block is never reached from it."""
    match body[-1] if body else None:
        case cst.If(body=then, orelse=cst.Else(body=other)):
            return leaves(block(then)) and leaves(block(other))
        case cst.If(body=then, orelse=cst.If() as other):
            return leaves(block(then)) and leaves([other])
        case last:
            return isinstance(small(last), cst.Return | cst.Raise | cst.Continue | cst.Break)


def breaks(loop: cst.For | cst.While) -> bool:
    """Whether the loop has any `break` or `continue` in it, own or of loops inside."""
    return any(isinstance(node, cst.Break | cst.Continue) for node in own(loop.body))


def harmless(view: View, *nodes: cst.CSTNode) -> bool:
    """Whether evaluating the nodes less often, or in another order, goes unnoticed."""
    for node in walk(*nodes):
        if isinstance(node, cst.Call) and not (view.pure or pure_call(node)):
            return False
        if isinstance(node, cst.Yield | cst.Await | cst.NamedExpr):
            return False
    return True


def handed_on(nodes: Iterable[cst.CSTNode], text: str) -> bool:
    """Whether a call of which nothing is known gets the place, and may change what it holds."""
    return any(
        isinstance(node, cst.Call)
        and not pure_call(node)
        and any(place(arg.value) == text for arg in node.args)
        for node in walk(*nodes)
    )


def number(node: cst.CSTNode | None) -> bool:
    """Whether it is a literal number."""
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Minus) and number(node.expression)
    return isinstance(node, cst.Integer | cst.Float)


def numeric(view: View, name: str) -> bool:
    """Whether a variable begins with a number, and is otherwise given what it is itself part of."""
    if name not in view.locals or name in view.parameters:
        return name in view.locals and kind(view, cst.Name(name)) in NUMBERS
    begun = False
    for use in uses(view, name):
        if use.kind == "bound":
            return False
        found = assigned(use.within) if use.kind == "assigned" else None
        if use.kind != "assigned" or (found is not None and name in reads(found[1])):
            continue
        if assigned_kind(use.within, name) not in NUMBERS:
            return False
        begun = True
    return begun


#: Kinds that add and multiply as numbers do.
NUMBERS = frozenset({"int", "float", "bool", "complex"})


def local_only(view: View, name: str) -> bool:
    """Whether it is a variable of the function that nobody else holds from the start."""
    return name in view.locals and name not in view.parameters


def range_of(node: cst.BaseExpression) -> tuple[str, str, str] | None:
    """(low, high, step) of `range(…)`, as text."""
    match node:
        case cst.Call(func=cst.Name(value="range"), args=args) if 1 <= len(args) <= 3:
            if any(arg.star or arg.keyword for arg in args):
                return None
            texts = [flat(arg.value) for arg in args]
            low, high = ("0", texts[0]) if len(texts) == 1 else (texts[0], texts[1])
            return low, high, texts[2] if len(texts) == 3 else "1"
    return None
