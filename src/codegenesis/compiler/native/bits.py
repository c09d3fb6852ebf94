"""How wide the integers of a function may get: for backends whose integers wrap around silently.

An over-approximation in bits, from parameters that the entry limits. What is not bounded by it (a
product that grows in a loop) is refused; a counter that grows by little in each round is granted
the rounds that a machine can do in a year.
"""

from __future__ import annotations

import ast

from codegenesis.compiler.native.program import UnsuitableError

#: Bits of integer parameters, and of items of lists; the entry checks them.
PARAMETER = 24
_MOST = 62
_ROUNDS = 40
_STEP = 20
_PASSES = 6


def require_bounded(node: ast.FunctionDef, integers: set[str], parameters: set[str]) -> None:
    """See that no integer variable of a function can leave 64 bits.

    Args:
        integers: the variables that were seen to hold integers.

    Raises:
        UnsuitableError: one might, or it cannot be told.
    """
    widths = dict.fromkeys(parameters & integers, PARAMETER)
    for _ in range(_PASSES):
        before = dict(widths)
        for each in ast.walk(node):
            _assign(each, integers, widths)
        if widths == before:
            break
    else:
        raise UnsuitableError("its integers may grow without bound")
    for each in ast.walk(node):
        if isinstance(each, ast.BinOp):
            width(each, integers, widths)


def _assign(node: ast.AST, integers: set[str], widths: dict[str, int]) -> None:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in integers:
            widths[name] = max(widths.get(name, 0), _of_value(name, value, integers, widths))
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value) if name in integers:
            whole = ast.BinOp(ast.Name(name, ast.Load()), op, value)
            widths[name] = max(widths.get(name, 0), _of_value(name, whole, integers, widths))
        case ast.For(target=ast.Name(id=name), iter=source) if name in integers:
            widths[name] = max(widths.get(name, 0), _of_source(source, integers, widths))


def _of_value(name: str, value: ast.expr, integers: set[str], widths: dict[str, int]) -> int:
    """A value that is the variable itself and a little more may be added up in a loop."""
    match value:
        case ast.BinOp(left=ast.Name(id=other), op=ast.Add() | ast.Sub(), right=step):
            if other == name:
                by = width(step, integers - {name}, widths)
                if by > _STEP:
                    raise UnsuitableError(f"{name} may grow beyond 64 bits")
                return _ROUNDS + by
    return width(value, integers, widths)


def _of_source(node: ast.expr, integers: set[str], widths: dict[str, int]) -> int:
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "range":
        return max(width(a, integers, widths) for a in node.args)
    return PARAMETER


def width(node: ast.expr, integers: set[str], widths: dict[str, int]) -> int:
    """Bits of an expression, if it is an integer; 0 when it cannot be one."""
    found = _width(node, integers, widths)
    if found > _MOST:
        raise UnsuitableError(f"`{ast.unparse(node)}` may leave 64 bits")
    return found


def _width(  # noqa: PLR0911 (one per kind)
    node: ast.expr, integers: set[str], widths: dict[str, int]
) -> int:
    match node:
        case ast.Constant(value=bool()):
            return 1
        case ast.Constant(value=int(value)):
            return max(1, value.bit_length())
        case ast.Name(id=name):
            return widths.get(name, PARAMETER) if name in integers else 0
        case ast.UnaryOp(operand=operand):
            return width(operand, integers, widths)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = (width(each, integers, widths) for each in (left, right))
            return _of_operator(op, a, b)
        case ast.IfExp(body=body, orelse=orelse):
            return max(width(each, integers, widths) for each in (body, orelse))
        case ast.Call(func=ast.Name(id="abs" | "min" | "max"), args=args):
            return max(width(each, integers, widths) for each in args)
        case ast.Call(func=ast.Name(id="len")):
            return 32
        case ast.Call(func=ast.Name(id="int")):
            return 53
        case ast.Subscript():
            return PARAMETER
    return 0 if isinstance(node, ast.Constant | ast.Compare) else PARAMETER


def _of_operator(op: ast.operator, a: int, b: int) -> int:
    if a == 0 or b == 0:
        return 0  # one of them is no integer, and so is the result
    if isinstance(op, ast.Add | ast.Sub):
        return max(a, b) + 1
    if isinstance(op, ast.Mult):
        return a + b
    if isinstance(op, ast.Mod):
        return b
    if isinstance(op, ast.FloorDiv | ast.RShift | ast.BitAnd | ast.BitOr | ast.BitXor):
        return max(a, b) + 1
    if isinstance(op, ast.Div):
        return 0
    raise UnsuitableError("a power or shift of integers may leave 64 bits")
