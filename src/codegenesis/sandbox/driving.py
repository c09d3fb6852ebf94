"""What comes out of a function bit by bit: driven in the jail, told as a whole.

A generator, an iterator or a coroutine is a promise; what it is worth shows when somebody takes it
up. So the items are taken here, up to a bound that makes endless ones fine, and travel as `Driven`
with the way it ended. Laziness is part of what a caller relies on and is watched on single calls,
never while a batch is timed: the arguments after the call and after the first item; whether items
change after they were given; what comes when the caller changes an argument after the first item;
what comes of `send` and `throw`. One that computes everything up front gives itself away.

A coroutine function's outcome is what awaiting it gives. The clock is virtual, so sleeping costs
nothing here (`codegenesis.sandbox.eventloop`); how often and how long it lets others run is noted
beside the outcome, because a version that no longer paces itself only looks faster.
"""

from __future__ import annotations

import io
import types
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from itertools import islice
from typing import Any, NamedTuple

from codegenesis import wire
from codegenesis.errors import WireError
from codegenesis.sandbox.closures import Bound
from codegenesis.wire import Driven
from codegenesis.wire.shapes import shape_of

MOST_ITEMS = 1000
_MOST_AFTER = 100
_PROMISES = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_ATOMS = frozenset({int, float, str, bytes, bool, complex, type(None)})
_SETTLED = _ATOMS | {list, tuple, dict, set, frozenset, bytearray}
_MAPS: tuple[dict[Any, Any], ...] = ({}, OrderedDict())
_VIEWS = tuple(type(view) for m in _MAPS for view in (m.keys(), m.values(), m.items()))

Fresh = Callable[[], Bound]


class Stuck(BaseException):
    """Everything waits, and nothing is left that could end the waiting."""

    def __init__(self) -> None:
        super().__init__("it waits for something that never comes")


class Course(NamedTuple):
    """How far an iterator got, and how it ended: `returned`, `raised` or `more`."""

    items: list[Any]
    ending: str
    value: Any = None


class Spectator:
    """Notes what else a caller could notice while items come; does nothing unless asked to.

    Args:
        call: the arguments, which a generator may change as it goes.
        before: how they were encoded.
    """

    def __init__(self, call: Bound, before: bytes, *, watching: bool) -> None:
        self._call, self._before = call, before
        self._watching = watching
        self._states: list[bytes | None] = []
        self._given: list[bytes] = []

    def called(self) -> None:
        """The call has returned and nothing was taken yet, or the first item was."""
        if self._watching:
            now = _bytes_of(*self._call.state(), encode=wire.encode_call)
            self._states.append(None if now == self._before else now)

    def given(self, item: Any) -> None:
        """An item has come."""
        if self._watching:
            self._given.append(b"" if type(item) in _ATOMS else _bytes_of(item))
            if len(self._given) == 1:
                self.called()

    def notes(self, items: list[Any]) -> tuple[Any, ...]:
        """What was seen; items are told again where they are no longer what they were."""
        changed = [
            (at, before)
            for at, (before, item) in enumerate(zip(self._given, items, strict=False))
            if before and before != _bytes_of(item)
        ]
        return (*self._states, *changed)


def is_promise(function: Callable[..., object]) -> bool:
    """Does calling it run none of its body?"""
    return bool(function.__code__.co_flags & _PROMISES)


def is_open(kind: type) -> bool:
    """Is there more in a value of this type than it shows?"""
    if kind in _SETTLED:
        return False
    if kind in _VIEWS or kind in (types.CoroutineType, types.AsyncGeneratorType):
        return True
    return any("__next__" in vars(base) for base in kind.__mro__) and not _travels(kind)


def drive(
    function: Callable[..., Any],
    value: Any,
    call: Bound,
    *,
    encoded: bytes,
    fresh: Fresh | None,
) -> object:
    """What the caller of `function` gets out of `value` in the end.

    Args:
        call: the arguments that it was called with.
        encoded: those, before the call.
        fresh: the same arguments anew, to call it again and watch; None while it is timed.

    Raises:
        BaseException: what it raises before the first item, or the coroutine at any time.
    """
    if type(value) is types.CoroutineType:
        return _awaited(function, value, call.waits)
    spectator = Spectator(call, encoded, watching=fresh is not None)
    spectator.called()
    course = _course(value, spectator.given, waits=call.waits)
    if course.ending == "raised" and not course.items:
        raise course.value
    probes: tuple[Any, ...] = ()
    if fresh is not None:
        probes = (*spectator.notes(course.items), *_probed(function, fresh))
    return _told(value, course, probes)


def _awaited(function: Callable[..., Any], value: Any, waits: list[tuple[int, float]]) -> object:
    from codegenesis.sandbox import eventloop

    result = eventloop.run(value, waits)
    if is_promise(function):
        return result
    return Driven("coroutine", [], "returned", result, ())


def _told(value: object, course: Course, probes: tuple[Any, ...]) -> Driven:
    end = course.value
    if course.ending == "raised":
        end = wire.encode_exception(end)
    return Driven(_name(type(value)), course.items, course.ending, end, probes)


