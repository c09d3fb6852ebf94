"""What the body of a loop does with one item, when it does one thing.

Names given to parts of the item are put in their places, conditions are collected whether they are
written as `if wanted:` or as `if not wanted: continue`, and what is left is a single step: add to a
total, append to a list, keep the largest, or store under the position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import libcst as cst

from codegenesis.core.operators.patterns import Found, first, match
from codegenesis.core.syntax import (
    View,
    code,
    flat,
    operand,
    reads,
    repeatable,
    substitute,
    targets,
    uses,
    walk,
)

Kind = Literal["add", "multiply", "append", "max", "min", "store"]

#: Where a step may store.
PLACES = ("target_[key_]", "target_[key_, column_]", "target_[key_][column_]")

#: Kind of step -> how it is written.
STEPS: dict[Kind, tuple[str, ...]] = {
    "add": ("TOTAL_ += value_", "TOTAL_ = TOTAL_ + value_"),
    "multiply": ("TOTAL_ *= value_", "TOTAL_ = TOTAL_ * value_"),
    "append": ("TOTAL_.append(value_)",),
    "max": ("TOTAL_ = max(TOTAL_, value_)", "TOTAL_ = max(value_, TOTAL_)"),
    "min": ("TOTAL_ = min(TOTAL_, value_)", "TOTAL_ = min(value_, TOTAL_)"),
    "store": tuple(f"{place} = value_" for place in PLACES),
}

#: The comparison under which a value replaces the extreme so far.
EXTREMES: dict[str, Kind] = {
    "value_ > TOTAL_": "max",
    "TOTAL_ < value_": "max",
    "value_ < TOTAL_": "min",
    "TOTAL_ > value_": "min",
}


@dataclass(frozen=True)
class Body:
    """One step per item.

    Attributes:
        conditions: all must hold for the step to be made.
        target: what is added to, appended to or stored into, as source.
        value: what is added, appended, compared or stored.
        keys: of a store: where; two for `frame.at[row, column]`.
    """

    kind: Kind
    conditions: tuple[cst.BaseExpression, ...]
    target: str
    value: cst.BaseExpression
    keys: tuple[cst.BaseExpression, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it only counts."""
        return self.kind == "add" and code(self.value).strip() == "1"


def body_of(view: View, loop: cst.For) -> Body | None:
    """The one step of a loop; None when it does more, or something else."""
    names: dict[str, str] = {}
    found = _step(_lines(loop.body), names, []) if loop.orelse is None else None
    if found is None or any(_leaks(view, loop, name) for name in names):
        return None
    parts = [*found.conditions, found.value, *found.keys]
    return found if _apart(found, parts) else None


def _apart(found: Body, parts: list[cst.BaseExpression]) -> bool:
    """Whether no step sees what another one did: of a store, only its own place is read."""
    if found.target not in reads(*parts):
        return True
    keys = ", ".join(flat(key) for key in found.keys)
    forms = (f"{found.target}[{keys}]", f"{found.target}[{keys.replace(', ', '][')}]")
    named = [n for n in walk(*parts) if isinstance(n, cst.Name) and n.value == found.target]
    own = [n for n in walk(*parts) if isinstance(n, cst.Subscript) and flat(n) in forms]
    return found.kind == "store" and len(named) == len(own)


def _step(  # noqa: PLR0911 (one per form of statement)
    rest: Sequence[cst.BaseStatement],
    names: dict[str, str],
    conditions: list[cst.BaseExpression],
) -> Body | None:
    for position, statement in enumerate(rest):
        last = position == len(rest) - 1
        match statement:
            case cst.If(test=test, orelse=None, body=suite):
                test, inside = substitute(test, names), _lines(suite)
                if len(inside) == 1 and code(inside[0]).strip() == "continue" and not last:
                    conditions.append(cst.parse_expression(f"not ({flat(test)})"))
                    continue
                if not last:
                    return None
                extreme = _extreme(test, inside, names)
                if extreme is not None:
                    return _made(extreme[0], extreme[1], conditions)
                conditions.append(test)
                return _step(inside, names, conditions)
            case cst.SimpleStatementLine(body=[cst.Assign(targets=[target], value=value)]) if (
                not last and isinstance(target.target, cst.Name) and repeatable(value)
            ):
                if target.target.value in names:
                    return None
                names[target.target.value] = flat(substitute(value, names))
            case cst.SimpleStatementLine() if last:
                return _last(statement, names, conditions)
            case _:
                return None
    return None


def _lines(suite: cst.BaseSuite) -> list[cst.BaseStatement]:
    """Statements of a body, also of one on the line of its head."""
    if isinstance(suite, cst.IndentedBlock):
        return list(suite.body)
    return [cst.SimpleStatementLine(body=[small]) for small in suite.body]  # type: ignore[list-item]


def _last(
    statement: cst.SimpleStatementLine, names: dict[str, str], conditions: list[cst.BaseExpression]
) -> Body | None:
    for kind, shapes in STEPS.items():
        found = first(statement, *shapes)
        if found is not None:
            return _made(kind, {k: substitute(v, names) for k, v in found.items()}, conditions)
    for sign in ("+", "-", "*", "/"):
        found = first(statement, *(f"{place} {sign}= value_" for place in PLACES))
        if found is not None:
            filled = {k: substitute(v, names) for k, v in found.items()}
            place = flat(cst.ensure_type(_target(statement), cst.Subscript))
            value = cst.parse_expression(f"{place} {sign} {operand(filled['value_'])}")
            return _made("store", {**filled, "value_": value}, conditions)
    return None


def _target(statement: cst.SimpleStatementLine) -> cst.CSTNode:
    return cst.ensure_type(statement.body[0], cst.AugAssign).target


def _extreme(
    test: cst.BaseExpression, inside: Sequence[cst.BaseStatement], names: dict[str, str]
) -> tuple[Kind, Found] | None:
    """`if value > best: best = value`."""
    set_to = match("TOTAL_ = value_", inside[0]) if len(inside) == 1 else None
    if set_to is None:
        return None
    wanted = {k: flat(substitute(v, names)) for k, v in set_to.items()}
    for shape, kind in EXTREMES.items():
        found = match(shape, test)
        if found is not None and {k: flat(v) for k, v in found.items()} == wanted:
            return kind, found
    return None


def _made(kind: Kind, found: Found, conditions: list[cst.BaseExpression]) -> Body:
    if kind == "store":
        keys = tuple(found[name] for name in ("key_", "column_") if name in found)
        return Body(kind, tuple(conditions), flat(found["target_"]), found["value_"], keys)
    return Body(kind, tuple(conditions), flat(found["TOTAL_"]), found["value_"])


def leaks(view: View, loop: cst.For) -> bool:
    """Whether variables of the loop are read after it."""
    return any(_leaks(view, loop, name) for name in targets(loop.target))


def _leaks(view: View, loop: cst.For, name: str) -> bool:
    return any(
        not view.inside(use.node, loop)
        and use.kind not in ("assigned", "bound")
        and not elsewhere(view, use.node, name)
        for use in uses(view, name)
    )


def elsewhere(view: View, node: cst.CSTNode, name: str) -> bool:
    """Whether the node belongs to another loop that has the name as its own variable."""
    return any(
        isinstance(loop.node, cst.For | cst.CompFor) and name in targets(loop.node.target)
        for loop in view.loops(node)
    )
