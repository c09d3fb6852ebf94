"""What the original does not fix itself: the parts of its answers that vary from run to run.

A request id, a time stamp, the order of a list that was made from a set: the original answers
otherwise each time, so no variant can be held to one answer. But it can be held to everything else,
and there to the same *kind* of thing. So the original is compared with itself first (under several
seeds and clocks, and with what was recorded in the live process), and where it varies a mask is
laid over: a path into the answer, with what was seen there. A variant must agree exactly elsewhere;
at a masked path its value must be of a type seen there and

- for numbers: as near to the original's as its own runs are to each other (twice that, at most),
- for texts: as long, of the same classes of characters, with the beginning and end that all runs
  of the original share,
- for lists whose order varies: the same items.

A variant that gives the same where the original varies is told apart by `frozen`. Noise at the root
means that nothing is left to compare, and the function stays refused, unless a fixed seed makes it
repeat itself (`codegenesis.evidence.steady`): then equality is exact, under several seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from codegenesis.errors import WireError
from codegenesis.evidence.plain import Instance, call_of, data_of, value_of
from codegenesis.model import Outcome, Record
from codegenesis.wire import Opaque, decode

Path = tuple[str, ...]

_MOST_ITEMS = 2000


class Spot(Record, frozen=True, kw_only=True):
    """One place of an answer that varies.

    Attributes:
        path: steps into the answer; `[*]` stands for any place in a list.
        kinds: names of the types seen there.
        order: a list, and it is only its order that varies.
        reach: how far numbers there lay from each other, at most.
        shortest, longest: lengths of texts, bytes and containers seen there.
        letters: classes of characters seen there (`0`, `a`, `A`, or the character itself).
    """

    path: Path
    kinds: frozenset[str]
    order: bool = False
    reach: float = 0.0
    shortest: int = 0
    longest: int = 0
    letters: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        """`['id'] (str)`."""
        what = "its order" if self.order else ", ".join(sorted(self.kinds))
        return f"{''.join(self.path[1:]) or 'the result'} ({what})"


class Noise(Record, frozen=True, kw_only=True):
    """How an original varies.

    Attributes:
        seeded: chance and clock must be set before each call for anything to be comparable.
        spots: what varies even so, or from seed to seed; none for an original that repeats itself.
    """

    seeded: bool = False
    spots: tuple[Spot, ...] = ()

    @property
    def words(self) -> str:
        """What is not compared exactly, for people; empty when everything is."""
        return "; ".join(spot.words for spot in self.spots)

    def explains(self, samples: Sequence[Outcome], got: Outcome, *, loosely: bool = False) -> bool:
        """Does an answer differ from the original's only where and as the original's own do?

        Args:
            samples: answers of the original to the same call; the first one under the same seed.
            loosely: let any value of a type seen at a masked path pass: for what was recorded with
                another clock.
        """
        if not self.spots:
            return False
        spots = {spot.path: spot for spot in self.spots}
        try:
            trees = [tree(each) for each in samples]
            return _agrees(trees, tree(got), (), spots, loosely=loosely)
        except WireError:
            return False


def learned(runs: Iterable[Sequence[Outcome]]) -> tuple[Spot, ...]:
    """Where the answers in each group, all to one call, differ from each other."""
    found: dict[Path, Spot] = {}
    for outcomes in runs:
        trees = [tree(each) for each in outcomes]
        for spot in _varying(trees, ()):
            found[spot.path] = _joined(found[spot.path], spot) if spot.path in found else spot
    outer = set(found)
    return tuple(
        spot
        for path, spot in found.items()
        if not any(path[:end] in outer and not found[path[:end]].order for end in range(len(path)))
    )


def is_hopeless(spots: Sequence[Spot]) -> bool:
    """Is there noise at the root: of the whole answer, or of whether it raises?"""
    return any(len(spot.path) <= 1 and not spot.order for spot in spots)


def at_most_order(spots: Sequence[Spot]) -> bool:
    """Is it only the order of lists that varies?"""
    return all(spot.order for spot in spots)


def frozen(
    noise: Noise, original: Sequence[Sequence[Outcome]], variant: Sequence[Sequence[Outcome]]
) -> str:
    """Words for a spot where the original varies on each of these calls and the variant on none.

    Args:
        original, variant: their answers under several seeds, by call.
    """
    theirs = {spot.path for spot in learned(variant)}
    always = [{spot.path for spot in learned([runs])} for runs in original]
    for spot in noise.spots:
        varies = bool(always) and all(spot.path in each for each in always)
        moves = any(path[: len(spot.path)] == spot.path for path in theirs)
        if varies and not spot.order and not moves:
            return spot.words
    return ""


def tree(outcome: Outcome) -> Any:
    """An outcome as one value: how it ended, what with, and what became of the arguments."""
    if outcome.kind == "died":
        return {"died": outcome.detail}
    if outcome.kind == "raised":
        error = decode(outcome.value)
        state = list(error.state) if isinstance(error, Opaque) else []
        name = error.type_name if isinstance(error, Opaque) else ""
        return {"raised": {"type": name, "args": state}, "after": call_of(outcome.after)}
    return {"returned": value_of(outcome.value), "after": call_of(outcome.after)}


def _varying(trees: Sequence[Any], path: Path) -> Iterator[Spot]:
    if all(_same(trees[0], each) for each in trees[1:]):
        return
    if _is_shuffled(trees):
        yield _spot(trees, path, order=True)
        return
    parts = [_parts(each) for each in trees]
    first = parts[0]
    if first is None or any(each is None or list(each) != list(first) for each in parts):
        yield _spot(trees, path)
        return
    for key in first:
        inner = [each[key] for each in parts if each is not None]
        yield from _varying(inner, (*path, _step(trees[0], key)))


def _agrees(
    trees: Sequence[Any], got: Any, path: Path, spots: dict[Path, Spot], *, loosely: bool
) -> bool:
    if _same(trees[0], got):
        return True
    spot = spots.get(path)
    if spot is not None:
        return (
            _kind(got) in spot.kinds if loosely and not spot.order else _is_inside(spot, trees, got)
        )
    first, others = _parts(trees[0]), _parts(got)
    if first is None or others is None or list(first) != list(others):
        return False
    if type(trees[0]) is not type(got):
        return False
    parts = [each for each in map(_parts, trees) if each is not None]
    return all(
        _agrees(
            [each[key] for each in parts if key in each],
            others[key],
            (*path, _step(trees[0], key)),
            spots,
            loosely=loosely,
        )
        for key in first
    )


def _is_inside(spot: Spot, trees: Sequence[Any], got: Any) -> bool:
    if spot.order:
        return type(got) is type(trees[0]) and _items(got) == _items(trees[0])
    if _kind(got) not in spot.kinds:
        return False
    if isinstance(got, int | float) and not isinstance(got, bool):
        return _is_near(spot, trees, got)
    if isinstance(got, str):
        return _is_alike(spot, [each for each in trees if isinstance(each, str)], got)
    if isinstance(got, bytes | list | tuple | dict | set | frozenset):
        return spot.shortest <= len(got) <= spot.longest
    return True


def _is_near(spot: Spot, trees: Sequence[Any], got: float) -> bool:
    known = [each for each in trees if type(each) in (int, float)]
    try:
        reach = max(spot.reach, max(known) - min(known))
        return bool(min(known) - reach <= got <= max(known) + reach)
    except (ValueError, OverflowError):
        return False


def _is_alike(spot: Spot, known: Sequence[str], got: str) -> bool:
    if not spot.shortest <= len(got) <= spot.longest or not letters(got) <= spot.letters:
        return False
    head, tail = _shared(known), _shared([each[::-1] for each in known])
    return not known or (got.startswith(head) and got[::-1].startswith(tail))


def _shared(texts: Sequence[str]) -> str:
    """The beginning that all have; nothing to go by when there is only one."""
    if len(texts) < 2:
        return ""
    low, high = min(texts), max(texts)
    end = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    return low[:end]


def letters(text: str) -> frozenset[str]:
    """Classes of the characters of a text: digits, small and large letters, the rest as it is."""
    return frozenset(
        "0" if c.isdigit() else "a" if c.islower() else "A" if c.isupper() else c for c in text
    )


def _spot(trees: Sequence[Any], path: Path, *, order: bool = False) -> Spot:
    numbers = [each for each in trees if type(each) in (int, float) and each == each]  # noqa: PLR0124
    sizes = [len(each) for each in trees if hasattr(each, "__len__")]
    texts = [each for each in trees if isinstance(each, str)]
    return Spot(
        path=path,
        kinds=frozenset(map(_kind, trees)),
        order=order,
        reach=_width(numbers),
        shortest=min(sizes, default=0),
        longest=max(sizes, default=0),
        letters=frozenset().union(*map(letters, texts)),
    )


def _width(numbers: Sequence[float]) -> float:
    try:
        return float(max(numbers) - min(numbers)) if numbers else 0.0
    except OverflowError:
        return 0.0


def _joined(one: Spot, other: Spot) -> Spot:
    return Spot(
        path=one.path,
        kinds=one.kinds | other.kinds,
        order=one.order and other.order,
        reach=max(one.reach, other.reach),
        shortest=min(one.shortest, other.shortest),
        longest=max(one.longest, other.longest),
        letters=one.letters | other.letters,
    )


def _same(one: Any, other: Any) -> bool:
    """Exact equality, by what travels."""
    if type(one) is not type(other):
        return False
    try:
        return data_of(one) == data_of(other)
    except WireError:
        return repr(one) == repr(other)


def _is_shuffled(trees: Sequence[Any]) -> bool:
    if not all(type(each) in (list, tuple) for each in trees):
        return False
    if len({len(each) for each in trees}) > 1 or len(trees[0]) > _MOST_ITEMS:
        return False
    return len({type(each) for each in trees}) == 1 and all(
        _items(each) == _items(trees[0]) for each in trees
    )


def _items(value: Sequence[Any]) -> list[bytes]:
    return sorted(map(_data, value))


def _data(value: Any) -> bytes:
    try:
        return data_of(value)
    except WireError:
        return repr(value).encode("utf-8", "replace")


def _parts(value: Any) -> dict[Any, Any] | None:
    """What is in a value, by place; None for what has no places."""
    if isinstance(value, list | tuple):
        return dict(enumerate(value))
    if isinstance(value, dict):
        return value
    if isinstance(value, Instance):
        names = value.slots + value.names or tuple(map(str, range(len(value.state))))
        return {
            ("class", value.type_name): 0,
            **{
                (value.type_name, name): part for name, part in zip(names, value.state, strict=True)
            },
        }
    return None


def _step(owner: Any, key: Any) -> str:
    if isinstance(owner, list):
        return "[*]"
    if isinstance(owner, Instance):
        return f".{key[1]}"
    return f"[{key!r}]"


def _kind(value: Any) -> str:
    return value.type_name if isinstance(value, Instance) else type(value).__name__