def _name(kind: type) -> str:
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _travels(kind: type) -> bool:
    try:
        shape_of(kind)
    except WireError:
        return False
    return True


def _bytes_of(*values: Any, encode: Callable[..., bytes] = wire.encode) -> bytes:
    try:
        return encode(*values)
    except WireError as error:
        return str(error).encode("utf-8", "replace")


# --- taking items ---------------------------------------------------------------------------------


def _course(
    value: Any,
    given: Callable[[Any], object],
    *,
    most: int = MOST_ITEMS,
    waits: list[tuple[int, float]] | None = None,
) -> Course:
    if type(value) is types.AsyncGeneratorType:
        from codegenesis.sandbox import eventloop

        course: Course = eventloop.run(_async_course(value, given, most), waits)
        return course
    if type(value) in _VIEWS:
        return Course(list(islice(value, most)), "returned")
    if type(value) in (io.StringIO, io.BytesIO):
        return Course([value.getvalue()], "returned", value.tell())
    return _sync_course(value, given, most)


def _sync_course(value: Iterator[Any], given: Callable[[Any], object], most: int) -> Course:
    items: list[Any] = []
    try:
        while len(items) < most:
            items.append(next(value))
            given(items[-1])
        _close(value)
    except StopIteration as stop:
        return Course(items, "returned", stop.value)
    except BaseException as error:  # noqa: BLE001 (boundary to the candidate's code)
        return Course(items, "raised", error)
    return Course(items, "more")


def _close(value: Any) -> None:
    if type(value) is types.GeneratorType:
        value.close()


async def _async_course(
    value: AsyncGenerator[Any, Any], given: Callable[[Any], object], most: int
) -> Course:
    items: list[Any] = []
    try:
        while len(items) < most:
            items.append(await anext(value))
            given(items[-1])
        await value.aclose()
    except StopAsyncIteration:
        return Course(items, "returned")
    except Exception as error:  # noqa: BLE001 (boundary to the candidate's code)
        return Course(items, "raised", error)
    return Course(items, "more")


# --- asking again, as another caller would --------------------------------------------------------


def _probed(function: Callable[..., Any], fresh: Fresh) -> Iterator[bytes]:
    """Encoded answers: they are compared, and shown to nobody."""
    yield _attempt(lambda: _after_a_change(fresh()))
    if is_promise(function):
        yield from _in_dialogue(fresh()())


def _attempt(ask: Callable[[], Any]) -> bytes:
    try:
        return _bytes_of(ask())
    except BaseException as error:  # noqa: BLE001 (boundary to the candidate's code)
        return wire.encode_exception(error)


def _after_a_change(call: Bound) -> Any:
    """What comes when the caller changes its arguments after the first item."""
    args, kwargs = call.state()
    value, seen = call(), 0

    def given(_item: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == 1:
            change(args, kwargs)

    if type(value) in _VIEWS:
        change(args, kwargs)
    course = _course(value, given, most=_MOST_AFTER)
    end = wire.encode_exception(course.value) if course.ending == "raised" else course.value
    return course.items, course.ending, end


def _in_dialogue(value: Any) -> list[bytes]:
    """What comes of `send` and `throw`."""
    if type(value) is types.GeneratorType:
        said = _attempt(lambda: next(value))
        answered = _attempt(lambda: value.send("something sent"))
        return [said, answered, _attempt(lambda: value.throw(_thrown()))]
    if type(value) is types.AsyncGeneratorType:
        from codegenesis.sandbox import eventloop

        talk: list[bytes] = eventloop.run(_async_dialogue(value))
        return talk
    return []


async def _async_dialogue(value: AsyncGenerator[Any, Any]) -> list[bytes]:
    talk: list[bytes] = []
    steps: list[Callable[[], Awaitable[Any]]] = [
        lambda: anext(value),
        lambda: value.asend("something sent"),
        lambda: value.athrow(_thrown()),
    ]
    for say in steps:
        try:
            talk.append(_bytes_of(await say()))
        except Exception as error:  # noqa: BLE001 (boundary to the candidate's code)
            talk.append(wire.encode_exception(error))
    return talk


def _thrown() -> LookupError:
    return LookupError("something thrown in")


def change(args: Any, kwargs: Any) -> None:
    """Change what can be changed in arguments, and in what objects among them hold."""
    for value in (*args, *kwargs.values()):
        _change(value)
        for part in list(getattr(value, "__dict__", {}).values()):
            _change(part)


def _change(value: Any) -> None:
    if type(value) is list:
        del value[-1:]
    elif type(value) is deque and value:
        value.pop()
    elif type(value) is dict and value:
        value[next(reversed(value))] = next(iter(value.values()))
    elif type(value) is bytearray and value:
        value[-1] ^= 1
    elif type(value).__name__ == "ndarray" and value.size and value.flags.writeable:
        value.flat[-1] = value.flat[0]
