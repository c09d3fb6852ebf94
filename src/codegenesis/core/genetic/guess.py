"""What type a value probably has: from literals, well-known calls, and how names are used.

A guess only steers: it orders edits and leaves out silly ones, so a wrong guess costs a place in
the queue. Words: `number`, `text`, `list`, `tuple`, `set`, `dict`, `bool`, `none`, `many` (some
collection or text); empty when nothing tells.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping

import msgspec

_NUMBER = frozenset({"len", "abs", "int", "float", "sum", "ord", "round", "hash", "id", "pow"})
_RETURNS = {
    **dict.fromkeys(_NUMBER, "number"),
    **dict.fromkeys(("str", "chr", "repr", "input", "format", "bin", "hex"), "text"),
    **dict.fromkeys(("list", "sorted"), "list"),
    **dict.fromkeys(("set", "frozenset"), "set"),
    **dict.fromkeys(("dict", "Counter", "defaultdict"), "dict"),
    **dict.fromkeys(("bool", "isinstance", "any", "all", "callable", "hasattr"), "bool"),
    **dict.fromkeys(("range", "zip", "enumerate", "map", "filter", "reversed", "deque"), "many"),
    "tuple": "tuple",
}
_METHODS = {
    **dict.fromkeys(("join", "strip", "lower", "upper", "replace", "format", "title"), "text"),
    **dict.fromkeys(("count", "index", "find"), "number"),
    **dict.fromkeys(("startswith", "endswith", "isdigit", "isalpha", "issubset"), "bool"),
    **dict.fromkeys(("split", "splitlines"), "list"),
    **dict.fromkeys(("keys", "values", "items"), "many"),
    **dict.fromkeys(("union", "intersection", "difference"), "set"),
}
_LITERALS: dict[type[ast.AST], str] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Tuple: "tuple",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.JoinedStr: "text",
    ast.Compare: "bool",
    ast.GeneratorExp: "many",
}
_METHOD_OF = {
    **dict.fromkeys(("append", "extend", "insert", "sort", "reverse"), "list"),
    **dict.fromkeys(("add", "discard", "issubset", "issuperset"), "set"),
    **dict.fromkeys(("keys", "values", "items", "get", "setdefault"), "dict"),
    **dict.fromkeys(("lower", "upper", "strip", "split", "replace", "join", "isdigit"), "text"),
}
_SEEN = {
    "int": "number",
    "float": "number",
    "complex": "number",
    "str": "text",
    "bytes": "text",
    "list": "list",
    "tuple": "tuple",
    "set": "set",
    "frozenset": "set",
    "dict": "dict",
    "bool": "bool",
    "NoneType": "none",
}
#: Functions whose only argument is a collection.
_TAKERS = frozenset(
    {"len", "enumerate", "sorted", "reversed", "sum", "max", "min", "any", "all", "set", "list"}
)
COLLECTIONS = frozenset({"list", "tuple", "set", "dict", "text", "many"})
_ARITHMETIC = (ast.Sub, ast.Div, ast.FloorDiv, ast.Pow, ast.LShift, ast.RShift)

#: Methods of the common collections and of text.
METHODS = frozenset(
    name for kind in (list, dict, set, str, tuple) for name in dir(kind) if name[0] != "_"
)


class Guesses(msgspec.Struct, eq=False):
    """What is known of the names of one function.

    Attributes:
        seen: word by variable.
        items: word of what is found inside a collection, by variable.
    """

    seen: dict[str, str]
    items: dict[str, str]

    def of(self, node: ast.expr | None) -> str:  # noqa: PLR0911
        """The word for `node`."""
        match node:
            case ast.Name(id=name):
                return self.seen.get(name, "")
            case ast.Constant(value=value):
                return _SEEN.get(type(value).__name__, "")
            case ast.Call(func=ast.Name(id=name)):
                return _RETURNS.get(name, "")
            case ast.Call(func=ast.Attribute(attr=name)):
                return _METHODS.get(name, "")
            case ast.UnaryOp(op=op, operand=inner):
                return "bool" if isinstance(op, ast.Not) else self.of(inner)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(left, op, right)
            case ast.BoolOp(values=values):
                return self.of(values[-1])
            case ast.IfExp(body=body, orelse=orelse):
                return self.of(body) or self.of(orelse)
            case ast.Subscript(value=inner, slice=ast.Slice()):
                return self.of(inner)
            case ast.Subscript(value=ast.Name(id=name)):
                return "text" if self.seen.get(name) == "text" else self.items.get(name, "")
        return _LITERALS.get(type(node), "") if node else ""

    def _binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> str:
        if isinstance(op, _ARITHMETIC):
            known = self.of(left)
            return known if known == "set" else "number"
        one, other = self.of(left), self.of(right)
        if isinstance(op, ast.Mult):
            return next((each for each in (one, other) if each in COLLECTIONS), one or other)
        if isinstance(op, ast.Mod) and one == "text":
            return "text"
        return one or other


def guesses(
    nodes: Iterable[ast.AST],
    *,
    types: Mapping[str, Collection[str]] | None = None,
    outer: Guesses | None = None,
) -> Guesses:
    """What the text of a function tells of its names; `types` seen at run time come first.

    Args:
        outer: what is known of the names of the function around it.
    """
    known = Guesses({**outer.seen}, {**outer.items}) if outer else Guesses({}, {})
    for name, names in (types or {}).items():
        words = {_SEEN.get(each, "") for each in names if each != "NoneType"}
        if len(words) == 1:
            known.seen[name] = words.pop()
    nodes = list(nodes)
    for _ in range(2):  # the second time, what was learned of one name tells of another
        for node in nodes:
            _learn(node, known)
    return known


def _learn(node: ast.AST, known: Guesses) -> None:
    match node:
        case ast.Assign(targets=[target], value=value):
            _bind(target, value, known)
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            _note(name, known.of(value), known)
        case ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source):
            _loop(target, source, known)
        case ast.Subscript(value=ast.Name(id=name), slice=index):
            _note(name, "many", known)
            if isinstance(index, ast.BinOp):
                _numbers(known, index.left, index.right)
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _ARITHMETIC):
            if "set" not in (known.of(left), known.of(right)):
                _numbers(known, left, right)
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod() | ast.Mult(), right=right):
            if known.of(left) == "number" or known.of(right) == "number":
                _numbers(known, left, right, sure=isinstance(node.op, ast.Add))
        case ast.Compare(left=left, ops=[op, *_], comparators=[right, *_]):
            _compared(left, op, right, known)
        case ast.Call():
            _called(node, known)


def _bind(target: ast.expr, value: ast.expr, known: Guesses) -> None:
    match target, value:
        case ast.Name(id=name), _:
            _note(name, known.of(value), known)
            if isinstance(value, ast.List | ast.Tuple | ast.Set) and value.elts:
                known.items.setdefault(name, known.of(value.elts[0]))
        case (ast.Tuple(elts=names), ast.Tuple(elts=values)) if len(names) == len(values):
            for one, other in zip(names, values, strict=True):
                _bind(one, other, known)
        case ast.Subscript(value=ast.Name(id=name)), _:
            known.items.setdefault(name, known.of(value))


def _loop(target: ast.expr, source: ast.expr, known: Guesses) -> None:
    match target, source:
        case ast.Name(id=name), ast.Call(func=ast.Name(id="range"), args=args):
            _note(name, "number", known)
            _numbers(known, *args)
        case ast.Tuple(elts=[ast.Name(id=name), *_]), ast.Call(func=ast.Name(id="enumerate")):
            _note(name, "number", known)
        case ast.Name(id=name), ast.Name(id=xs):
            _note(xs, "many", known)
            _note(name, "text" if known.seen.get(xs) == "text" else known.items.get(xs, ""), known)
        case _, ast.Name(id=xs):
            _note(xs, "many", known)


def _compared(left: ast.expr, op: ast.cmpop, right: ast.expr, known: Guesses) -> None:
    if isinstance(op, ast.In | ast.NotIn):
        if isinstance(right, ast.Name):
            _note(right.id, "many", known)
        return
    for one, other in ((left, right), (right, left)):
        if isinstance(one, ast.Name) and known.of(other) not in ("none", "bool"):
            _note(one.id, known.of(other), known)


def _called(call: ast.Call, known: Guesses) -> None:
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr), args=args):
            _note(name, _METHOD_OF.get(attr, ""), known)
            if attr in ("append", "add") and args:
                known.items.setdefault(name, known.of(args[0]))
        case ast.Call(func=ast.Name(id=taker), args=[ast.Name(id=name)]) if taker in _TAKERS:
            _note(name, "many", known)
        case ast.Call(func=ast.Name(id="range"), args=args):
            _numbers(known, *args)


def _numbers(known: Guesses, *nodes: ast.expr, sure: bool = True) -> None:
    for node in nodes:
        if isinstance(node, ast.Name) and sure:
            _note(node.id, "number", known)


def _note(name: str, word: str, known: Guesses) -> None:
    """The first word counts, but a certain collection is better than some collection."""
    if word and known.seen.get(name, "many") == "many":
        known.seen[name] = word


def likeness(one: str, other: str) -> float:
    """How well a value of one type stands for a value of the other, 0..1."""
    if not one or not other:
        return 0.75
    if one == other:
        return 1.0
    if {one, other} <= COLLECTIONS:
        return 0.8 if "many" in (one, other) else 0.6
    return 0.3
