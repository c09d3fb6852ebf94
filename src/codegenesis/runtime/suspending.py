"""Drives calls that suspend: what the trampolines of coroutines and generators wait for.

To the trampoline it looks like the coroutine or generator itself: it passes on what is sent and
thrown in, and what comes out (PEP 380, written out), and goes through `Course` around each step.
Async generators answer one question at a time (`asend`, `athrow`, `aclose`), each of them awaited.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from codegenesis.runtime.course import Course

_ASYNC_GENERATOR = inspect.CO_ASYNC_GENERATOR
_SUSPENDING = inspect.CO_GENERATOR | inspect.CO_COROUTINE | _ASYNC_GENERATOR
_NEXT = (None,)
_GIVING = inspect.CO_GENERATOR | _ASYNC_GENERATOR


def suspends(code: types.CodeType) -> bool:
    """Does calling it run none of its body?"""
    return bool(code.co_flags & _SUSPENDING)


def gives(code: types.CodeType) -> bool:
    """Does it give items, not one result?"""
    return bool(code.co_flags & _GIVING)


def driven(course: Course) -> object:
    """What the trampoline waits for in the place of `course.inner`."""
    code = course.run.__code__
    if code.co_flags & _ASYNC_GENERATOR:
        return _Asked(course)
    return _whole(course, giving=gives(code))


@types.coroutine
def _whole(course: Course, *, giving: bool) -> Generator[Any, Any, Any]:
    """A coroutine or a generator, to its end."""
    way = _Way(lambda: course.inner, giving=giving)
    result = yield from _steps(course, course.inner, way)
    course.returned(result)
    return result


class _Asked:
    """Answers in the place of an async generator, which is left to `course`."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._way = _Way(lambda: _begun(course.inner), through=(StopAsyncIteration,))

    def __anext__(self) -> Any:
        return self._answer(_begun(self._course.inner))

    def asend(self, value: object) -> Any:
        return self._answer(self._course.inner.asend(value))

    def athrow(self, error: BaseException) -> Any:
        return self._answer(self._course.inner.athrow(error), thrown=error)

    @types.coroutine
    def aclose(self) -> Generator[Any, Any, Any]:
        try:
            question = self._course.inner.aclose()
            return (yield from _steps(self._course, question, self._way))
        finally:
            self._course.left()

    @types.coroutine
    def _answer(
        self, question: Any, *, thrown: BaseException | None = None
    ) -> Generator[Any, Any, Any]:
        try:
            item = yield from _steps(self._course, question, self._way, thrown=thrown)
        except StopAsyncIteration:
            self._course.returned(None)
            raise
        self._course.gave()
        return item


def _begun(inner: Any) -> Any:
    """A question, unseen by the event loop: it looks after the trampoline already.

    Were both in its books, it would close both at once in the end, the inner one while it runs.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return inner.__anext__()
    finally:
        sys.set_asyncgen_hooks(*hooks)


class _Way(NamedTuple):
    """How a call is driven.

    Attributes:
        again: what to wait for when other code goes on.
        giving: what comes out are items, and what comes in is their consumer's.
        through: exceptions that are answers.
    """

    again: Callable[[], Any]
    giving: bool = False
    through: tuple[type[Exception], ...] = ()


@types.coroutine
def _steps(
    course: Course, awaited: Any, way: _Way, *, thrown: BaseException | None = None
) -> Generator[Any, Any, Any]:
    """`yield from awaited`, with the course around each step until that rests.

    Args:
        thrown: what the consumer has thrown in.
    """
    advance: Callable[..., Any] = awaited.send
    sent: tuple[Any, ...] = _NEXT
    while True:
        try:
            if course.rests and sent is _NEXT:
                return (yield from awaited)
            given = [course.step(advance, *sent)]
        except StopIteration as stop:
            return stop.value
        except way.through:
            raise
        except BaseException as error:
            goes_on = course.goes_on(error, thrown=thrown)
            sent, thrown = _NEXT, None  # a frame of its own traceback shall not hold it
            if not goes_on:
                raise
            awaited = way.again()
            advance = awaited.send
            continue
        sent, thrown, leaves = _NEXT, None, False
        if way.giving:
            course.gave()
        try:
            said = yield given.pop()  # what it gave is not kept alive here
            advance = awaited.send
            sent, said = _NEXT if said is None else (said,), None
        except GeneratorExit:
            leaves = True
        except BaseException as error:  # noqa: BLE001 - boundary: all that is thrown in passes on
            advance, sent, thrown = awaited.throw, (error,), error if way.giving else None
        if leaves:  # outside of the handler: what is raised now has no context of ours
            _close(course, awaited)
            raise GeneratorExit


def _close(course: Course, awaited: Any) -> None:
    try:
        course.step(awaited.close)
    finally:
        course.left()
