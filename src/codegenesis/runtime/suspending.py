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
from typing import Any

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
    result = yield from _steps(course, course.inner, giving=giving, again=lambda: course.inner)
    course.returned(result)
    return result


class _Asked:
    """Answers in the place of an async generator, which is left to `course`."""

    def __init__(self, course: Course) -> None:
        self._course = course

    def __anext__(self) -> Any:
        return self._answer(_begun(self._course.inner))

    def asend(self, value: object) -> Any:
        return self._answer(self._course.inner.asend(value))

    def athrow(self, error: BaseException) -> Any:
        return self._answer(self._course.inner.athrow(error), thrown=error)

    @types.coroutine
    def aclose(self) -> Generator[Any, Any, Any]:
        try:
            return (yield from self._steps(self._course.inner.aclose()))
        finally:
            self._course.left()

    @types.coroutine
    def _answer(
        self, question: Any, *, thrown: BaseException | None = None
    ) -> Generator[Any, Any, Any]:
        try:
            item = yield from self._steps(question, thrown=thrown)
        except StopAsyncIteration:
            self._course.returned(None)
            raise
        self._course.gave()
        return item

    def _steps(
        self, question: Any, *, thrown: BaseException | None = None
    ) -> Generator[Any, Any, Any]:
        course = self._course
        return _steps(
            course,
            question,
            thrown=thrown,
            through=(StopAsyncIteration,),
            again=lambda: _begun(course.inner),
        )


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


@types.coroutine
def _steps(
    course: Course,
    awaited: Any,
    *,
    again: Callable[[], Any],
    giving: bool = False,
    thrown: BaseException | None = None,
    through: tuple[type[Exception], ...] = (),
) -> Generator[Any, Any, Any]:
    """`yield from awaited`, with the course around each step until that rests.

    Args:
        again: what to wait for when other code goes on.
        giving: what comes out are items, and what comes in is their consumer's.
        thrown: what the consumer has thrown in.
        through: exceptions that are answers.
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
        except through:
            raise
        except BaseException as error:
            goes_on = course.goes_on(error, thrown=thrown)
            sent, thrown = _NEXT, None  # a frame of its own traceback shall not hold it
            if not goes_on:
                raise
            awaited = again()
            advance = awaited.send
            continue
        sent, thrown, leaves = _NEXT, None, False
        if giving:
            course.gave()
        try:
            said = yield given.pop()  # what it gave is not kept alive here
            advance = awaited.send
            sent, said = _NEXT if said is None else (said,), None
        except GeneratorExit:
            leaves = True
        except BaseException as error:  # noqa: BLE001 - boundary: all that is thrown in passes on
            advance, sent, thrown = awaited.throw, (error,), error if giving else None
        if leaves:  # outside of the handler: what is raised now has no context of ours
            _close(course, awaited)
            raise GeneratorExit


def _close(course: Course, awaited: Any) -> None:
    try:
        course.step(awaited.close)
    finally:
        course.left()
