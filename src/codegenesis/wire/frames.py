"""pandas: frames, series, indexes, their arrays and scalars, by what they hold.

How a frame keeps its columns (blocks, copies on write) is its own affair and never shows: columns
are arrays without identity, a MultiIndex is the values of its levels. pandas' own attributes are
read, of its exact classes only; extension arrays of other libraries are refused by their name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from codegenesis.errors import WireError
from codegenesis.wire.arrays import Data
from codegenesis.wire.kinds import Kind


def _pandas() -> Any:
    return importlib.import_module("pandas")


def _numpy() -> Any:
    return importlib.import_module("numpy")


def _plain(array: Any) -> Any:
    """An array of pandas' as something that travels: a numpy one where it only wraps one."""
    if type(array).__name__ == "NumpyExtensionArray":
        return Data(array.to_numpy())
    return array


# --- frames and series ----------------------------------------------------------------------------


def _frame(frame: Any) -> tuple[object, ...]:
    columns = tuple(_plain(frame.iloc[:, at].array) for at in range(frame.shape[1]))
    return frame.columns, frame.index, columns, dict(frame.attrs)


def _make_frame(columns: Any, index: Any, arrays: Any, attrs: Any) -> Any:
    pd = _pandas()
    series = {at: _series_of(pd, array, index) for at, array in enumerate(arrays)}
    frame = pd.DataFrame(series, index=index, copy=True)
    frame.columns = columns
    frame.attrs.update(attrs)
    return frame


def _series_of(pd: Any, array: Any, index: Any, name: Any = None) -> Any:
    plain = type(array) is _numpy().ndarray
    return pd.Series(array, index=index, name=name, dtype=array.dtype if plain else None)


def _series(series: Any) -> tuple[object, ...]:
    return _plain(series.array), series.index, series.name, dict(series.attrs)


def _make_series(array: Any, index: Any, name: Any, attrs: Any) -> Any:
    series = _series_of(_pandas(), array, index, name).copy()
    series.attrs.update(attrs)
    return series


# --- indexes --------------------------------------------------------------------------------------


def _index(index: Any) -> tuple[object, ...]:
    return _plain(index.array), index.name


def _make_index(array: Any, name: Any) -> Any:
    return _pandas().Index(array, dtype=array.dtype, name=name)


def _regular(index: Any) -> tuple[object, ...]:
    return *_index(index), None if index.freq is None else index.freq.freqstr


def _make_regular(array: Any, name: Any, freq: Any) -> Any:
    made = _make_index(array, name)
    made.freq = freq
    return made


def _make_range(start: int, stop: int, step: int, name: Any) -> Any:
    return _pandas().RangeIndex(start, stop, step, name=name)


def _levels(index: Any) -> tuple[object, ...]:
    values = tuple(_plain(index.get_level_values(at).array) for at in range(index.nlevels))
    return values, tuple(index.names)


def _make_levels(arrays: Any, names: Any) -> Any:
    indexes = [_make_index(array, None) for array in arrays]
    return _pandas().MultiIndex.from_arrays(indexes, names=list(names))


# --- arrays ---------------------------------------------------------------------------------------


def _masked(array: Any) -> tuple[object, ...]:
    """What lies behind the mask is left over from whatever was there before."""
    mask = array.isna() if array._mask is None else array._mask
    data = array._data.copy()
    data[mask] = 0
    return Data(data), Data(mask)


def _make_masked(name: str) -> Callable[..., object]:
    def make(data: Any, mask: Any) -> Any:
        return getattr(_pandas().arrays, name)(data, mask)

    return make


def _texts(array: Any) -> tuple[object, ...]:
    known = ~array.isna()
    texts = tuple(value if is_text else None for value, is_text in zip(array, known, strict=True))
    return array.dtype.storage, array.dtype.na_value is _pandas().NA, texts


def _make_texts(storage: str, is_na: bool, texts: Any) -> Any:
    pd, np = _pandas(), _numpy()
    try:
        dtype = pd.StringDtype(storage, na_value=pd.NA if is_na else np.nan)
    except TypeError:  # pandas 2.2 and before has one missing value only
        dtype = pd.StringDtype(storage)
    return pd.array(list(texts), dtype=dtype)


def _categorical(array: Any) -> tuple[object, ...]:
    return Data(array.codes), array.categories, bool(array.ordered)


def _make_categorical(codes: Any, categories: Any, ordered: bool) -> Any:
    return _pandas().Categorical.from_codes(codes, categories=categories, ordered=ordered)


