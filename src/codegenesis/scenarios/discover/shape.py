"""What a program is like, read from its syntax alone: whether it is known, how large, how far off.

Two programs with the same *digest* are the same program (`core.genetic.identity`: layout,
docstrings, which side of a comparison stands left), so the second is never evaluated. The *sketch*
is a one-permutation MinHash (Li, Owen & Zhang 2012) over what the syntax tree has that the first
program has not: children of a node by their kinds, without constants, so a changed number makes a
near relative and a changed condition a stranger. Over the whole tree everything in a run would look
alike, because most of a program never changes.

Parsing is C and cheap, walking the tree is Python and is not: what was found of a top-level
statement is remembered by its text, so a candidate costs what it changed and not what it contains.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Iterator
from zlib import crc32

from codegenesis.core.genetic.identity import identity
from codegenesis.model import Record
from codegenesis.parsing import syntax_tree

#: Positions of a sketch.
POSITIONS = 32

_EMPTY = -1
_SHIFT = POSITIONS.bit_length() - 1
_REMEMBERED = 8192
_LONGEST = 1_000_000
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

Sketch = tuple[int, ...]


class Shape(Record, frozen=True):
    """What is seen of a program.

    Attributes:
        digest: of its syntax tree, without docstrings.
        size: nodes of the tree.
        distance: from the first program: 0 the same, 1 nothing in common (Jaccard).
        sketch: of what the first program has not.
    """

    digest: bytes
    size: int
    distance: float
    sketch: Sketch


class _Part(Record, frozen=True):
    digest: bytes
    size: int
    shingles: frozenset[int]


class Reader:
    """Reads programs of one run.

    Args:
        first: the program that was given. Where it is no Python, no program of the run need be.
    """

    def __init__(self, first: str) -> None:
        self._parts: dict[tuple[str, int, int], _Part] = {}
        self._base: frozenset[int] = frozenset()
        self._is_python = _parsed(first) is not None
        whole = self._whole(first)
        self._base = whole.shingles if whole else frozenset()

    def read(self, program: str) -> Shape | None:
        """Its shape; None when it is no Python where it should be."""
        whole = self._whole(program)
        if whole is None:
            return None
        new = whole.shingles - self._base
        either = len(self._base) + len(new)
        gone = len(self._base) - (len(whole.shingles) - len(new))
        distance = (len(new) + gone) / either if either else 0.0
        return Shape(whole.digest, whole.size, distance, _sketch(new))

    def _whole(self, program: str) -> _Part | None:
        tree = _parsed(program) if self._is_python else None
        if tree is not None:
            return _joined([self._part(node, lines) for node, lines in _statements(tree, program)])
        return None if self._is_python else _text(program)

    def _part(self, node: ast.stmt, lines: str) -> _Part:
        key = (lines, node.col_offset, node.end_col_offset or 0)
        known = self._parts.get(key)
        if known is None:
            known = _walked(node, lines)
            while len(self._parts) >= _REMEMBERED:
                del self._parts[next(iter(self._parts))]
            self._parts[key] = known
        return known


def likeness(one: Sketch, other: Sketch) -> float:
    """Estimated share of what is new in both of what is new in either: 0..1."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a != _EMPTY or b != _EMPTY]
    return sum(a == b for a, b in pairs) / len(pairs) if pairs else 1.0


def _parsed(program: str) -> ast.Module | None:
    if len(program) > _LONGEST:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about escapes in strings that somebody else wrote
        try:
            return syntax_tree(program)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _statements(tree: ast.Module, program: str) -> Iterator[tuple[ast.stmt, str]]:
    """Top-level statements with the text of their lines; a docstring is none."""
    lines = program.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # as Python counts them
    for node in _body(tree):
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        yield node, "\n".join(lines[first - 1 : node.end_lineno])


def _body(node: ast.AST) -> list[ast.stmt]:
    body: list[ast.stmt] = getattr(node, "body", [])
    documented = (
        body
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )
    return body[1:] if documented else body


def _walked(root: ast.AST, lines: str) -> _Part:
    """One statement, in one pass."""
    shingles: set[int] = set()
    waiting: list[ast.AST] = [root]
    size = 0
    while waiting:
        node = waiting.pop()
        size += 1
        children: list[ast.AST] = []
        said = _look(node, children)
        around = ",".join([type(child).__name__ for child in children])
        text = f"{type(node).__name__}:{said}({around})"
        shingles.add(crc32(text.encode("utf-8", "backslashreplace")))
        waiting += children
    return _Part(identity(lines), size, frozenset(shingles))


def _look(node: ast.AST, children: list[ast.AST]) -> str:
    """Gather a node's children; its names."""
    said = ""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            items = _body(node) if name == "body" and isinstance(node, _DOCUMENTED) else value
            children += [item for item in items if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            if name != "ctx":
                children.append(value)
        elif isinstance(value, str) and not isinstance(node, ast.Constant):
            said += value
    return said


def _joined(parts: list[_Part]) -> _Part:
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update(part.digest)
    shingles: frozenset[int] = frozenset().union(*(part.shingles for part in parts))
    return _Part(hashed.digest(), sum(part.size for part in parts), shingles)


def _text(program: str) -> _Part:
    """What is no Python is a set of lines."""
    lines = [" ".join(line.split()) for line in program.splitlines()]
    text = "\n".join(filter(None, lines)).encode("utf-8", "backslashreplace")
    shingles = frozenset(crc32(line.encode("utf-8", "backslashreplace")) for line in lines if line)
    return _Part(hashlib.blake2b(text, digest_size=16).digest(), len(shingles), shingles)


def _sketch(shingles: frozenset[int]) -> Sketch:
    least = [_EMPTY] * POSITIONS
    for shingle in sorted(shingles, reverse=True):
        least[shingle & (POSITIONS - 1)] = shingle >> _SHIFT
    return tuple(least)
