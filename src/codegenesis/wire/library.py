"""How types of the standard library, numpy and pandas become nodes: one table by name."""

from __future__ import annotations

from typing import Any

from codegenesis.errors import WireError
from codegenesis.wire import arrays, frames, kinds, tags
from codegenesis.wire.builtin import FACTORIES, pairs, str_
from codegenesis.wire.kinds import Kind
from codegenesis.wire.walk import Handler, Walk, items, node, tracked


def _date(_walk: Walk, value: Any) -> object:
    return {tags.DATE: [value.year, value.month, value.day]}


def _time(walk: Walk, value: Any) -> object:
    clock = [value.hour, value.minute, value.second, value.microsecond, value.fold]
    return {tags.TIME: [*clock, node(walk, value.tzinfo)]}


def _datetime(walk: Walk, value: Any) -> object:
    day = [value.year, value.month, value.day]
    clock = [value.hour, value.minute, value.second, value.microsecond, value.fold]
    return {tags.DATETIME: [*day, *clock, node(walk, value.tzinfo)]}


def _timedelta(_walk: Walk, value: Any) -> object:
    return {tags.TIMEDELTA: [value.days, value.seconds, value.microseconds]}


def _timezone(walk: Walk, value: Any) -> object:
    return {tags.TIMEZONE: [node(walk, part) for part in value.__getinitargs__()]}


def _zoneinfo(_walk: Walk, value: Any) -> object:
    if type(value.key) is not str:
        raise WireError("cannot be encoded: a ZoneInfo without a key")
    return {tags.ZONEINFO: value.key}


def _decimal(walk: Walk, value: Any) -> object:
    return {tags.DECIMAL: str_(walk, str(value))}


def _fraction(walk: Walk, value: Any) -> object:
    return {tags.FRACTION: [node(walk, value._numerator), node(walk, value._denominator)]}


def _uuid(_walk: Walk, value: Any) -> object:
    return {tags.UUID: value.bytes}


@tracked
def _deque(walk: Walk, value: Any) -> object:
    walk.spend(len(value) + 1)
    return {tags.DEQUE: [value.maxlen, items(walk, list(value))]}


@tracked
def _ordered_dict(walk: Walk, value: Any) -> object:
    return {tags.ORDERED_DICT: pairs(walk, value)}


@tracked
def _counter(walk: Walk, value: Any) -> object:
    return {tags.COUNTER: pairs(walk, value)}


@tracked
def _defaultdict(walk: Walk, value: Any) -> object:
    factory = value.default_factory
    if factory is not None and (type(factory) is not type or factory not in FACTORIES):
        raise WireError("cannot be encoded: a defaultdict whose factory is not a builtin type")
    name = None if factory is None else factory.__name__
    return {tags.DEFAULTDICT: [name, *pairs(walk, value)]}


#: Everything that `tags.BUILT` may name.
KINDS: dict[str, Kind] = {**kinds.KINDS, **arrays.KINDS, **frames.KINDS}


def _named(name: str) -> tuple[str, str]:
    module, _, qualname = name.partition(":")
    return module, qualname


HANDLERS: dict[tuple[str, str], Handler] = {
    ("datetime", "date"): _date,
    ("datetime", "time"): _time,
    ("datetime", "datetime"): _datetime,
    ("datetime", "timedelta"): _timedelta,
    ("datetime", "timezone"): _timezone,
    ("zoneinfo", "ZoneInfo"): _zoneinfo,
    ("decimal", "Decimal"): _decimal,
    ("fractions", "Fraction"): _fraction,
    ("uuid", "UUID"): _uuid,
    ("collections", "deque"): _deque,
    ("collections", "OrderedDict"): _ordered_dict,
    ("collections", "Counter"): _counter,
    ("collections", "defaultdict"): _defaultdict,
    **{_named(name): kinds.handler(name, kind) for name, kind in KINDS.items()},
    **arrays.HANDLERS,
}
