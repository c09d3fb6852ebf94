"""The numbers in a program's parts that can have other values, and the program with such values.

`core.tuning.sites` looks for sizes and cut-offs that change nothing but speed; here results may
change, so every number counts that takes part in arithmetic: operands, limits of comparisons,
elements of tables, arguments. Left alone: indices and slices, whole exponents, sizes and axes,
names for whole numbers; a fraction of one is an error there, and small steps of it are what
`discover.genetic` does.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from codegenesis.core.genetic.syntax import UNPARSABLE, line_starts, module
from codegenesis.model import Record, digest
from codegenesis.scenarios.discover.genetic.parts import parts
from codegenesis.scenarios.discover.problem import Problem

#: Callees whose whole numbers say how many, of what size or type.
_SIZES = frozenset({
    "range", "zeros", "ones", "empty", "full", "arange", "linspace", "reshape", "seed",
    "default_rng", "RandomState", "int", "len", "astype", "rand", "randn", "randint", "integers",
    "round", "isinstance", "print", "tile", "repeat",
})  # fmt: skip
_FREE = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_DIGITS = 6
#: What a negative number can follow without parentheses.
_OPENINGS = ("(", "[", ", ", "= ", "return ", "< ", "> ", "if ", "else ")


class Template(Record, frozen=True, kw_only=True):
    """A program with its numbers taken out.

    Attributes:
        key: the same for programs that differ in nothing but these numbers.
        texts: what stands between the numbers; one more than there are.
        values: that stood there.
        scales: how far a step of one goes, for each.
    """

    key: str
    texts: tuple[str, ...]
    values: tuple[float, ...]
    scales: tuple[float, ...]

    def filled(self, values: Sequence[float]) -> str:
        """The program with these numbers."""
        parts = [self.texts[0]]
        for value, after in zip(values, self.texts[1:], strict=True):
            parts += (_written(value, bare=parts[-1].endswith(_OPENINGS)), after)
        return "".join(parts)


class _Site(NamedTuple):
    start: int
    end: int
    value: float
    scale: float


class _Text:
    """A source with what is needed to find things in it."""

    def __init__(self, source: str, tree: ast.Module) -> None:
        self._source, self._starts = source, line_starts(source)
        self.nodes = list(ast.walk(tree))
        self.parents = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Offsets in characters; `ast` counts bytes within the line."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._at(node.lineno, node.col_offset),
            self._at(node.end_lineno, node.end_col_offset),
        )

    def _at(self, line: int, column: int) -> int:
        start = self._starts[line - 1]
        return start + len(self._source[start : start + column].encode()[:column].decode())


def template(problem: Problem, program: str) -> Template | None:
    """A program's numbers; None where none of them can change."""
    return _template(tuple((each.first, each.end) for each in parts(problem, program)), program)


@lru_cache(maxsize=256)
def _template(spans: tuple[tuple[int, int], ...], program: str) -> Template | None:
    free = _sites(program) if spans else []
    inside = (s for s in free if any(first <= s.start < end for first, end in spans))
    found = [_with_parentheses(program, each) for each in inside]
    if not found:
        return None
    ends = (0, *(site.end for site in found))
    starts = (*(site.start for site in found), len(program))
    texts = tuple(program[a:b] for a, b in zip(ends, starts, strict=True))
    return Template(
        key=digest(*texts)[:16],
        texts=texts,
        values=tuple(site.value for site in found),
        scales=tuple(site.scale for site in found),
    )


def _sites(source: str) -> list[_Site]:
    try:
        tree = module(source)
    except UNPARSABLE:
        return []
    text = _Text(source, tree)
    found = [site for node in text.nodes if (site := _site(text, node))]
    return sorted(found)


def _site(text: _Text, node: ast.AST) -> _Site | None:
    value = _number(node) if isinstance(node, ast.Constant) else None
    if not isinstance(node, ast.Constant) or value is None or not _free(text, node):
        return None
    outer: ast.expr = node
    above = text.parents.get(node)
    if isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.USub):
        outer, value = above, -value
    start, end = text.span(outer)
    return _Site(start, end, value, _scale(text, outer, value))


def _with_parentheses(program: str, site: _Site) -> _Site:
    """With those that only hold a sign together, so that the sign can change and change back."""
    before = program[: site.start].rstrip("(")[-1:]
    called = before.isalnum() or before in ("_", ")", "]")
    start, end = site.start, site.end
    while not called and program[start - 1 : start] == "(" and program[end : end + 1] == ")":
        start, end = start - 1, end + 1
    return site._replace(start=start, end=end)


def _free(text: _Text, node: ast.Constant) -> bool:
    """Whether a fraction could stand there, and would make sense."""
    child: ast.AST = node
    above = text.parents.get(child)
    if isinstance(above, ast.UnaryOp):
        child, above = above, text.parents.get(above)
    return _takes_fractions(text, above, isinstance(node.value, int)) and not _indexes(text, child)


def _takes_fractions(text: _Text, above: ast.AST | None, whole: bool) -> bool:
    match above:
        case ast.BinOp(op=op):
            return isinstance(op, _FREE) or not whole
        case ast.Call(func=func):
            name = getattr(func, "attr", getattr(func, "id", ""))
            turned = isinstance(text.parents.get(above), ast.Attribute)
            return name not in _SIZES and not turned
        case ast.List() | ast.Tuple():
            return _counted_elements(text, above, whole)
        case ast.Compare() | ast.IfExp() | ast.Return() | ast.AugAssign():
            return True
    return not whole


def _counted_elements(text: _Text, above: ast.AST, whole: bool) -> bool:
    outer = text.parents.get(above)
    while isinstance(outer, ast.List | ast.Tuple):
        outer = text.parents.get(outer)
    name = ""
    if isinstance(outer, ast.Call):
        name = getattr(outer.func, "attr", getattr(outer.func, "id", ""))
    return name not in _SIZES and not (whole and isinstance(outer, ast.Assign | ast.arguments))


def _indexes(text: _Text, child: ast.AST) -> bool:
    """Whether it is part of an index: not of what turns a value into one."""
    above = text.parents.get(child)
    while above is not None and not isinstance(above, ast.stmt):
        if isinstance(above, ast.Subscript) and above.slice is child:
            return True
        if isinstance(above, ast.Call):
            return False
        child, above = above, text.parents.get(above)
    return False


def _scale(text: _Text, node: ast.expr, value: float) -> float:
    """Elements of one table have one scale, whatever stands in each."""
    above = text.parents.get(node)
    table: ast.List | ast.Tuple | None = None
    while isinstance(above, ast.List | ast.Tuple):
        table = above
        above = text.parents.get(above)
    if table is not None:
        rows = [each for row in table.elts for each in getattr(row, "elts", (row,))]
        values = [v for each in rows if (v := _number(each)) is not None]
        size = math.sqrt(sum(v * v for v in values) / len(values)) if values else 0.0
        return size or 1.0
    return abs(value) or 1.0


def _number(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return float(value) if math.isfinite(value) else None
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as inner):
            found = _number(inner)
            return None if found is None else -found
    return None


def _written(value: float, *, bare: bool) -> str:
    """As it is written, in parentheses where an operator before it asks for them."""
    short = float(f"{value:.{_DIGITS}g}")
    text = repr(short) if math.isfinite(short) else "0.0"
    return text if bare or text[0] != "-" else f"({text})"
