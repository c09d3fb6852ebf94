"""Built-ins and imported functions: those that are known to have no effect."""

from __future__ import annotations

import ast
import sys

from codegenesis.compiler.native import arithmetic, containers, expressions
from codegenesis.compiler.native.scope import Scope
from codegenesis.compiler.native.types import (
    ARRAYS,
    BOOL,
    BYTES,
    DICT,
    FLOAT,
    INT,
    NUM,
    OBJECT,
    RANGE,
    SET,
    STR,
    T,
    item_type,
    vec,
)
from codegenesis.compiler.native.world import E, UnsupportedError

#: `math` function -> what its argument goes through, and the C function. Results that are not
#: finite are refused, as `math` would raise.
_MATH = {
    "sin": ("d_in", "c_sin"), "cos": ("d_in", "c_cos"), "tan": ("d_in", "c_tan"),
    "atan": ("d_in", "c_atan"), "exp": ("d_in", "c_exp"), "log": ("d_pos", "c_log"),
    "log10": ("d_pos", "c_log10"), "log2": ("d_pos", "c_log2"), "asin": ("d_unit", "c_asin"),
    "acos": ("d_unit", "c_acos"), "fabs": ("d_in", "fabs"),
}  # fmt: skip
_MATH_TO_INT = {"floor": "floor", "ceil": "c_ceil", "trunc": "c_trunc"}
_MATH_TWO = {"atan2": "c_atan2", "fmod": "fmod"}  # `math.hypot` is not the one of C
#: Python's own, called on what cannot be changed; with the type of their result.
_PURE = {
    "str": STR, "chr": STR, "ord": INT, "hash": INT, "bytes": BYTES, "hex": STR, "bin": STR,
    "repr": STR, "round": OBJECT, "divmod": OBJECT, "complex": OBJECT, "oct": STR,
}  # fmt: skip
#: The generator of `random` is one more thing to put back when an input is refused.
_RANDOM = {"random": FLOAT, "randrange": INT, "randint": INT, "uniform": FLOAT, "gauss": FLOAT,
           "getrandbits": INT, "seed": OBJECT}  # fmt: skip
_ARRAY_RANGE = {
    "b": (-128, 127), "B": (0, 255), "h": (-32768, 32767), "H": (0, 65535),
    "i": (-(1 << 31), (1 << 31) - 1), "I": (0, (1 << 32) - 1),
}  # fmt: skip


def builtin(s: Scope, name: str, node: ast.Call, want: T) -> E:
    """A call of a built-in."""
    if node.keywords:
        raise UnsupportedError(f"{name} with keywords")
    special = {
        "len": _len, "abs": _abs, "int": _int, "float": _float, "bool": _bool, "sum": _sum,
        "min": _extreme, "max": _extreme, "isinstance": _isinstance, "range": _range,
        "list": _list, "tuple": _tuple, "sorted": _sorted, "set": _set, "dict": _dict,
        "frozenset": _set, "reversed": _reversed, "pow": _pow,
    }  # fmt: skip
    if name in special:
        return special[name](s, node, want)
    if name in _PURE:
        arguments = [expressions.expression(s, a) for a in node.args]
        for e in arguments:
            if e.t.kind not in ("int", "float", "bool", "str", "bytes", "num"):
                raise UnsupportedError(f"{name} of a container")
        code = f"{name}({', '.join(s.world.boxed(e) for e in arguments)})"
        t = _PURE[name]
        if t == INT:
            return E(f"o2l({code})", INT)
        if name == "round" and len(arguments) == 1 and arguments[0].t in (FLOAT, INT):
            return E(f"o2l({code})", INT)
        return E(code, t)
    raise UnsupportedError(f"a call of {name}")


def imported(s: Scope, origin: str, node: ast.Call, _want: T) -> E:
    """A call of a function of the standard library, by its dotted origin."""
    if node.keywords:
        raise UnsupportedError(f"{origin} with keywords")
    module, _, name = origin.partition(".")
    if module == "math":
        return _math(s, name, node)
    if origin == "array.array":
        return _new_array(s, node)
    if module == "random" and name in _RANDOM:
        return _random(s, name, node)
    raise UnsupportedError(f"a call of {origin}")


