"""Small changes to recorded values: the neighbours of what is known to happen.

Inferred strategies forget how the parts of one call belong together (an index that fits its
list, a key that is in its dictionary). A mutant keeps all of a recorded value but one spot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from codegenesis.evidence.infer import hashable, infer, is_enum, with_state
from codegenesis.evidence.literals import Literals
from codegenesis.evidence.plain import Instance

Draw = Callable[[st.SearchStrategy[Any]], Any]


def mutant(draw: Draw, value: Any, literals: Literals) -> Any:
    """`value` with one small change; now and then unchanged."""
    kind = type(value)
    if kind in (list, tuple):
        return kind(_sequence(draw, list(value), literals))
    if kind in (set, frozenset):
        items = _sequence(draw, sorted(value, key=repr), literals)
        return kind(filter(hashable, items))
    if kind is dict:
        return _dict(draw, value, literals)
    if kind is Instance:
        return _instance(draw, value, literals)
    if kind is str:
        return (
            "".join(_sequence(draw, list(value), literals))
            if value
            else draw(_like(value, literals))
        )
    return draw(_like(value, literals))


def _like(value: Any, literals: Literals) -> st.SearchStrategy[Any]:
    return infer([value], literals)


def _sequence(draw: Draw, items: list[Any], literals: Literals) -> list[Any]:
    if not items:
        return items
    at = draw(st.integers(0, len(items) - 1))
    other = draw(st.integers(0, len(items) - 1))
    change = draw(st.sampled_from(["drop", "repeat", "swap", "move", "cut", "alter", "alter"]))
    if change == "drop":
        del items[at]
    elif change == "repeat":
        items.insert(at, items[other])
    elif change == "swap":
        items[at], items[other] = items[other], items[at]
    elif change == "move":
        items = items[at:] + items[:at]
    elif change == "cut":
        items = items[min(at, other) : max(at, other) + 1]
    else:
        items[at] = mutant(draw, items[at], literals)
    return items


def _dict(draw: Draw, value: dict[Any, Any], literals: Literals) -> dict[Any, Any]:
    if not value:
        return value
    key = draw(st.sampled_from(list(value)))
    change = draw(st.sampled_from(["drop", "alter", "alter", "rename", "last"]))
    rest = {name: cell for name, cell in value.items() if name != key}
    if change == "drop":
        return rest
    if change == "last":
        return {**rest, key: value[key]}
    if change == "rename":
        renamed = mutant(draw, key, literals)
        return {**rest, renamed: value[key]} if hashable(renamed) else rest
    return {**value, key: mutant(draw, value[key], literals)}


def _instance(draw: Draw, value: Instance, literals: Literals) -> Instance:
    if is_enum(value) or not value.state:
        return value
    at = draw(st.integers(0, len(value.state) - 1))
    changed = mutant(draw, value.state[at], literals)
    return with_state(value, (*value.state[:at], changed, *value.state[at + 1 :]))
