"""The neutral value of what a function returns, as source: what an empty answer looks like."""

from __future__ import annotations

from collections.abc import Sequence

#: Shapes larger than this are not rebuilt field by field.
WIDEST = 12

_PLAIN: dict[type, str] = {
    bool: "False",
    int: "0",
    float: "0.0",
    complex: "0j",
    str: '""',
    bytes: 'b""',
    list: "[]",
    set: "set()",
    frozenset: "frozenset()",
}

_ANNOTATED = {
    "bool": "False",
    "int": "0",
    "float": "0.0",
    "str": '""',
    "bytes": 'b""',
    "list": "[]",
    "List": "[]",
    "Sequence": "[]",
    "Iterable": "[]",
    "dict": "{}",
    "Dict": "{}",
    "Mapping": "{}",
    "set": "set()",
    "Set": "set()",
    "frozenset": "frozenset()",
}


def neutral(results: Sequence[object], *, annotation: str = "") -> str:
    """Source of the neutral value.

    Args:
        results: what recorded calls returned; they outrank the annotation.
        annotation: source of the return annotation, empty when there is none.

    Returns:
        `0`, `0.0`, `""`, `[]`, …; for tuples of one length and dicts of one set of keys the same
        shape with neutral members; `None` where nothing better is known.
    """
    if results:
        return _of_values(results)
    bare = annotation.strip("\"' ")
    if "None" in bare or "Optional" in bare or "|" in bare:
        return "None"
    return _ANNOTATED.get(bare.partition("[")[0].rpartition(".")[2].strip(), "None")


def _of_values(values: Sequence[object]) -> str:
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return "0.0"
    if len(kinds) != 1:
        return "None"
    kind = kinds.pop()
    if kind is tuple:
        return _of_tuples([v for v in values if isinstance(v, tuple)])
    if kind is dict:
        return _of_dicts([v for v in values if isinstance(v, dict)])
    return _PLAIN.get(kind, "None")


def _of_tuples(values: Sequence[tuple[object, ...]]) -> str:
    lengths = {len(value) for value in values}
    if len(lengths) != 1 or not 0 < max(lengths) <= WIDEST:
        return "()"
    inside = [_of_values(column) for column in zip(*values, strict=True)]
    return f"({', '.join(inside)},)" if len(inside) == 1 else f"({', '.join(inside)})"


def _of_dicts(values: Sequence[dict[object, object]]) -> str:
    keys = {tuple(value) for value in values}
    named = next(iter(keys)) if len(keys) == 1 else ()
    texts = all(isinstance(name, str) for name in named)
    if len(values) < 3 or not texts or not 0 < len(named) <= WIDEST:
        return "{}"
    inside = (f"{name!r}: {_of_values([v[name] for v in values])}" for name in named)
    return f"{{{', '.join(inside)}}}"
