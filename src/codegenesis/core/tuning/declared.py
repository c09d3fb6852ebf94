"""`param` and `choice` calls in a function, as far as their arguments can be read."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codegenesis.core.tuning.site import REACH, Site, Value
from codegenesis.core.tuning.text import Text, argument, literal

_Under = tuple[tuple[str, Value], ...]


def declared(text: Text) -> list[Site]:
    """What the owner left open: choices first, then in the order of the text.

    A name that is declared twice is left alone: it is not known which one is meant.
    """
    found = []
    for node in text.nodes:
        if isinstance(node, ast.Call) and (kind := text.kind(node)):
            site = _param(text, node) if kind == "param" else _choice(text, node)
            found += [site] if site else []
    names = [site.name for site in found]
    unique = [site for site in found if names.count(site.name) == 1]
    return sorted(unique, key=lambda site: (len(site.under), site.kind != "choice", site.start))


def _param(text: Text, node: ast.Call) -> Site | None:
    place = argument(node, 1, "default")
    name, default = literal(argument(node, 0, "name")), literal(place)
    if place is None or not isinstance(name, str) or not isinstance(default, Value):
        return None
    given = {each.arg: literal(each.value) for each in node.keywords if each.arg}
    choices, low, high = _values(default, given)
    if not choices and not low < high:
        return None
    start, end = text.span(place)
    return Site(
        name=name,
        kind="param",
        start=start,
        end=end,
        default=default,
        choices=choices,
        low=low,
        high=high,
        log=bool(given.get("log")) and low > 0,
        under=_under(text, node),
    )


def _values(default: Value, given: dict[str, object]) -> tuple[tuple[Value, ...], float, float]:
    """All values, or the range; nothing where neither holds the default."""
    choices = given.get("choices")
    if isinstance(choices, list | tuple):
        return (tuple(choices) if default in choices else ()), 0.0, 0.0
    if isinstance(default, bool):
        return (False, True), 0.0, 0.0
    if isinstance(default, str):
        return (), 0.0, 0.0
    least, most = sorted((default / REACH, default * REACH))
    low, high = given.get("low"), given.get("high")
    low = low if isinstance(low, int | float) else least
    high = high if isinstance(high, int | float) else most
    return ((), low, high) if low <= default <= high else ((), 0.0, 0.0)


def _choice(text: Text, node: ast.Call) -> Site | None:
    name, options = literal(argument(node, 0, "name")), argument(node, 1, "options")
    keys = options.keys if isinstance(options, ast.Dict) else getattr(options, "elts", [])
    values = tuple(value for key in keys if isinstance(value := literal(key), Value))
    if options is None or not isinstance(name, str) or not values or len(values) != len(keys):
        return None
    place = argument(node, 2, "default")
    default = values[0] if place is None else literal(place)
    if default not in values:
        return None
    _, after = text.span(options)
    start, end = (after, after) if place is None else text.span(place)
    return Site(
        name=name,
        kind="choice",
        start=start,
        end=end,
        written="{}" if place is not None else ", default={}",
        default=default,
        choices=values,
        under=_under(text, node),
    )


def _under(text: Text, node: ast.AST) -> _Under:
    """Options that must be chosen for a node to be reached, as far as the text tells."""
    found: list[tuple[str, Value]] = []
    while (parent := text.parents.get(node)) is not None:
        match parent:
            case ast.If(test=test, body=body) if any(node is each for each in body):
                found += _asks(text, test)
            case ast.IfExp(test=test, body=body) if node is body:
                found += _asks(text, test)
            case ast.Dict():
                found += _option(text, parent, node)
        node = parent
    return tuple(found)


def _asks(text: Text, test: ast.expr) -> Iterator[tuple[str, Value]]:
    """`choice(...) == "option"`: the call itself, or a name that is given it once."""
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[ast.Constant(value=option)]):
            if (name := _chosen(text, left)) and isinstance(option, Value):
                yield name, option
        case ast.BoolOp(op=ast.And(), values=values):
            for each in values:
                yield from _asks(text, each)


def _chosen(text: Text, node: ast.expr) -> str:
    """The name of the choice whose option a node holds; empty when it holds none."""
    if isinstance(node, ast.Name):
        given = [
            each.value
            for each in text.nodes
            if isinstance(each, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == node.id for t in each.targets)
        ]
        node = given[0] if len(given) == 1 else node
    if isinstance(node, ast.Call) and text.kind(node) == "choice":
        name = literal(argument(node, 0, "name"))
        return name if isinstance(name, str) else ""
    return ""


def _option(text: Text, options: ast.Dict, node: ast.AST) -> Iterator[tuple[str, Value]]:
    """The option of a choice that a value of its dict is."""
    call = text.parents.get(options)
    if not isinstance(call, ast.Call) or text.kind(call) != "choice":
        return
    name = literal(argument(call, 0, "name"))
    for key, value in zip(options.keys, options.values, strict=True):
        option = literal(key)
        if value is node and isinstance(name, str) and isinstance(option, Value):
            yield name, option
