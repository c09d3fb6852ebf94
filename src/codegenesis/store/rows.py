"""Records to rows and back: columns by name, the rest as MessagePack."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from sqlalchemy import RowMapping

from codegenesis.model import Record

RecordT = TypeVar("RecordT", bound=Record)
Row = dict[str, Any]


def to_row(record: Record, *, packed: Iterable[str] = (), **extra: object) -> Row:
    """Fields as columns; those named in `packed` as MessagePack; `extra` columns added."""
    row: Row = {name: getattr(record, name) for name in record.__struct_fields__}
    for name in packed:
        row[name] = msgspec.msgpack.encode(row[name])
    row.update(extra)
    return row


def to_record(
    row: RowMapping,
    kind: type[RecordT],
    *,
    packed: dict[str, Any] | None = None,
    numbers: Iterable[str] = (),
) -> RecordT:
    """The record that `to_row` took apart.

    Args:
        packed: type of each MessagePack column.
        numbers: float columns, in which NULL stands for NaN.
    """
    fields = {name: row[name] for name in kind.__struct_fields__}
    for name, type_ in (packed or {}).items():
        fields[name] = msgspec.msgpack.decode(fields[name], type=type_)
    for name in numbers:
        if fields[name] is None:
            fields[name] = math.nan
    return kind(**fields)
