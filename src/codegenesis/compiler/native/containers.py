"""Lists, arrays, tuples and dicts: display, items, slices, methods, and stores into them."""

from __future__ import annotations

import ast

from codegenesis.compiler.native import arithmetic, builtins, calls, expressions
from codegenesis.compiler.native.scope import Scope
from codegenesis.compiler.native.types import (
    BOOL,
    BYTES,
    DICT,
    FLOAT,
    INT,
    NONE,
    OBJECT,
    SET,
    STR,
    T,
    item_type,
    vec,
)
from codegenesis.compiler.native.world import E, UnsupportedError

#: Methods of text, sets and dicts that change nothing, and those that change what they belong to.
_READING = {
    "str": {
        "join": STR, "split": OBJECT, "strip": STR, "upper": STR, "lower": STR, "replace": STR,
        "startswith": BOOL, "endswith": BOOL, "find": INT, "index": INT, "count": INT,
        "isdigit": BOOL, "isalpha": BOOL, "encode": BYTES, "splitlines": OBJECT, "rjust": STR,
        "ljust": STR, "zfill": STR, "lstrip": STR, "rstrip": STR, "title": STR, "isspace": BOOL,
    },
    "bytes": {"decode": STR, "find": INT, "count": INT, "startswith": BOOL, "hex": STR},
    "dict": {"get": OBJECT, "copy": DICT},
    "set": {"copy": SET, "union": SET, "intersection": SET, "difference": SET, "issubset": BOOL},
}  # fmt: skip
_WRITING = {
    "dict": {"pop", "setdefault", "clear"},
    "set": {"add", "discard", "remove", "pop", "clear"},
    "list": {"append", "pop", "insert", "clear", "reverse"},
}


def display(s: Scope, node: ast.List, want: T) -> E:
    """`[a, b, c]`."""
    if any(isinstance(item, ast.Starred) for item in node.elts):
        raise UnsupportedError("a list with stars")
    items = [expressions.expression(s, item) for item in node.elts]
    if want.kind == "vec" or (want == OBJECT and items and _same_number(items)):
        t = want if want.kind == "vec" else vec({INT: "l", FLOAT: "d"}[items[0].t])
        return filled(s, t, [s.world.to(e, item_type(t)) for e in items])
    inner = T(*want.of[0]) if want.kind == "list" else OBJECT
    if want.kind == "list":
        items = [expressions.expression(s, item, inner) for item in node.elts]
    codes = []
    for e in items:
        fits = e.t == inner or inner.is_flat or inner == OBJECT
        codes.append(s.world.boxed(e if fits else E(s.world.to(e, inner), inner)))
    held = T("list", (inner if want.kind == "list" else _item_of(items),))
    return E(f"[{', '.join(codes)}]", held, fresh=True)


def _item_of(items: list[E]) -> T:
    kinds = {e.t for e in items}
    return kinds.pop() if len(kinds) == 1 else OBJECT


def _same_number(items: list[E]) -> bool:
    return all(e.t == items[0].t for e in items) and items[0].t in (INT, FLOAT)


def filled(s: Scope, t: T, values: list[str]) -> E:
    """A new array with these items."""
    letter = t.of[0]
    if len(values) > 12:
        raise UnsupportedError("a long list of numbers")
    name = s.world.maker(letter, len(values))
    return E(f"{name}({', '.join(values)})", t, fresh=True)


def _index(s: Scope, node: ast.expr) -> str:
    return s.world.to(arithmetic.number(expressions.expression(s, node)), INT)


def item(s: Scope, node: ast.Subscript) -> E:
    """`base[index]` or `base[a:b]`, read."""
    base = expressions.expression(s, node.value)
    if base.t.kind == "struct":
        return calls.method(s, base, "__getitem__", [expressions.expression(s, node.slice)])
    if isinstance(node.slice, ast.Slice):
        return _slice(s, base, node.slice)
    if base.t.is_row or base.t.kind == "tuple":
        return _of_tuple(s, base, node.slice)
    if base.t.kind in ("vec", "array"):
        code = f"V{base.t.of[0]}_get({base.code}, {_index(s, node.slice)})"
        return E(code, item_type(base.t))
    if base.t.kind == "list":
        return typed_item(s, f"list_get({base.code}, {_index(s, node.slice)})", base.t)
    key = s.world.boxed(expressions.expression(s, node.slice))
    if base.t.kind in ("dict", "str", "bytes", "object"):
        t = STR if base.t == STR else OBJECT
        return E(f"{base.code}[{key}]", t)
    raise UnsupportedError("an item of something else")


