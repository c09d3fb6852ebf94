"""Regular expressions taken apart, as far as it takes to see which of their loops can fight.

The standard library's parser (`re._parser`) is private and forgets where in the text a part stood;
this one keeps the places and gives up on what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

#: Characters on which sets are compared: Latin, some of what lies beyond.
SAMPLE = "".join(map(chr, range(0x180))) + "αжש日\u2028"

#: Parts that take up no text.
ANCHORS = frozenset({"^", "$", r"\b", r"\A", r"\Z"})


@dataclass(frozen=True)
class Part:
    """One atom with its quantifier.

    Attributes:
        text: source of the atom alone.
        end: where its quantifier ends.
        least: least number of repetitions.
        unbounded: no most number.
        greedy: neither lazy nor possessive.
        branches: of a group: its alternatives.
    """

    text: str
    end: int
    least: int = 1
    unbounded: bool = False
    greedy: bool = True
    branches: tuple[tuple[Part, ...], ...] | None = None

    @property
    def nullable(self) -> bool:
        """Whether it can take up no text at all."""
        if self.least == 0 or self.text in ANCHORS:
            return True
        return self.branches is not None and any(
            all(part.nullable for part in branch) for branch in self.branches
        )


class Unknown(Exception):
    """Something in the pattern that is not understood."""


def parts_of(pattern: str) -> tuple[tuple[Part, ...], ...]:
    """Alternatives of a pattern, each a sequence of parts.

    Raises:
        Unknown: it has look-arounds, references or other things.
    """
    branches, end = _branches(pattern, 0)
    if end != len(pattern):
        raise Unknown(pattern[end:])
    return branches


def _branches(pattern: str, at: int) -> tuple[tuple[tuple[Part, ...], ...], int]:
    branches: list[tuple[Part, ...]] = []
    parts: list[Part] = []
    while at < len(pattern) and pattern[at] != ")":
        if pattern[at] == "|":
            branches.append(tuple(parts))
            parts, at = [], at + 1
            continue
        part = _part(pattern, at)
        parts.append(part)
        at = part.end
    return (*branches, tuple(parts)), at


def _part(pattern: str, at: int) -> Part:
    inside = None
    if pattern[at] == "(":
        head = re.compile(r"\((\?:|\?P<\w+>|(?!\?))").match(pattern, at)
        if head is None:
            raise Unknown(pattern[at : at + 4])
        inside, end = _branches(pattern, head.end())
        if end >= len(pattern):
            raise Unknown("(")
        end += 1
    else:
        atom = re.compile(r"\\[^\d]|\[\^?\]?(\\.|[^\]\\])*\]|[^\\*+?{}\[\]()|]", re.DOTALL)
        found = atom.match(pattern, at)
        if found is None or found.group() in (r"\B", r"\N", r"\x", r"\u", r"\U"):
            raise Unknown(pattern[at : at + 4])
        end = found.end()
    counted = re.compile(r"(?:([*+?])|\{(\d*)(,?)(\d*)\})([?+]?)").match(pattern, end)
    if counted is None:
        return Part(pattern[at:end], end, branches=inside)
    sign, low, comma, high, mode = counted.groups()
    least = {"*": 0, "+": 1, "?": 0}.get(sign or "", int(low or 0))
    unbounded = sign in ("*", "+") or bool(comma and not high)
    return Part(pattern[at:end], counted.end(), least, unbounded, not mode, inside)


@lru_cache(maxsize=512)
def characters(text: str, flags: int) -> frozenset[str]:
    """Characters of the sample that an atom takes."""
    atom = re.compile(text, flags)
    return frozenset(char for char in SAMPLE if atom.fullmatch(char))


def starts(parts: tuple[Part, ...], flags: int) -> frozenset[str]:
    """Characters with which a sequence can begin."""
    found: frozenset[str] = frozenset()
    for part in parts:
        if part.branches is not None:
            found = found.union(*(starts(branch, flags) for branch in part.branches))
        elif part.text not in ANCHORS:
            found |= characters(part.text, flags)
        if not part.nullable:
            break
    return found


def fighting(
    sequence: tuple[Part, ...], flags: int, after: frozenset[str] = frozenset()
) -> Iterator[Part]:
    """Loops inside repeated groups that may be made possessive without matching anything else.

    They fight where everything else in the group may be empty: the same text can then be shared out
    among repetitions in ever so many ways. That the loop takes all it can changes nothing when what
    can follow it begins with other characters.
    """
    for number, part in enumerate(sequence):
        rest = sequence[number + 1 :]
        follow = starts(rest, flags)
        if all(one.nullable for one in rest):
            follow |= after
        for branch in part.branches or ():
            if part.unbounded:
                yield from _possessive(branch, flags, follow)
            yield from fighting(branch, flags, follow)


def _possessive(branch: tuple[Part, ...], flags: int, after: frozenset[str]) -> Iterator[Part]:
    for number, part in enumerate(branch):
        if part.branches is not None or not (part.unbounded and part.greedy):
            continue
        before, rest = branch[:number], branch[number + 1 :]
        own, follow = characters(part.text, flags), starts(rest, flags)
        again = all(one.nullable for one in (*before, *rest))
        if again and not own & (follow | after):
            yield part
