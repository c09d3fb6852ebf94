"""Records to rows and back: columns by name, the rest as MessagePack.

Text that UTF-8 cannot hold (lone surrogates: names of files that are no UTF-8, words that a request
put into an exception) is kept with backslashes instead, and so is NUL, which PostgreSQL cannot
hold: one odd call must not cost a whole batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from codegenesis.model import Record

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

RecordT = TypeVar("RecordT", bound=Record)
Row = dict[str, Any]

_encode = msgspec.msgpack.Encoder().encode


def to_row(record: Record, *, packed: Iterable[str] = (), **extra: object) -> Row:
    """Fields as columns; those named in `packed` as MessagePack; `extra` columns added."""
    row: Row = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        row[name] = storable(value) if type(value) is str else value
    for name in packed:
        row[name] = pack(row[name])
    row.update(extra)
    return row


def pack(value: object) -> bytes:
    """MessagePack of a record or of plain data."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(_cleaned(msgspec.to_builtins(value, builtin_types=(bytes,))))


def storable(text: str) -> str:
    """The same text, lone surrogates and NUL written out."""
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    return text.replace("\0", "\\x00") if "\0" in text else text


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    return [_cleaned(item) for item in value] if isinstance(value, list | tuple) else value


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