def _random(s: Scope, name: str, node: ast.Call) -> E:
    s.world.uses_random = True
    arguments = [expressions.expression(s, a) for a in node.args]
    if any(e.t.kind not in ("int", "float", "object", "none") for e in arguments):
        raise UnsupportedError(f"random.{name} of a container")
    t = _RANDOM[name]
    if name == "random" and not arguments:
        return E("o2d(random_random())", FLOAT)
    if name == "randrange" and len(arguments) == 1 and arguments[0].t == INT:
        return E(f"random_below({arguments[0].code})", INT)
    code = f"random_.{name}({', '.join(s.world.boxed(e) for e in arguments)})"
    return E(s.world.to(E(code, OBJECT), t), t)


def _math(s: Scope, name: str, node: ast.Call) -> E:
    arguments = [expressions.expression(s, a) for a in node.args]
    if not all(arithmetic.number(e).t.is_number or e.t == OBJECT for e in arguments):
        raise UnsupportedError(f"math.{name} of what is no number")
    doubles = [arithmetic.as_double(s, e) for e in arguments if e.t != OBJECT]
    doubles += [f"as_double({s.world.boxed(e)})" for e in arguments if e.t == OBJECT]
    if name == "sqrt" and len(doubles) == 1:
        return E(f"d_sqrt({doubles[0]})", FLOAT)
    if name in _MATH and len(doubles) == 1:
        check, function = _MATH[name]
        return E(f"d_in({function}({check}({doubles[0]})))", FLOAT)
    if name in _MATH_TO_INT and len(doubles) == 1:
        return E(f"d2l({_MATH_TO_INT[name]}({doubles[0]}))", INT)
    if name in _MATH_TWO and len(doubles) == 2:
        first, second = (f"d_in({d})" for d in doubles)
        return E(f"d_in({_MATH_TWO[name]}({first}, {second}))", FLOAT)
    raise UnsupportedError(f"math.{name}")


def _new_array(s: Scope, node: ast.Call) -> E:
    code = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
    if code not in ARRAYS:
        raise UnsupportedError("an array of another kind")
    letter = ARRAYS[code]
    t = T("array", (letter, code))
    if len(node.args) == 1:
        return _coded(E(f"V{letter}_new(0)", t))
    given = node.args[1]
    if isinstance(given, ast.List):
        return _coded(containers.filled(s, t, [array_item(s, t, each) for each in given.elts]))
    e = expressions.expression(s, given)
    if letter == "d" and e.t.kind in ("vec", "array") and e.t.of[0] == "d":
        return _coded(E(f"Vd_slice({e.code}, 0, 0, 1, 0)", t))
    if e.t == vec("l") and letter == "l":
        limits = _ARRAY_RANGE.get(code, (-(1 << 63), (1 << 63) - 1))
        return _coded(E(f"Vl_within({e.code}, {limits[0]}, {limits[1]})", t))
    raise UnsupportedError("an array from something else")


def _coded(e: E) -> E:
    """An array that knows which it stands for."""
    return E(f"V{e.t.of[0]}_coded({e.code}, {ord(e.t.of[1])})", e.t, fresh=True)


def array_item(s: Scope, t: T, node: ast.expr) -> str:
    """What is stored into an array: converted as `array` does, within its range."""
    return array_value(s, t, expressions.expression(s, node))


def array_value(s: Scope, t: T, e: E) -> str:
    """See `array_item`."""
    if t.of[0] == "d":
        return arithmetic.as_double(s, e)
    value = s.world.to(e, INT)
    limits = _ARRAY_RANGE.get(t.of[1])
    return f"w32({value}, {limits[0]}, {limits[1]})" if limits else value


def _one(s: Scope, node: ast.Call, want: T = OBJECT) -> E:
    if len(node.args) != 1:
        raise UnsupportedError("another number of arguments")
    return expressions.expression(s, node.args[0], want)


def _len(s: Scope, node: ast.Call, _want: T) -> E:
    e = _one(s, node)
    if e.t.kind in ("vec", "array"):
        return E(f"V{e.t.of[0]}_len({e.code})", INT)
    if e.t.kind == "list":
        return E(f"list_len({e.code})", INT)
    if e.t.kind == "struct":
        from codegenesis.compiler.native import calls

        return calls.method(s, e, "__len__", [])
    if e.t.is_row:
        return E(str(len(e.t.of)), INT)
    if e.t.is_flat:
        raise UnsupportedError("the length of a number")
    return E(f"<ll>len({e.code})", INT)


