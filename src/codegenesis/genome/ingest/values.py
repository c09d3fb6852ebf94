"""Attributes of OTLP as short plain text: who sends them may send anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from codegenesis.genome.ingest.places import Spot

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

#: Characters that are kept of a name, of another text, and of a traceback.
NAME, TEXT, STACK = 200, 500, 64_000
#: Attributes of one thing that are looked at.
MOST = 128


def plain(attributes: Iterable[KeyValue]) -> dict[str, str]:
    """Attributes whose value is text or a number; the last of a name counts."""
    found = {}
    for number, each in enumerate(attributes):
        if number >= MOST:
            break
        found[each.key[:NAME]] = text(each.value)
    return found


def text(value: AnyValue) -> str:
    """A value in words; lists, maps and bytes are left out."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value[-STACK:]
    if kind in ("int_value", "double_value", "bool_value"):
        return str(getattr(value, kind))
    return ""


def spot(attributes: dict[str, str]) -> Spot:
    """The place in code that attributes name, by the conventions of then and now."""
    function = attributes.get("code.function.name") or attributes.get("code.function", "")
    within = attributes.get("code.namespace", "")
    if within and function and not function.startswith(f"{within}."):
        function = f"{within}.{function}"
    path = attributes.get("code.file.path") or attributes.get("code.filepath", "")
    line = attributes.get("code.line.number") or attributes.get("code.lineno", "")
    return Spot(function, path, int(line) if line.isdecimal() and len(line) < 10 else 0)
