"""How tightly each kind of expression binds, so that text can replace text and mean what it should.

`ast.unparse` was tried and rejected for writing edits: it is slow (a millisecond a function) and it
reformats. Here the text of an expression goes where another stood, in parentheses only where the
place asks for them: each place has a level that what stands there must reach.
"""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache

from codegenesis.parsing import syntax_tree

UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)

ANY, TEST, OR, AND, NOT, COMPARE = 0, 1, 2, 3, 4, 5
BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, PRODUCT, SIGN, POWER, AWAIT, ATOM = range(6, 16)

_BINARY: dict[type[ast.operator], int] = {
    ast.BitOr: BIT_OR,
    ast.BitXor: BIT_XOR,
    ast.BitAnd: BIT_AND,
    ast.LShift: SHIFT,
    ast.RShift: SHIFT,
    ast.Add: SUM,
    ast.Sub: SUM,
    ast.Mult: PRODUCT,
    ast.Div: PRODUCT,
    ast.FloorDiv: PRODUCT,
    ast.Mod: PRODUCT,
    ast.MatMult: PRODUCT,
    ast.Pow: POWER,
}
_PLAIN: dict[type[ast.expr], int] = {
    ast.NamedExpr: ANY,
    ast.Yield: ANY,
    ast.YieldFrom: ANY,
    ast.GeneratorExp: ANY,
    ast.Starred: ANY,
    ast.Slice: ANY,
    ast.Lambda: TEST,
    ast.IfExp: TEST,
    ast.Compare: COMPARE,
    ast.Await: AWAIT,
}

_NEW_LINE = re.compile(r"\r\n|\r|\n")


def level(node: ast.expr, text: str) -> int:
    """How tightly `node`, written as `text`, binds."""
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)]
    if isinstance(node, ast.BoolOp):
        return AND if isinstance(node.op, ast.And) else OR
    if isinstance(node, ast.UnaryOp):
        return NOT if isinstance(node.op, ast.Not) else SIGN
    if isinstance(node, ast.Tuple):
        return ATOM if _bracketed(node, text) else ANY
    return _PLAIN.get(type(node), ATOM)


def binary_level(op: ast.operator) -> int:
    """How tightly a binary operator binds."""
    return _BINARY[type(op)]


def fit(text: str, has: int, need: int) -> str:
    """`text` for a place that asks for level `need`."""
    return text if has >= need else f"({text})"


@lru_cache(maxsize=8192)
def expression(text: str) -> ast.expr | None:
    """The expression that `text` is; None when it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return syntax_tree(text, mode="eval").body
    except UNPARSABLE:
        return None


@lru_cache(maxsize=8192)
def level_of(text: str) -> int:
    """How tightly an expression binds that is only known by its text."""
    node = expression(text)
    return ANY if node is None else level(node, text)


@lru_cache(maxsize=8192)
def normal(text: str) -> str:
    """A statement or an expression as `ast.unparse` writes it; as it is when it is none."""
    try:
        return ast.unparse(module(text))
    except UNPARSABLE:
        return text


@lru_cache(maxsize=8192)
def reads(text: str) -> frozenset[str]:
    """Variables that the statement or expression `text` reads and does not bind by itself."""
    try:
        nodes = list(ast.walk(module(text)))
    except UNPARSABLE:
        return frozenset()
    loops = (node.target for node in nodes if isinstance(node, ast.comprehension))
    own = {each.id for target in loops for each in ast.walk(target) if isinstance(each, ast.Name)}
    own.update(node.arg for node in nodes if isinstance(node, ast.arg))
    names = (node for node in nodes if isinstance(node, ast.Name))
    return frozenset(n.id for n in names if isinstance(n.ctx, ast.Load) and n.id not in own)


def module(text: str) -> ast.Module:
    """`ast.parse` without the compiler's warnings (of an `is` with a number, say)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return syntax_tree(text)


def line_starts(text: str) -> list[int]:
    """Offset of the first character of each line, as Python counts lines."""
    return [0, *(found.end() for found in _NEW_LINE.finditer(text))]


def _bracketed(node: ast.Tuple, text: str) -> bool:
    if not text.startswith("("):
        return False
    first = node.elts[0] if node.elts else None
    return first is None or (first.lineno, first.col_offset) != (node.lineno, node.col_offset)
