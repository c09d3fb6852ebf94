"""Operators: on C numbers with CPython's results, on instances as calls, else as Python's."""

from __future__ import annotations

import ast

from codegenesis.compiler.native import calls
from codegenesis.compiler.native.scope import Scope
from codegenesis.compiler.native.types import BOOL, FLOAT, INT, NONE, NUM, OBJECT, STR, T
from codegenesis.compiler.native.world import E, UnsupportedError

_WORDS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**", ast.LShift: "<<",
    ast.RShift: ">>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==",
    ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_INTEGER = {
    ast.Div: "l_div", ast.FloorDiv: "l_floordiv", ast.Mod: "l_mod", ast.Pow: "l_pow",
    ast.LShift: "l_shl", ast.RShift: "l_shr",
}  # fmt: skip
_DOUBLE = {ast.Div: "d_div", ast.FloorDiv: "d_floordiv", ast.Mod: "d_mod", ast.Pow: "d_pow"}
_EITHER = {ast.Add: "n_add", ast.Sub: "n_sub", ast.Mult: "n_mul"}
_METHODS = {
    ast.Add: ("__add__", "__radd__"), ast.Sub: ("__sub__", "__rsub__"),
    ast.Mult: ("__mul__", "__rmul__"), ast.Div: ("__truediv__", "__rtruediv__"),
}  # fmt: skip
_PLAIN = {"object", "str", "bytes", "set", "tuple"}


def number(e: E) -> E:
    """Truth values count as integers."""
    return E(f"<ll>({e.code})", INT) if e.t == BOOL else e


def as_double(s: Scope, e: E) -> str:
    """A number as a double, refusing integers that are not exact as one."""
    e = number(e)
    if e.t == INT:
        if e.code.startswith("(<ll>") and e.code[5:-1].isdigit() and int(e.code[5:-1]) < 1 << 53:
            return f"{float(e.code[5:-1])!r}"
        return f"l2d({e.code})"
    if e.t == NUM:
        return f"({e.code}).v"
    return s.world.to(e, FLOAT)


def unary(s: Scope, op: ast.unaryop, e: E) -> E:
    """`-x`, `+x`, `~x`."""
    e = number(e)
    if isinstance(op, ast.USub):
        if e.t == FLOAT:
            return E(f"(-{e.code})", FLOAT)
        if e.t == INT:
            return E(f"l_neg({e.code})", INT)
        if e.t == NUM:
            return E(f"n_neg({e.code})", NUM)
        if e.t.kind == "struct":
            return calls.method(s, e, "__neg__", [])
    if e.t == INT:
        return E(f"(~{e.code})" if isinstance(op, ast.Invert) else e.code, INT)
    if e.t.is_number and isinstance(op, ast.UAdd):
        return e
    raise UnsupportedError("a sign before what is no number")


def binary(s: Scope, op: ast.operator, left: E, right: E, _want: T = OBJECT) -> E:
    """`left op right`."""
    if left.t.kind == "struct" or right.t.kind == "struct":
        return _on_instances(s, op, left, right)
    if left.t.kind in ("vec", "list") or right.t.kind in ("vec", "list"):
        return _on_lists(s, op, left, right)
    if left.t.kind == "array" and isinstance(op, ast.Mult):
        letter = left.t.of[0]
        return E(f"V{letter}_repeat({left.code}, {s.world.to(number(right), INT)})", left.t, True)
    left, right = number(left), number(right)
    if left.t.is_number and right.t.is_number:
        return _on_numbers(s, op, left, right)
    if left.t.is_number or right.t.is_number:
        other = right if left.t.is_number else left
        if other.t == OBJECT:
            return _on_guess(s, op, left, right)
    return _on_objects(s, op, left, right)


def _on_numbers(  # noqa: PLR0911 (one per pair of kinds)
    s: Scope, op: ast.operator, left: E, right: E
) -> E:
    kind = type(op)
    if left.t == INT and right.t == INT:
        if kind is ast.BitAnd or kind is ast.BitOr or kind is ast.BitXor:
            return E(f"({left.code} {_WORDS[kind]} {right.code})", INT)
        if kind in _INTEGER:
            t = FLOAT if kind is ast.Div else INT
            return E(f"{_INTEGER[kind]}({left.code}, {right.code})", t)
        return E(f"({left.code} {_WORDS[kind]} {right.code})", INT)
    either = FLOAT not in (left.t, right.t)
    if either and kind in _EITHER:
        return E(f"{_EITHER[kind]}({s.world.to(left, NUM)}, {s.world.to(right, NUM)})", NUM)
    if kind is ast.Pow and left.t == NUM and right.t == INT:
        return E(f"n_pow({left.code}, {right.code})", NUM)
    if either and kind is not ast.Div:
        raise UnsupportedError("an operator on what may be an integer")
    a, b = as_double(s, left), as_double(s, right)
    if kind in _DOUBLE:
        return E(f"{_DOUBLE[kind]}({a}, {b})", FLOAT)
    if kind not in _EITHER:
        raise UnsupportedError("an operator on floats")
    return E(f"({a} {_WORDS[kind]} {b})", FLOAT)


