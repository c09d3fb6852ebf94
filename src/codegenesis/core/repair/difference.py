"""What one version changed of another, as edits that can be taken back one by one.

The way to a version (edits of edits, crossover) says little about what is different in the end. So
the two texts are compared: whole lines first, then tokens within lines that correspond.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from codegenesis.core.genetic import Edit
from codegenesis.parsing import syntax_tree

_PIECE = re.compile(r"\s+|\w+|[<>=!+\-*/%&|^@:]=|//|\*\*|<<|>>|->|.", re.DOTALL)
_SHOWN = 60


def differences(source: str, other: str) -> tuple[Edit, ...]:
    """Edits of `source` that together make it `other`, in order of place; none overlap."""
    before, after = source.splitlines(keepends=True), other.splitlines(keepends=True)
    starts = _starts(before)
    found: list[Edit] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if tag == "replace" and b - a == d - c:
            for at in range(b - a):
                found += _within(source, starts[a + at], before[a + at], after[c + at])
        else:
            found.append(_edit(source, starts[a], starts[b], "".join(after[c:d])))
    return tuple(found)


def size_of(source: str, other: str) -> int:
    """Syntax nodes that were taken out or put in between two sources."""
    before, after = list(_nodes(syntax_tree(source))), list(_nodes(syntax_tree(other)))
    changed = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in changed if tag != "equal")


def _within(source: str, start: int, before: str, after: str) -> Iterator[Edit]:
    """Differences of two lines; one change when hardly anything is the same."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < 0.4:
        yield _edit(source, start, start + len(before), after)
        return
    places = _starts(old)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            yield _edit(source, start + places[a], start + places[b], "".join(new[c:d]))


def _edit(source: str, start: int, end: int, text: str) -> Edit:
    line = source.count("\n", 0, start) + 1
    was, now = _shown(source[start:end]), _shown(text)
    words = f"`{was}` → `{now}`" if was and now else f"add `{now}`" if now else f"drop `{was}`"
    return Edit(
        start=start,
        end=end,
        text=text,
        kind="difference",
        line=line,
        words=f"line {line}: {words}",
        weight=1.0,
    )


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _starts(pieces: list[str]) -> list[int]:
    starts = [0]
    for piece in pieces:
        starts.append(starts[-1] + len(piece))
    return starts


def _nodes(node: ast.AST) -> Iterator[str]:
    """Kinds and contents of the nodes, in the order of the text."""
    if isinstance(node, ast.expr_context):
        return
    parts = [
        repr(value)
        for _, value in ast.iter_fields(node)
        if not isinstance(value, ast.AST | list) and value is not None
    ]
    yield f"{type(node).__name__} {' '.join(parts)}"
    for child in ast.iter_child_nodes(node):
        yield from _nodes(child)
