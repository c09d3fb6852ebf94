"""Values as JSON: plain where JSON can say it exactly, else an object whose `$` key tells.

    None, bool, text, finite float, int up to ±(2**53 - 1), list     as they are
    dict with text keys of which none begins with `$`                an object
    other dict                  {"$dict": [[key, value], …]}
    tuple, set, frozenset       {"$tuple": […]}, {"$set": […]}, {"$frozenset": […]}
    bytes, bytearray            {"$bytes": base64}, {"$bytearray": base64}
    larger int                  {"$int": "123…"}; "0x…" beyond 4300 digits
    NaN, ±infinity              {"$float": "nan"}, {"$float": "-inf"}
    complex                     {"$complex": [real, imaginary]}
    text that is no Unicode     {"$str": "'\\\\ud800'"}, as a Python literal
    instance of a class         {"$object": "module:qualname", "state": …}: attributes by name, or
                                a list for what has none (namedtuples, enum members, arrays, …)
    generator, iterator         {"$iterator": "generator", "items": […], "ended": "returned"}: what
                                it gave; `raised` with "error", or `more`; "result" if there is one
    anything else               {"$repr": "datetime.date(2026, 1, 1)", "type": "datetime:date"}

Trees only, at most 100 deep: what `wire.decode` gives.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from typing import Any, Final

from codegenesis.errors import WireError
from codegenesis.wire import Opaque, decode

#: Beyond it readers that have floats only would read another number.
_EXACT: Final = (1 << 53) - 1
_DRIVEN: Final = "codegenesis:driven"  # the name that `wire.Driven` travels under
_DRIVEN_PARTS: Final = 5
_DECIMAL_BITS: Final = 14_000  # 4300 digits, Python's own bound for what is slow


def json_form(value: object) -> Any:
    """The JSON form of a value, as `json.dumps` takes it."""
    form = _FORMS.get(type(value))
    return form(value) if form else _shown(value)


def _same(value: Any) -> Any:
    return value


def _int(value: int) -> Any:
    if -_EXACT <= value <= _EXACT:
        return value
    return {"$int": str(value) if value.bit_length() < _DECIMAL_BITS else hex(value)}


def _float(value: float) -> Any:
    return value if math.isfinite(value) else {"$float": repr(value)}


def _str(value: str) -> Any:
    return value if _is_unicode(value) else {"$str": ascii(value)}


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _list(value: list[object]) -> Any:
    return [json_form(item) for item in value]


def _dict(value: dict[object, object]) -> Any:
    if all(type(key) is str and not key.startswith("$") and _is_unicode(key) for key in value):
        return {key: json_form(item) for key, item in value.items()}
    return {"$dict": [[json_form(key), json_form(item)] for key, item in value.items()]}


def _members(name: str) -> Callable[[Any], Any]:
    return lambda value: {name: [json_form(item) for item in value]}


def _bytes(name: str) -> Callable[[Any], Any]:
    return lambda value: {name: base64.b64encode(value).decode()}


def _complex(value: complex) -> Any:
    return {"$complex": [_float(value.real), _float(value.imag)]}


def _opaque(value: Opaque) -> Any:
    state = value.state
    if value.type_name == _DRIVEN and len(state) == _DRIVEN_PARTS and type(state[1]) is list:
        return _iterator(*state[:4])
    named = all(type(pair) is tuple and len(pair) == 2 and type(pair[0]) is str for pair in state)
    return {
        "$object": _str(value.type_name),
        "state": _dict(dict(state)) if state and named else [json_form(item) for item in state],
    }


def _iterator(kind: object, items: list[object], ending: object, value: object) -> Any:
    told = {"$iterator": json_form(kind), "items": _list(items), "ended": json_form(ending)}
    if ending == "raised" and type(value) is bytes:
        told["error"] = json_form(_decoded(value))
    elif value is not None:
        told["result"] = json_form(value)
    return told


def _decoded(data: bytes) -> object:
    """The exception that an iterator ended with, as far as it can be read."""
    try:
        return decode(data)
    except WireError:
        return data


def _shown(value: object) -> Any:
    """Standard library types: the wire made them itself, so their `repr` is their own."""
    cls = type(value)
    try:
        text = repr(value)
    except ValueError:  # an int in it has more digits than Python writes
        text = f"<{cls.__qualname__}>"
    return {"$repr": text, "type": f"{cls.__module__}:{cls.__qualname__}"}


_FORMS: dict[type, Callable[[Any], Any]] = {
    type(None): _same,
    bool: _same,
    int: _int,
    float: _float,
    str: _str,
    list: _list,
    dict: _dict,
    tuple: _members("$tuple"),
    set: _members("$set"),
    frozenset: _members("$frozenset"),
    bytes: _bytes("$bytes"),
    bytearray: _bytes("$bytearray"),
    complex: _complex,
    Opaque: _opaque,
}
