"""Keep only the edits that earn their place.

Delta debugging (Zeller & Hildebrandt 2002) over the line hunks between the original `def` and
the variant. Hunks that change nothing but layout are dropped first and for free: the trees are
equal. So are helpers, imports and constants that nothing reads. Lines that were only added count
one by one, but a statement that stands before the `def` is one piece. The rest is tried by `ddmin`:
a subset of hunks is good when it parses as a fragment, survives the gates and keeps nearly all of
the gain. What a person reads in the end is the smallest change that does the job. A subset may not
leave code behind that serves nothing: the smallest diff of all is often an early `return` above a
dead loop.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from codegenesis import fragment
from codegenesis.compiler.layout import split, with_docstring
from codegenesis.errors import FragmentError
from codegenesis.evidence.reach import bound_names
from codegenesis.fragment.syntax import FunctionNode
from codegenesis.model import Gene, Record, Variant
from codegenesis.parsing import syntax_tree


class Minimised(Record, frozen=True, kw_only=True):
    """The smallest change found.

    Attributes:
        source: the fragment.
        hunks, hunks_before: line hunks that differ from the original, now and before.
        attempts: candidates that were tried for it.
    """

    source: str
    hunks: int
    hunks_before: int
    attempts: int


class _Hunk(NamedTuple):
    """`lines` in place of the lines `start:end`; `order` among those of one start."""

    start: int
    order: int
    end: int
    lines: tuple[str, ...]


def minimise(
    gene: Gene, variant: Variant, *, survives: Callable[[str], bool], most_attempts: int = 24
) -> Minimised:
    """Drop every hunk that the variant does not need.

    Args:
        survives: does this fragment still pass the gates and keep its gain? Asked for fragments
            that are well-formed only, at most `most_attempts` times.
    """
    before, after = split(gene.source), with_docstring(gene.source, variant.source)
    hunks = _hunks(before, after)
    search = _Search(gene, before, survives, most_attempts, after)
    kept = search.ddmin(_without_layout(before, _hunks(before, _without_idle(after))))
    return Minimised(
        source=_apply(before, kept),
        hunks=len(kept),
        hunks_before=len(hunks),
        attempts=search.attempts,
    )


class _Search:
    def __init__(
        self,
        gene: Gene,
        before: Sequence[str],
        survives: Callable[[str], bool],
        most: int,
        after: str,
    ) -> None:
        self._gene, self._before, self._survives, self._most = gene, before, survives, most
        self._helpers = _bound(syntax_tree(after).body[:-1])
        self._allowed = _leftovers(gene.source)
        self._known: dict[tuple[_Hunk, ...], bool] = {}
        self.attempts = 0

    def ddmin(self, hunks: tuple[_Hunk, ...]) -> tuple[_Hunk, ...]:
        """A subset that is good and from which no single part of the last division can go."""
        parts = 2
        while len(hunks) > 1:
            size = -(-len(hunks) // parts)
            chunks = [hunks[at : at + size] for at in range(0, len(hunks), size)]
            smaller = self._first_good([*chunks, *_complements(hunks, chunks)])
            if smaller:
                parts = 2 if smaller in chunks else max(parts - 1, 2)
                hunks = smaller
            elif parts >= len(hunks):
                break
            else:
                parts = min(2 * parts, len(hunks))
        return hunks

    def _first_good(self, subsets: Iterable[tuple[_Hunk, ...]]) -> tuple[_Hunk, ...]:
        return next((subset for subset in subsets if subset and self._good(subset)), ())

    def _good(self, hunks: tuple[_Hunk, ...]) -> bool:
        if hunks not in self._known:
            self._known[hunks] = self._try(_apply(self._before, hunks))
        return self._known[hunks]

    def _try(self, source: str) -> bool:
        if self.attempts >= self._most or not _is_fragment(source, self._gene):
            return False
        if not _leftovers(source) <= self._allowed or self._lacks_helper(source):
            return False
        if _same_definition(source, self._gene.source):
            return False  # the original with an import on top: slow to race, and no gain
        self.attempts += 1
        return self._survives(source)

    def _lacks_helper(self, source: str) -> bool:
        """Is something read that stood before the `def`, and stands there no more?"""
        tree = syntax_tree(source)
        return bool(_read([tree]) & self._helpers - _bound(tree.body) - _stored(tree))


def _complements(
    hunks: tuple[_Hunk, ...], chunks: Sequence[tuple[_Hunk, ...]]
) -> list[tuple[_Hunk, ...]]:
    if len(chunks) <= 2:
        return []  # the complement of a half is the other half
    return [tuple(hunk for hunk in hunks if hunk not in chunk) for chunk in chunks]


def _without_layout(before: Sequence[str], hunks: tuple[_Hunk, ...]) -> tuple[_Hunk, ...]:
    """Drop hunks that leave the program as it is: comments, quotes, line breaks."""
    whole = _tree(_apply(before, hunks))
    for hunk in hunks:
        fewer = tuple(other for other in hunks if other != hunk)
        if fewer and _tree(_apply(before, fewer)) == whole:
            hunks = fewer
    return hunks


def _tree(source: str) -> str | None:
    try:
        return ast.dump(syntax_tree(source))
    except (SyntaxError, ValueError):
        return None


def _is_fragment(source: str, gene: Gene) -> bool:
    try:
        fragment.check(source, name=gene.name, free=gene.free)
    except FragmentError:
        return False
    return True


def _hunks(before: Sequence[str], after: str) -> tuple[_Hunk, ...]:
    prelude, own = _cut(after)
    hunks = [_Hunk(0, order, 0, tuple(lines)) for order, lines in enumerate(prelude)]
    first = len(prelude)
    matcher = SequenceMatcher(None, before, own, autojunk=False)
    for tag, start, end, low, high in matcher.get_opcodes():
        if tag == "insert":
            lines = enumerate(own[low:high], start=first)
            hunks += [_Hunk(start, order, start, (line,)) for order, line in lines]
        elif tag != "equal":
            hunks.append(_Hunk(start, first, end, tuple(own[low:high])))
    return tuple(hunks)


def _cut(source: str) -> tuple[list[list[str]], list[str]]:
    """The statements before the `def`, each with what stands above it; the `def`."""
    lines, pieces, start = split(source), [], 0
    for statement in syntax_tree(source).body[:-1]:
        end = statement.end_lineno or 0
        pieces.append(lines[start:end])
        start = end
    return pieces, lines[start:]


def _without_idle(source: str) -> str:
    """A fragment without statements before the `def` that bind what nothing reads."""
    pieces, own = _cut(source)
    body = syntax_tree(source).body
    while True:
        idle = [
            at
            for at, statement in enumerate(body[:-1])
            if _is_quiet(statement)
            and not _bound([statement]) & _read([*body[:at], *body[at + 1 :]])
        ]
        if not idle:
            return "".join([*(line for piece in pieces for line in piece), *own])
        del body[idle[-1]], pieces[idle[-1]]


def _is_quiet(statement: ast.stmt) -> bool:
    """Does it do nothing but bind names?"""
    if isinstance(statement, ast.Assign):
        return isinstance(statement.value, ast.Constant)
    plain = isinstance(statement, FunctionNode) and not statement.decorator_list
    return plain or isinstance(statement, ast.Import | ast.ImportFrom)


def _bound(statements: Sequence[ast.stmt]) -> set[str]:
    return {name for statement in statements for name in bound_names(statement)}


def _read(nodes: Sequence[ast.AST]) -> set[str]:
    names = (name for node in nodes for name in ast.walk(node) if isinstance(name, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Load)}


def _stored(tree: ast.AST) -> set[str]:
    """Local names: parameters and what is assigned."""
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    stored = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return stored | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


def _apply(before: Sequence[str], hunks: Iterable[_Hunk]) -> str:
    lines = list(before)
    for hunk in sorted(hunks, reverse=True):
        lines[hunk.start : hunk.end] = hunk.lines
    return "".join(lines)


def _leftovers(source: str) -> set[str]:
    """Code without a purpose: statements that cannot be reached, variables that nobody reads."""
    nodes = list(ast.walk(syntax_tree(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    stored = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    found = stored - {name.id for name in names if isinstance(name.ctx, ast.Load)}
    for node in nodes:
        for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
            found |= _unreachable(block) if isinstance(block, list) else set()
    return found


def _unreachable(block: Sequence[ast.stmt]) -> set[str]:
    ends = (ast.Return, ast.Raise, ast.Continue, ast.Break)
    first = next((at for at, node in enumerate(block) if isinstance(node, ends)), len(block))
    return {ast.unparse(node) for node in block[first + 1 :]}


def _same_definition(fragment_source: str, original: str) -> bool:
    """Is the `def`, without what stands before it, the original's?"""
    own, other = (syntax_tree(text).body[-1] for text in (fragment_source, original))
    return ast.dump(own) == ast.dump(other)
