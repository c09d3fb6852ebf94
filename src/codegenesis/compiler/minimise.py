"""Only the edits that earn their place: delta debugging between the original and the winner.

The difference is cut into hunks of lines; each hunk is taken back in turn and stays out if what is left
survives without it. Zeller and Hildebrandt's ddmin ("Simplifying and isolating failure-inducing input",
TSE 2002) needs halving for hundreds of changes; a function has a handful, so one pass after the other
until nothing more goes is both simpler and 1-minimal. Module-level statements that nobody needs any
more go with the hunk that used them.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterable
from itertools import combinations

from codegenesis.compiler.pieces import Pieces, pieces

Survives = Callable[[str], bool]
_Hunk = tuple[int, int, list[str]]

#: Programs that are tried at most: each may cost a round of gates and a race.
ATTEMPTS = 12


def minimise(original: str, fragment: str, survives: Survives, *, attempts: int = ATTEMPTS) -> str:
    """The smallest fragment found that still survives.

    Args:
        original: the gene's `def`.
        fragment: the winner.
        survives: told a fragment, says whether it is as good as the winner; asked at most
            `attempts` times.
    """
    whole = pieces(fragment)
    before, after = original.splitlines(keepends=True), whole.definition.splitlines(keepends=True)
    kept = _hunks(before, after)
    asked: set[str] = {fragment}
    progress = True
    while progress and len(kept) > 1:
        progress = False
        for fewer in combinations(kept, len(kept) - 1):
            smaller = _program(before, fewer, whole)
            if smaller is None or smaller in asked or len(asked) > attempts:
                continue
            asked.add(smaller)
            if survives(smaller):
                kept, progress = list(fewer), True
                break
    return _program(before, kept, whole) or fragment


def _hunks(before: list[str], after: list[str]) -> list[_Hunk]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [(i, j, after[k:m]) for tag, i, j, k, m in matcher.get_opcodes() if tag != "equal"]


def _program(before: list[str], hunks: Iterable[_Hunk], whole: Pieces) -> str | None:
    """The original with these hunks applied and the prelude they need; None if it does not parse."""
    lines = list(before)
    for start, end, new in sorted(hunks, reverse=True):
        lines[start:end] = new
    definition = "".join(lines)
    try:
        tree = ast.parse(definition)
    except SyntaxError:
        return None
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return whole.with_definition(definition, used).text
