"""Text of unknown origin, made fit to stand in a prompt: no control characters, bounded, fenced.

A fence longer than any run of backticks inside it cannot be closed from within, which is all that
Markdown offers against text that pretends to be the end of the block.
"""

from __future__ import annotations

import re
import unicodedata

_LONGEST_LINE = 400
_TICKS = re.compile(r"`{3,}")


def clean(text: str) -> str:
    """Without what no source needs: NULs, escapes, other control characters, half surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs") else "?" for c in text
    )


def clip(text: str, most: int) -> str:
    """The head of a text and a sign that there was more."""
    return text if len(text) <= most else f"{text[: max(0, most - 2)]} …"


def sentence(text: str, most: int) -> str:
    """A text on one line, clipped."""
    return clip(" ".join(clean(text).split()), most)


def fenced(code: str, *, language: str = "python") -> str:
    """Code in a block that nothing inside can close."""
    code = clean(code).strip("\n")
    longest = max((len(found) for found in _TICKS.findall(code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def tokens(text: str) -> int:
    """About how many tokens a text has: four characters each, as in most code."""
    return len(text) // 4 + 1


def long_lines(code: str) -> bool:
    """Whether it has lines that nobody wrote by hand: data, which would eat the whole prompt."""
    return any(len(line) > _LONGEST_LINE for line in code.splitlines())
