"""Shared objects written out: a value as a tree that can be changed in one place.

The numbers that `wire` writes for what was met before mean positions in the whole, so a value that
is taken apart must lose them first. Bounded: a few bytes can stand for 2**60 nodes. What contains
itself, or would be too large, is an `Opaque` at that place: it can be looked at, not sent back.
"""

from __future__ import annotations

from typing import Any

from codegenesis.wire import SHARED, tags
from codegenesis.wire.library import KINDS

_MOST_NODES = 200_000

_SHARING = frozenset({tags.REF, tags.ARGUMENT, tags.OVERLAP})

#: Where rows of nodes stand in the payload; in other payloads each item is a node.
_ROWS = {
    **dict.fromkeys((tags.DICT, tags.ORDERED_DICT, tags.COUNTER), (0, 1)),
    **dict.fromkeys((tags.NAMEDTUPLE, tags.EXCEPTION, tags.DEQUE), (1,)),
    tags.DEFAULTDICT: (1, 2),
    tags.INSTANCE: (1, 2, 3, 4),
}
_NUMBERED = frozenset(
    {
        *(tags.DICT, tags.ORDERED_DICT, tags.COUNTER, tags.DEFAULTDICT, tags.DEQUE),
        *(tags.SET, tags.BYTEARRAY, tags.INSTANCE),
    }
)
_SETS = frozenset({tags.SET, tags.FROZENSET})


def unfolded(node: Any) -> Any:
    """The tree of an encoded value without marks of sharing."""
    return _Unfolding().node(node) if _shares(node) else node


def _shares(node: Any) -> bool:
    if type(node) is list:
        return any(map(_shares, node))
    if type(node) is dict:
        return any(tag in _SHARING or _shares(content) for tag, content in node.items())
    return False


class _Unfolding:
    def __init__(self) -> None:
        self._left = _MOST_NODES
        self._known: list[tuple[Any, int] | None] = []

    def node(self, node: Any) -> Any:
        self._left -= 1
        if type(node) is list:
            return self._entered(lambda: self._row(node))
        if type(node) is not dict:
            return node
        ((tag, content),) = node.items()
        if tag == tags.REF:
            return self._again(content)
        if tag in _SHARING:
            return self.node(content[1])
        if tag in _NUMBERED or (tag == tags.BUILT and _is_numbered(content[0])):
            return self._entered(lambda: {tag: self._content(tag, content)})
        return {tag: self._content(tag, content)}

    def _content(self, tag: int, content: Any) -> Any:
        if type(content) is not list:
            return content
        if tag in _SETS:
            return [self._alone(node) for node in content]
        rows = _ROWS.get(tag)
        if rows is None:
            return self._row(content)
        return [self._row(part) if at in rows else part for at, part in enumerate(content)]

    def _row(self, nodes: list[Any]) -> list[Any]:
        return [self.node(node) for node in nodes]

    def _alone(self, node: Any) -> Any:
        known, self._known = self._known, []
        made = self.node(node)
        self._known = known
        return made

    def _entered(self, unfold: Any) -> Any:
        place, before = len(self._known), self._left
        self._known.append(None)
        made = unfold()
        self._known[place] = (made, before - self._left)
        return made

    def _again(self, number: int) -> Any:
        found = self._known[number]
        if found is None or found[1] > self._left:
            return {tags.UNENCODABLE: SHARED}
        self._left -= found[1]
        return found[0]


def _is_numbered(name: str) -> bool:
    kind = KINDS.get(name)
    return kind.mutable if kind else name == "builtins:exception"
