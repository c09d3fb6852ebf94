"""Which expressions are worth computing once, and may be."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codegenesis.core.syntax import Use, View, fresh, pure_call, uses, walk

#: Calls that cost about as much as looking up the name they would be given.
CHEAP = frozenset(
    {"isinstance", "issubclass", "range", "type", "callable", "hasattr", "bool", "slice", "object"}
)

#: What computes with a value and leaves it as it is.
LOOKING = (
    cst.BinaryOperation,
    cst.Comparison,
    cst.ComparisonTarget,
    cst.FormattedStringExpression,
    cst.UnaryOperation,
)

#: Calls of one pass at C speed over nothing: worth it only inside something else.
LIGHT = frozenset({"len", "abs", "ord", "chr", "int", "float"})


def candidates(view: View, *, cheap: bool = True) -> Iterator[cst.BaseExpression]:
    """Expressions that can be computed once, the outermost of nested ones first.

    Args:
        cheap: also those that save little: `len(xs)`, attribute chains, f-strings.
    """
    for node in view.nodes:
        if _worth(view, node, cheap=cheap) and _movable(view, node) and _shared(view, node):
            assert isinstance(node, cst.BaseExpression)
            yield node


def _worth(view: View, node: cst.CSTNode, *, cheap: bool) -> bool:
    match node:
        case cst.Call(func=cst.Name(value=name), args=args):
            return bool(args) and name not in CHEAP and (cheap or name not in LIGHT)
        case cst.Call(func=cst.Attribute()):
            return True
        case cst.Attribute(value=cst.Attribute()):
            return cheap and _is_value(view, node)
        case cst.FormattedString(parts=parts):
            part = isinstance(view.parent(node), cst.ConcatenatedString)
            inside = any(isinstance(p, cst.FormattedStringExpression) for p in parts)
            return cheap and inside and not part
        case cst.BinaryOperation(left=left, right=right):
            return _worth(view, left, cheap=cheap) or _worth(view, right, cheap=cheap)
    return False


def _is_value(view: View, node: cst.CSTNode) -> bool:
    """An attribute that is read for its value: not called, not assigned to."""
    parent = view.parent(node)
    if isinstance(parent, cst.Attribute):
        return False
    if isinstance(parent, cst.Call):
        return parent.func is not node
    return not isinstance(parent, cst.AssignTarget | cst.AugAssign | cst.AnnAssign | cst.Del)


def _movable(view: View, node: cst.CSTNode) -> bool:
    """Whether evaluating it has no effect, as far as anyone knows."""
    forbidden = cst.Await | cst.Yield | cst.NamedExpr | cst.Lambda | cst.GeneratorExp
    for inner in walk(node):
        if isinstance(inner, cst.Call) and not (pure_call(inner) or _trusted(view, inner)):
            return False
        if isinstance(inner, cst.Lambda | cst.GeneratorExp) and _argument(view, inner):
            continue
        if isinstance(inner, forbidden) or (isinstance(inner, cst.Arg) and inner.star):
            return False
    return not _decorates(view, node)


def _argument(view: View, node: cst.CSTNode) -> bool:
    """Whether a lambda or generator is used up by the call that it is handed to."""
    parent = view.parent(node)
    call = view.parent(parent) if isinstance(parent, cst.Arg) else None
    return isinstance(call, cst.Call) and pure_call(call)


def _trusted(view: View, call: cst.Call) -> bool:
    """Functions that a function measured pure calls may be taken to be pure as well."""
    if not view.pure or not isinstance(call.func, cst.Name):
        return False
    name = call.func.value
    return name not in view.locals and name not in ("next", "iter", "zip", "map", "filter", "print")


def _decorates(view: View, node: cst.CSTNode) -> bool:
    """Whether it belongs to the signature rather than to the body."""
    return not any(above is view.function.body for above in view.ancestors(node))


def _shared(view: View, node: cst.CSTNode) -> bool:
    """Whether all uses may get the same object: it cannot be changed, or nobody does."""
    parent = view.parent(node)
    if not fresh(node) or isinstance(parent, (*LOOKING, cst.For, cst.CompFor, cst.Subscript)):
        return True
    match parent:
        case cst.Attribute():
            call = view.parent(parent)
            return isinstance(call, cst.Call) and call.func is parent and pure_call(call)
        case cst.Arg():
            call = view.parent(parent)
            return isinstance(call, cst.Call) and pure_call(call)
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return all(map(_only_looks, uses(view, name)))
    return False


def _only_looks(use: Use) -> bool:
    if use.kind in ("assigned", "contains", "indexed", "iterated", "tested"):
        return True
    if use.kind == "other":
        return isinstance(use.within, LOOKING)
    return use.kind in ("method", "argument") and pure_call(use.call)


def cannot_raise(node: cst.CSTNode) -> bool:
    """Whether evaluating it is as safe as looking up the names in it."""
    safe = frozenset({"len", "str", "repr", "lower", "upper", "strip", "casefold"})
    for inner in walk(node):
        match inner:
            case (
                cst.Call(func=cst.Name(value=name))
                | cst.Call(func=cst.Attribute(attr=cst.Name(value=name)))
            ):
                if name not in safe:
                    return False
            case cst.Subscript() | cst.BinaryOperation():
                return False
    return True
