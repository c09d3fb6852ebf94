"""Lines of a file as people and git count them: what a change touches, and whether it may.

Texts are compared without their line ends, because a checkout may have others than its commit
(`core.autocrlf`), and written with the ends that they had.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from codegenesis.compiler.layout import split
from codegenesis.errors import UsageError


class Hunk(NamedTuple):
    """Lines `start` to `end` (from 0, `end` excluded) of one text, and what takes their place."""

    start: int
    end: int
    lines: tuple[str, ...]

    def meets(self, other: Hunk) -> bool:
        """Whether both change the same lines; an insertion is met inside, not at the edge."""
        if self.start == self.end and other.start == other.end:
            return self.start == other.start
        return self.start < other.end and other.start < self.end

    @property
    def words(self) -> str:
        """`line 4`, `lines 4-6` or `after line 3`, counted from 1."""
        if self.start == self.end:
            return f"after line {self.start}"
        only = self.end - self.start == 1
        return f"line {self.end}" if only else f"lines {self.start + 1}-{self.end}"


def decoded(data: bytes, *, path: object = "the file") -> tuple[str, str]:
    """A Python file's text, line ends and all, and its encoding (`utf-8-sig` with a BOM).

    Raises:
        UsageError: it is not in the encoding that it says.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding), encoding
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def encoded(text: str, encoding: str, *, path: object = "the file") -> bytes:
    """The text as the file's bytes.

    Raises:
        UsageError: the file's encoding has no word for it.
    """
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{path} is written in {encoding}, which lacks {text[error.start]!r}",
            remedy="Change the file's encoding to UTF-8 first.",
        ) from error


def hunks(before: str, after: str) -> list[Hunk]:
    """What turns one text into the other, in places of `before`; line ends do not count."""
    old, new = split(before), split(after)
    plain_old, plain_new = _plain(old), _plain(new)
    head = _shared(plain_old, plain_new)
    tail = _shared(plain_old[head:][::-1], plain_new[head:][::-1])
    middle = SequenceMatcher(
        None, plain_old[head : len(old) - tail], plain_new[head : len(new) - tail], autojunk=False
    )
    return [
        Hunk(head + a, head + b, tuple(new[head + c : head + d]))
        for tag, a, b, c, d in middle.get_opcodes()
        if tag != "equal"
    ]


def patched(before: str, changes: Sequence[Hunk]) -> str:
    """The text with the hunks in it; they do not meet."""
    lines = split(before)
    if lines and any(hunk.start == len(lines) and hunk.lines for hunk in changes):
        lines[-1] = lines[-1] if lines[-1].endswith(("\n", "\r")) else f"{lines[-1]}\n"
    for hunk in sorted(changes, reverse=True):
        lines[hunk.start : hunk.end] = hunk.lines
    return "".join(lines)


def carried(change: Sequence[Hunk], between: Sequence[Hunk]) -> tuple[list[Hunk], list[Hunk]]:
    """Hunks for one text as hunks for a later one.

    Args:
        between: what turned the one text into the other.

    Returns:
        Those that can be carried over, in places of the later text, and those that cannot, in
        places of the earlier one, because their lines (or the seam they sit on) have changed.
    """
    carried_over, lost = [], []
    for hunk in change:
        if any(hunk.meets(other) or _on_edge(hunk, other) for other in between):
            lost.append(hunk)
            continue
        above = [other for other in between if other.end <= hunk.start]
        shift = sum(len(other.lines) - (other.end - other.start) for other in above)
        carried_over.append(Hunk(hunk.start + shift, hunk.end + shift, hunk.lines))
    return carried_over, lost


def _on_edge(hunk: Hunk, other: Hunk) -> bool:
    """Where nothing but a seam says where an insertion goes, that seam must be as it was."""
    return hunk.start == hunk.end and other.start <= hunk.start <= other.end


def _plain(lines: Sequence[str]) -> list[str]:
    return [line.rstrip("\r\n") for line in lines]


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items both begin with."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
