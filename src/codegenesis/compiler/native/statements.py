"""Statements of a program in the words of a Cython build.

A statement that has no compiled form becomes a refusal of the input, in its place: what is rare may
stay uncompiled without costing what is frequent.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from codegenesis.compiler.native import arithmetic, containers, loops
from codegenesis.compiler.native.expressions import as_type, expression, truth
from codegenesis.compiler.native.scope import Scope
from codegenesis.compiler.native.types import INT, OBJECT, T, item_type
from codegenesis.compiler.native.world import E, UnsupportedError

REFUSAL = "raise Outside()"
#: Exceptions that a program may handle: nothing of a build's own is one of them.
_CATCHABLE = {"IndexError", "KeyError", "ZeroDivisionError", "ValueError", "StopIteration"}


def block(s: Scope, body: list[ast.stmt]) -> None:
    """Some statements, one after the other."""
    start = s.position()
    for node in body:
        statement(s, node)
    if s.position() == start:
        s.out("pass")


def statement(s: Scope, node: ast.stmt) -> None:
    """One statement, or a refusal where it has no compiled form."""
    start = s.position()
    try:
        emit = _EMITTERS.get(type(node))
        if emit is None:
            raise UnsupportedError(f"a {type(node).__name__} statement")
        emit(s, node)
    except UnsupportedError as error:
        s.back(start)
        s.world.left_out.append(f"{s.name}: {error}")
        s.out(f"{REFUSAL}  # {error}")


def store(s: Scope, target: ast.expr, value: E) -> None:
    """Assign a value that is evaluated already."""
    match target:
        case ast.Name():
            _store_name(s, target.id, value)
        case ast.Attribute():
            _store_attribute(s, target, value)
        case ast.Subscript():
            base = s.steady(expression(s, target.value))
            containers.store(s, base, target.slice, value)
        case ast.Tuple() | ast.List():
            for inner, item in zip(target.elts, unpacked(s, value, target.elts), strict=True):
                store(s, inner, item)
        case _:
            raise UnsupportedError("an assignment of another form")


def _store_name(s: Scope, name: str, value: E) -> None:
    if name in s.locals:
        held = s.world.put(value, s.type_of(name), f"{s.name}:{name}")
        s.out(f"v_{name} = {held}")
        if s.marked(name):
            s.out(f"s_{name} = True")
    elif name in s.world.program.written:
        s.world.read_globals[name] = None
        s.out(f"g_{name} = {s.world.to(value, s.world.typing.at(f'global:{name}'))}")
    else:
        raise UnsupportedError(f"an assignment to {name}")


def _store_attribute(s: Scope, target: ast.Attribute, value: E) -> None:
    base = expression(s, target.value)
    if base.t.kind != "struct":
        raise UnsupportedError("an attribute of what is not an instance")
    owner = base.t.of[0]
    t = s.world.attribute(owner, target.attr)
    s.world.changes(base.t)
    root = s.world.root(owner)
    held = s.world.put(value, t, f"@{root}.{target.attr}")
    s.out(f"set_{root}_{target.attr}({base.code}, {held})")


def unpacked(s: Scope, value: E, targets: list[ast.expr]) -> list[E]:
    """The items of a value that is taken apart, each kept."""
    if any(isinstance(each, ast.Starred) for each in targets):
        raise UnsupportedError("a starred target")
    count = len(targets)
    if value.t.is_row:
        if len(value.t.of) != count:
            raise UnsupportedError("another number of targets")
        row = s.steady(value)
        return [E(f"{row.code}.i{i}", t) for i, t in enumerate(value.t.of)]
    if value.t.kind == "vec":
        whole = s.steady(value)
        letter = value.t.of[0]
        s.out(f"if V{letter}_len({whole.code}) != {count}: {REFUSAL}")
        inner = item_type(value.t)
        return [s.kept(E(f"V{letter}_get({whole.code}, {i})", inner)) for i in range(count)]
    kinds = value.t.of if value.t.kind == "tuple" and len(value.t.of) == count else ()
    reader = "tuple_of" if value.t.kind == "tuple" else "items_of"
    whole = s.kept(E(f"{reader}({s.world.boxed(value)}, {count})", T("tuple", tuple(kinds))))
    inner = item_type(value.t) if value.t.kind == "list" else OBJECT
    return [
        s.kept(_item(s, whole.code, index, kinds[index] if kinds else inner))
        for index in range(count)
    ]


def _item(s: Scope, whole: str, index: int, t: T) -> E:
    return E(s.world.to(E(f"tuple_at({whole}, {index})", OBJECT), t), t)


def _assign(s: Scope, node: ast.Assign) -> None:
    if len(node.targets) == 1:
        _assign_one(s, node.targets[0], node.value)
        return
    value = s.kept(expression(s, node.value, _wanted(s, node.targets[0])))
    for target in node.targets:
        store(s, target, E(value.code, value.t))


def _assign_one(s: Scope, target: ast.expr, value: ast.expr) -> None:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        if len(target.elts) != len(value.elts):
            raise UnsupportedError("another number of targets")
        pairs = list(zip(target.elts, value.elts, strict=True))
        held = [s.kept(expression(s, each, _wanted(s, one))) for one, each in pairs]
        for (one, _), e in zip(pairs, held, strict=True):
            store(s, one, e)
        return
    if containers.store_moved(s, target, value):
        return
    e = expression(s, value, _wanted(s, target))
    if isinstance(target, ast.Attribute | ast.Subscript):
        e = s.steady(e)  # Python evaluates the right side first
    store(s, target, e)


def _wanted(s: Scope, target: ast.expr) -> T:
    """What a target holds, as far as that is known without evaluating anything."""
    match target:
        case ast.Name(id=name) if name in s.locals:
            return s.type_of(name)
        case ast.Name(id=name) if name in s.world.program.written:
            return s.world.typing.at(f"global:{name}")
        case ast.Attribute() | ast.Subscript():
            position = s.position()
            try:
                base = expression(s, target.value)
            except UnsupportedError:
                return OBJECT
            finally:
                s.back(position)
            if base.t.kind == "struct" and isinstance(target, ast.Attribute):
                return s.world.attributes(base.t.of[0]).get(target.attr, OBJECT)
            if isinstance(target, ast.Subscript):
                return base.t if isinstance(target.slice, ast.Slice) else item_type(base.t)
    return OBJECT


def _augmented(s: Scope, node: ast.AugAssign) -> None:
    match node.target:
        case ast.Name():
            load = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
            left = s.load(node.target if node.target.id in s.locals else load)
            if left.t.kind in ("vec", "list", "array", "set", "dict"):
                _extended(s, node, left)
                return
            store(s, node.target, _changed(s, node, left))
        case ast.Attribute():
            base = s.steady(expression(s, node.target.value))
            if base.t.kind != "struct":
                raise UnsupportedError("an attribute of what is not an instance")
            t = s.world.attribute(base.t.of[0], node.target.attr)
            access = f"{s.world.root(base.t.of[0])}_{node.target.attr}"
            left = s.kept(E(f"get_{access}({base.code})", t))
            if left.t.kind in ("vec", "list", "array", "set", "dict"):
                _extended(s, node, left)
                return
            s.world.changes(base.t)
            place = f"@{s.world.root(base.t.of[0])}.{node.target.attr}"
            held = s.world.put(_changed(s, node, left), t, place)
            s.out(f"set_{access}({base.code}, {held})")
        case ast.Subscript():
            _augmented_item(s, node, node.target)
        case _:
            raise UnsupportedError("an augmented assignment of another form")


def _changed(s: Scope, node: ast.AugAssign, left: E) -> E:
    right = expression(s, node.value)
    if left.t.kind == "struct":
        raise UnsupportedError("an augmented assignment to an instance")
    return arithmetic.binary(s, node.op, left, right)


def _extended(s: Scope, node: ast.AugAssign, left: E) -> None:
    """`items += more` changes the list in place."""
    right = expression(s, node.value, left.t)
    if not isinstance(node.op, ast.Add) or right.t != left.t or left.t.kind not in ("vec", "list"):
        raise UnsupportedError("an augmented assignment to a container")
    s.world.changes(left.t)
    if left.t.kind == "vec":
        s.out(f"V{left.t.of[0]}_extend({left.code}, {right.code})")
    else:
        s.out(f"{left.code}.extend({right.code})")


def _augmented_item(s: Scope, node: ast.AugAssign, target: ast.Subscript) -> None:
    base = s.steady(expression(s, target.value))
    if isinstance(target.slice, ast.Slice):
        raise UnsupportedError("an augmented assignment to a slice")
    index = s.steady(expression(s, target.slice))
    place = _Held(index)
    left = s.kept(containers.item(s, ast.Subscript(_Held(base), place, ast.Load())))
    if left.t.kind in ("vec", "list", "array"):
        _extended(s, node, left)
        return
    containers.store(s, base, place, _changed(s, node, left))


class _Held(ast.expr):
    """An expression that is emitted already, where a node is asked for."""

    _fields = ()

    def __init__(self, e: E) -> None:
        super().__init__()
        self.e = e


def _returned(s: Scope, node: ast.Return) -> None:
    result = s.world.signature(s.name).result
    e = expression(s, node.value or ast.Constant(None), result)
    code = s.world.put(e, result, f"{s.name}:return")
    if s.counted:
        code = s.kept(E(code, result)).code
        s.out("shallower()")
    s.out(f"return {code}")


def _if(s: Scope, node: ast.If) -> None:
    s.begin(f"if {truth(s, node.test)}:")
    block(s, node.body)
    s.end()
    if node.orelse:
        s.begin("else:")
        block(s, node.orelse)
        s.end()


def _expression(s: Scope, node: ast.Expr) -> None:
    if isinstance(node.value, ast.Constant):
        return
    s.out(expression(s, node.value).code)


def _raise(s: Scope, node: ast.Raise) -> None:
    """The Python body raises it again; only what the program itself may catch is raised here."""
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    name = raised.id if isinstance(raised, ast.Name) else ""
    s.out(f"raise {name}()" if s.handles and name in _CATCHABLE else REFUSAL)


def _assert(s: Scope, node: ast.Assert) -> None:
    s.out(f"if not {truth(s, node.test)}: {REFUSAL}")


def _try(s: Scope, node: ast.Try) -> None:
    kinds = [ast.unparse(h.type) if h.type else "" for h in node.handlers]
    if not set(kinds) <= _CATCHABLE or any(h.name for h in node.handlers):
        raise UnsupportedError("a handler of more than a few built-in exceptions")
    s.begin("try:")
    block(s, node.body)
    s.end()
    for kind, handler in zip(kinds, node.handlers, strict=True):
        s.begin(f"except {kind}:")
        block(s, handler.body)
        s.end()
    for word, body in (("else", node.orelse), ("finally", node.finalbody)):
        if body:
            s.begin(f"{word}:")
            block(s, body)
            s.end()


def _delete(s: Scope, node: ast.Delete) -> None:
    for target in node.targets:
        if not isinstance(target, ast.Subscript) or isinstance(target.slice, ast.Slice):
            raise UnsupportedError("a del")
        base = expression(s, target.value)
        s.world.changes(base.t)
        if base.t.kind == "vec":
            s.out(f"V{base.t.of[0]}_delete({base.code}, {as_type(s, target.slice, INT)})")
        elif base.t.kind in ("list", "dict"):
            s.out(f"del {base.code}[{s.world.boxed(expression(s, target.slice))}]")
        else:
            raise UnsupportedError("a del of something else")


def _word(word: str) -> Callable[[Scope, ast.stmt], None]:
    return lambda s, _: s.out(word)


def _annotated(s: Scope, node: ast.AnnAssign) -> None:
    if node.value is not None:
        _assign_one(s, node.target, node.value)


_EMITTERS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Return: _returned,
    ast.If: _if,
    ast.For: loops.for_loop,
    ast.While: loops.while_loop,
    ast.Expr: _expression,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Try: _try,
    ast.Delete: _delete,
    ast.Pass: _word("pass"),
    ast.Break: _word("break"),
    ast.Continue: _word("continue"),
    ast.Global: lambda _s, _n: None,
}
