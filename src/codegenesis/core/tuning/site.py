"""One place where a function can be tuned, and a source with other values at such places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from codegenesis.model import Record

Value = int | float | str | bool
#: Without a range, values down to a part and up to a multiple of the default are looked at.
REACH = 16


class Site(Record, frozen=True, kw_only=True):
    """One place with its values.

    Attributes:
        name: the declared one, or `line 3: 4096`.
        start, end: offsets in the source of the text that a value takes the place of.
        default: the value that stands there.
        low, high: numbers between which to look; equal where `choices` lists all values.
        log: look on a logarithmic scale.
        under: choices and the option that each must have for this one to count.
        written: how a value is put, with `{}` for it.
        weight: how plausible it is, 0..1; 1 for what is declared.
    """

    name: str
    kind: Literal["param", "choice", "literal"]
    start: int
    end: int
    default: Value
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Value, ...] = ()
    under: tuple[tuple[str, Value], ...] = ()
    written: str = "{}"
    weight: float = 1.0

    def counts(self, values: Mapping[str, Value]) -> bool:
        """Whether it makes a difference next to these values."""
        return all(values.get(name) == option for name, option in self.under)


def tuned(source: str, places: Sequence[Site], values: Mapping[str, Value]) -> str:
    """The source with these values at their places; what is not named stays as it is."""
    for site in sorted(places, key=lambda site: -site.start):
        value = values.get(site.name, site.default)
        if value != site.default:
            text = site.written.format(repr(value))
            source = source[: site.start] + text + source[site.end :]
    return source
