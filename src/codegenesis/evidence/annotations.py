"""Values that a parameter's annotation allows, for what recorded calls never showed.

Only the plain vocabulary is read (`int`, `list[str]`, `dict[str, float]`, `X | None`,
`Sequence[...]`, `Literal[...]`, ...), as text: the annotation is never evaluated. What is not
understood gives nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from codegenesis.parsing import syntax_tree

_PLAIN: dict[str, tuple[Any, ...]] = {
    "int": (0, 3, 12),
    "float": (0.0, 1.5, 20.25),
    "bool": (True, False),
    "str": ("", "ab", "Hello World"),
    "bytes": (b"", b"ab"),
    "None": (None,),
    "complex": (1j,),
}
_LISTS = frozenset({"list", "List", "Sequence", "Iterable", "Collection", "MutableSequence"})
_DICTS = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_SETS = {"set": set, "Set": set, "AbstractSet": set, "frozenset": frozenset, "FrozenSet": frozenset}


def examples(annotation: ast.expr | None) -> tuple[Any, ...]:
    """A few values of the annotated type; none when the annotation says nothing plain."""
    return tuple(islice(_examples(annotation), 12)) if annotation else ()


def _examples(node: ast.expr) -> Iterator[Any]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _quoted(node.value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _examples(node.left)
        yield from _examples(node.right)
    elif isinstance(node, ast.Subscript):
        yield from _generic(_last_name(node.value), _arguments(node.slice))
    else:
        name = "None" if isinstance(node, ast.Constant) else _last_name(node)
        yield from _PLAIN.get(name, ())
        yield from _generic(name, [])


def _quoted(text: str) -> Iterator[Any]:
    try:
        yield from _examples(syntax_tree(text, mode="eval").body)
    except SyntaxError:
        return


def _generic(name: str, inner: list[ast.expr]) -> Iterator[Any]:
    if name in ("Optional", "Union"):
        yield from (value for each in inner for value in _examples(each))
        yield from (None,) if name == "Optional" else ()
    elif name == "Literal":
        yield from (each.value for each in inner if isinstance(each, ast.Constant))
    elif name in ("Final", "Annotated"):
        yield from _examples(inner[0]) if inner else ()
    elif name in _LISTS:
        yield from _sequences(inner)
    elif name in _SETS:
        yield from (_SETS[name](row) for row in _sequences(inner) if _flat(row))
    elif name in ("tuple", "Tuple"):
        yield from _tuples(inner)
    elif name in _DICTS:
        yield from _dicts(inner)


def _sequences(inner: list[ast.expr]) -> Iterator[list[Any]]:
    items = list(islice(_examples(inner[0]), 4)) if inner else [0, 1]
    yield from ([], items[:1], items, [*items, *items[:1]])


def _tuples(inner: list[ast.expr]) -> Iterator[tuple[Any, ...]]:
    if len(inner) == 2 and isinstance(inner[1], ast.Constant) and inner[1].value is ...:
        yield from map(tuple, _sequences(inner[:1]))
    elif inner:
        yield from product(*(list(islice(_examples(each), 2)) for each in inner))


def _dicts(inner: list[ast.expr]) -> Iterator[dict[Any, Any]]:
    keys = list(islice(_examples(inner[0]), 3)) if len(inner) == 2 else ["a", "b"]
    cells = list(islice(_examples(inner[1]), 3)) if len(inner) == 2 else [0, 1]
    yield {}
    if _flat(keys):
        yield dict(zip(keys, cells, strict=False))


def _flat(values: list[Any]) -> bool:
    return not any(isinstance(value, list | dict | set) for value in values)


def _arguments(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
