"""Values without parts of their own, made from what the bytes say, or refused.

The constructors of `datetime`, `decimal` and the like are fed by an enemy too: each gets exactly
what `codegenesis.wire.library` writes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from codegenesis.errors import WireError
from codegenesis.wire import tags


def text(node: Any) -> str:
    """A string and nothing else."""
    if type(node) is not str:
        raise WireError(f"expected text, came {type(node).__name__}")
    return node


def _big_int(content: Any) -> int:
    value = int.from_bytes(content, "little", signed=True)
    if type(content) is not bytes or tags.SMALLEST_INT <= value <= tags.LARGEST_INT:
        raise WireError("expected an integer beyond 64 bits")
    return value


def _complex(real: float, imag: float) -> complex:
    if type(real) is not float or type(imag) is not float:
        raise WireError("expected two floats")
    return complex(real, imag)


def _datetime(*parts: Any) -> Any:
    from datetime import datetime

    *clock, fold, zone = _exactly(9, parts)
    return datetime(*clock).replace(fold=fold, tzinfo=zone)


def _time(*parts: Any) -> Any:
    from datetime import time

    *clock, fold, zone = _exactly(6, parts)
    return time(*clock).replace(fold=fold, tzinfo=zone)


def _date(*parts: Any) -> Any:
    from datetime import date

    return date(*_exactly(3, parts))


def _exactly(count: int, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """With fewer arguments, the constructors of `datetime` read their own pickles."""
    if len(parts) != count:
        raise WireError(f"expected {count} parts, came {len(parts)}")
    return parts


def _timedelta(days: int, seconds: int, microseconds: int) -> Any:
    from datetime import timedelta

    if not all(type(part) is int for part in (days, seconds, microseconds)):
        raise WireError("expected whole days, seconds and microseconds")
    return timedelta(days, seconds, microseconds)


def _timezone(*parts: Any) -> Any:
    from datetime import timezone

    return timezone(*parts)


def _zoneinfo(content: Any) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(text(content))


def _decimal(content: Any) -> Any:
    from decimal import Decimal

    return Decimal(text(content))


def _fraction(numerator: int, denominator: int) -> Any:
    from fractions import Fraction

    if type(numerator) is not int or type(denominator) is not int:
        raise WireError("expected two integers")
    return Fraction(numerator, denominator)


def _uuid(content: Any) -> Any:
    from uuid import UUID

    return UUID(bytes=content)


def _odd_str(content: Any) -> str:
    return str(content, "utf-8", "surrogatepass")


#: By tag: made from the payload.
OF_CONTENT: dict[int, Callable[[Any], Any]] = {
    tags.BIG_INT: _big_int,
    tags.ODD_STR: _odd_str,
    tags.DECIMAL: _decimal,
    tags.UUID: _uuid,
    tags.ZONEINFO: _zoneinfo,
}

#: By tag: made from the payload's items.
OF_ITEMS: dict[int, Callable[..., Any]] = {
    tags.COMPLEX: _complex,
    tags.RANGE: range,
    tags.SLICE: slice,
    tags.DATETIME: _datetime,
    tags.DATE: _date,
    tags.TIME: _time,
    tags.TIMEDELTA: _timedelta,
    tags.FRACTION: _fraction,
    tags.TIMEZONE: _timezone,
}
