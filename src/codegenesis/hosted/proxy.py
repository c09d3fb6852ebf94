"""In the place of the function: tells of its calls, or has them answered elsewhere.

The function object stays what it was (`from shop import quote` holds it by now); its code is
replaced by one that calls us. What cannot travel is answered by the original and counted.
"""

from __future__ import annotations

import inspect
import sys
import threading
import types
from collections.abc import AsyncGenerator, Generator
from typing import Any

from codegenesis import fragment, wire
from codegenesis.errors import WireError
from codegenesis.hosted import messages
from codegenesis.hosted.bring import bring
from codegenesis.hosted.line import Line
from codegenesis.wire import tags

_MOST_BYTES = 8 << 20
_MOST_TOLD = 300  # calls of one test
#: How an encoded result begins that is, as a whole, an object of the arguments.
_SHARED = bytes((0x81, tags.ARGUMENT))


class CandidateDiedError(BaseException):
    """The variant gave no answer. No test that expects an exception expects this one."""


class Counts:
    """Of one test: how often the function was called, and how often the original answered."""

    def __init__(self) -> None:
        self.calls = 0
        self.unsent = 0


class Proxy:
    """Stands in for one function."""

    def __init__(self, function: types.FunctionType, line: Line, *, mode: messages.Mode) -> None:
        self._line, self._mode = line, mode
        self._original = _copy(function)
        self._busy = threading.local()
        self.counts: Counts | None = None
        function.__code__ = fragment.redirect(function.__code__, self._called)

    def _called(self, *args: Any, **kwargs: Any) -> Any:
        counts = self.counts
        if counts is None or getattr(self._busy, "yes", False) or not self._line.is_ours:
            return self._original(*args, **kwargs)
        counts.calls += 1
        try:
            call = wire.encode_call(args, kwargs, max_bytes=_MOST_BYTES)
        except WireError:
            counts.unsent += 1
            return self._answered_here(args, kwargs)
        if self._mode == "send":
            return self._sent(counts, call, args, kwargs)
        if counts.calls <= _MOST_TOLD:
            self._line.tell(messages.Called(call))
        return self._answered_here(args, kwargs)

    def _answered_here(self, args: Any, kwargs: Any) -> Any:
        """By the original; what it calls on its way is its own affair."""
        self._busy.yes = True
        try:
            return self._original(*args, **kwargs)
        finally:
            self._busy.yes = False

    def _sent(self, counts: Counts, call: bytes, args: Any, kwargs: Any) -> Any:
        answer = self._line.tell(messages.Ask(call))
        if not isinstance(answer, messages.Answer) or answer.kind == "unable":
            counts.unsent += 1
            return self._answered_here(args, kwargs)
        if answer.kind == "died":
            raise CandidateDiedError(answer.detail)
        try:
            value = wire.decode(answer.value, resolve=_resolve)
            if answer.after != call:
                _bring_back(answer.after, args, kwargs)
        except WireError as error:
            raise CandidateDiedError(str(error)) from None
        if answer.kind == "raised":
            raise _exception(value)
        return self._in_kind(self._perhaps_argument(answer.value, value, args, kwargs))

    def _in_kind(self, value: Any) -> Any:
        """As callers of this kind of function take it up: awaited, iterated, or as it is."""
        flags = self._original.__code__.co_flags
        if flags & inspect.CO_ASYNC_GENERATOR:
            return _given_slowly(value)
        if flags & inspect.CO_COROUTINE:
            return _awaited(value)
        return _given(value) if isinstance(value, wire.Driven) else value

    def _perhaps_argument(self, data: bytes, value: Any, args: Any, kwargs: Any) -> Any:
        """`return self`: the caller goes on with its own object, not with a copy of it."""
        if not data.startswith(_SHARED):
            return value
        for own in (*args, *kwargs.values()):
            try:
                same, _ = wire.encode_outcome(own, args, kwargs, max_bytes=_MOST_BYTES)
            except WireError:
                continue
            if same == data:
                return own
        return value


def _copy(function: types.FunctionType) -> types.FunctionType:
    copy = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _given(driven: wire.Driven) -> Generator[Any, None, Any]:
    """What a generator gave elsewhere, once more."""
    yield from driven.items
    return _ending(driven)


async def _given_slowly(driven: wire.Driven) -> AsyncGenerator[Any, None]:
    for item in driven.items:
        yield item
    _ending(driven)


async def _awaited(value: Any) -> Any:
    return value


def _ending(driven: wire.Driven) -> Any:
    if driven.ending == "raised":
        raise _exception(wire.decode(driven.value, resolve=_resolve))
    if driven.ending != "returned":
        raise CandidateDiedError(f"gives more than the {len(driven.items)} items that were taken")
    return driven.value


def _bring_back(after: bytes, args: Any, kwargs: Any) -> None:
    left, left_names = wire.decode_call(after, resolve=_resolve)
    for live, new in zip(args, left, strict=True):
        bring(live, new)
    for name, live in kwargs.items():
        bring(live, left_names[name])


def _resolve(name: str) -> object:
    """What is loaded here already: what a variant names is never imported."""
    home, _, qualname = name.partition(":")
    found: Any = sys.modules[home]
    for part in qualname.split("."):
        found = vars(found)[part]
    if not isinstance(found, type | types.FunctionType | types.BuiltinFunctionType):
        raise WireError(f"{name} is not a class or a function")
    return found


def _exception(value: Any) -> BaseException:
    """The exception itself, by its class's own constructor where that takes its arguments."""
    cls = _exception_class(value.type_name)
    try:
        made = cls(*value.state)
        if made.args == value.state:
            return made
    except Exception:  # noqa: BLE001, S110 (boundary to the user's constructors)
        pass
    return cls.__new__(cls, *value.state)


def _exception_class(name: str) -> type[BaseException]:
    """`module.qualname`, where either may have dots."""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        found: Any = sys.modules.get(".".join(parts[:cut]))
        for part in parts[cut:]:
            found = vars(found).get(part) if isinstance(found, type | types.ModuleType) else None
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    raise CandidateDiedError(f"raises {name}, which is not known here")
