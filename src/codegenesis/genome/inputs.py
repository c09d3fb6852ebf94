"""The input map: what a gene is handed, parameter by parameter, in a form that can be added up.

It is made of sketches (`codegenesis.runtime.sketch`), so it exists for calls whose values were
never kept. With the same look the growth of cost is summed up: least squares of log CPU over log
size need six sums for each parameter, and sums can be merged where points cannot.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from codegenesis.genome.histogram import SIZES, Histogram, bin_of, merged, quantile
from codegenesis.genome.statistics import Z95, Estimate

T = TypeVar("T")

#: Types, and parameters, beyond this many are counted as `other`, and left out.
TYPES, PARAMETERS = 8, 32
#: Values are binned as whole multiples of one part in this many.
PARTS = 1024
OTHER = "other"
_LARGEST = 2.0**53


class Entry(msgspec.Struct):
    """One argument as the sketch has it."""

    type: str = ""
    items: str = ""
    len: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def size(self) -> float:
        """What cost may grow with; 0 for nothing."""
        size = self.value if self.len is None else self.len
        return size if size is not None and size > 0 else 0.0


class Growth(msgspec.Struct, array_like=True, frozen=True):
    """Sums over points (log size, log CPU).

    Attributes:
        x, y, xx, xy, yy: sums of what their names multiply.
    """

    n: int = 0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0
    yy: float = 0.0

    def squares(self) -> tuple[float, float, float]:
        """Centred sums of squares: of x, of x with y, of y."""
        n = max(self.n, 1)
        xx, yy = self.xx - self.x * self.x / n, self.yy - self.y * self.y / n
        return max(xx, 0.0), self.xy - self.x * self.y / n, max(yy, 0.0)

    def fit(self) -> float:
        """Share of the variance of log CPU that a straight line explains, 0..1."""
        xx, xy, yy = self.squares()
        return min(1.0, xy * xy / (xx * yy)) if xx > 0 and yy > 0 else 0.0

    def slope(self, *, clusters: int = 0) -> Estimate:
        """The exponent; its interval is widened as if each cluster of calls were one."""
        xx, xy, yy = self.squares()
        if xx <= 0 or self.n < 3:
            return Estimate(value=0.0, low=-math.inf, high=math.inf)
        slope = xy / xx
        left = max(yy - slope * xy, 0.0) / (self.n - 2)
        alike = max(1.0, self.n / clusters) if clusters else 1.0
        half = Z95 * math.sqrt(alike * left / xx)
        return Estimate(value=slope, low=slope - half, high=slope + half)


class Parameter(msgspec.Struct, array_like=True, frozen=True):
    """What one parameter was given.

    Attributes:
        n: arguments that were looked at.
        types, items: how many had this type, or items of this type.
        lengths: of containers and texts.
        values: of numbers, in multiples of 1 / `PARTS`.
        low, high: least and greatest number, as value or among the first items; nan for none.
    """

    n: int = 0
    types: dict[str, int] = {}
    items: dict[str, int] = {}
    lengths: Histogram = {}
    values: Histogram = {}
    low: float = math.nan
    high: float = math.nan
    growth: Growth = Growth()

    def words(self) -> str:
        """In one sentence: types, shapes and ranges."""
        kinds = sorted(self.types.items(), key=lambda item: (-item[1], item[0]))
        said = [", ".join(_share(name, count / self.n) for name, count in kinds)]
        if self.items:
            said.append("of " + " or ".join(sorted(self.items)))
        if self.lengths:
            low, high = (_length(self.lengths, q) for q in (0.0, 1.0))
            said.append(f"length {low:.0f} … {high:.0f}, median {_length(self.lengths, 0.5):.0f}")
        if not math.isnan(self.low):
            said.append(f"numbers {self.low:.4g} … {self.high:.4g}")
        return "; ".join(said)

    def typical(self) -> tuple[Estimate, str]:
        """The median size with its unit; how many types there were when it has no size."""
        if self.lengths:
            return quantile(self.lengths, 0.5, bits=SIZES), "items"
        if self.values:
            return quantile(self.values, 0.5, bits=SIZES).scaled(1 / PARTS), "value"
        kinds = float(len(self.types))
        return Estimate(value=kinds, low=kinds, high=kinds), "types"


Inputs = dict[str, Parameter]


def inputs(seen: Iterable[tuple[str, int, bool]]) -> Inputs:
    """The input map of sketches.

    Args:
        seen: sketch (JSON), CPU in nanoseconds, and whether the call failed. What is not
            understood in a sketch is left out.
    """
    columns: dict[str, list[tuple[Entry, float]]] = {}
    for text, cpu_ns, failed in seen:
        cost = 0.0 if failed or cpu_ns <= 0 else math.log(cpu_ns)
        for name, entry in sketched(text).items():
            if name in columns or len(columns) < PARAMETERS:
                columns.setdefault(name, []).append((entry, cost))
    return {name: _parameter(entries) for name, entries in columns.items()}


def sketched(text: str) -> dict[str, Entry]:
    """A sketch, by the name of the parameter."""
    try:
        return _whole(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return dict(_readable(text))


_whole = msgspec.json.Decoder(dict[str, Entry]).decode


def _readable(text: str) -> Iterable[tuple[str, Entry]]:
    try:
        plain = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return
    for name, entry in plain.items() if isinstance(plain, dict) else ():
        try:
            yield name, msgspec.convert(entry, Entry)
        except msgspec.ValidationError:
            continue


def added(maps: Iterable[Inputs]) -> Inputs:
    """One input map of several."""
    columns: dict[str, list[Parameter]] = {}
    for each in maps:
        for name, parameter in each.items():
            if name in columns or len(columns) < PARAMETERS:
                columns.setdefault(name, []).append(parameter)
    return {name: _added(parts) for name, parts in columns.items()}


def _added(parts: list[Parameter]) -> Parameter:
    if len(parts) == 1:
        return parts[0]
    sums = zip(*(msgspec.structs.astuple(each.growth) for each in parts), strict=True)
    return Parameter(
        n=sum(each.n for each in parts),
        types=_kinds(each.types for each in parts),
        items=_kinds(each.items for each in parts),
        lengths=merged(each.lengths for each in parts),
        values=merged(each.values for each in parts),
        low=_extreme(min, [each.low for each in parts]),
        high=_extreme(max, [each.high for each in parts]),
        growth=Growth(*map(sum, sums)),
    )


def _parameter(entries: list[tuple[Entry, float]]) -> Parameter:
    seen = [entry for entry, _ in entries]
    numbers = [each for e in seen for each in (e.value, e.low, e.high) if each is not None]
    return Parameter(
        n=len(seen),
        types=_kinds([_counts(e.type for e in seen)]),
        items=_kinds([_counts(e.items for e in seen if e.items)]),
        lengths=_counts(bin_of(e.len, bits=SIZES) for e in seen if e.len is not None),
        values=_counts(_value_bin(e.value) for e in seen if e.value is not None),
        low=min(numbers, default=math.nan),
        high=max(numbers, default=math.nan),
        growth=_growth(entries),
    )


def _growth(entries: list[tuple[Entry, float]]) -> Growth:
    points = [(math.log(entry.size), cost) for entry, cost in entries if cost and entry.size]
    return Growth(
        n=len(points),
        x=math.fsum(x for x, _ in points),
        y=math.fsum(y for _, y in points),
        xx=math.fsum(x * x for x, _ in points),
        xy=math.fsum(x * y for x, y in points),
        yy=math.fsum(y * y for _, y in points),
    )


def _value_bin(value: float) -> int:
    return bin_of(round(max(-_LARGEST, min(_LARGEST, value)) * PARTS), bits=SIZES)


def _counts(values: Iterable[T]) -> dict[T, int]:
    counts: dict[T, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


def _kinds(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in parts:
        for name, count in each.items():
            total[name] = total.get(name, 0) + count
    if len(total) <= TYPES:
        return total
    kept = sorted(total.items(), key=lambda item: (item[0] == OTHER, -item[1], item[0]))
    rest = sum(count for _, count in kept[TYPES - 1 :])
    return {**dict(kept[: TYPES - 1]), OTHER: rest}


def _extreme(which: Callable[..., float], values: list[float]) -> float:
    return which((each for each in values if not math.isnan(each)), default=math.nan)


def _length(lengths: Histogram, q: float) -> float:
    return quantile(lengths, q, bits=SIZES).value


def _share(name: str, share: float) -> str:
    return name if share > 0.995 else f"{name} ({share:.0%})"