def _abs(s: Scope, node: ast.Call, _want: T) -> E:
    e = arithmetic.number(_one(s, node))
    if e.t not in (INT, FLOAT, NUM):
        raise UnsupportedError("abs of what is no number")
    name = {INT: "l_abs", FLOAT: "fabs", NUM: "n_abs"}[e.t]
    return E(f"{name}({e.code})", e.t)


def _int(s: Scope, node: ast.Call, _want: T) -> E:
    if not node.args:
        return E("(<ll>0)", INT)
    e = arithmetic.number(_one(s, node))
    if e.t == INT:
        return e
    if e.t in (FLOAT, NUM):
        return E(f"d2l({arithmetic.as_double(s, e)})", INT)
    if e.t in (STR, OBJECT):
        return E(f"o2l(int(plain({e.code}, 0)))", INT)
    raise UnsupportedError("int of a container")


def _float(s: Scope, node: ast.Call, _want: T) -> E:
    e = arithmetic.number(_one(s, node))
    if e.t in (INT, FLOAT, NUM):
        return E(arithmetic.as_double(s, e), FLOAT)
    if e.t == STR:
        return E(f"o2d(float({e.code}))", FLOAT)
    raise UnsupportedError("float of a container")


def _bool(s: Scope, node: ast.Call, _want: T) -> E:
    if len(node.args) != 1:
        raise UnsupportedError("bool of nothing")
    return E(expressions.truth(s, node.args[0]), BOOL)


def _sum(s: Scope, node: ast.Call, _want: T) -> E:
    e = _one(s, node)
    if e.t == vec("l"):
        return E(f"Vl_sum({e.code})", INT)
    if e.t == vec("d") and sys.version_info < (3, 12):  # from then on it is compensated
        return E(f"Vd_sum({e.code})", NUM)
    if e.t.kind == "vec":
        code = f"sum(V{e.t.of[0]}_list({e.code}))"
        return E(f"o2n({code})", NUM)
    raise UnsupportedError("the sum of something else")


def _extreme(s: Scope, node: ast.Call, _want: T) -> E:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if len(node.args) == 1:
        e = _one(s, node)
        if e.t == vec("l"):
            return E(f"Vl_{'least' if name == 'min' else 'most'}({e.code})", INT)
        if e.t.kind == "vec":
            code = f"{name}(V{e.t.of[0]}_list({e.code}))"
            item = item_type(e.t)
            return E(s.world.to(E(code, OBJECT), item), item)
        raise UnsupportedError(f"{name} of something else")
    values = [arithmetic.number(expressions.expression(s, a)) for a in node.args]
    kinds = {e.t for e in values}
    t = kinds.pop() if len(kinds) == 1 else NUM
    if t not in (INT, FLOAT, NUM) or not all(e.t.is_number for e in values):
        raise UnsupportedError(f"{name} of what is no number")
    letter = {INT: "l", FLOAT: "d", NUM: "n"}[t]
    code = s.world.to(values[0], t)
    for e in values[1:]:
        code = f"{letter}_{name}({code}, {s.world.to(e, t)})"
    return E(code, t)


def _isinstance(s: Scope, node: ast.Call, _want: T) -> E:
    if len(node.args) != 2 or not isinstance(node.args[1], ast.Name):
        raise UnsupportedError("isinstance of several classes")
    e, name = expressions.expression(s, node.args[0]), node.args[1].id
    if name in s.world.program.classes:
        if e.t.is_flat:
            return E("False", BOOL)
        return E(f"isinstance({e.code}, C_{name})", BOOL)
    known = {"int": (INT, BOOL), "float": (FLOAT,), "bool": (BOOL,), "tuple": (T("tuple"),)}
    if name in known and ((e.t.is_flat and e.t != NUM) or e.t.kind in ("vec", "struct", "list")):
        return E(str(e.t in known[name] or (name == "tuple" and e.t.is_row)), BOOL)
    if name in ("int", "float", "str", "bytes", "tuple", "dict", "bool", "set"):
        return E(f"isinstance({s.world.boxed(e)}, {name})", BOOL)
    raise UnsupportedError(f"isinstance of {name}")


