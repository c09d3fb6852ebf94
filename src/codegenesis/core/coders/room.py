"""Which parts of a prompt there is room for.

Parts are whole: what does not fit is left out, the least important first, and nothing is cut in
the middle, because half a function teaches a model to write half a function.
"""

from __future__ import annotations

from collections.abc import Iterable

from codegenesis.core.coders.plain import tokens
from codegenesis.model import Record


class Part(Record, frozen=True):
    """A part of a prompt.

    Attributes:
        rank: 0 for what must be there; else the higher, the sooner it is left out.
    """

    text: str
    rank: int = 0


def fitted(parts: Iterable[Part], *, room: int) -> str:
    """The parts in their order, as many as fit into `room` tokens."""
    asked = [part for part in parts if part.text]
    order = sorted(range(len(asked)), key=lambda index: (asked[index].rank, index))
    kept, left = set[int](), room
    for index in order:
        left -= tokens(asked[index].text)
        if left < 0 and asked[index].rank:
            break
        kept.add(index)
    return "\n\n".join(part.text for index, part in enumerate(asked) if index in kept)
