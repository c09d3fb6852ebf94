"""Expressions of a program in the words of a Cython build."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from codegenesis.compiler.native import arithmetic, calls, containers
from codegenesis.compiler.native.scope import Scope
from codegenesis.compiler.native.types import (
    BOOL,
    BYTES,
    DICT,
    FLOAT,
    INT,
    NONE,
    NUM,
    OBJECT,
    SET,
    STR,
    T,
    tuple_of,
)
from codegenesis.compiler.native.world import E, UnsupportedError, literal


def expression(s: Scope, node: ast.expr, want: T = OBJECT) -> E:
    """The expression; `want` is what becomes of it, a hint for new containers.

    Raises:
        UnsupportedError: it has no compiled form.
    """
    held = getattr(node, "e", None)
    if isinstance(held, E):  # emitted already
        return held
    emit = _EMITTERS.get(type(node))
    if emit is None:
        raise UnsupportedError(f"a {type(node).__name__}")
    return emit(s, node, want)


def as_type(s: Scope, node: ast.expr, t: T) -> str:
    """The expression in a given representation."""
    return s.world.to(expression(s, node, t), t)


def truth(s: Scope, node: ast.expr) -> str:
    """The expression as a C condition."""
    match node:
        case ast.UnaryOp(op=ast.Not()):
            return f"(not {truth(s, node.operand)})"
        case ast.BoolOp():
            word = " and " if isinstance(node.op, ast.And) else " or "
            return f"({word.join(truth(s, value) for value in node.values)})"
    return true(s, expression(s, node))


def true(s: Scope, e: E) -> str:  # noqa: PLR0911 (one per kind)
    """Is a value true?"""
    kind = e.t.kind
    if kind == "bool":
        return e.code
    if kind == "int":
        return f"({e.code} != 0)"
    if kind == "float":
        return f"({e.code} != 0.0)"
    if kind == "num":
        return f"({e.code}.v != 0.0)"
    if kind == "vec":
        return f"(V{e.t.of[0]}_len({e.code}) != 0)"
    if kind == "list":
        return f"(list_len({e.code}) != 0)"
    if kind == "struct":
        if s.world.program.method(e.t.of[0], "__len__"):
            raise UnsupportedError("the truth of an instance with a length")
        return f"({e.code} is not None)"
    if kind in ("row", "array", "tuple"):
        raise UnsupportedError("the truth of a tuple or array")
    return f"(True if {e.code} else False)"


def _constant(_s: Scope, node: ast.Constant, _want: T) -> E:
    e = literal(node.value)
    if e is not None:
        return e
    if isinstance(node.value, bytes):
        return E(f"({node.value!r})", BYTES)
    if type(node.value) is int:
        return E(f"({node.value})", OBJECT)  # too wide for C
    raise UnsupportedError("a literal that does not fit")


def _name(s: Scope, node: ast.Name, _want: T) -> E:
    return s.load(node)


def _attribute(s: Scope, node: ast.Attribute, _want: T) -> E:
    world = s.world
    if isinstance(node.value, ast.Name) and node.value.id not in s.locals:
        name = node.value.id
        if world.program.imports.get(name) == "math":
            return _math_constant(node.attr)
        if name in world.program.classes:
            return _class_constant(s, name, node.attr)
    base = expression(s, node.value)
    if base.t.kind != "struct":
        raise UnsupportedError(f"the attribute {node.attr} of what is not an instance")
    owner = base.t.of[0]
    if node.attr not in world.attributes(owner):
        return _class_constant(s, owner, node.attr)
    t = world.attribute(owner, node.attr)
    return E(f"get_{world.root(owner)}_{node.attr}({base.code})", t)


def _math_constant(name: str) -> E:
    value = getattr(math, name, None)
    if name not in ("pi", "e", "tau"):
        raise UnsupportedError(f"math.{name}")
    return E(repr(value), FLOAT)


def _class_constant(s: Scope, owner: str, name: str) -> E:
    """Written in, where no class below it and no instance has another."""
    program = s.world.program
    holders = [each for each in program.lineage(owner) if name in program.classes[each].constants]
    below = [each for each in program.heirs(owner) if name in program.classes[each].constants]
    stored = any(
        isinstance(n, ast.Attribute) and n.attr == name and not isinstance(n.ctx, ast.Load)
        for _, function in program.all_functions()
        for n in ast.walk(function)
    )
    if not holders or set(below) - {owner} or stored:
        raise UnsupportedError(f"the attribute {name} of {owner}")
    found = s.world.constant(f"{holders[0]}.{name}")
    if found is None:
        raise UnsupportedError(f"the class attribute {owner}.{name}")
    return found


def _boolean(s: Scope, node: ast.BoolOp, want: T) -> E:
    """`a or b` is one of the two; as a truth value where both are."""
    values = [expression(s, value, want) for value in node.values]
    if all(e.t == BOOL for e in values) or want == BOOL:
        return E(truth(s, node), BOOL)
    word = " and " if isinstance(node.op, ast.And) else " or "
    if any(e.t.kind in ("vec", "array", "struct", "list", "tuple", "row") for e in values):
        return _chosen(s, node, values)
    return E(f"({word.join(s.world.boxed(e) for e in values)})", OBJECT)


def _chosen(s: Scope, node: ast.BoolOp, values: list[E]) -> E:
    if len(values) != 2 or values[0].t != values[1].t:
        raise UnsupportedError("a choice between kinds")
    first, name = s.bound(values[0])
    test = true(s, first)
    pair = (name.code, values[1].code)
    yes, no = pair if isinstance(node.op, ast.Or) else (pair[1], pair[0])
    return E(f"({yes} if {test} else {no})", values[0].t)


def _choice(s: Scope, node: ast.IfExp, want: T) -> E:
    test = truth(s, node.test)
    yes, no = expression(s, node.body, want), expression(s, node.orelse, want)
    t = _common(yes.t, no.t) if want == OBJECT else want
    return E(f"({s.world.to(yes, t)} if {test} else {s.world.to(no, t)})", t)


def _common(one: T, other: T) -> T:
    if one == other:
        return one
    if {one, other} <= {INT, FLOAT, NUM}:
        return NUM
    if NONE in (one, other):
        kept = other if one == NONE else one
        return OBJECT if kept.is_flat else kept
    return OBJECT


def _unary(s: Scope, node: ast.UnaryOp, _want: T) -> E:
    if isinstance(node.op, ast.Not):
        return E(truth(s, node), BOOL)
    return arithmetic.unary(s, node.op, expression(s, node.operand))


def _binary(s: Scope, node: ast.BinOp, want: T) -> E:
    left = expression(s, node.left, want if isinstance(node.op, ast.Mult | ast.Add) else OBJECT)
    right = expression(s, node.right)
    return arithmetic.binary(s, node.op, left, right, want)


def _compare(s: Scope, node: ast.Compare, _want: T) -> E:
    if len(node.ops) == 1:
        left, right = expression(s, node.left), expression(s, node.comparators[0])
        return E(arithmetic.comparison(s, node.ops[0], left, right), BOOL)
    left, parts = expression(s, node.left), []
    for op, each in zip(node.ops, node.comparators, strict=True):
        right, again = s.bound(expression(s, each))
        parts.append(arithmetic.comparison(s, op, left, right))
        left = again
    return E(f"({' and '.join(parts)})", BOOL)


def _tuple(s: Scope, node: ast.Tuple, want: T) -> E:
    kinds = want.of if want.kind in ("row", "tuple") and len(want.of) == len(node.elts) else ()
    items = [
        expression(s, item, kinds[index] if kinds else OBJECT)
        for index, item in enumerate(node.elts)
    ]
    if want.is_row and kinds:
        values = [s.world.to(e, t) for e, t in zip(items, kinds, strict=True)]
        return E(f"mk_{s.world.letter(want)}({', '.join(values)})", want)
    t = tuple_of([e.t for e in items])
    if t.is_row and want == OBJECT:
        return E(f"mk_{s.world.letter(t)}({', '.join(e.code for e in items)})", t)
    code = ", ".join(s.world.boxed(e) for e in items)
    return E(f"({code},)" if items else "()", T("tuple", tuple(e.t for e in items)))


def _list(s: Scope, node: ast.List, want: T) -> E:
    return containers.display(s, node, want)


def _dict(s: Scope, node: ast.Dict, _want: T) -> E:
    if any(key is None for key in node.keys):
        raise UnsupportedError("a dict with **")
    pairs = [
        f"{s.world.boxed(expression(s, k))}: {s.world.boxed(expression(s, v))}"
        for k, v in zip(node.keys, node.values, strict=True)
        if k is not None
    ]
    return E("{" + ", ".join(pairs) + "}", DICT, fresh=True)


def _set(s: Scope, node: ast.Set, _want: T) -> E:
    items = ", ".join(s.world.boxed(expression(s, item)) for item in node.elts)
    return E("{" + items + "}", SET, fresh=True)


def _subscript(s: Scope, node: ast.Subscript, _want: T) -> E:
    return containers.item(s, node)


def _called(s: Scope, node: ast.Call, want: T) -> E:
    return calls.call(s, node, want)


def _joined(s: Scope, node: ast.JoinedStr, _want: T) -> E:
    parts = []
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(f"({value.value!r})")
        elif isinstance(value, ast.FormattedValue) and value.format_spec is None:
            inner = expression(s, value.value)
            if inner.t.kind not in ("int", "str", "bool", "float") or value.conversion != -1:
                raise UnsupportedError("a format")
            parts.append(f"str({s.world.boxed(inner)})")
        else:
            raise UnsupportedError("a format")
    return E(f"({' + '.join(parts)})" if parts else "('')", STR)


_EMITTERS: dict[type[ast.expr], Callable[..., E]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.BoolOp: _boolean,
    ast.IfExp: _choice,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Dict: _dict,
    ast.Set: _set,
    ast.Subscript: _subscript,
    ast.Call: _called,
    ast.JoinedStr: _joined,
}