def bounds(s: Scope, node: ast.Call) -> list[str]:
    """The arguments of `range` as C integers."""
    if not 1 <= len(node.args) <= 3 or node.keywords:
        raise UnsupportedError("a range of another form")
    return [s.world.to(arithmetic.number(expressions.expression(s, a)), INT) for a in node.args]


def _range(s: Scope, node: ast.Call, _want: T) -> E:
    return E(f"range({', '.join(bounds(s, node))})", RANGE)


def _list(s: Scope, node: ast.Call, want: T) -> E:
    if not node.args:
        return containers.display(s, ast.List([], ast.Load()), want)
    given = node.args[0]
    if isinstance(given, ast.Call) and ast.unparse(given.func) == "range":
        if want not in (OBJECT, vec("l")):
            return E(f"list({_range(s, given, OBJECT).code})", T("list", (OBJECT,)), fresh=True)
        parts = bounds(s, given)
        start, stop = ("0", parts[0]) if len(parts) == 1 else parts[:2]
        step = parts[2] if len(parts) == 3 else "1"
        return E(f"Vl_range({start}, {stop}, {step})", vec("l"), fresh=True)
    e = _one(s, node)
    if e.t.kind in ("vec", "array"):
        code = f"V{e.t.of[0]}_slice({e.code}, 0, 0, 1, 0)"
        return E(f"V{e.t.of[0]}_coded({code}, 0)", vec(e.t.of[0]), fresh=True)
    if e.t.kind == "list":
        return E(f"{e.code}[:]", e.t, fresh=True)
    if e.t.kind in ("tuple", "set", "str", "range", "dict"):
        return E(f"list({e.code})", T("list", (OBJECT,)), fresh=True)
    raise UnsupportedError("a list of something else")


def _tuple(s: Scope, node: ast.Call, _want: T) -> E:
    if not node.args:
        return E("()", T("tuple"))
    e = _one(s, node)
    if e.t.kind == "vec":
        return E(f"tuple(V{e.t.of[0]}_list({e.code}))", OBJECT, fresh=True)
    if e.t.kind in ("tuple", "list", "range", "str"):
        return E(f"tuple({e.code})", OBJECT, fresh=True)
    raise UnsupportedError("a tuple of something else")


def _sorted(s: Scope, node: ast.Call, _want: T) -> E:
    e = _one(s, node)
    if e.t.kind == "vec":
        return E(f"sorted(V{e.t.of[0]}_list({e.code}))", T("list", (OBJECT,)), fresh=True)
    raise UnsupportedError("sorted of something else")


def _set(s: Scope, node: ast.Call, _want: T) -> E:
    name = node.func.id if isinstance(node.func, ast.Name) else "set"
    t = SET if name == "set" else OBJECT
    if not node.args:
        return E(f"{name}()", t, fresh=True)
    e = _one(s, node)
    if e.t.kind == "vec":
        return E(f"{name}(V{e.t.of[0]}_list({e.code}))", t, fresh=True)
    if e.t.kind in ("set", "str", "range"):
        return E(f"{name}({e.code})", t, fresh=True)
    raise UnsupportedError("a set of something else")


def _dict(_s: Scope, node: ast.Call, _want: T) -> E:
    if node.args:
        raise UnsupportedError("a dict of something")
    return E("{}", DICT, fresh=True)


def _reversed(s: Scope, node: ast.Call, _want: T) -> E:
    e = _one(s, node)
    if e.t.kind == "vec":
        return E(f"V{e.t.of[0]}_slice({e.code}, 0, 0, -1, 0)", e.t, fresh=True)
    if e.t.kind == "list":
        return E(f"{e.code}[::-1]", e.t, fresh=True)
    raise UnsupportedError("reversed of something else")


def _pow(s: Scope, node: ast.Call, _want: T) -> E:
    if len(node.args) != 2:
        raise UnsupportedError("pow with a modulus")
    left, right = (expressions.expression(s, a) for a in node.args)
    return arithmetic.binary(s, ast.Pow(), left, right)