def _times(array: Any) -> tuple[object, ...]:
    return Data(array._ndarray), getattr(array, "tz", None)


def _make_dates(data: Any, zone: Any) -> Any:
    made = _pandas().DatetimeIndex(data)
    return (made if zone is None else made.tz_localize("UTC").tz_convert(zone)).array


def _make_durations(data: Any, _zone: Any) -> Any:
    return _pandas().TimedeltaIndex(data).array


def _make_periods(ordinals: Any, freq: Any) -> Any:
    return _pandas().PeriodIndex.from_ordinals(ordinals, freq=freq).array


def _make_intervals(left: Any, right: Any, closed: Any) -> Any:
    return _pandas().arrays.IntervalArray.from_arrays(left, right, closed=closed)


# --- scalars --------------------------------------------------------------------------------------


def _moment(stamp: Any) -> tuple[object, ...]:
    return int(stamp.asm8.view("i8")), stamp.unit, getattr(stamp, "tz", None)


def _make_stamp(value: int, unit: str, zone: Any) -> Any:
    stamp = _pandas().Timestamp(_numpy().datetime64(value, unit))
    return stamp if zone is None else stamp.tz_localize("UTC").tz_convert(zone)


def _make_delta(value: int, unit: str, _zone: Any) -> Any:
    return _pandas().Timedelta(_numpy().timedelta64(value, unit))


def _check_moment(value: Any, unit: Any, _zone: Any) -> None:
    if type(value) is not int or unit not in ("s", "ms", "us", "ns"):
        raise WireError("expected a moment and its unit")


def _single(name: str) -> Kind:
    return Kind(lambda _: (), lambda: getattr(_pandas(), name), lambda: None)


def _parts(number: int) -> Callable[..., None]:
    def check(*parts: object) -> None:
        if len(parts) != number:
            raise WireError(f"expected {number} parts, came {len(parts)}")

    return check


_INDEX = Kind(_index, _make_index, _parts(2))
_REGULAR = Kind(_regular, _make_regular, _parts(3))

KINDS: dict[str, Kind] = {
    "pandas:DataFrame": Kind(_frame, _make_frame, _parts(4), mutable=True),
    "pandas:Series": Kind(_series, _make_series, _parts(4), mutable=True),
    "pandas:RangeIndex": Kind(
        lambda index: (index.start, index.stop, index.step, index.name), _make_range, _parts(4)
    ),
    "pandas:MultiIndex": Kind(_levels, _make_levels, _parts(2)),
    "pandas:Index": _INDEX,
    "pandas:DatetimeIndex": _REGULAR,
    "pandas:TimedeltaIndex": _REGULAR,
    "pandas:CategoricalIndex": _INDEX,
    "pandas:PeriodIndex": _INDEX,
    "pandas:IntervalIndex": _INDEX,
    **{
        f"pandas:{name}": Kind(_masked, _make_masked(name), _parts(2))
        for name in ("IntegerArray", "FloatingArray", "BooleanArray")
    },
    "pandas:StringArray": Kind(_texts, _make_texts, _parts(3)),
    "pandas:ArrowStringArray": Kind(_texts, _make_texts, _parts(3)),
    "pandas:Categorical": Kind(_categorical, _make_categorical, _parts(3)),
    "pandas:DatetimeArray": Kind(_times, _make_dates, _parts(2)),
    "pandas:TimedeltaArray": Kind(_times, _make_durations, _parts(2)),
    "pandas:PeriodArray": Kind(
        lambda array: (Data(array.asi8), array.freqstr), _make_periods, _parts(2)
    ),
    "pandas:IntervalArray": Kind(
        lambda array: (array.left, array.right, array.closed), _make_intervals, _parts(3)
    ),
    "pandas:Timestamp": Kind(_moment, _make_stamp, _check_moment),
    "pandas:Timedelta": Kind(_moment, _make_delta, _check_moment),
    "pandas:NaTType": _single("NaT"),
    "pandas:NAType": _single("NA"),
    "pandas:Period": Kind(
        lambda period: (period.ordinal, period.freqstr),
        lambda ordinal, freq: _pandas().Period(ordinal=ordinal, freq=freq),
        _parts(2),
    ),
    "pandas:Interval": Kind(
        lambda interval: (interval.left, interval.right, interval.closed),
        lambda left, right, closed: _pandas().Interval(left, right, closed),
        _parts(3),
    ),
}
