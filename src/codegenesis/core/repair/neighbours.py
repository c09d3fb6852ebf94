"""Inputs that nobody recorded: recorded ones with a few small changes, of the same shape.

The gates that decide whether a faster version is right draw from everything a type allows
(`evidence.inputs`); they have the original to compare with. A repair has no such oracle: inputs
outside of what the function is for would only count nonsense. So these stay near the recorded
ones: same types, same nesting, and what held for all of them holds still (`shapes`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from codegenesis.core.repair.shapes import Facts, Path, Shape
from codegenesis.errors import WireError
from codegenesis.evidence.infer import hashable, is_enum, with_state
from codegenesis.evidence.plain import Call, Instance, call_of, data_of
from codegenesis.model import Record

_ATTEMPTS = 4
#: How far numbers go beyond what was seen, in widths of that.
_REACHES = (0.5, 4.0, 32.0)
_KEEP = 0.35
_LARGE = 400


class Neighbour(Record, frozen=True, kw_only=True):
    """A made-up call.

    Attributes:
        call: encoded arguments.
        of: index of the recorded call that it was made from.
    """

    call: bytes
    of: int


def neighbours(calls: Sequence[bytes], *, seed: int = 0, n: int = 200) -> list[Neighbour]:
    """Up to `n` distinct calls like the recorded ones, none of which is one of them.

    Small ones come first: whoever gives up on large inputs has seen the small ones. Where there
    are too few close by (a function of one number), numbers go further and further. Recorded calls
    that cannot be decoded here (objects of a library, say) are left out.
    """
    known = {at: call for at, data in enumerate(calls) if (call := _decoded(data)) is not None}
    if not known or not any(args or kwargs for args, kwargs in known.values()):
        return []
    maker = _Maker(list(known.values()), Random(seed))
    places, seen, found = list(known), set(calls), list[Neighbour]()
    for attempt in range(_ATTEMPTS * n * len(_REACHES)):
        maker.reach = _REACHES[attempt // (_ATTEMPTS * n)]
        of = places[attempt % len(places)]
        data = _encoded(maker.make(known[of]))
        if data is not None and data not in seen:
            seen.add(data)
            found.append(Neighbour(call=data, of=of))
        if len(found) >= n:
            break
    return sorted(found, key=lambda each: len(each.call))


def _decoded(data: bytes) -> Call | None:
    try:
        return call_of(data)
    except (WireError, ValueError, TypeError):
        return None


def _encoded(call: Call | None) -> bytes | None:
    try:
        return None if call is None else data_of(call)
    except (WireError, ValueError, TypeError):
        return None


class _Maker:
    """Changes calls, keeping the shape of all of them."""

    def __init__(self, calls: Sequence[Call], rng: Random) -> None:
        self._shape = Shape(calls)
        self._rng = rng
        self._calls = calls
        self.reach = _REACHES[0]

    def make(self, call: Call) -> Call | None:
        """One changed call; None when it would break what holds between arguments."""
        args, kwargs = call
        other = self._rng.choice(self._calls)
        places: list[int | str] = [*range(len(args)), *kwargs]
        chosen = {self._rng.choice(places)}
        chosen |= {place for place in places if self._rng.random() > _KEEP}
        new_args = [
            self._argument(at, value, call, other) if at in chosen else value
            for at, value in enumerate(args)
        ]
        new_kwargs = {
            name: self._argument(name, value, call, other) if name in chosen else value
            for name, value in kwargs.items()
        }
        made = (tuple(new_args), new_kwargs)
        return made if self._shape.holds(made) else None

    def _argument(self, place: int | str, value: Any, call: Call, other: Call) -> Any:
        how = self._rng.random()
        if how < 0.08 and isinstance(place, int) and place < len(other[0]):
            return other[0][place]
        if type(value) is int and how < 0.4:
            inside = [v for arg in call[0] if isinstance(arg, list | tuple) for v in arg]
            near = [v for v in inside if type(v) is int]
            if near:
                return self._rng.choice(near) + self._rng.choice((0, 0, 0, 1, -1))
        changed = value
        for _ in range(self._rng.choice((1, 1, 2, 3))):
            changed = self.change((place,), changed)
        return changed

    def change(self, path: Path, value: Any) -> Any:
        """A value with one small change."""
        facts = self._shape.at(path)
        change = _CHANGES.get(type(value))
        return change(self, path, value, facts) if change else value

    def _whole(self, _path: Path, value: int, facts: Facts) -> int:
        low, high = _bounds(facts, self.reach)
        near = (value - 1, value + 1, value - 2, value + 2, low, high, 2 * value, value // 2)
        pick = self._rng.choice((*near, *[self._rng.randint(low, high) for _ in range(6)]))
        return max(low, min(high, pick))

    def _real(self, _path: Path, value: float, facts: Facts) -> float:
        if value == int(value) if abs(value) < 1e15 else False:
            return float(self._whole((), int(value), facts))
        low, high = facts.low, facts.high
        return self._rng.choice((value / 2, value * 2, self._rng.uniform(low, high)))

    def _flag(self, _path: Path, value: bool, _facts: Facts) -> bool:
        return not value

    def _text(self, _path: Path, value: str, facts: Facts) -> str:
        letters = list(value)
        alphabet = facts.letters or "ab"
        self._reorder(letters, facts, lambda: self._rng.choice(alphabet))
        return "".join(letters)

    def _list(self, path: Path, value: list[Any], facts: Facts) -> list[Any]:
        items = list(value)
        inner = (*path, "*")
        fresh = self._fresh_member(inner, items)
        if items and (facts.square or self._rng.random() < 0.4):
            at = self._rng.randrange(len(items))
            items[at] = self.change(inner, items[at])
        else:
            self._reorder(items, facts, fresh)
        return _as_seen(items, facts)

    def _tuple(self, path: Path, value: tuple[Any, ...], facts: Facts) -> tuple[Any, ...]:
        items = list(value)
        if not items:
            return value
        if len(items) < 5 or facts.fixed:
            at = self._rng.randrange(len(items))
            items[at] = self.change((*path, at if len(items) < 5 else "*"), items[at])
            return tuple(_as_seen(items, facts))
        return tuple(self._list(path, items, facts))

    def _set(self, path: Path, value: Any, facts: Facts) -> Any:
        items = self._list(path, sorted(value, key=repr), facts)
        return type(value)(item for item in items if hashable(item))

    def _dict(self, path: Path, value: dict[Any, Any], facts: Facts) -> dict[Any, Any]:
        if not value:
            return value
        key = self._rng.choice(list(value))
        if self._rng.random() < 0.25 and len(value) > max(1, facts.shortest) and not facts.fixed:
            return {name: cell for name, cell in value.items() if name != key}
        return {**value, key: self.change((*path, "*"), value[key])}

    def _instance(self, path: Path, value: Instance, _facts: Facts) -> Instance:
        if is_enum(value) or not value.state:
            return value
        at = self._rng.randrange(len(value.state))
        part = self.change((*path, value.type_name, at), value.state[at])
        return with_state(value, (*value.state[:at], part, *value.state[at + 1 :]))

    def _fresh_member(self, path: Path, items: list[Any]) -> Callable[[], Any]:
        pool = [*items, *self._shape.at(path).pool]
        return lambda: self.change(path, self._rng.choice(pool)) if pool else 0

    def _reorder(self, items: list[Any], facts: Facts, fresh: Callable[[], Any]) -> None:
        """Change a sequence as a whole, in place, within the lengths that are allowed."""
        how = self._rng.choice(("add", "drop", "swap", "repeat", "reverse", "put", "cut", "new"))
        longest = min(_LARGE, facts.longest + 3)
        if how == "put" or facts.fixed:
            if items:
                items[self._rng.randrange(len(items))] = fresh()
        elif how == "add" and len(items) < longest:
            items.insert(self._rng.randint(0, len(items)), fresh())
        elif how == "repeat" and items and len(items) < longest:
            items.insert(self._rng.randint(0, len(items)), self._rng.choice(items))
        elif how == "drop" and len(items) > facts.shortest:
            del items[self._rng.randrange(len(items))]
        elif how == "cut":
            del items[max(facts.shortest, self._rng.randint(0, len(items))) :]
        elif how == "reverse":
            items.reverse()
        elif how == "new":
            items[:] = [fresh() for _ in range(self._rng.randint(facts.shortest, longest))]
        elif len(items) > 1:
            a, b = self._rng.sample(range(len(items)), 2)
            items[a], items[b] = items[b], items[a]


def _bounds(facts: Facts, times: float) -> tuple[int, int]:
    """How far whole numbers go: a little beyond what was seen, signs as they were."""
    low, high = int(facts.low), int(facts.high)
    reach = max(2, int((high - low) * times))
    return (low - reach if low < 0 else max(0, low - reach) if low == 0 else 1), high + reach


def _as_seen(items: list[Any], facts: Facts) -> list[Any]:
    """Order and distinctness as in everything that was recorded."""
    if facts.distinct:
        items = list({repr(item): item for item in items}.values())
    for at in facts.unique:
        rows = [item for item in items if isinstance(item, tuple) and len(item) > at]
        items = list({repr(item[at]): item for item in rows}.values())
    try:
        if facts.ascending:
            return sorted(items)
        return sorted(items, reverse=True) if facts.descending else items
    except TypeError:
        return items


_CHANGES: dict[type, Callable[[_Maker, Path, Any, Facts], Any]] = {
    int: _Maker._whole,
    float: _Maker._real,
    bool: _Maker._flag,
    str: _Maker._text,
    list: _Maker._list,
    tuple: _Maker._tuple,
    set: _Maker._set,
    frozenset: _Maker._set,
    dict: _Maker._dict,
    Instance: _Maker._instance,
}