def typed_item(s: Scope, code: str, container: T) -> E:
    """An object that came out of a list, in the representation of its items."""
    inner = item_type(container)
    return E(s.world.to(E(code, OBJECT), inner), inner)


def _of_tuple(s: Scope, base: E, index: ast.expr) -> E:
    negative = isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub)
    constant = index.operand if negative else index  # type: ignore[attr-defined]
    if isinstance(constant, ast.Constant) and type(constant.value) is int:
        place = -constant.value if negative else constant.value
        if not -len(base.t.of) <= place < len(base.t.of):
            raise UnsupportedError("an item that is not there")
        place %= len(base.t.of)
        if base.t.is_row:
            return E(f"{base.code}.i{place}", base.t.of[place])
        inner = base.t.of[place]
        got = E(f"tuple_get({base.code}, {place})", OBJECT)
        return E(s.world.to(got, inner), inner)
    code = f"tuple_get({s.world.boxed(base)}, {_index(s, index)})"
    kinds = set(base.t.of)
    inner = kinds.pop() if len(kinds) == 1 else OBJECT
    return E(s.world.to(E(code, OBJECT), inner), inner)


def _parts(s: Scope, node: ast.Slice) -> tuple[str, str, str, int]:
    def part(each: ast.expr | None, otherwise: str) -> str:
        if each is None or (isinstance(each, ast.Constant) and each.value is None):
            return otherwise
        return _index(s, each)

    has = (1 if node.lower is not None else 0) | (2 if node.upper is not None else 0)
    return part(node.lower, "0"), part(node.upper, "0"), part(node.step, "1"), has


def _slice(s: Scope, base: E, node: ast.Slice) -> E:
    if base.t.kind in ("vec", "array"):
        start, stop, step, has = _parts(s, node)
        code = f"V{base.t.of[0]}_slice({base.code}, {start}, {stop}, {step}, {has})"
        return E(code, base.t, fresh=True)
    if base.t.kind not in ("list", "tuple", "str", "bytes", "range"):
        raise UnsupportedError("a slice of something else")
    parts = [each and _index(s, each) for each in (node.lower, node.upper, node.step)]
    text = ":".join(part or "" for part in parts).removesuffix(":")
    t = OBJECT if base.t.kind == "tuple" else base.t
    return E(f"{base.code}[{text if ':' in text else ':'}]", t, fresh=True)


def store(s: Scope, base: E, index: ast.expr, value: E) -> None:
    """`base[index] = value`, both evaluated already."""
    kind = base.t.kind
    if kind == "struct":
        key = expressions.expression(s, index)
        s.out(calls.method(s, base, "__setitem__", [key, value]).code)
        return
    s.world.changes(base.t)
    if isinstance(index, ast.Slice):
        _store_slice(s, base, index, value)
    elif kind in ("vec", "array"):
        held = stored_value(s, base.t, value)
        s.out(f"V{base.t.of[0]}_set({base.code}, {_index(s, index)}, {held})")
    elif kind == "list":
        held = _list_value(s, base.t, value)
        s.out(f"list_set({base.code}, {_index(s, index)}, {held})")
    elif kind == "dict":
        place = s.world.boxed(expressions.expression(s, index))
        s.out(f"{base.code}[{place}] = {s.world.boxed(value)}")
    else:
        raise UnsupportedError("a store into something else")


def stored_value(s: Scope, t: T, value: E) -> str:
    """A number in the representation of a container's items."""
    if t.kind == "array":
        return builtins.array_value(s, t, value)
    return s.world.to(value, item_type(t))


def _list_value(s: Scope, t: T, value: E) -> str:
    inner = item_type(t)
    if value.t == NONE and not inner.is_flat:
        return "None"
    return s.world.boxed(E(s.world.to(value, inner), inner))


def store_moved(s: Scope, target: ast.expr, value: ast.expr) -> bool:
    """`a[i:j] = b[k:l:m]` of numbers, without a list in between; False when it is no such."""
    if not isinstance(target, ast.Subscript) or not isinstance(value, ast.Subscript):
        return False
    into, out = target.slice, value.slice
    if not isinstance(into, ast.Slice) or not isinstance(out, ast.Slice) or into.step is not None:
        return False
    source = expressions.expression(s, value.value)
    if source.t.kind != "vec" or not source.code.isidentifier():
        return False
    a, b, step, has = _parts(s, out)
    base = expressions.expression(s, target.value)
    if base.t != source.t or not base.code.isidentifier():
        return False
    s.world.changes(base.t)
    start, stop, _, where = _parts(s, into)
    parts = (base.code, start, stop, where, source.code, a, b, step, has)
    s.out(f"V{base.t.of[0]}_move({', '.join(map(str, parts))})")
    return True


