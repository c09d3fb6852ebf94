"""Hypothesis strategies inferred from recorded values.

What traffic showed is the best guess of what the function must handle: types, nesting, lengths,
ranges, alphabets and which strings and keys occur at all. A strategy draws some recorded values
as they are, some around them, and some from the constants of the program (`Literals`).

`st.text` is not used: it writes a table of Unicode categories into the working directory, which
here is the user's project.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from codegenesis.evidence.array_inputs import arrays
from codegenesis.evidence.arrays import Array
from codegenesis.evidence.frame_inputs import frames, is_tabular
from codegenesis.evidence.literals import Literals
from codegenesis.evidence.plain import Built, Instance, Sealed
from codegenesis.wire import tags

Strategy = st.SearchStrategy[Any]

_POOL = 40  # recorded values offered as they are
_DEEPEST = 8
_ODD_CHARACTERS = "\x00 \n\té中😀ßİ"


def kind_of(value: object) -> str:
    """What `infer` groups by: the exact type, for instances the project class, for arrays more."""
    if isinstance(value, Array):
        return f"{value.kind}[{value.dtype}]{len(value.shape)}"
    return value.type_name if isinstance(value, Instance | Built) else type(value).__name__


def infer(values: Sequence[Any], literals: Literals, *, depth: int = 0) -> Strategy:
    """Values like these. At least one value is needed; kinds keep the order of first sight."""
    kinds: dict[str, list[Any]] = {}
    for value in values:
        kinds.setdefault(kind_of(value), []).append(value)
    return st.one_of([_of_kind(same, literals, depth) for same in kinds.values()])


def _of_kind(values: list[Any], literals: Literals, depth: int) -> Strategy:
    if isinstance(values[0], Instance):
        return _instances(values, literals, depth)
    make = _MAKERS.get(type(values[0]))
    if make is None or depth > _DEEPEST:
        return seen(values)
    return make(values, literals, depth)


def seen(values: Sequence[Any]) -> Strategy:
    """The values themselves, evenly thinned out when there are many."""
    step = max(1, len(values) // _POOL)
    return st.sampled_from(list(values[::step]))


def texts(alphabet: str, longest: int) -> Strategy:
    """Strings over these characters."""
    characters = st.sampled_from(sorted(set(alphabet)) or ["a"])
    return st.lists(characters, max_size=longest).map("".join)


def _bools(_values: list[bool], _literals: Literals, _depth: int) -> Strategy:
    return st.booleans()


def _ints(values: list[int], literals: Literals, _depth: int) -> Strategy:
    low, high = min(values), max(values)
    reach = max(high - low, abs(high), 1)
    pool = [*dict.fromkeys([0, 1, -1, low - 1, high + 1, *literals.ints])]
    return st.one_of(
        seen(values),
        st.integers(low, high),
        st.integers(-12, 12),
        st.sampled_from(pool),
        st.integers(low - reach, high + reach),
    )


def _floats(values: list[float], literals: Literals, _depth: int) -> Strategy:
    finite = [value for value in values if abs(value) < 1e300] or [0.0]
    low, high = min(finite), max(finite)
    pool = [0.0, -0.0, 1.0, *literals.floats, *map(float, literals.ints[:20])]
    return st.one_of(
        seen(values),
        st.floats(low, high),
        st.integers(int(low) - 1, int(high) + 1).map(float),
        st.sampled_from(pool),
        st.floats(),
    )


def _strs(values: list[str], literals: Literals, _depth: int) -> Strategy:
    alphabet = "".join(values)[:5000] + "".join(literals.texts)
    longest = min(2 * max(map(len, values)) + 2, 200)
    options = [seen(values), texts(alphabet, longest), texts(alphabet + _ODD_CHARACTERS, 12)]
    options.append(_spliced(seen(values)))
    if literals.texts:
        options.append(_spliced(st.one_of(seen(values), st.sampled_from(literals.texts))))
        options.append(st.sampled_from(literals.texts))
    return st.one_of(options)


def _spliced(parts: Strategy) -> Strategy:
    """The head of one string before the tail of another, perhaps in another case."""

    def splice(left: str, right: str, cut: float, case: Callable[[str], str]) -> str:
        return case(left[: int(len(left) * cut)] + right[int(len(right) * cut) :])

    cuts = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    return st.builds(splice, parts, parts, cuts, st.sampled_from([str, str.upper, str.lower]))


def _bytes(values: list[bytes], literals: Literals, _depth: int) -> Strategy:
    longest = min(2 * max(map(len, values)) + 2, 200)
    options = [seen(values), st.binary(max_size=longest)]
    if literals.blobs:
        options.append(st.sampled_from(literals.blobs))
    return st.one_of(options)


def _bytearrays(values: list[bytearray], literals: Literals, depth: int) -> Strategy:
    return _bytes([bytes(value) for value in values], literals, depth).map(bytearray)


def _lists(values: list[list[Any]], literals: Literals, depth: int) -> Strategy:
    items = [item for value in values for item in value]
    if not items:
        return st.sampled_from([[], [None], [0]])
    longest = min(2 * max(map(len, values)) + 2, 60)
    element = infer(_thin(items), literals, depth=depth + 1)
    return st.one_of(
        st.lists(element, max_size=min(longest, 6)),
        st.lists(element, max_size=longest),
        st.lists(seen(items), max_size=longest),  # repeats are likely
        seen(values),
    )


def _tuples(values: list[tuple[Any, ...]], literals: Literals, depth: int) -> Strategy:
    lengths = {len(value) for value in values}
    if len(lengths) == 1 and lengths <= set(range(9)):
        columns = [
            infer(_thin(column), literals, depth=depth + 1) for column in zip(*values, strict=True)
        ]
        return st.one_of(st.tuples(*columns), seen(values))
    return _lists([list(value) for value in values], literals, depth).map(tuple)


def _sets(values: list[set[Any]], literals: Literals, depth: int) -> Strategy:
    rows = [sorted(value, key=repr) for value in values]
    kept = _lists(rows, literals, depth).map(_hashable_only)
    return kept.map(type(values[0]))


def _hashable_only(values: list[Any]) -> list[Any]:
    return [value for value in values if hashable(value)]


def hashable(value: object) -> bool:
    """Can it be a key?"""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _dicts(values: list[dict[Any, Any]], literals: Literals, depth: int) -> Strategy:
    if not any(values):
        return st.just({})
    if _are_records(values):
        return st.one_of(_records(values, literals, depth), seen(values))
    keys = infer(_thin([key for value in values for key in value]), literals, depth=depth + 1)
    cells = infer(
        _thin([cell for value in values for cell in value.values()]), literals, depth=depth + 1
    )
    longest = min(2 * max(map(len, values)) + 2, 40)
    made = st.lists(st.tuples(keys.filter(hashable), cells), max_size=longest).map(dict)
    return st.one_of(made, seen(values))


def _are_records(values: list[dict[Any, Any]]) -> bool:
    names = {key for value in values for key in value}
    often = sum(map(len, values)) >= 0.5 * len(values) * len(names)
    return len(names) <= 40 and often and all(type(name) is str for name in names)


def _records(values: list[dict[str, Any]], literals: Literals, depth: int) -> Strategy:
    """Dictionaries with fixed names; each name is now and then left out."""
    columns: dict[str, list[Any]] = {}
    for value in values:
        for name, cell in value.items():
            columns.setdefault(name, []).append(cell)
    fields = {
        name: infer(_thin(cells), literals, depth=depth + 1) for name, cells in columns.items()
    }
    return st.one_of(st.fixed_dictionaries(fields), st.fixed_dictionaries({}, optional=fields))


def _arrays(values: list[Array], literals: Literals, depth: int) -> Strategy:
    return st.one_of(seen(values), arrays(values, literals, infer=infer, depth=depth))


def _built(values: list[Built], literals: Literals, _depth: int) -> Strategy:
    """Frames in rows; of everything else made in parts, only what was seen."""
    return frames(values, literals) if is_tabular(values[0]) else seen(values)


def _instances(values: list[Instance], literals: Literals, depth: int) -> Strategy:
    """The same class with other state, for each set of attributes that was seen."""
    shapes: dict[tuple[int, tuple[str, ...], tuple[str, ...], int], list[Instance]] = {}
    for value in values:
        shape = (value.tag, value.slots, value.names, len(value.state))
        shapes.setdefault(shape, []).append(value)
    return st.one_of([_reshaped(same, literals, depth) for same in shapes.values()])


def _reshaped(values: list[Instance], literals: Literals, depth: int) -> Strategy:
    first = values[0]
    if is_enum(first) or depth > _DEEPEST:
        return seen(values)
    columns = zip(*(value.state for value in values), strict=True)
    names = (*first.slots, *first.names) or ("",) * len(first.state)
    fields = [
        seen(column) if is_kept(name) else infer(_thin(column), literals, depth=depth + 1)
        for name, column in zip(names, columns, strict=True)
    ]
    made = st.tuples(*fields).map(lambda state: with_state(first, state))
    return st.one_of(seen(values), made)


def is_kept(name: str) -> bool:
    """What pydantic notes about a model beside its fields is not varied."""
    return name.startswith("__pydantic_")


def is_enum(value: Instance) -> bool:
    """Members of enumerations cannot be varied: another value may be no member."""
    return value.tag == tags.ENUM


def with_state(like: Instance, state: tuple[Any, ...]) -> Instance:
    """An instance of the same class with other values in the same attributes."""
    return Instance(
        tag=like.tag, type_name=like.type_name, slots=like.slots, names=like.names, state=state
    )


def _thin(values: Sequence[Any], most: int = 400) -> Sequence[Any]:
    return values[:: max(1, len(values) // most)]


def _with(strategy: Strategy) -> Callable[[list[Any], Literals, int], Strategy]:
    return lambda values, _literals, _depth: st.one_of(seen(values), strategy)


def _around(unit: Callable[[int], Any]) -> Callable[[list[Any], Literals, int], Strategy]:
    """Recorded moments, shifted: calendars have few edges, and those are near multiples."""

    def make(values: list[Any], _literals: Literals, _depth: int) -> Strategy:
        def shift(value: Any, steps: int) -> Any:
            try:
                return value + unit(steps)
            except OverflowError:
                return value

        steps = st.one_of(st.integers(-3, 3), st.integers(-800, 800))
        return st.one_of(seen(values), st.builds(shift, seen(values), steps))

    return make


_MAKERS: dict[type, Callable[[list[Any], Literals, int], Strategy]] = {
    bool: _bools,
    int: _ints,
    float: _floats,
    str: _strs,
    bytes: _bytes,
    bytearray: _bytearrays,
    list: _lists,
    tuple: _tuples,
    set: _sets,
    frozenset: _sets,
    dict: _dicts,
    complex: _with(st.complex_numbers(max_magnitude=1e6)),
    range: _with(st.builds(range, st.integers(-5, 20), st.integers(-5, 20))),
    Decimal: _with(st.decimals(-(10**6), 10**6, places=2)),
    Fraction: _with(st.fractions(-100, 100, max_denominator=60)),
    dt.datetime: _around(lambda n: dt.timedelta(hours=n, microseconds=n * (n % 5))),
    dt.date: _around(lambda n: dt.timedelta(days=n)),
    dt.timedelta: _around(lambda n: dt.timedelta(minutes=n)),
    Sealed: _with(st.nothing()),
    Array: _arrays,
    Built: _built,
}
