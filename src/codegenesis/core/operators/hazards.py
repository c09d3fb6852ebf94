"""Expressions that can raise, and the narrowest condition under which they do.

Only expressions that are evaluated whenever their statement is: a division behind `if b else` does
not crash, and a condition in front of the statement would change what works today. Those inside
`try` with a handler for the exception are no crashes either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from codegenesis.core.syntax import LINEAR, View, code, flat, kind, operand, place, repeatable
from codegenesis.core.syntax.names import COMPREHENSIONS


@dataclass(frozen=True)
class Hazard:
    """An expression that raises.

    Attributes:
        node: the expression.
        condition: when it raises, as source.
        certain: it is evaluated whenever its statement is.
    """

    node: cst.CSTNode
    condition: str
    certain: bool


def hazards(view: View, error: str, *, detail: str = "") -> list[Hazard]:
    """Expressions of the function that can raise `error`, with their conditions.

    Args:
        error: bare name of the exception type.
        detail: repr of the exception; narrows down which expression it was.
    """
    finder = FINDERS.get(error)
    if finder is None:
        return []
    found = []
    for node in view.nodes:
        if _outside(view, node) or _handled(view, node, error):
            continue
        for condition in finder(view, node, detail):
            found.append(Hazard(node, condition, _certain(view, node)))
    return found


def _outside(view: View, node: cst.CSTNode) -> bool:
    """In the signature, or in a nested function."""
    for above in view.ancestors(node):
        if above is view.function.body:
            return False
        if isinstance(above, cst.FunctionDef | cst.Lambda | cst.ClassDef):
            return True
    return True


def _handled(view: View, node: cst.CSTNode, error: str) -> bool:
    for above in view.ancestors(node):
        if isinstance(above, cst.Try) and view.inside(node, above.body):
            caught = [code(h.type) if h.type else "" for h in above.handlers]
            broad = {"", "Exception", "BaseException", "LookupError", "ArithmeticError"}
            if any(error in text or text in broad for text in caught):
                return True
    return False


def _certain(view: View, node: cst.CSTNode) -> bool:
    statement = view.statement(node)
    child = node
    for above in view.ancestors(node):
        if above is statement:
            return not isinstance(statement, cst.While)
        if _optional(view, above, child):
            return False
        child = above
    return True


def _optional(view: View, above: cst.CSTNode, child: cst.CSTNode) -> bool:
    """Whether `above` may come to its value without evaluating `child`."""
    match above:
        case cst.IfExp():
            return child is not above.test
        case cst.BooleanOperation():
            return child is above.right
        case cst.CompFor():
            return child is not above.iter or not _first(view, above)
        case cst.If():  # an elif: tested only when what is before it was false
            return True
    return isinstance(above, COMPREHENSIONS) and child is not above.for_in


def _first(view: View, clause: cst.CompFor) -> bool:
    return isinstance(view.parent(clause), COMPREHENSIONS)


def _division(view: View, node: cst.CSTNode, _detail: str) -> Iterator[str]:
    divides = cst.Divide | cst.FloorDivide | cst.Modulo
    assigns = cst.DivideAssign | cst.FloorDivideAssign | cst.ModuloAssign
    match node:
        case cst.BinaryOperation(left=left, operator=op, right=right) if isinstance(op, divides):
            if isinstance(op, cst.Modulo) and kind(view, left) in ("str", "bytes"):
                return
        case cst.AugAssign(operator=op, value=right) if isinstance(op, assigns):
            pass
        case cst.Call(func=cst.Name(value="divmod"), args=[_, cst.Arg(value=right)]):
            pass
        case _:
            return
    if repeatable(right) and not isinstance(right, cst.BaseNumber):
        yield f"{operand(right)} == 0"


def _index(view: View, node: cst.CSTNode, _detail: str) -> Iterator[str]:
    match node:
        case cst.Call(func=cst.Attribute(value=base, attr=cst.Name(value=name)), args=args):
            front = not args or code(args[0].value).strip() in ("0", "-1")
            if name in ("pop", "popleft") and front and repeatable(base):
                yield f"not {operand(base)}"
            return
    found = _subscript(view, node)
    if found is None:
        return
    base, index = found
    if kind(view, base) == "dict":
        return
    text, position = operand(base), code(index).strip()
    if position in ("0", "-1"):
        yield f"not {text}"
    elif position.removeprefix("-").isdigit():
        number = int(position)
        yield f"len({text}) < {-number}" if number < 0 else f"len({text}) <= {number}"
    elif isinstance(index, cst.Name | cst.BinaryOperation):
        yield f"not -len({text}) <= {operand(index)} < len({text})"


def _key(view: View, node: cst.CSTNode, detail: str) -> Iterator[str]:
    missing = re.match(r"KeyError\((['\"])(.*)\1\)", detail)
    match node:
        case cst.Call(
            func=cst.Attribute(value=base, attr=cst.Name(value="pop")), args=[cst.Arg(value=index)]
        ):
            found = (base, index) if repeatable(base) and repeatable(index) else None
        case _:
            found = _subscript(view, node)
    if found is None:
        return
    base, index = found
    constant = index.evaluated_value if isinstance(index, cst.SimpleString) else None
    if missing and constant is not None and constant != missing[2]:
        return
    if kind(view, base) in LINEAR | {"str"} or isinstance(index, cst.Integer | cst.UnaryOperation):
        return
    yield f"{operand(index)} not in {operand(base)}"


def _subscript(
    view: View, node: cst.CSTNode
) -> tuple[cst.BaseExpression, cst.BaseExpression] | None:
    """(container, index) of a subscript that is read."""
    match node:
        case cst.Subscript(value=base, slice=[cst.SubscriptElement(slice=cst.Index(value=index))]):
            parent = view.parent(node)
            stored = isinstance(parent, cst.AssignTarget | cst.AnnAssign)
            if not stored and repeatable(base) and repeatable(index):
                return base, index
    return None


def _none(view: View, node: cst.CSTNode, detail: str) -> Iterator[str]:
    if detail and "NoneType" not in detail:
        return
    wanted = re.search(r"has no attribute '(\w+)'", detail)
    match node:
        case cst.Attribute(value=base, attr=cst.Name(value=name)):
            fits = "attribute" in detail if detail else True
            fits = fits and (not wanted or wanted[1] == name)
        case cst.Subscript(value=base):
            fits = not detail or "subscriptable" in detail
        case cst.For(iter=base) | cst.CompFor(iter=base):
            fits = not detail or "iterable" in detail
        case cst.Call(func=cst.Name(value="len" | "sum" | "sorted"), args=[cst.Arg(value=base)]):
            fits = not detail or "len" in detail or "iterable" in detail
        case cst.BinaryOperation(left=left, right=right):
            fits = not detail or "unsupported operand" in detail or "concatenate" in detail
            yield from (f"{place(side)} is None" for side in (left, right) if fits and place(side))
            return
        case _:
            return
    if fits and repeatable(base) and not _module(view, base):
        yield f"{operand(base)} is None"


def _module(view: View, base: cst.BaseExpression) -> bool:
    """Whether it is a name of the module (`math`, a class), not a value that was handed in."""
    return not isinstance(base, cst.Subscript | cst.Attribute | cst.Call) and (
        not isinstance(base, cst.Name) or base.value not in view.locals or base.value == "self"
    )


def _value(_view: View, node: cst.CSTNode, _detail: str) -> Iterator[str]:
    match node:
        case cst.Call(func=cst.Name(value="min" | "max"), args=[cst.Arg(value=base, star="")]):
            if repeatable(base) and not isinstance(base, cst.GeneratorExp):
                yield f"not {operand(base)}"
        case cst.Call(
            func=cst.Attribute(value=base, attr=cst.Name(value="index" | "remove")),
            args=[cst.Arg(value=item)],
        ):
            if repeatable(base) and repeatable(item):
                yield f"{operand(item)} not in {operand(base)}"
        case cst.Call(
            func=cst.Attribute(value=cst.Name(value="math"), attr=cst.Name(value=name)),
            args=[cst.Arg(value=number), *_],
        ):
            if repeatable(number) and (name == "sqrt" or name.startswith("log")):
                yield f"{flat(number)} {'<' if name == 'sqrt' else '<='} 0"


Finder = Callable[[View, cst.CSTNode, str], Iterator[str]]

#: Exception type -> what finds the expressions that raise it.
FINDERS: dict[str, Finder] = {
    "ZeroDivisionError": _division,
    "IndexError": _index,
    "KeyError": _key,
    "AttributeError": _none,
    "TypeError": _none,
    "ValueError": _value,
}

#: Calls that turn text into something and raise `ValueError` when they cannot.
PARSERS = frozenset({"int", "float", "complex", "Decimal", "strptime", "fromisoformat", "UUID"})


def parses(node: cst.CSTNode) -> bool:
    """Whether a node is such a call."""
    match node:
        case (
            cst.Call(func=cst.Name(value=name))
            | cst.Call(func=cst.Attribute(attr=cst.Name(value=name)))
        ):
            return name in PARSERS
    return False


def conditions(found: Sequence[Hazard]) -> str:
    """All conditions as one."""
    distinct = list(dict.fromkeys(hazard.condition for hazard in found))
    if len(distinct) == 1:
        return distinct[0]
    return " or ".join(f"({c})" if " " in c and not c.startswith("not ") else c for c in distinct)