def _store_slice(s: Scope, base: E, node: ast.Slice, value: E) -> None:
    if node.step is not None or base.t.kind not in ("vec", "array"):
        raise UnsupportedError("a store into a slice")
    start, stop, _, has = _parts(s, node)
    letter = base.t.of[0]
    if value.t.kind not in ("vec", "array") or value.t.of[0] != letter:
        raise UnsupportedError("a store of another kind into a slice")
    s.out(f"V{letter}_setslice({base.code}, {start}, {stop}, {has}, {value.code})")


def method(s: Scope, base: E, name: str, node: ast.Call, _want: T) -> E:
    """A call of a method of a container or text."""
    if node.keywords:
        raise UnsupportedError(f"{name} with keywords")
    if base.t.kind in ("vec", "array"):
        return _of_vec(s, base, name, node)
    if base.t.kind == "list":
        return _of_list(s, base, name, node)
    arguments = [expressions.expression(s, a) for a in node.args]
    reading = _READING.get(base.t.kind, {})
    if name == "join" and base.t == STR and arguments and arguments[0].t.kind == "list":
        return E(f"{base.code}.join({arguments[0].code})", STR)
    if any(e.t.kind in ("vec", "array", "list") and base.t.kind != "dict" for e in arguments):
        raise UnsupportedError(f"{name} of a container")
    codes = ", ".join(s.world.boxed(e) for e in arguments)
    if name in reading:
        t = reading[name]
        code = f"{base.code}.{name}({codes})"
        return E(s.world.to(E(code, OBJECT), t) if t in (INT, BOOL) else code, t)
    if name in _WRITING.get(base.t.kind, ()):
        s.world.changes(base.t)
        return E(f"{base.code}.{name}({codes})", OBJECT)
    raise UnsupportedError(f"the method {name} of {base.t.kind}")


def _of_vec(  # noqa: PLR0911 (one per method)
    s: Scope, base: E, name: str, node: ast.Call
) -> E:
    letter, inner = base.t.of[0], item_type(base.t)
    arguments = [expressions.expression(s, a) for a in node.args]
    if name in ("append", "insert", "pop", "extend", "reverse", "clear", "remove"):
        s.world.changes(base.t)
    if name == "append" and len(arguments) == 1:
        value = stored_value(s, base.t, arguments[0])
        return E(f"V{letter}_append({base.code}, {value})", NONE)
    if name == "insert" and len(arguments) == 2:
        place, value = s.world.to(arguments[0], INT), stored_value(s, base.t, arguments[1])
        return E(f"V{letter}_insert({base.code}, {place}, {value})", NONE)
    if name == "pop" and len(arguments) <= 1:
        place = s.world.to(arguments[0], INT) if arguments else "-1"
        return E(f"V{letter}_pop({base.code}, {place})", inner)
    if name == "extend" and arguments[0].t.kind == "vec" and arguments[0].t.of[0] == letter:
        return E(f"V{letter}_extend({base.code}, {arguments[0].code})", NONE)
    if name in ("reverse", "clear") and not arguments:
        return E(f"V{letter}_{name}({base.code})", NONE)
    if name in ("remove", "index", "count") and letter != "n" and arguments[0].t == inner:
        t = NONE if name == "remove" else INT
        return E(f"V{letter}_{name}({base.code}, {arguments[0].code})", t)
    if name == "copy" and not arguments:
        return E(f"V{letter}_slice({base.code}, 0, 0, 1, 0)", base.t, fresh=True)
    raise UnsupportedError(f"the method {name} of a list of numbers")


def _of_list(s: Scope, base: E, name: str, node: ast.Call) -> E:
    inner = item_type(base.t)
    if name == "copy" and not node.args:
        return E(f"{base.code}[:]", base.t, fresh=True)
    if name not in _WRITING["list"]:
        raise UnsupportedError(f"the method {name} of a list")
    s.world.changes(base.t)
    if name in ("append", "insert"):
        value = _list_value(s, base.t, expressions.expression(s, node.args[-1], inner))
        place = f"{_index(s, node.args[0])}, " if name == "insert" else ""
        return E(f"{base.code}.{name}({place}{value})", NONE)
    if name == "pop":
        place = _index(s, node.args[0]) if node.args else ""
        return typed_item(s, f"{base.code}.pop({place})", base.t)
    return E(f"{base.code}.{name}()", NONE)


__all__ = ["FLOAT", "display", "filled", "item", "method", "store", "stored_value", "typed_item"]
