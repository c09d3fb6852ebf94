"""What types a program's variables had: evidence that builds are typed from, gathered in the
jail.

A fragment for observation holds the program (the function and what it reaches) and hands its
entry to `watched`. Every frame of the fragment is traced; at each line the values of its
variables are noted by type, attributes and items included. Places that held the very same list
are *joined*, so that a list has one representation wherever it goes. Nothing here is trusted: a
build checks what it was told, so a wrong report makes it refuse inputs, not give wrong answers.

`sys.monitoring` was rejected: it needs 3.12, and a trace gives locals at each line as well.
"""

from __future__ import annotations

import sys
from array import array
from types import CodeType, FrameType, FunctionType
from typing import Any

#: Lines that are looked at, per function; and calls.
_LINES = 20_000
_CALLS = 300
#: Items of a container that are looked at, and attributes of how many instances of a class.
_ITEMS = 24
_INSTANCES = 300
_VISITS = 24
_DEPTH = 6
#: Integers from here on are not for 64 bits.
_WIDE = 1 << 63


class Place:
    """A variable, an attribute, or the items of a container: the types that were seen there."""

    __slots__ = ("_same", "kids", "tags")

    def __init__(self) -> None:
        self.tags: set[str] = set()
        self.kids: dict[str, Place] = {}
        self._same: Place | None = None

    def root(self) -> Place:
        """The place that stands for all that were joined with this one."""
        place = self
        while place._same is not None:
            place = place._same
        return place

    def kid(self, name: str) -> Place:
        """The items (`[]`), keys, values, or the item at a position."""
        root = self.root()
        return root.kids.setdefault(name, Place()).root()


def join(one: Place, other: Place) -> None:
    """Both held the same list: from here on they are one place."""
    one, other = one.root(), other.root()
    if one is other:
        return
    other._same = one
    one.tags |= other.tags
    for name, kid in other.kids.items():
        if name in one.kids:
            join(one.kids[name], kid)
        else:
            one.kids[name] = kid


class Watcher:
    """Notes types of the frames whose code comes from one file.

    Args:
        filename: of the fragment.
        classes: by name, those whose instances are looked into; two may share one but for a blank.
        events: after so many, only calls of functions that were never seen are looked at.
    """

    def __init__(self, filename: str, classes: dict[str, type], *, events: int) -> None:
        self.places: dict[str, Place] = {}
        self._filename = filename
        self._names = {kind: name.strip() for name, kind in classes.items()}
        self._events = events
        self._lines: dict[tuple[CodeType, int], int] = {}
        self._total: dict[CodeType, int] = {}
        self._lists: dict[int, tuple[Any, Place, int, int]] = {}
        self._looked: dict[str, int] = {}
        self._calls: dict[CodeType, int] = {}
        self._raising: set[int] = set()

    def renew(self, events: int) -> None:
        """Another call, another budget."""
        self._events = events

    def place(self, name: str) -> Place:
        """By name: `function:variable`, `@Class.attribute`, `global:name`."""
        return self.places.setdefault(name, Place()).root()

    def trace(self, frame: FrameType, event: str, argument: object) -> Any:
        """For `sys.settrace`."""
        code = frame.f_code
        if code.co_filename != self._filename:
            return None
        self._events -= 1
        if self._events < 0:
            if event == "line":
                frame.f_trace_lines = False
                return self.trace
            if event == "call" and self._calls.get(code, 0) > 3:
                return None
        name = _short(code.co_qualname)
        if event == "call":
            return self._enter(name, frame)
        if event == "line":
            self._raising.discard(id(frame))
            self._line(name, frame)
        elif event == "exception":
            self._raising.add(id(frame))
        elif event == "return":
            if id(frame) in self._raising:
                self._raising.discard(id(frame))
            else:
                self.note(f"{name}:return", argument)
            self._note_locals(name, frame)
        return self.trace

    def _line(self, name: str, frame: FrameType) -> None:
        """Each line of the text has its own count, or a loop would hide what comes after it."""
        code, number = frame.f_code, frame.f_lineno
        total = self._total[code] = self._total.get(code, 0) + 1
        if total > _LINES:
            frame.f_trace_lines = False  # its end is still told
        count = self._lines[code, number] = self._lines.get((code, number), 0) + 1
        if count <= _VISITS or not count & (count - 1):
            self._note_locals(name, frame)

    def _enter(self, name: str, frame: FrameType) -> Any:
        """Most calls of a busy function are not looked at: from the first line on, or not."""
        code = frame.f_code
        count = self._calls[code] = self._calls.get(code, 0) + 1
        if count > _CALLS and count & (count - 1) and count % 101:
            return None
        frame.f_trace_lines = self._total.get(code, 0) <= _LINES or count % 7 == 0
        self._note_locals(name, frame)
        return self.trace

    def note(self, place: str, value: object) -> None:
        """A value was seen at a place."""
        self._look(self.place(place), value, _DEPTH)

    def _note_locals(self, name: str, frame: FrameType) -> None:
        for variable, value in frame.f_locals.items():
            self._look(self.place(f"{name}:{variable}"), value, _DEPTH)

    def _look(self, place: Place, value: Any, depth: int) -> None:
        kind = type(value)
        plain = _TAGS.get(kind)
        place = place.root()
        if plain is not None:
            if plain == "int" and not -_WIDE < value < _WIDE:
                plain = "big"
            place.tags.add(plain)
        elif depth <= 0:
            if kind in self._names:
                place.tags.add(f"obj:{self._names[kind]}")
        elif kind is list:
            place.tags.add("list")
            self._look_list(place, value, depth)
        elif kind is tuple:
            self._look_tuple(place, value, depth)
        elif kind is dict or kind is set or kind is frozenset:
            self._look_hashed(place, value, kind, depth)
        elif kind is array:
            place.tags.add(f"array:{value.typecode}")
        elif kind is FunctionType:
            place.tags.add("function")
        elif kind in self._names:
            self._look_instance(place, value, self._names[kind], depth)
        else:
            place.tags.add(f"other:{kind.__name__}")

    def _look_list(self, place: Place, value: list[Any], depth: int) -> None:
        known = self._lists.get(id(value))
        items, visits, size = (known[1], known[2], known[3]) if known else (place.kid("[]"), 0, -1)
        if known:
            join(place.kid("[]"), items)
        again = visits < _VISITS or not visits & (visits - 1)
        if size != len(value) and visits < _LINES:
            again = True
        # The list is kept, so that its id stays unique.
        self._lists[id(value)] = (value, items.root(), visits + 1, len(value))
        if again:
            for item in _some(value):
                self._look(items, item, depth - 1)

    def _look_tuple(self, place: Place, value: tuple[Any, ...], depth: int) -> None:
        if len(value) > 16:
            place.tags.add("tuple")
            for item in _some(value):
                self._look(place.kid("[]"), item, depth - 1)
            return
        place.tags.add(f"tuple{len(value)}")
        for index, item in enumerate(value):
            self._look(place.kid(str(index)), item, depth - 1)

    def _look_hashed(self, place: Place, value: Any, kind: type, depth: int) -> None:
        place.tags.add(kind.__name__)
        known = self._lists.get(id(value))
        if known is not None:
            join(place, known[1])
        visits = known[2] if known else 0
        self._lists[id(value)] = (value, place.root(), visits + 1, len(value))
        if visits < _VISITS or visits & (visits - 1) == 0:
            for item in _some(list(value)[: 4 * _ITEMS]):
                self._look(place.kid("key"), item, depth - 1)
                if kind is dict:
                    self._look(place.kid("value"), value[item], depth - 1)

    def _look_instance(self, place: Place, value: Any, name: str, depth: int) -> None:
        place.tags.add(f"obj:{name}")
        count = self._looked[name] = self._looked.get(name, 0) + 1
        if count > _INSTANCES and count & (count - 1) and count % 61:
            return
        self._looked[name] = count
        for attribute, item in attributes(value).items():
            self._look(self.place(f"@{name}.{attribute}"), item, depth - 1)