def _on_guess(s: Scope, op: ast.operator, left: E, right: E) -> E:
    """A number and an unknown: Python's own arithmetic."""
    code = f"({s.world.boxed(left)} {_WORDS[type(op)]} {s.world.boxed(right)})"
    return E(code, OBJECT)


def _on_objects(s: Scope, op: ast.operator, left: E, right: E) -> E:
    if left.t.kind not in (*_PLAIN, "int", "row") or right.t.kind not in (*_PLAIN, "int", "row"):
        raise UnsupportedError("an operator on containers")
    kinds = {left.t.kind, right.t.kind}
    t = STR if kinds == {"str"} and isinstance(op, ast.Add) else OBJECT
    code = f"({s.world.boxed(left)} {_WORDS[type(op)]} {s.world.boxed(right)})"
    return E(code, t, fresh=True)


def _on_instances(s: Scope, op: ast.operator, left: E, right: E) -> E:
    ours, theirs = _METHODS.get(type(op), ("", ""))
    if not ours:
        raise UnsupportedError("an operator on instances")
    if left.t.kind == "struct":
        return calls.method(s, left, ours, [right])
    if not (left.code.isidentifier() or left.code.startswith("(<ll>") or left.code[:1].isdigit()):
        raise UnsupportedError("an operator whose right side would be evaluated first")
    return calls.method(s, right, theirs, [left])


def _on_lists(s: Scope, op: ast.operator, left: E, right: E) -> E:
    if isinstance(op, ast.Mult):
        items, times = (left, right) if left.t.kind in ("vec", "list") else (right, left)
        count = s.world.to(number(times), INT)
        if items.t.kind == "vec":
            return E(f"V{items.t.of[0]}_repeat({items.code}, {count})", items.t, True)
        return E(f"(<list>{items.code} * {count})", items.t, True)
    if isinstance(op, ast.Add) and left.t == right.t:
        if left.t.kind == "vec":
            return E(f"V{left.t.of[0]}_concat({left.code}, {right.code})", left.t, True)
        return E(f"({left.code} + {right.code})", left.t, True)
    raise UnsupportedError("an operator on lists of different kinds")


def comparison(s: Scope, op: ast.cmpop, left: E, right: E) -> str:  # noqa: PLR0911 (by kind)
    """As a C condition."""
    word = _WORDS[type(op)]
    if isinstance(op, ast.Is | ast.IsNot):
        return _identity(word, left, right)
    if isinstance(op, ast.In | ast.NotIn):
        return _membership(s, op, left, right)
    left, right = number(left), number(right)
    if left.t.is_number and right.t.is_number:
        if left.t == INT and right.t == INT:
            return f"({left.code} {word} {right.code})"
        return f"({as_double(s, left)} {word} {as_double(s, right)})"
    if left.t.kind == "vec" and left.t == right.t and isinstance(op, ast.Eq | ast.NotEq):
        if left.t.of[0] == "n":
            raise UnsupportedError("a comparison of lists of mixed numbers")
        negated = "not " if isinstance(op, ast.NotEq) else ""
        return f"({negated}V{left.t.of[0]}_equal({left.code}, {right.code}))"
    if left.t.kind == "struct" and right.t.kind == "struct":
        if isinstance(op, ast.Eq | ast.NotEq):  # no class of a program defines __eq__
            return f"({left.code} {'is' if word == '==' else 'is not'} {right.code})"
        raise UnsupportedError("an order of instances")
    _require_plain(left, right)
    return f"(True if ({s.world.boxed(left)} {word} {s.world.boxed(right)}) else False)"


def _require_plain(*operands: E) -> None:
    for e in operands:
        deep = e.t.kind == "tuple" and any(item.kind in ("vec", "struct") for item in e.t.of)
        if deep or e.t.kind in ("vec", "array", "list", "struct"):
            raise UnsupportedError("a comparison of containers")


def _identity(word: str, left: E, right: E) -> str:
    if NONE in (left.t, right.t):
        other = right if left.t == NONE else left
        if other.t.is_flat:
            return "False" if word == "is" else "True"
        return f"({other.code} {word} None)"
    if left.t.kind == right.t.kind == "struct" or left.t.kind == right.t.kind == "vec":
        return f"({left.code} {word} {right.code})"
    if left.t == BOOL and right.t == BOOL:
        return f"({left.code} {'==' if word == 'is' else '!='} {right.code})"
    raise UnsupportedError("the identity of values")


def _membership(s: Scope, op: ast.cmpop, left: E, right: E) -> str:
    negated = "not " if isinstance(op, ast.NotIn) else ""
    if right.t.kind in ("vec", "array"):
        letter = right.t.of[0]
        item = number(left)
        if letter == "n" or item.t != (INT if letter == "l" else FLOAT):
            raise UnsupportedError("a search for another kind of number")
        return f"({negated}V{letter}_has({right.code}, {item.code}))"
    if right.t.kind == "list" and T(*right.t.of[0]).kind not in ("str", "bytes", "struct", "row"):
        raise UnsupportedError("a search in a list of containers")
    if right.t.is_flat or left.t.kind in ("vec", "array", "list"):
        raise UnsupportedError("a search in a tuple of numbers")
    code = f"{s.world.boxed(left)} {_WORDS[type(op)]} {s.world.boxed(right)}"
    return f"(True if {code} else False)"
