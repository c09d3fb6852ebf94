"""What a model wrote, put back into the parts of a program that may change, and nowhere else.

Models answer with the whole program, with the block alone, with a few functions of it, with or
without the marker lines. Everything that lies outside of the regions in their answer is dropped:
the program keeps its own text there, byte for byte.
"""

from __future__ import annotations

import ast
import itertools
import textwrap
from collections.abc import Sequence
from functools import lru_cache

from codegenesis.core.coders.finding import undecorated, whole
from codegenesis.core.coders.merging import merged
from codegenesis.core.genetic.syntax import UNPARSABLE, module
from codegenesis.fragment.syntax import lines_of
from codegenesis.model import Record

_MARK = "EVOLVE-BLOCK-"


class Region(Record, frozen=True, kw_only=True):
    """A part of a program that may change: whole lines.

    Attributes:
        first, last: line numbers from 1, both included.
        name: of the function, where it is one.
    """

    first: int
    last: int
    name: str = ""


def texts(program: str, regions: Sequence[Region]) -> list[str]:
    """The text of each region; the whole program where there are none."""
    lines = lines_of(program)
    return ["".join(lines[each.first - 1 : each.last]) for each in regions] or [program]


def with_texts(program: str, regions: Sequence[Region], new: Sequence[str]) -> str:
    """The program with other texts in its regions, all else as it was."""
    if not regions:
        return new[0]
    lines, parts, after = lines_of(program), list[str](), 0
    for region, text in zip(regions, new, strict=True):
        parts += ["".join(lines[after : region.first - 1]), _ended(text)]
        after = region.last
    return "".join([*parts, *lines[after:]])


@lru_cache(maxsize=256)
def is_python(program: str) -> bool:
    """Whether it parses."""
    try:
        module(program)
    except UNPARSABLE:
        return False
    return True


def put_back(program: str, regions: Sequence[Region], answer: str) -> str | None:
    """The program with what an answer has for its regions; None when it has nothing for them.

    Args:
        answer: one reading of what a model said (`blocks.readings`).

    Raises:
        SyntaxError, ValueError: (`UNPARSABLE`) the answer is no Python.
    """
    if not regions:
        regions = [Region(first=1, last=max(1, len(lines_of(program))))]
    framed = _by_frame(program, regions, answer)
    if framed is not None and is_python(result := with_texts(program, regions, framed)):
        return result
    old = texts(program, regions)
    new = merged(program, regions, old, answer)
    for number, region in enumerate(regions):
        if new[number] == old[number]:
            new[number] = _nested(program, old[number], region, answer, alone=len(regions) == 1)
    return with_texts(program, regions, new) if new != old else None


def _by_frame(program: str, regions: Sequence[Region], answer: str) -> list[str] | None:
    """What stands between the lines that frame the regions, where the answer repeats them."""
    lines, said = lines_of(program), answer.splitlines()
    ends = [0, *(each.last for each in regions)]
    starts = [*(each.first - 1 for each in regions), len(lines)]
    gaps = [lines[after:before] for after, before in zip(ends, starts, strict=True)]
    if any(not _nearest(gap) for gap in gaps[1:-1]) or not any(map(_nearest, gaps)):
        return None
    found, at = [], 0
    for before, after in itertools.pairwise(gaps):
        start = _after(said, _nearest(before[::-1]), at)
        end = None if start is None else _until(said, _nearest(after), start)
        if start is None or end is None:
            return None
        found.append("\n".join(line for line in said[start:end] if _MARK not in line) + "\n")
        at = end
    return found


def _nearest(lines: Sequence[str]) -> str:
    return next((line.strip() for line in lines if line.strip()), "")


def _after(lines: Sequence[str], wanted: str, start: int) -> int | None:
    """Number of the line behind the first such line; None when there is none."""
    found = _until(lines, wanted, start) if wanted else start - 1
    return None if found is None else found + 1


def _until(lines: Sequence[str], wanted: str, start: int) -> int | None:
    """Number of the first such line, of the end for a blank one; None when there is none."""
    if not wanted:
        return len(lines)
    return next((n for n in range(start, len(lines)) if lines[n].strip() == wanted), None)


def _nested(program: str, old: str, region: Region, answer: str, *, alone: bool) -> str:
    """A region inside of something else: a method, or the middle of a function."""
    indent = old[: len(old) - len(old.lstrip())].rpartition("\n")[2]
    if not indent:
        return old
    if region.name:
        owner, name = _owner(program, region), region.name.rpartition(".")[2]
        found = whole(answer, f"{owner}.{name}")
        if found is None or found.owner not in ("", owner):
            return old
        decorated = old.lstrip().startswith("@")
        return _indented(found.function if decorated else undecorated(found.function), indent)
    tree = module(answer)
    if alone and not any(isinstance(n, ast.FunctionDef) for n in tree.body):
        return _indented(answer, indent)
    return old


def _owner(program: str, region: Region) -> str:
    """The class that a region lies in."""
    around = (
        node.name
        for node in module(program).body
        if isinstance(node, ast.ClassDef) and node.lineno <= region.first <= (node.end_lineno or 0)
    )
    return next(around, "")


def _indented(text: str, indent: str) -> str:
    return textwrap.indent(textwrap.dedent(text).strip("\n"), indent) + "\n"


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