def attributes(value: object) -> dict[str, Any]:
    """What an instance holds, in its `__dict__` and its slots."""
    found = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if slot not in ("__dict__", "__weakref__") and hasattr(value, slot):
                found[slot] = getattr(value, slot)
    return found


def watched(
    entry: FunctionType,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    classes: dict[str, type],
    constants: dict[str, Any],
    events: int,
) -> dict[str, Any]:
    """Run `entry` and tell what types its program's variables had; plain data.

    Args:
        constants: module-level values that the program reads, by name.
        events: of the program, after which little more is looked at.
    """
    code: CodeType = entry.__code__
    outside = entry.__globals__
    kinds = dict(classes)
    kinds.update((f"{n} ", outside[n]) for n in classes if isinstance(outside.get(n), type))
    watcher = _watcher(code.co_filename, kinds, events)
    _note(watcher, constants)
    raised = ""
    sys.settrace(watcher.trace)
    try:
        entry(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 (the program's own; its types are evidence)
        raised = f"{type(error).__name__}: {error}"[:200]
    finally:
        sys.settrace(None)
    _note(watcher, constants)  # what they hold now
    return {"places": _told(watcher.places), "values": _atoms(constants), "raised": raised}


def _note(watcher: Watcher, constants: dict[str, Any]) -> None:
    for name, value in constants.items():
        watcher.note(f"global:{name}", value)


def _watcher(filename: str, classes: dict[str, type], events: int) -> Watcher:
    """One per fragment, so that what one call told joins what the next one tells."""
    watcher = _watchers.get(filename)
    if watcher is None:
        watcher = _watchers[filename] = Watcher(filename, classes, events=events)
    watcher.renew(events)
    return watcher


def _told(places: dict[str, Place]) -> dict[str, Any]:
    """Places as nested plain data; what is joined comes out alike, and cycles are cut."""
    return {name: _story(place.root(), ()) for name, place in places.items()}


def _story(place: Place, above: tuple[Place, ...]) -> list[Any]:
    if place in above or len(above) > _DEPTH:
        return [["deep"], {}]
    kids = {name: _story(kid.root(), (*above, place)) for name, kid in place.kids.items()}
    return [sorted(place.tags), kids]


def _atoms(constants: dict[str, Any]) -> dict[str, Any]:
    """The values of constants that a build may have written into it."""
    return {name: value for name, value in constants.items() if _is_atom(value)}


def _is_atom(value: object) -> bool:
    if type(value) is tuple:
        return len(value) <= 16 and all(map(_is_atom, value))
    return type(value) in (int, float, bool, str, bytes, type(None))


def _some(values: Any) -> Any:
    """All of a few, or some of many, spread over them."""
    count = len(values)
    if count <= _ITEMS:
        return list(values)
    return [*values[: _ITEMS // 2], *values[:: max(1, 2 * count // _ITEMS)], values[-1]]


def _short(qualname: str) -> str:
    return qualname.rpartition("<locals>.")[2]


_TAGS: dict[type, str] = {
    int: "int",
    float: "float",
    bool: "bool",
    str: "str",
    bytes: "bytes",
    type(None): "none",
    range: "range",
    complex: "complex",
}

_watchers: dict[str, Watcher] = {}
