# ruff: noqa: SIM905 (lists of words read better as words)
"""An expression of one element turned into the same expression of all elements.

`row["price"] * (1 - rate)` becomes `frame["price"] * (1 - rate)`, `math.sqrt(xs[i])` becomes
`np.sqrt(xs)`: whoever asks says what stands for an element, and what varies from one to the next.
Both numpy's ufuncs and its operators take arrays and Series alike, so one translation serves both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import libcst as cst

from codegenesis.core.syntax import code, flat, pure_call, reads, walk

#: Functions of `math` whose ufunc has another name.
RENAMED = {
    "fabs": "fabs",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "pow": "power",
}

#: Functions of `math` whose ufunc has the same name.
MATH = frozenset(
    "sqrt exp log log2 log10 log1p expm1 sin cos tan sinh cosh tanh hypot floor ceil trunc degrees "
    "radians isnan isinf isfinite copysign fmod".split()
)

#: Builtins -> how numpy says it.
BUILTINS = {"abs": "{np}.abs({0})", "float": "({0}).astype(float)", "int": "({0}).astype(int)"}

#: Methods of text that a Series has under `.str`.
TEXT = frozenset({"lower", "upper", "strip", "lstrip", "rstrip", "title", "startswith", "endswith"})

_OPERATIONS = (
    cst.Add
    | cst.Subtract
    | cst.Multiply
    | cst.Divide
    | cst.FloorDivide
    | cst.Modulo
    | cst.Power
    | cst.BitAnd
    | cst.BitOr
    | cst.BitXor
)

_COMPARISONS = (
    cst.Equal
    | cst.NotEqual
    | cst.LessThan
    | cst.LessThanEqual
    | cst.GreaterThan
    | cst.GreaterThanEqual
)


@dataclass(frozen=True)
class Vectors:
    """How elements are named.

    Attributes:
        column: text of all elements for a node that is one element; None for other nodes.
        varying: variables that mean something else for each element.
        numpy: the word for numpy where the function stands.
        series: elements are of a Series, which knows text, and not of an array.
    """

    column: Callable[[cst.CSTNode], str | None]
    varying: frozenset[str]
    numpy: str
    series: bool = False

    def varies(self, node: cst.CSTNode) -> bool:
        """Whether the value is another one for each element."""
        return bool(reads(node) & self.varying)

    def of(self, node: cst.BaseExpression) -> str | None:  # noqa: PLR0911 (one per form)
        """The expression of all elements; None where it cannot be said."""
        known = self.column(node)
        if known is not None:
            return known
        if not self.varies(node):
            return _fixed(node)
        match node:
            case cst.BinaryOperation(operator=operator) if isinstance(operator, _OPERATIONS):
                return self._joined(node.left, code(operator).strip(), node.right)
            case cst.Comparison(left=left, comparisons=[target]):
                return self._comparison(left, target)
            case cst.BooleanOperation(operator=operator):
                sign = "&" if isinstance(operator, cst.And) else "|"
                return self._joined(node.left, sign, node.right) if self._truths(node) else None
            case cst.UnaryOperation(operator=cst.Minus()):
                return self._wrapped("-{0}", node.expression)
            case cst.UnaryOperation(operator=cst.Not()) if _truth(node.expression):
                return self._wrapped("~{0}", node.expression)
            case cst.IfExp(test=test, body=body, orelse=orelse) if _truth(test):
                return self._wrapped("{np}.where({0}, {1}, {2})", test, body, orelse)
            case cst.Call():
                return self._call(node)
        return None

    def _wrapped(self, form: str, *nodes: cst.BaseExpression) -> str | None:
        texts = [self.of(node) for node in nodes]
        if None in texts:
            return None
        bare = [f"({t})" if form[0] in "-~" else str(t) for t in texts]
        return form.format(*bare, np=self.numpy)

    def _joined(self, left: cst.BaseExpression, sign: str, right: cst.BaseExpression) -> str | None:
        one, other = self.of(left), self.of(right)
        if one is None or other is None:
            return None
        return f"{_operand(one)} {sign} {_operand(other)}"

    def _comparison(self, left: cst.BaseExpression, target: cst.ComparisonTarget) -> str | None:
        operator, right = target.operator, target.comparator
        if isinstance(operator, _COMPARISONS):
            return self._joined(left, code(operator).strip(), right)
        if isinstance(operator, cst.In | cst.NotIn) and self.series and not self.varies(right):
            inside, values = self.of(left), _fixed(right)
            if inside is None or values is None or isinstance(right, cst.SimpleString):
                return None
            sign = "~" if isinstance(operator, cst.NotIn) else ""
            return f"{sign}{_operand(inside)}.isin({values})"
        return None

    def _truths(self, node: cst.BooleanOperation) -> bool:
        """`&` says `and` of truth values only, and only where both sides have as many."""
        sides = (node.left, node.right)
        return all(_truth(side) and self.varies(side) for side in sides)

    def _call(self, node: cst.Call) -> str | None:  # noqa: PLR0911 (one line per function)
        if any(arg.star or arg.keyword for arg in node.args):
            return None
        values = [arg.value for arg in node.args]
        match node.func:
            case cst.Name(value=name) if name in BUILTINS and len(values) == 1:
                return self._wrapped(BUILTINS[name], *values)
            case cst.Name(value="round") if values and not any(map(self.varies, values[1:])):
                return self._wrapped("{np}.round({0}" + ", {1}" * len(values[1:]) + ")", *values)
            case cst.Name(value="min" | "max" as name) if len(values) == 2:
                return self._wrapped(f"{{np}}.{name}imum({{0}}, {{1}})", *values)
            case (
                cst.Name(value=name)
                | cst.Attribute(value=cst.Name(value="math"), attr=cst.Name(value=name))
            ) if name in MATH | RENAMED.keys():
                return self._ufunc(RENAMED.get(name, name), values)
            case cst.Attribute(value=cst.Name(value=word), attr=cst.Name(value=name)) if (
                word == self.numpy and name in MATH | {"abs", "maximum", "minimum", "where"}
            ):
                return self._ufunc(name, values)
            case cst.Attribute(value=base, attr=cst.Name(value=name)) if (
                self.series and name in TEXT and not any(map(self.varies, values))
            ):
                inside = self.of(base)
                arguments = ", ".join(flat(value) for value in values)
                return None if inside is None else f"{_operand(inside)}.str.{name}({arguments})"
        return None

    def _ufunc(self, name: str, values: list[cst.BaseExpression]) -> str | None:
        places = ", ".join(f"{{{n}}}" for n in range(len(values)))
        return self._wrapped(f"{{np}}.{name}({places})", *values) if values else None


def _fixed(node: cst.BaseExpression) -> str | None:
    """Text of what is the same for all elements, when evaluating it once is enough."""
    forbidden = cst.Yield | cst.Await | cst.NamedExpr | cst.Lambda
    for inner in walk(node):
        if isinstance(inner, forbidden) or (isinstance(inner, cst.Call) and not pure_call(inner)):
            return None
    return flat(node)


def _truth(node: cst.BaseExpression) -> bool:
    """Whether the value is a truth value, not merely something that has one."""
    match node:
        case cst.Comparison():
            return True
        case cst.BooleanOperation():
            return _truth(node.left) and _truth(node.right)
        case cst.UnaryOperation(operator=cst.Not()):
            return True
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))):
            return name in ("startswith", "endswith", "isnan", "isinf", "isfinite")
        case cst.Call(func=cst.Name(value=name)):
            return name in ("isnan", "isinf", "isfinite")
    return False


def _operand(text: str) -> str:
    node = cst.parse_expression(text)
    atoms = cst.Name | cst.Attribute | cst.Subscript | cst.Call | cst.BaseNumber | cst.SimpleString
    return text if isinstance(node, atoms) else f"({text})"
