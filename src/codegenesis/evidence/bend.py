"""Fresh inputs aimed at a spot: at comparisons that went one way only, and at the constants that a
variant has and the original has not.

Chance around recorded values never sends a text of 37 characters, or 48213, or a word that ends in
`~!`. But a program that treats those differently says so, in its source or in what it compares at
run time; both are read here, and calls are bent towards them. This finds nothing behind a
hash or a checksum, which is why the policy gate refuses both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import Any

from codegenesis.evidence.infer import hashable, is_enum, with_state
from codegenesis.evidence.literals import Literals
from codegenesis.evidence.plain import Call, Instance
from codegenesis.evidence.probes import Pair

Path = tuple[Any, ...]

_MOST_LEAVES = 24
_LONGEST = 1200
#: Ways in which a comparison can come out, as `Pair.relation` counts them.
_OF_ORDER = (-1, 0, 1)
_OF_TEXTS = (10, 14, 15, 16)
_DEEP = 1100  # longer than Python's recursion is deep: a loop turned into a recursion shows
_SIZED = (str, bytes, list, tuple, dict)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Everything in a value that can be replaced, containers before what is in them."""
    if path:
        yield path, value
    if isinstance(value, list | tuple):
        for at, part in enumerate(value[:12]):
            yield from leaves(part, (*path, at))
    elif isinstance(value, dict):
        for key, part in list(value.items())[:12]:
            yield from leaves(part, (*path, key))
    elif isinstance(value, Instance) and not is_enum(value):
        for at, part in enumerate(value.state):
            yield from leaves(part, (*path, at))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A copy of the value with what is at the path replaced."""
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {**value, head: replaced(value[head], rest, new)}
    if isinstance(value, Instance):
        state = list(value.state)
        state[head] = replaced(state[head], rest, new)
        return with_state(value, tuple(state))
    items = list(value)
    items[head] = replaced(items[head], rest, new)
    return type(value)(items)


def _parts(call: Call) -> Iterator[tuple[Path, Any]]:
    """The arguments and what is in them, without the tuple and the dict that hold them."""
    return ((path, leaf) for path, leaf in leaves(call) if len(path) > 1)


def towards(call: Call, pair: Pair) -> Iterator[Call]:
    """The call, changed so that a comparison which it met may go another way."""
    for path, leaf in islice(_parts(call), _MOST_LEAVES):
        for new in _bent(leaf, pair.left, pair.right, pair.name):
            yield replaced(call, path, new)


def suspicious(call: Call, new: Literals) -> Iterator[Call]:
    """The call with constants of the program in each place where they fit."""
    sized = [n for n in new.ints if 0 <= n <= _LONGEST]
    for path, leaf in islice(_parts(call), _MOST_LEAVES):
        for value in _put_in(leaf, new, sized):
            yield replaced(call, path, value)


def lengthened(call: Call) -> Iterator[Call]:
    """The call with each text and container made long."""
    for path, leaf in islice(_parts(call), _MOST_LEAVES):
        for new in _of_size(leaf, _DEEP):
            yield replaced(call, path, new)


def halved(call: Call) -> Iterator[Call]:
    """The call, then with a float for each integer, whole and with a half.

    Caches take `4` and `4.0` for the same, and compiled code cuts the half off.
    """
    for path, leaf in islice(_parts(call), _MOST_LEAVES):
        if type(leaf) is int and abs(leaf) < 1 << 50:
            news = (leaf, float(leaf), leaf + 0.5, 3, 3.0, 3.5, -3.5)
            yield from (replaced(call, path, new) for new in news)


def scaled(call: Call) -> Iterator[Call]:
    """The call with numbers of every magnitude, and with keys that are long and large."""
    for path, leaf in islice(_parts(call), _MOST_LEAVES):
        if type(leaf) is int:
            yield from (
                replaced(call, path, sign * 10**n) for n in range(3, 31) for sign in (1, -1)
            )
        elif type(leaf) is float:
            yield from (replaced(call, path, 10.0**n) for n in range(-24, 25, 2))
        elif type(leaf) is dict and leaf and isinstance(first := next(iter(leaf)), str):
            rest = {key: value for key, value in leaf.items() if key != first}
            grown = first + first.upper() + "Xy" * 30
            yield replaced(call, path, {**rest, grown: leaf[first]})
            yield replaced(call, path, {grown: leaf[first]})


def joined(calls: Sequence[Call], known: Literals) -> Iterator[Call]:
    """Texts and lists of one call behind those of another, with separators of the program."""
    marks = [text for text in known.texts if 0 < len(text) <= 2 and not text.isalnum()][:4]
    for one, other in product(calls[-8:], calls[-5:]):
        for path, leaf in islice(_parts(one), 6):
            tail: Any = dict(_parts(other)).get(path)
            if type(leaf) is not type(tail) or not leaf or one is other:
                continue
            if type(leaf) in (list, tuple, bytes):
                yield replaced(one, path, leaf + tail)
            elif type(leaf) is str:
                yield from (replaced(one, path, leaf + mark + tail) for mark in ("", *marks))


def coined(call: Call, known: Literals) -> Iterator[Call]:
    """The call with texts that are made of two short constants of the program.

    Integers may stand for characters.
    """
    short = [text for text in known.texts if 0 < len(text) <= 3]
    short += [chr(n) for n in known.ints[::3] if 32 < n < 127]
    short = list(dict.fromkeys(short))[:12]
    for path, leaf in islice(_parts(call), _MOST_LEAVES):
        if type(leaf) is str:
            yield from (replaced(call, path, "".join(pair)) for pair in product(short, repeat=2))


def _put_in(leaf: Any, new: Literals, sized: list[int]) -> Iterator[Any]:
    kind = type(leaf)
    if kind in (int, bool):
        yield from new.ints
        yield from dict.fromkeys(n + step for n in new.ints[:12] for step in range(2, 26))
    elif kind is float:
        yield from (near for value in new.floats for near in (value, value + 0.01, value - 0.01))
        yield from (float(value) for value in new.ints if abs(value) < 1 << 900)
        yield from new.ints
    elif kind is str:
        yield from _woven(leaf, new.texts)
        yield from (part * (n + 1) for part, n in product(new.texts, sized) if len(part) * n < 500)
    elif kind is bytes:
        yield from _woven(leaf, new.blobs)
    elif kind in (list, tuple):
        parts = (*new.ints, *new.floats, *new.texts, *new.blobs)[:40]
        yield from (kind([*leaf, part]) for part in parts)
    elif kind is dict:
        yield from ({**leaf, key: 1} for key in (*new.texts, *new.ints)[:40])
    elif kind in (set, frozenset):
        yield from (kind([*leaf, part]) for part in (*new.texts, *new.ints)[:40])
    yield from _sizes(leaf, sized)


def _woven(leaf: Any, parts: Iterable[Any]) -> Iterator[Any]:
    """A constant alone, before, after and inside a text."""
    half = len(leaf) // 2
    for part in parts:
        yield from (part, part + leaf, leaf + part, leaf[:half] + part + leaf[half:])


def _sizes(leaf: Any, wanted: Iterable[int]) -> Iterator[Any]:
    for n in wanted:
        yield from _of_size(leaf, n)


def _of_size(leaf: Any, n: int) -> Iterator[Any]:
    """The same kind of value with that many parts, if that is possible."""
    if not isinstance(leaf, _SIZED) or len(leaf) == n or not 0 <= n <= _LONGEST:
        return
    if isinstance(leaf, dict):
        cell = next(iter(leaf.values()), 0)
        keys = [*leaf, *(f"k{at}" for at in range(n))][:n]
        yield {key: leaf.get(key, cell) for key in keys}
    elif leaf:
        yield (leaf * (n // len(leaf) + 1))[:n]
    elif isinstance(leaf, str | bytes):
        yield "a" * n if isinstance(leaf, str) else b"a" * n


def _bent(leaf: Any, left: Any, right: Any, name: str) -> Iterator[Any]:
    """New values for a leaf, after a comparison of `left` with `right`."""
    if isinstance(left, int | float) and isinstance(right, int | float):
        yield from _numeric(leaf, left, right)
    elif type(leaf) in (str, bytes) and type(left) is type(right) is type(leaf):
        yield from _textual(leaf, left, right, name)
    elif type(leaf) is type(left) and leaf == left and hashable(right):
        yield right


def _textual(leaf: Any, left: Any, right: Any, name: str) -> Iterator[Any]:
    """`leaf`, `left` and `right` are all texts, or all bytes."""
    if leaf == right:
        yield left
    elif leaf == left:
        yield from (right, right + leaf, leaf + right)
    elif right and right not in leaf:
        yield from _woven(leaf, (right,))
    if left and left in leaf:
        head, _, tail = leaf.rpartition(left)
        odd = _cousin(right)
        for new in (right, right + left, left + right, _cousin(left), odd + right, right + odd):
            yield from (leaf.replace(left, new, 1), head + new + tail)
    if name not in ("==", "!=") and right:
        yield from (right + leaf, leaf + right, leaf.replace(right, right[:0]))


def _cousin(text: Any) -> Any:
    """A text of the same make that is another: tabs for spaces, other digits, other letters."""
    swapped = str.maketrans(" \t0123456789abcxyzABCXYZ", "\t 1234567890bcdyzwBCDYZW")
    if isinstance(text, str):
        return text.translate(swapped)
    return text.decode("latin-1").translate(swapped).encode("latin-1")


def _numeric(leaf: Any, left: float, right: float) -> Iterator[Any]:
    try:
        gap = right - left
        if isinstance(leaf, _SIZED):
            step = int(gap)
            sizes = [len(leaf) + step + near for near in (0, 1, -1)]
            yield from _sizes(leaf, [*sizes, len(leaf) - step, len(leaf) + 1, len(leaf) - 1])
        elif type(leaf) is int:
            step = int(gap)
            yield from dict.fromkeys(
                leaf + sign * step + near for sign in (1, -1) for near in (0, 1, -1)
            )
            if left:
                yield leaf * int(right // left)
        elif type(leaf) is float:
            yield from (leaf + gap, leaf - gap, leaf + gap + 0.5, leaf + gap - 0.5, float(right))
            if left:
                yield leaf * (right / left)
    except (OverflowError, ValueError, ZeroDivisionError):
        return


def unmet(trails: Iterable[tuple[Call, tuple[Pair, ...]]]) -> Iterator[tuple[Call, Pair]]:
    """Comparisons which never came out equal, or not in all the ways they can, each with a call."""
    seen: set[tuple[int, int]] = set()
    first: dict[tuple[int, int], list[tuple[Call, Pair]]] = {}
    for call, pairs in trails:
        for pair in pairs:
            seen.add(pair.relation)
            examples = first.setdefault(pair.relation, [])
            if len(examples) < 3:
                examples.append((call, pair))
    for (site, relation), examples in first.items():
        ways = _OF_TEXTS if relation >= 10 else _OF_ORDER
        if not {(site, way) for way in ways} <= seen:
            yield from examples
