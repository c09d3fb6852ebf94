"""When two texts are the same program, so that neither is tried twice.

The tree is spelled as nested tuples with what cannot matter left out, then hashed. What is merged:
formatting, comments, docstrings, dead `pass`; `a > b` and `b < a` where evaluating the sides has no
effects; `not a == b` and `a != b` (likewise `in`, `is`); `x += 1` and `x = x + 1` for a name and an
evident number (never for lists: there `+=` changes the list that others see; never `*=`);
`if not c: A else: B` and its mirror; nested and flat `and`s; `return` and `return None`; a last
bare `return`; `x[0:]` and `x[:]`; `range(0, n)` and `range(n)`; what stands after `return`,
`raise`, `break`, `continue` in a block, as long as it decides nothing about names or generators.

Two programs that behave differently are merged only when an overloaded operator breaks the rules
of its kind, or when a builtin's name is taken by something else. `ast.dump` and comparing bytecode
were tried: slower than this, or blind to half of the list.
"""

from __future__ import annotations

import ast
import hashlib
import marshal
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from codegenesis.core.genetic.syntax import UNPARSABLE, module

Spelled = Any  # a tuple, a constant or None: what `marshal` writes
_MIRROR: dict[type[ast.AST], str] = {ast.Gt: "Lt", ast.GtE: "LtE"}
_OPPOSITE: dict[type[ast.AST], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_SYMMETRIC = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)
_STEADY = (ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp)
_IN_PLACE = (ast.Add, ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_SUITES = frozenset({"body", "orelse", "finalbody"})
_LEFT_OUT = frozenset({"ctx", "type_comment", "kind", "type_ignores"})
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


@lru_cache(maxsize=1024)
def identity(source: str) -> bytes:
    """Digest of the program that `source` is; of its text when it is none."""
    try:
        spelled = marshal.dumps(
            _suite(module(source).body), 2
        )  # version 2 has no references: same for same
    except UNPARSABLE:
        spelled = b"?" + source.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(spelled, digest_size=16).digest()


def _spell(node: Any) -> Spelled:
    cls = node.__class__
    special = _SPECIAL.get(cls)
    if special is not None:
        return special(node)
    fields = _FIELDS.get(cls) or _fields(cls)
    spelled: list[Spelled] = [cls.__name__]
    for name in fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            if name in _SUITES:
                spelled.append(_suite(value))
            else:
                spelled.append(tuple([_spell(e) if isinstance(e, ast.AST) else e for e in value]))
        elif isinstance(value, ast.AST):
            spelled.append(_spell(value))
        else:
            spelled.append(value)
    return tuple(spelled)


def _fields(cls: type[ast.AST]) -> tuple[str, ...]:
    fields = tuple(name for name in cls._fields if name not in _LEFT_OUT)
    _FIELDS[cls] = fields
    return fields


def _suite(nodes: list[ast.stmt]) -> Spelled:
    spelled: list[Spelled] = []
    for index, node in enumerate(nodes):
        if isinstance(node, ast.Pass) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            continue
        spelled.append(_spell(node))
        if isinstance(node, _LEAVES):
            spelled.append(_left(nodes[index + 1 :]))
            break
    return tuple(spelled)


def _left(nodes: list[ast.stmt]) -> Spelled:
    """What never runs: it still makes names local and functions generators."""
    found: set[str] = set()
    for root in nodes:
        for node in ast.walk(root):
            if isinstance(
                node, ast.Yield | ast.YieldFrom | ast.Await | ast.AsyncFor | ast.AsyncWith
            ):
                found.add(node.__class__.__name__)
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif isinstance(
                node,
                ast.Global | ast.Nonlocal | ast.Import | ast.ImportFrom | ast.FunctionDef
                | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler | ast.Match,
            ):  # fmt: skip
                return tuple(_spell(each) for each in nodes)
    return tuple(sorted(found)) or None


def _name(node: ast.Name) -> Spelled:
    return "N", node.id


def _constant(node: ast.Constant) -> Spelled:
    value = node.value
    return ("C", "...") if value is Ellipsis else ("C", value, value.__class__.__name__)


def _attribute(node: ast.Attribute) -> Spelled:
    return "A", _spell(node.value), node.attr


def _compare(node: ast.Compare) -> Spelled:
    if len(node.ops) == 1:
        return _pair(node.left, node.ops[0].__class__, node.comparators[0])
    ops = tuple([op.__class__.__name__ for op in node.ops])
    return "Compare", ops, _spell(node.left), tuple([_spell(each) for each in node.comparators])


def _pair(left: ast.expr, op: type[ast.cmpop], right: ast.expr) -> Spelled:
    one, other, name = _spell(left), _spell(right), op.__name__
    if (op in _MIRROR or op in _SYMMETRIC) and _steady(left) and _steady(right):
        if op in _MIRROR:
            return "Compare", _MIRROR[op], other, one
        if marshal.dumps(other, 2) < marshal.dumps(one, 2):
            one, other = other, one
    return "Compare", name, one, other


def _unary(node: ast.UnaryOp) -> Spelled:
    inner = node.operand
    if isinstance(node.op, ast.Not) and isinstance(inner, ast.Compare) and len(inner.ops) == 1:
        opposite = _OPPOSITE.get(type(inner.ops[0]))
        if opposite:
            return _pair(inner.left, opposite, inner.comparators[0])
    return "Unary", node.op.__class__.__name__, _spell(inner)


def _binary(node: ast.BinOp) -> Spelled:
    return "Binary", _spell(node.left), node.op.__class__.__name__, _spell(node.right)


def _logic(node: ast.BoolOp) -> Spelled:
    flat: list[Spelled] = []
    kind = node.op.__class__
    for each in node.values:
        if isinstance(each, ast.BoolOp) and each.op.__class__ is kind:
            flat.extend(_logic(each)[2:])
        else:
            flat.append(_spell(each))
    return ("Logic", kind.__name__, *flat)


def _call(node: ast.Call) -> Spelled:
    args = node.args
    if isinstance(node.func, ast.Name) and node.func.id == "range" and len(args) == 2:
        first = args[0]
        if isinstance(first, ast.Constant) and first.value == 0 and first.value.__class__ is int:
            args = args[1:]
    given = tuple([(each.arg, _spell(each.value)) for each in node.keywords])
    return "Call", _spell(node.func), tuple([_spell(each) for each in args]), given


def _slice(node: ast.Slice) -> Spelled:
    lower: ast.expr | None = node.lower
    if isinstance(lower, ast.Constant) and lower.value.__class__ is int and lower.value == 0:
        lower = lower if node.step else None
    parts = (lower, node.upper, node.step)
    return ("Slice", *(None if each is None else _spell(each) for each in parts))


def _assign(node: ast.Assign) -> Spelled:
    return "Assign", tuple([_spell(each) for each in node.targets]), _spell(node.value)


def _augmented(node: ast.AugAssign) -> Spelled:
    if isinstance(node.target, ast.Name) and isinstance(node.op, _IN_PLACE) and _number(node.value):
        name = _name(node.target)
        value = "Binary", name, node.op.__class__.__name__, _spell(node.value)
        return "Assign", (name,), value
    return "Augmented", _spell(node.target), node.op.__class__.__name__, _spell(node.value)


def _if(node: ast.If) -> Spelled:
    test, body, orelse = node.test, _suite(node.body), _suite(node.orelse)
    if orelse and isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return "If", _spell(test.operand), orelse, body
    if orelse and isinstance(test, ast.Compare) and len(test.ops) == 1:
        op = type(test.ops[0])
        if op in (ast.NotEq, ast.NotIn, ast.IsNot):
            mirrored = _pair(test.left, _OPPOSITE[op], test.comparators[0])
            return "If", mirrored, orelse, body
    return "If", _spell(test), body, orelse


def _return(node: ast.Return) -> Spelled:
    value = node.value
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return "Return", None
    return "Return", _spell(value)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Spelled:
    body = _suite(node.body)
    while len(body) > 1 and body[-1] is None and body[-2] == ("Return", None):
        body = body[:-2]
    decorators = tuple([_spell(each) for each in node.decorator_list])
    returns = None if node.returns is None else _spell(node.returns)
    return node.__class__.__name__, node.name, _spell(node.args), body, decorators, returns


def _number(node: ast.expr) -> bool:
    """Whether it is evidently an int or a float."""
    match node:
        case ast.Constant(value=value):
            return value.__class__ in (int, float)
        case ast.Call(func=ast.Name(id="len"), args=[_]):
            return True
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _number(operand)
    return False


def _steady(node: ast.expr) -> bool:
    """Whether reading it has no effect, so that it may be read earlier or later."""
    cls = node.__class__
    if cls is ast.Name or cls is ast.Constant:
        return True
    if isinstance(node, ast.Call):  # `len(xs)` is in half of all comparisons
        plain = isinstance(node.func, ast.Name) and node.func.id in ("len", "abs")
        return plain and not node.keywords and all(_steady(each) for each in node.args)
    if isinstance(node, _STEADY):
        inner = (each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr))
        return all(_steady(each) for each in inner)
    return False


_SPECIAL: dict[type[ast.AST], Callable[[Any], Spelled]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Attribute: _attribute,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.BoolOp: _logic,
    ast.Call: _call,
    ast.Slice: _slice,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.Return: _return,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
}
