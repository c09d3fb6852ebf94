"""A child of two versions: a three-way merge against the version that both come from.

Lines are aligned statement by statement (a logical line with its indentation is one unit; two are
equal when they are the same statement, however they are spaced). Each region that a parent changed
is taken from one parent or the other by chance, so that two half repairs can meet in one child.
Where both changed the same single line, its tokens are merged the same way; where both put in
statements at the same place, both can stand there.
"""

from __future__ import annotations

import io
import itertools
import tokenize
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from random import Random
from typing import NamedTuple

from codegenesis.core.genetic.edit import compiles
from codegenesis.core.genetic.identity import identity

_MOST_REGIONS = 8
_UNREADABLE = (tokenize.TokenError, SyntaxError)
_LAYOUT = frozenset(
    {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
)


class _Unit(NamedTuple):
    key: tuple[str, ...]
    text: str


class _Region(NamedTuple):
    """A stretch of the base, and what stands there in base and parents; all the same: untouched."""

    choices: tuple[tuple[_Unit, ...], ...]


def crossover(base: str, one: str, other: str, *, rng: Random) -> str | None:
    """A program that takes changes of `base` from both parents; None when there is no new one.

    Args:
        base: the version that both parents were made from.
        rng: decides which changes are taken from which parent.
    """
    known = {identity(base), identity(one), identity(other)}
    try:
        sources = [_units(text) for text in (base, one, other)]
    except _UNREADABLE:
        return None
    if len(known) < 3:
        return None
    for text in _children(_regions(*sources), rng):
        if compiles(text) and identity(text) not in known:
            return text
    return None


def _children(regions: list[_Region], rng: Random) -> Iterator[str]:
    """All ways to choose (of many, some), those that take from both parents among the first."""
    open_ = [index for index, region in enumerate(regions) if len(region.choices) > 1]
    if len(open_) > _MOST_REGIONS:
        ways = [
            tuple(rng.randrange(len(regions[index].choices)) for index in open_) for _ in range(32)
        ]
    else:
        ways = list(itertools.product(*(range(len(regions[index].choices)) for index in open_)))
        rng.shuffle(ways)
    for way in ways:
        chosen = dict(zip(open_, way, strict=True))
        units = (u for i, r in enumerate(regions) for u in r.choices[chosen.get(i, 0)])
        yield "".join(unit.text for unit in units)


def _regions(base: list[_Unit], one: list[_Unit], other: list[_Unit]) -> list[_Region]:
    found: list[_Region] = []
    ends = (0, 0, 0)
    for anchor in (*_anchors(base, one, other), (len(base), len(one), len(other))):
        old, left, right = (
            tuple(units[start:stop])
            for units, start, stop in zip((base, one, other), ends, anchor, strict=True)
        )
        found += _region(old, left, right)
        if anchor[0] < len(base):
            found.append(_Region((tuple(one[anchor[1] : anchor[1] + 1]),)))
        ends = (anchor[0] + 1, anchor[1] + 1, anchor[2] + 1)
    return found


def _anchors(
    base: list[_Unit], one: list[_Unit], other: list[_Unit]
) -> Iterator[tuple[int, int, int]]:
    """Units that all three have, in order: where the texts are held together."""
    left, right = _aligned(base, one), _aligned(base, other)
    yield from ((at, left[at], right[at]) for at in range(len(base)) if at in left and at in right)


def _aligned(base: list[_Unit], version: list[_Unit]) -> dict[int, int]:
    return {
        block.a + step: block.b + step
        for block in _matcher(base, version).get_matching_blocks()
        for step in range(block.size)
    }


def _matcher(base: list[_Unit], version: list[_Unit]) -> SequenceMatcher[tuple[str, ...]]:
    keys = [[unit.key for unit in units] for units in (base, version)]
    return SequenceMatcher(None, keys[0], keys[1], autojunk=False)


def _region(
    old: tuple[_Unit, ...], left: tuple[_Unit, ...], right: tuple[_Unit, ...]
) -> list[_Region]:
    if not (old or left or right):
        return []
    choices: dict[tuple[tuple[str, ...], ...], tuple[_Unit, ...]] = {}
    for version in (left, right):
        choices.setdefault(_keys(version), version)
    if len(choices) == 2 and not old:  # both put something in: it can stand in either order
        choices |= {_keys(both): both for both in (left + right, right + left)}
    elif len(choices) == 2 and len(old) == len(left) == len(right) == 1:
        for text in _merged(old[0].text, left[0].text, right[0].text):
            choices.setdefault(((text,),), (_Unit((text,), text),))
    return [_Region(tuple(choices.values()))]


def _keys(units: tuple[_Unit, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(unit.key for unit in units)


def _merged(old: str, left: str, right: str) -> Iterator[str]:
    """The line with both parents' changes of tokens, where they do not touch."""
    try:
        versions = [_pieces(text) for text in (old, left, right)]
    except _UNREADABLE:
        return
    base, one, other = versions
    changes = [*_changes(base, one), *_changes(base, other)]
    changes.sort(key=lambda change: change[:2])
    if any(first[1] > second[0] for first, second in itertools.pairwise(changes)):
        return
    parts: list[_Unit] = []
    at = 0
    for start, stop, pieces in changes:
        parts += (*base[at:start], *pieces)
        at = stop
    yield "".join(unit.text for unit in (*parts, *base[at:]))


def _changes(base: list[_Unit], version: list[_Unit]) -> Iterator[tuple[int, int, Sequence[_Unit]]]:
    for tag, i, j, k, m in _matcher(base, version).get_opcodes():
        if tag != "equal":
            yield i, j, version[k:m]


def _pieces(line: str) -> list[_Unit]:
    """The tokens of a line, each with the white space before it."""
    found: list[_Unit] = []
    at = 0
    starts = [0, *(i + 1 for i, char in enumerate(line) if char == "\n")]
    for token in _tokens(line.lstrip(" \t")):
        shift = len(line) - len(line.lstrip(" \t"))
        stop = starts[token.end[0] - 1] + token.end[1] + (shift if token.end[0] == 1 else 0)
        if token.type in _LAYOUT or stop <= at:
            continue
        found.append(_Unit((token.string,), line[at:stop]))
        at = stop
    return [*found, _Unit(("",), line[at:])]


def _units(source: str) -> list[_Unit]:
    """The logical lines of a source; comments and blank lines go with the one that follows."""
    if not source.endswith("\n"):
        source += "\n"
    lines = source.splitlines(keepends=True)
    found: list[_Unit] = []
    words: list[str] = []
    at = column = 0
    for token in _tokens(source):
        if token.type == tokenize.NEWLINE:
            text = "".join(lines[at : token.start[0]])
            found.append(_Unit((str(column), *words), text))
            at, words = token.start[0], []
        elif token.type not in _LAYOUT and token.type != tokenize.COMMENT:
            if not words:
                column = token.start[1]
            words.append(token.string)
    rest = "".join(lines[at:])
    return [*found, _Unit(("rest",), rest)] if rest else found


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    yield from tokenize.generate_tokens(io.StringIO(text).readline)
