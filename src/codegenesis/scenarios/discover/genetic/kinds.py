"""What kind of value an expression has: `array`, `number`, `mask`, `truth`, or nobody knows.

Told by annotations, by what operations and well-known calls give, and by how names are used. A
wrong guess costs one evaluation, so guesses are cheap and bold: an element of an array counts as a
number. `core.genetic.guess` knows Python's own collections; numpy's arrays are what it leaves out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Literal

Kind = Literal["array", "number", "mask", "truth", ""]

_MAKE = frozenset({
    "zeros", "ones", "full", "empty", "arange", "linspace", "array", "asarray", "zeros_like",
    "ones_like", "full_like", "cumsum", "sort", "argsort", "diff", "concatenate", "hstack",
    "vstack", "tile", "repeat", "meshgrid", "outer", "roll", "flip",
})  # fmt: skip
_REDUCE = frozenset({
    "sum", "mean", "max", "min", "amax", "amin", "std", "var", "median", "prod", "argmax",
    "argmin", "any", "all", "norm", "dot", "ptp", "percentile", "quantile", "count_nonzero",
    "trapz",
})  # fmt: skip
_RANDOM = frozenset({
    "uniform", "normal", "rand", "randn", "random", "randint", "integers", "choice",
    "standard_normal", "gauss",
})  # fmt: skip
_SCALAR = frozenset({
    "len", "int", "float", "round", "sum", "ord", "hash",
})  # fmt: skip
_SIZES = frozenset({"size", "ndim", "pi", "e", "inf", "tau"})
_COMPARED = (ast.BitAnd, ast.BitOr, ast.BitXor)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)


def kind(node: ast.expr | None, names: Mapping[str, Kind]) -> Kind:  # noqa: PLR0911
    """The kind of `node` where variables are of kinds `names`."""
    match node:
        case ast.Name(id=name):
            return names.get(name, "")
        case ast.Constant(value=value):
            return "truth" if isinstance(value, bool) else _number(isinstance(value, int | float))
        case ast.UnaryOp(op=op, operand=inner):
            return "truth" if isinstance(op, ast.Not) else kind(inner, names)
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(kind(left, names), op, kind(right, names))
        case ast.Compare(left=left, comparators=others):
            found = {kind(each, names) for each in (left, *others)}
            return "mask" if "array" in found else "truth"
        case ast.BoolOp():
            return "truth"
        case ast.IfExp(body=body, orelse=orelse):
            return kind(body, names) or kind(orelse, names)
        case ast.Attribute(attr=attr):
            return "number" if attr in _SIZES else ("array" if attr == "T" else "")
        case ast.Subscript(value=inner, slice=index):
            return _element(kind(inner, names), index, names)
        case ast.Call():
            return _call(node, names)
    return ""


def variables(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, Kind]:
    """Kinds of the parameters and variables of a function, as far as anything tells."""
    known: dict[str, Kind] = {}
    args = function.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    for each in every:
        _note(known, each.arg, _annotated(each.annotation))
    ordered = [*args.posonlyargs, *args.args]
    for each, default in zip(reversed(ordered), reversed(args.defaults), strict=False):
        _note(known, each.arg, kind(default, known))
    nodes = list(ast.walk(function))
    for _ in range(2):  # the second time, what was learned of one name tells of another
        for node in nodes:
            _learn(node, known)
    return known


def _number(sure: bool) -> Kind:
    return "number" if sure else ""


def _binary(left: Kind, op: ast.operator, right: Kind) -> Kind:
    if isinstance(op, _COMPARED) and "mask" in (left, right):
        return "mask"
    if "array" in (left, right) or "mask" in (left, right):
        return "array"
    return _number(left in ("number", "truth") and right in ("number", "truth"))


def _element(base: Kind, index: ast.expr, names: Mapping[str, Kind]) -> Kind:
    if base not in ("array", "mask"):
        return ""
    pieces = index.elts if isinstance(index, ast.Tuple) else [index]
    whole = any(
        isinstance(each, ast.Slice) or kind(each, names) in ("array", "mask") for each in pieces
    )
    return base if whole else "number"


def _call(node: ast.Call, names: Mapping[str, Kind]) -> Kind:
    args = [kind(each, names) for each in node.args]
    keywords = {each.arg for each in node.keywords}
    match node.func:
        case ast.Name(id=name) if name in _SCALAR:
            return "number"
        case ast.Name(id="abs" | "min" | "max" | "pow"):
            return (
                args[0]
                if len(args) == 1 and args[0] == "array" and "abs" in _of(node)
                else ("number")
            )
        case ast.Attribute(value=ast.Name(id="math")):
            return "number"
        case ast.Attribute(value=base, attr=attr):
            return _method(attr, kind(base, names), args, keywords)
    return ""


def _of(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _method(  # noqa: PLR0911
    attr: str, base: Kind, args: list[Kind], keywords: set[str | None]
) -> Kind:
    if attr in _MAKE:
        return "array"
    if attr in _REDUCE:
        return "array" if "axis" in keywords else "number"
    if attr in _RANDOM:
        many = "size" in keywords or len(args) > 2 or (attr in ("rand", "randn") and bool(args))
        return "array" if many else "number"
    if attr == "where" and len(args) == 1:
        return ""
    if base in ("array", "mask"):
        return "array" if attr in ("copy", "astype", "clip", "round", "flatten", "ravel") else ""
    if "array" in args or "mask" in args:
        return "array"
    return _number(bool(args) and all(each in ("number", "truth") for each in args))


def _annotated(annotation: ast.expr | None) -> Kind:
    if annotation is None:
        return ""
    text = ast.unparse(annotation).lower()
    if "array" in text:
        return "array"
    return _number(text in ("int", "float", "np.float64", "np.int64", "int | float"))


def _learn(node: ast.AST, known: dict[str, Kind]) -> None:
    match node:
        case ast.Assign(targets=[target], value=value):
            _bind(target, value, known)
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            _note(known, name, _annotated(annotation) or kind(value, known))
        case ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source):
            _loop(target, source, known)
        case ast.Attribute(value=ast.Name(id=name), attr="shape" | "size" | "ndim" | "T"):
            _note(known, name, "array")
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _ARITHMETIC):
            for one, other in ((left, right), (right, left)):
                if isinstance(one, ast.Name) and kind(other, known) == "number":
                    _note(known, one.id, "number")


def _bind(target: ast.expr, value: ast.expr, known: dict[str, Kind]) -> None:
    match target, value:
        case ast.Name(id=name), _:
            _note(known, name, kind(value, known))
        case (ast.Tuple(elts=names), ast.Tuple(elts=values)) if len(names) == len(values):
            for one, other in zip(names, values, strict=True):
                _bind(one, other, known)
        case ast.Tuple(elts=names), _:
            numbers = kind(value, known) in ("array", "number")
            _numbers(known, names if numbers else [])
        case ast.Subscript(value=ast.Name(id=name)), _ if kind(value, known):
            _note(known, name, "array" if isinstance(target.slice, ast.Compare) else "")


def _loop(target: ast.expr, source: ast.expr, known: dict[str, Kind]) -> None:
    called = _of(source) if isinstance(source, ast.Call) else ""
    if called == "range" or kind(source, known) == "array":
        _numbers(known, [target])
    elif called == "enumerate" and isinstance(target, ast.Tuple):
        _numbers(known, target.elts[:1])


def _numbers(known: dict[str, Kind], nodes: Iterable[ast.expr]) -> None:
    for node in nodes:
        if isinstance(node, ast.Name):
            _note(known, node.id, "number")


def _note(known: dict[str, Kind], name: str, found: Kind) -> None:
    """The first word counts, but nothing is known of nobody."""
    if found and not known.get(name):
        known[name] = found
