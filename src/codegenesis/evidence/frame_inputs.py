"""Fresh frames, series and indexes from recorded ones: edge cases and strategies, without pandas.

Rows are taken, repeated and turned around in the index and in every column alike. What a frame is
made of is listed in `codegenesis.wire.frames`; what is not understood here stays as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from codegenesis.evidence.array_inputs import Strategy, array_edges, take
from codegenesis.evidence.arrays import Array, with_items
from codegenesis.evidence.literals import Literals
from codegenesis.evidence.plain import Built

FRAME, SERIES = "pandas:DataFrame", "pandas:Series"
_INDEX = "pandas:Index"
_RANGE, _LEVELS, _TEXTS = "pandas:RangeIndex", "pandas:MultiIndex", "pandas:StringArray"
#: Kinds whose first parts are arrays along the rows, and how many of them.
_ALONG = {
    **dict.fromkeys(("pandas:IntegerArray", "pandas:FloatingArray", "pandas:BooleanArray"), 2),
    **dict.fromkeys(("pandas:Categorical", "pandas:DatetimeArray", "pandas:TimedeltaArray"), 1),
    **dict.fromkeys((_INDEX, "pandas:DatetimeIndex", "pandas:TimedeltaIndex"), 1),
    **dict.fromkeys(("pandas:CategoricalIndex", "pandas:PeriodIndex", "pandas:PeriodArray"), 1),
}
_MOST_ROWS = 40


def is_tabular(value: object) -> bool:
    """Is it a frame, a series or an index that can be cut into rows?"""
    return isinstance(value, Built) and (
        value.type_name in (FRAME, SERIES, _RANGE, _LEVELS) or value.type_name.endswith("Index")
    )


def length(value: Built) -> int:
    """Number of rows."""
    if value.type_name == FRAME:
        return length(value.parts[1])
    if value.type_name == SERIES:
        return length(value.parts[1])
    if value.type_name == _RANGE:
        return len(range(*value.parts[:3]))
    if value.type_name == _LEVELS:
        return _rows_of(value.parts[0][0]) if value.parts[0] else 0
    return _rows_of(value.parts[0])


def _rows_of(part: Any) -> int:
    if isinstance(part, Array):
        return part.shape[0]
    if part.type_name in (_TEXTS, "pandas:ArrowStringArray"):
        return len(part.parts[2])
    return _rows_of(part.parts[0]) if isinstance(part, Built) and part.parts else 0


def rows(value: Any, chosen: Sequence[int]) -> Any:
    """These rows of a frame, a series, an index or a column; raises KeyError for other kinds."""
    if isinstance(value, Array):
        return take(value, chosen)
    own = _CUTS.get(value.type_name)
    if own:
        return own(value, chosen)
    along = _ALONG[value.type_name]
    kept = (*(rows(part, chosen) for part in value.parts[:along]), *value.parts[along:])
    if value.type_name in ("pandas:DatetimeIndex", "pandas:TimedeltaIndex"):
        kept = (*kept[:2], None)  # no longer regular
    return Built(type_name=value.type_name, parts=kept)


def _of_frame(frame: Built, chosen: Sequence[int]) -> Built:
    columns = tuple(rows(column, chosen) for column in frame.parts[2])
    return _with(frame, 1, rows(frame.parts[1], chosen), 2, columns)


def _of_series(series: Built, chosen: Sequence[int]) -> Built:
    values, index, *_ = series.parts
    return _with(series, 0, rows(values, chosen), 1, rows(index, chosen))


def _of_levels(index: Built, chosen: Sequence[int]) -> Built:
    return _with(index, 0, tuple(rows(level, chosen) for level in index.parts[0]))


def _of_texts(column: Built, chosen: Sequence[int]) -> Built:
    return _with(column, 2, tuple(column.parts[2][row] for row in chosen))


def _of_range(index: Built, chosen: Sequence[int]) -> Built:
    """A range where the rows still are one from the start, else an index of numbers."""
    start, _, step, name = index.parts
    if list(chosen) == list(range(len(chosen))):
        return _with(index, 1, start + step * len(chosen))
    return _numbers([start + step * row for row in chosen], name)


_CUTS: dict[str, Callable[[Built, Sequence[int]], Built]] = {
    FRAME: _of_frame,
    SERIES: _of_series,
    _RANGE: _of_range,
    _LEVELS: _of_levels,
    _TEXTS: _of_texts,
    "pandas:ArrowStringArray": _of_texts,
}


def _numbers(items: Sequence[int], name: Any) -> Built:
    data = with_items(Array(kind="numpy:data", dtype="<i8", shape=(0,)), items)
    return Built(type_name=_INDEX, parts=(data, name))


def _with(value: Built, *changes: Any) -> Built:
    parts = list(value.parts)
    for at, part in zip(changes[::2], changes[1::2], strict=True):
        parts[at] = part
    return Built(type_name=value.type_name, parts=tuple(parts))


# --- edge cases -----------------------------------------------------------------------------------


def frame_edges(value: Built, literals: Literals) -> Iterator[Built]:
    """Edge cases in the place of a frame, a series or an index."""
    try:
        value = rows(value, range(min(length(value), _MOST_ROWS)))
        yield from _of_rows(value)
    except (KeyError, IndexError):  # a kind that cannot be cut here
        return
    if value.type_name == FRAME:
        yield from _of_columns(value, literals)
    elif value.type_name == SERIES:
        yield from (_with(value, 0, odd) for odd in column_edges(value.parts[0], literals))


def _of_rows(value: Built) -> Iterator[Built]:
    number = length(value)
    every = range(number)
    yield rows(value, [])
    if number:
        for chosen in ([0], [0, 0], every[::-1], [*every, 0], [*every, *every], every[:-1]):
            yield rows(value, chosen)
        if value.type_name in (FRAME, SERIES):
            yield _with(value, 1, _numbers([7 * (row + 1) for row in every][::-1], None))
            yield _with(value, 1, _numbers([1] * number, None))


def _of_columns(frame: Built, literals: Literals) -> Iterator[Built]:
    columns, _, arrays, _ = frame.parts
    every = range(len(arrays))
    for left_out in every:
        kept = [at for at in every if at != left_out]
        yield _with(frame, 0, rows(columns, kept), 2, tuple(arrays[at] for at in kept))
    yield _with(frame, 0, rows(columns, every[::-1]), 2, arrays[::-1])
    for at, array in enumerate(arrays):
        for odd in column_edges(array, literals):
            yield _with(frame, 2, (*arrays[:at], odd, *arrays[at + 1 :]))


def column_edges(column: Any, literals: Literals) -> Iterator[Any]:
    """Columns of the same length with odd values."""
    if isinstance(column, Array):
        yield from (
            odd
            for odd in array_edges(column, literals)
            if odd.shape == column.shape and odd.flags == column.flags
        )
    elif column.type_name in (_TEXTS, "pandas:ArrowStringArray") and column.parts[2]:
        texts = column.parts[2]
        for odd in (None, "", *literals.texts[:12]):
            yield _with(column, 2, (odd, *texts[1:]))
            yield _with(column, 2, (odd,) * len(texts))
    elif column.type_name in _ALONG and isinstance(column.parts[0], Array):
        if _ALONG[column.type_name] == 2 and column.parts[1].size:
            hidden = column.parts[1]
            yield _with(column, 1, with_items(hidden, [True] * hidden.size))
        elif column.type_name != "pandas:Categorical":
            yield from (_with(column, 0, odd) for odd in column_edges(column.parts[0], literals))


# --- strategies -----------------------------------------------------------------------------------


def frames(values: list[Built], literals: Literals) -> Strategy:
    """Rows of recorded ones, in other order and number, and their edge cases."""
    bases = values[:20]
    odd = [edge for base in bases[:3] for edge in frame_edges(base, literals)]
    chosen = st.lists(st.integers(0), max_size=12)
    return st.one_of(
        st.sampled_from(bases),
        st.builds(_chosen, st.sampled_from(bases), chosen),
        st.builds(_chosen, st.sampled_from([*odd, *bases]), chosen),
        st.sampled_from([*odd, *bases]),
    )


def _chosen(value: Built, wanted: list[int]) -> Built:
    number = length(value)
    try:
        cut: Built = rows(value, [row % number for row in wanted] if number else [])
    except (KeyError, IndexError):
        return value
    return cut
