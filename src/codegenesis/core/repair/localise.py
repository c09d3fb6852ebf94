"""Which lines are suspicious: Ochiai over the lines that failing and passing cases ran.

Ochiai (Abreu, Zoeteweij, van Gemund 2007) is failing runs of a line over the geometric mean of all
failing runs and all runs of the line. Two additions that the search needs:

- A statement is as suspicious as its worst line, and lines beside it inherit a part: what is
  *missing* has no line of its own, it is beside lines that ran.
- A name that nothing defines is a certain defect, whatever the cases ran before they met it.

No line is ever excluded: suspicion orders edits, it does not choose them.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Sequence

from codegenesis.arena.messages import Traced
from codegenesis.genome.lines import ochiai
from codegenesis.parsing import syntax_tree

_BESIDE = 0.6
#: Of lines that no failing case ran: more when failing cases broke off, for what comes after the
#: place where they did may be just as wrong.
_LEAST, _LEAST_BROKEN = 0.12, 0.25


class Suspicion:
    """How suspicious each line of one source is, 0..1.

    Args:
        traced: per case, what `Evaluator.trace` said of this very source.
        known: names that the module defines; None when that cannot be told.
    """

    def __init__(
        self, source: str, traced: Sequence[Traced], *, known: frozenset[str] | None = None
    ) -> None:
        lines = _suspicion(traced)
        tree = _parsed(source)
        if lines and tree:
            lines = _smoothed(lines, tree)
        for line in _undefined(tree, known) if tree and known is not None else ():
            lines[line] = 1.0
        self._lines = lines
        self._top = max(lines.values(), default=0.0)
        failing = [each.ending for each in traced if each.ending != "passed"]
        broken = sum(ending != "returned" for ending in failing) / max(1, len(failing))
        self._least = _LEAST + _LEAST_BROKEN * broken

    def of(self, line: int) -> float:
        """Between a small floor and 1; 1 everywhere when nothing is known."""
        if not self._top:
            return 1.0
        return max(self._least, self._lines.get(line, 0.0) / self._top)

    @property
    def worst(self) -> tuple[tuple[int, float], ...]:
        """Lines with their suspiciousness, the worst first."""
        return tuple(sorted(self._lines.items(), key=lambda pair: (-pair[1], pair[0])))


def module_names(module_source: str) -> frozenset[str] | None:
    """Names that a module binds at its top level; None when it cannot be told."""
    tree = _parsed(module_source)
    if tree is None or not tree.body:
        return None
    if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(tree)):
        return None
    return frozenset(_bound(tree))


def _suspicion(traced: Sequence[Traced]) -> dict[int, float]:
    failing = [set(each.lines) for each in traced if each.ending != "passed" and each.lines]
    passing = [set(each.lines) for each in traced if each.ending == "passed"]
    ran = set().union(*failing) if failing else set()
    scores = {}
    for line in sorted(ran):
        failed = sum(line in lines for lines in failing)
        passed = sum(line in lines for lines in passing)
        scores[line] = ochiai(failed, passed, failed=len(failing))
    return scores


def _smoothed(lines: dict[int, float], tree: ast.AST) -> dict[int, float]:
    smooth = dict(lines)
    for first, last in _spans(tree):
        worst = max((lines.get(line, 0.0) for line in range(first, last + 1)), default=0.0)
        for line in range(first, last + 1):
            smooth[line] = max(smooth.get(line, 0.0), worst)
    for line, value in list(smooth.items()):
        for beside in (line - 1, line + 1):
            smooth[beside] = max(smooth.get(beside, 0.0), _BESIDE * value)
    return smooth


def _spans(tree: ast.AST) -> Iterable[tuple[int, int]]:
    """First and last line of each statement, of a compound one those of its head."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            yield node.lineno, max(node.lineno, last)


def _undefined(tree: ast.AST, known: frozenset[str]) -> set[int]:
    defined = known | _bound(tree) | set(dir(builtins))
    return {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id not in defined
    }


def _bound(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names


def _parsed(source: str) -> ast.Module | None:
    try:
        return syntax_tree(source)
    except (SyntaxError, ValueError):
        return None
