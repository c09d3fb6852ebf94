"""SEARCH/REPLACE edits: read from an answer, and anchored although models copy inexactly.

Anchoring goes from strict to loose: the very lines, the lines with blanks ignored, the most similar
window of lines. Each must be unique, and the loosest must also be similar enough: an edit in the
wrong place costs a trial, one that is refused costs nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from codegenesis.model import Record

#: Similarity from which on a window is taken for what was searched, and how far it must be ahead
#: of any other.
_ALIKE, _AHEAD = 0.85, 0.04
#: Edits of one answer, and lines of one search, that are looked at.
_MOST_EDITS, _MOST_LINES = 20, 200

_SEARCH = re.compile(r"^\s*<{5,}\s*(?:SEARCH|ORIGINAL)?\s*$")
_DIVIDER = re.compile(r"^\s*={5,}\s*$")
_AS_ASKED = "======="
_REPLACE = re.compile(r"^\s*>{5,}\s*(?:REPLACE|UPDATED)?\s*$")


class Edit(Record, frozen=True):
    """Lines to be found and the lines that take their place."""

    search: tuple[str, ...]
    replace: tuple[str, ...]


class Span(NamedTuple):
    """Lines of a text, from 0, the end not included; `indent` is what the search lacks."""

    start: int
    end: int
    indent: str = ""


def edits(answer: str) -> list[tuple[Edit, ...]]:
    """The edits of an answer; of each, every way to read it.

    A divider may also stand inside the code (under a heading in a docstring), so that an edit can
    be divided in more than one place.
    """
    found = []
    for block in _blocks(answer.replace("\r\n", "\n").split("\n")):
        dividers = [n for n, line in enumerate(block) if _DIVIDER.match(line)]
        dividers.sort(key=lambda n: block[n].rstrip() != _AS_ASKED)
        ways = tuple(Edit(tuple(block[:n]), tuple(block[n + 1 :])) for n in dividers[:4])
        if ways:
            found.append(ways)
    return found[:_MOST_EDITS]


def applied(texts: Sequence[str], found: Sequence[tuple[Edit, ...]]) -> tuple[list[str], int]:
    """The texts with all edits that find their place in exactly one of them, and how many did."""
    changed, count = [text.split("\n") for text in texts], 0
    for ways in found:
        for edit in ways:
            places = [(n, span) for n, text in enumerate(changed) if (span := anchor(text, edit))]
            if len(places) == 1:
                number, span = places[0]
                changed[number][span.start : span.end] = _indented(edit, span)
                count += 1
                break
    return ["\n".join(lines) for lines in changed], count


def anchor(lines: Sequence[str], edit: Edit) -> Span | None:
    """Where the lines that an edit searches stand; None when nowhere or not only there."""
    wanted = _trimmed(edit.search)
    if not wanted or len(wanted) > _MOST_LINES:
        return None
    for same in (_exactly, _loosely):
        places = [n for n in range(len(lines) - len(wanted) + 1) if same(lines, n, wanted)]
        if places:
            return _span(lines, places[0], len(wanted), wanted) if len(places) == 1 else None
    return _most_alike(lines, wanted)


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    start = None
    for number, line in enumerate(lines):
        if _SEARCH.match(line):
            start = number + 1
        elif start is not None and _REPLACE.match(line):
            yield lines[start:number]
            start = None


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Without blank lines and fences around."""
    kept = [line.rstrip() for line in lines]
    while kept and (not kept[0].strip() or kept[0].lstrip().startswith("```")):
        del kept[0]
    while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith("```")):
        del kept[-1]
    return kept


def _exactly(lines: Sequence[str], at: int, wanted: list[str]) -> bool:
    return all(lines[at + n].rstrip() == line for n, line in enumerate(wanted))


def _loosely(lines: Sequence[str], at: int, wanted: list[str]) -> bool:
    return all(_bare(lines[at + n]) == _bare(line) for n, line in enumerate(wanted))


def _bare(line: str) -> str:
    return "".join(line.split())


def _most_alike(lines: Sequence[str], wanted: list[str]) -> Span | None:
    sought = "\n".join(line.strip() for line in wanted)
    scores: list[tuple[float, int, int]] = []
    matcher = difflib.SequenceMatcher(autojunk=False, b=sought)
    for size in {len(wanted), max(1, len(wanted) - 1), len(wanted) + 1}:
        for start in range(len(lines) - size + 1):
            matcher.set_seq1("\n".join(line.strip() for line in lines[start : start + size]))
            if matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE:
                scores.append((matcher.ratio(), start, size))
    if not scores or max(scores)[0] < _ALIKE:
        return None
    best, start, size = max(scores)
    apart = [s for s, at, many in scores if at >= start + size or at + many <= start]
    if max(apart, default=0.0) > best - _AHEAD:
        return None
    return _span(lines, start, size, wanted)


def _span(lines: Sequence[str], start: int, size: int, wanted: list[str]) -> Span:
    there, here = _indent(lines[start]), _indent(wanted[0])
    missing = there[: len(there) - len(here)] if there.endswith(here) else ""
    return Span(start, start + size, missing)


def _indented(edit: Edit, span: Span) -> list[str]:
    return [span.indent + line if line.strip() else "" for line in _trimmed(edit.replace)]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
