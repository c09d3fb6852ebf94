"""Types for the parameters of a function, as a symbolic tool needs them written.

A parameter's own annotation is used where it is plain (`int`, `list[str]`, `Optional[bytes]`), else
what recorded calls showed. Instances of project classes are left alone: a solver would have to
invent them by their constructors, and what it invents never was in the program.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from codegenesis.evidence.plain import Call
from codegenesis.model import Record
from codegenesis.parsing import syntax_tree

_SCALARS = {bool: "bool", int: "int", float: "float", str: "str", bytes: "bytes"}
_EXACT = frozenset({"bool", "int", "str", "bytes", "None"})
_CONTAINERS = frozenset({"list", "dict", "set", "frozenset", "tuple"})
_TYPING = frozenset({"List", "Dict", "Set", "FrozenSet", "Tuple", "Optional", "Union"})
_TYPING |= {"Sequence", "Iterable", "Collection", "Mapping"}
_PLAIN = _EXACT | _TYPING | _CONTAINERS | {"float", "complex"}


class Signature(Record, frozen=True, kw_only=True):
    """Parameters with the types to search over.

    Attributes:
        positional, keyword: name and annotation; `keyword` may only be given by name.
        why: why there are none, in words; empty when there are.
    """

    positional: tuple[tuple[str, str], ...] = ()
    keyword: tuple[tuple[str, str], ...] = ()
    why: str = ""

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """All of them, in order."""
        return self.positional + self.keyword

    @property
    def exact(self) -> bool:
        """Are all types modelled by a solver exactly as Python has them, and immutable?"""
        names = {part.strip() for _, text in self.parameters for part in text.split("|")}
        return names <= _EXACT

    def words(self) -> str:
        """`x: int, name: str`."""
        return ", ".join(f"{name}: {text}" for name, text in self.parameters)


def signature(source: str, calls: Sequence[Call]) -> Signature:
    """The signature of the function that a fragment ends with."""
    node = syntax_tree(source).body[-1]
    inner = (ast.Yield, ast.YieldFrom)
    if not isinstance(node, ast.FunctionDef) or any(isinstance(e, inner) for e in ast.walk(node)):
        return Signature(why="it is no plain function")
    own = node.args
    if own.vararg or own.kwarg:
        return Signature(why="it takes any number of arguments")
    if not [*own.posonlyargs, *own.args, *own.kwonlyargs]:
        return Signature(why="it takes no arguments")
    named = [*own.posonlyargs, *own.args]
    values = _by_parameter([each.arg for each in named], calls)
    typed = {each.arg: _type_of(each, values) for each in [*named, *own.kwonlyargs]}
    if unknown := [name for name, text in typed.items() if not text]:
        return Signature(why=f"there is no plain type for {', '.join(unknown)}")
    return Signature(
        positional=tuple((each.arg, typed[each.arg]) for each in named),
        keyword=tuple((each.arg, typed[each.arg]) for each in own.kwonlyargs),
    )


def _type_of(argument: ast.arg, values: dict[str, list[Any]]) -> str:
    if argument.annotation is not None and _is_plain(argument.annotation):
        return ast.unparse(argument.annotation).strip("'\"")
    return annotation(values.get(argument.arg, []))


def _is_plain(node: ast.expr) -> bool:
    """Nothing but names of built-in types."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return _is_plain(syntax_tree(node.value, mode="eval").body)
        except SyntaxError:
            return False
    inner = list(ast.walk(node))
    names = {each.id for each in inner if isinstance(each, ast.Name)}
    odd = [e for e in inner if isinstance(e, ast.Constant) and e.value not in (None, ...)]
    return names <= _PLAIN and not odd and not any(isinstance(e, ast.Attribute) for e in inner)


def _by_parameter(names: Sequence[str], calls: Sequence[Call]) -> dict[str, list[Any]]:
    values: dict[str, list[Any]] = {}
    for args, kwargs in calls:
        for name, value in [*zip(names, args, strict=False), *kwargs.items()]:
            values.setdefault(name, []).append(value)
    return values


def annotation(values: Iterable[Any]) -> str:
    """The type of these values as an annotation; empty when one of them is not plain."""
    kinds: dict[type, list[Any]] = {}
    for value in values:
        kinds.setdefault(type(value), []).append(value)
    texts = [_annotation(kind, same) for kind, same in kinds.items()]
    return " | ".join(dict.fromkeys(texts)) if texts and all(texts) else ""


def _annotation(kind: type, values: list[Any]) -> str:
    if kind is type(None):
        return "None"
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind in (list, set, frozenset):
        inner = annotation(item for value in values for item in value)
        return f"{kind.__name__}[{inner or 'int'}]" if inner or not any(values) else ""
    if kind is dict:
        keys = annotation(key for value in values for key in value)
        cells = annotation(cell for value in values for cell in value.values())
        return f"dict[{keys}, {cells}]" if keys and cells else ""
    return _tuple(values) if kind is tuple else ""


def _tuple(values: list[tuple[Any, ...]]) -> str:
    if len({len(value) for value in values}) == 1 and values[0]:
        columns = [annotation(column) for column in zip(*values, strict=True)]
        return f"tuple[{', '.join(columns)}]" if all(columns) else ""
    inner = annotation(item for value in values for item in value)
    return f"tuple[{inner}, ...]" if inner else ""
