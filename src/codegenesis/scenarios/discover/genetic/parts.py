"""Where the parts that may change lie in a descendant of the program that was given.

A problem's regions are line numbers in its first program. What stands between them never changes,
so in any descendant the parts are what lies between those fixed stretches of text.
"""

from __future__ import annotations

import re
import textwrap
from functools import lru_cache

from codegenesis.core.coders import Region
from codegenesis.fragment.syntax import lines_of
from codegenesis.model import Record
from codegenesis.scenarios.discover.problem import Problem

_HEAD = re.compile(r"^([ \t]*)(?:async[ ]+)?def[ ]", re.MULTILINE)


class Part(Record, frozen=True, kw_only=True):
    """One part of one program.

    Attributes:
        start, end: offsets in the program's text of what `text` is.
        first: offset at which it may change: later than `start` for a part inside a function,
            which is read from its `def` on.
        indent: white space that was taken off each line of `text`.
        locked: characters of `text` before that.
        text: the part as a module of its own.
    """

    start: int
    first: int
    end: int
    indent: str
    locked: int
    text: str

    def within(self, program: str, text: str) -> str:
        """`program` with `text` where this part stands."""
        written = textwrap.indent(text, self.indent) if self.indent else text
        return program[: self.start] + written + program[self.end :]


def parts(problem: Problem, program: str) -> tuple[Part, ...]:
    """The parts of `program`, in order; none where its fixed text is not the problem's."""
    fixed = _fixed(problem.program, problem.regions)
    if len(program) < sum(map(len, fixed)) or not program.startswith(fixed[0]):
        return ()
    if not program.endswith(fixed[-1]):
        return ()
    found, start, last = [], len(fixed[0]), len(program) - len(fixed[-1])
    for stretch in fixed[1:-1]:
        end = program.find(stretch, start, last)
        if end < 0:
            return ()
        found.append(_part(program, start, end))
        start = end + len(stretch)
    return (*found, _part(program, start, last))


@lru_cache(maxsize=16)
def _fixed(program: str, regions: tuple[Region, ...]) -> tuple[str, ...]:
    """Texts before, between and behind the regions."""
    lines = lines_of(program)
    at, found = 0, []
    for region in regions:
        found.append("".join(lines[at : region.first - 1]))
        at = region.last
    return (*found, "".join(lines[at:]))


def _part(program: str, first: int, end: int) -> Part:
    text = program[first:end]
    start = _opening(program, first) if text[:1].isspace() else first
    plain = textwrap.dedent(program[start:end])
    indent = _indent(program[start:end])[: -len(_indent(plain)) or None]
    locked = len(textwrap.dedent(program[start:first])) if start < first else 0
    return Part(start=start, first=first, end=end, indent=indent, locked=locked, text=plain)


def _opening(program: str, first: int) -> int:
    """Where the function begins that a part lies in; where the part does when in none."""
    width = len(_indent(program[first:]))
    heads = [each for each in _HEAD.finditer(program, 0, first) if len(each[1]) < width]
    return heads[-1].start() if heads else first


def _indent(text: str) -> str:
    line = next((line for line in text.splitlines() if line.strip()), "")
    return line[: len(line) - len(line.lstrip())]
