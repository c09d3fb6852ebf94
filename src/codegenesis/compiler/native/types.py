"""C types for what was observed; everything that is not certain stays a Python object.

A type here is a *representation*: `int` is a 64-bit integer whose arithmetic is checked, `float`
a double, `num` either of them with a mark which (`total = 0` that later sums floats), `vec` an
array of one of those three that stands for a list, `struct` an instance of a class of the
program. Builds check each value that enters such a place, so a type that is wrong makes them
refuse, never err.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Story = tuple[list[str], dict[str, Any]]


class T(NamedTuple):
    """A representation: its kind, and what it is of.

    `list` and `tuple` have item types; `vec` and `array` a kind of item; `struct` the class's name.
    """

    kind: str
    of: tuple[Any, ...] = ()

    @property
    def is_number(self) -> bool:
        """Held as a C number?"""
        return self.kind in ("int", "float", "num")

    @property
    def is_flat(self) -> bool:
        """Held in registers: a number, a truth value, or a few of them together?"""
        return self.kind in ("int", "float", "bool", "num") or self.is_row

    @property
    def is_row(self) -> bool:
        """A tuple of C numbers, held as a C struct?"""
        return self.kind == "row"


INT, FLOAT, NUM, BOOL = T("int"), T("float"), T("num"), T("bool")
OBJECT, NONE, STR, BYTES = T("object"), T("none"), T("str"), T("bytes")
RANGE, DICT, SET = T("range"), T("dict"), T("set")

_ATOMS = {"int": INT, "float": FLOAT, "bool": BOOL, "str": STR, "bytes": BYTES, "range": RANGE}
_ITEM_LETTER = {INT: "l", FLOAT: "d", NUM: "n"}
ITEM_OF = {letter: item for item, letter in _ITEM_LETTER.items()}
#: Type codes of `array.array` that are held as arrays, with the kind of their items.
ARRAYS = {"d": "d", "i": "l", "l": "l", "q": "l", "h": "l", "b": "l", "B": "l", "H": "l", "I": "l"}
_MOST_ROW = 8


def vec(letter: str) -> T:
    """A list of numbers: `l` integers, `d` doubles, `n` either."""
    return T("vec", (letter,))


def struct(name: str) -> T:
    """An instance of a class of the program, or None."""
    return T("struct", (name,))


def item_type(t: T) -> T:
    """The type of what is in a container; `OBJECT` when it is not known."""
    if t.kind in ("vec", "array"):
        return ITEM_OF[t.of[0]]
    if t.kind == "list":
        return T(*t.of[0])
    return INT if t.kind == "range" else OBJECT


class Typing:
    """Types of places by name (`function:variable`, `@Class.attribute`, `global:name`).

    Args:
        places: what `codegenesis.native.watch` told.
        bases: base of each class of the program, empty for none.
    """

    def __init__(self, places: Mapping[str, Story], bases: Mapping[str, str]) -> None:
        self._places = {name: _checked(story) for name, story in places.items()}
        self._bases = bases
        self._widened: dict[str, T] = {}

    def widen(self, place: str, t: T) -> None:
        """More gets there than was seen, as the program's text shows."""
        self._widened[place] = t

    def is_widened(self, place: str) -> bool:
        """See `widen`."""
        return place in self._widened

    def knows(self, place: str) -> bool:
        """Was anything seen there?"""
        return place in self._places

    def at(self, place: str) -> T:
        """The type of a place; `OBJECT` when nothing was seen there."""
        story = self._places.get(place)
        return self._widened.get(place) or (self._type(story) if story else OBJECT)

    def attributes(self, name: str) -> dict[str, T]:
        """Attributes of the hierarchy that the class belongs to."""
        root = self._root(name)
        family = [each for each in self._bases if self._root(each) == root]
        found: dict[str, Story] = {}
        for each in family:
            prefix = f"@{each}."
            for place, story in self._places.items():
                if place.startswith(prefix):
                    attribute = place.removeprefix(prefix)
                    known = found.get(attribute)
                    found[attribute] = _merged(known, story) if known else story
        return {
            attribute: self._widened.get(f"@{root}.{attribute}") or self._type(story)
            for attribute, story in found.items()
        }

    def _root(self, name: str) -> str:
        while self._bases.get(name):
            name = self._bases[name]
        return name

    def _type(self, story: Story) -> T:
        tags, kids = set(story[0]), story[1]
        optional = "none" in tags
        tags.discard("none")
        if not tags:
            return OBJECT
        if tags == {"int", "float"} and not optional:
            return NUM
        if all(tag.startswith("obj:") for tag in tags):
            return self._instance({tag.removeprefix("obj:") for tag in tags})
        if len(tags) > 1:
            return OBJECT
        (tag,) = tags
        if tag in _ATOMS:
            flat = tag in ("int", "float", "bool")
            return OBJECT if optional and flat else _ATOMS[tag]
        return self._container(tag, kids, optional=optional)

    def _container(self, tag: str, kids: dict[str, Any], *, optional: bool) -> T:
        if tag == "list":
            item = self._type(_checked(kids["[]"])) if "[]" in kids else OBJECT
            return vec(_ITEM_LETTER[item]) if item in _ITEM_LETTER else T("list", (item,))
        if tag.startswith("array:"):
            code = tag.removeprefix("array:")
            return T("array", (ARRAYS[code], code)) if code in ARRAYS else OBJECT
        if tag.startswith("tuple") and tag != "tuple":
            count = int(tag.removeprefix("tuple"))
            items = [
                self._type(_checked(kids[str(i)])) if str(i) in kids else OBJECT
                for i in range(count)
            ]
            return tuple_of(items, held=not optional)
        if tag in ("dict", "set"):
            return T(tag)
        return OBJECT

    def _instance(self, names: Iterable[str]) -> T:
        """The nearest class that all are instances of."""
        lineages = [self._lineage(name) for name in sorted(names)]
        for candidate in lineages[0] if lineages else ():
            if all(candidate in lineage for lineage in lineages):
                return struct(candidate)
        return OBJECT

    def _lineage(self, name: str) -> list[str]:
        found = []
        while name in self._bases:
            found.append(name)
            name = self._bases[name]
        return found


def tuple_of(items: Iterable[T], *, held: bool = True) -> T:
    """A tuple: a row of C numbers where it is nothing else, and `held` in one place."""
    items = tuple(items)
    flat = all(item in (INT, FLOAT, BOOL, NUM) for item in items)
    if held and flat and 0 < len(items) <= _MOST_ROW:
        return T("row", items)
    return T("tuple", items)


def _merged(one: Story, other: Story) -> Story:
    kids = dict(one[1])
    for name, kid in other[1].items():
        kids[name] = _merged(_checked(kids[name]), _checked(kid)) if name in kids else kid
    return sorted({*one[0], *other[0]}), kids


def _checked(story: Any) -> Story:
    """What a jail said, as far as it has the right form."""
    tags, kids = story
    if type(tags) is not list or type(kids) is not dict:
        raise TypeError("expected the types seen at a place")
    return [tag for tag in tags if type(tag) is str], kids
