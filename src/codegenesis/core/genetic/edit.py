"""One small change of a text, and what a text becomes with some of them.

An edit is a place and a replacement, so that whatever lies elsewhere stays as it is written:
comments, blank lines, the author's spacing.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from codegenesis.core.genetic.syntax import UNPARSABLE
from codegenesis.fragment.enclosing import compilable
from codegenesis.model import Record


class Edit(Record, frozen=True, kw_only=True):
    """One change of a source.

    Attributes:
        start, end: offsets, in characters, of what is replaced; equal for an insertion.
        text: what stands there afterwards.
        kind: class of edit, like `comparison`.
        line: of the source, from 1, where it changes something.
        words: the edit, for people: "line 4: `<` → `<=`".
        weight: how plausible it is before anything was tried; higher is more plausible.
    """

    start: int
    end: int
    text: str
    kind: str
    line: int
    words: str
    weight: float


def applied(source: str, chosen: Sequence[Edit]) -> str | None:
    """`source` with all `chosen` edits made; None when they overlap or the result is no program."""
    text = spliced(source, chosen)
    return text if text is not None and compiles(text) else None


def spliced(source: str, chosen: Sequence[Edit]) -> str | None:
    """The same without asking whether it is a program; two insertions at one place keep order."""
    if len(chosen) == 1:
        (only,) = chosen
        return f"{source[: only.start]}{only.text}{source[only.end :]}"
    parts: list[str] = []
    at = 0
    for each in sorted(chosen, key=_place):
        if each.start < at:
            return None
        parts += (source[at : each.start], each.text)
        at = each.end
    return "".join([*parts, source[at:]])


def compiles(text: str) -> bool:
    """Whether `text` is a program of Python; nothing of it runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(compilable(text), "<edited>", "exec", dont_inherit=True)
        except UNPARSABLE:
            return False
    return True


def _place(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.end
