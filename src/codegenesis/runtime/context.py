"""For whom the application works just now: segment, trace and the arms that canaries drew.

It lives in a `contextvars.ContextVar`, so that threads, tasks and what they await each see their
own. Middleware sets it per request, `codegenesis.context` by hand.

A use sticks to one arm of each canary: to that of its key, or, where nobody gave a key, to that of
its trace. So a request meets one version of a function however often it is called, and what the use
was worth (`codegenesis.reward`) can be put down to that version. Drawing each call by itself would
prove a gain sooner, but no reward could be told apart; whoever wants it passes `key=""`.

Keys are digested the moment they come in: what is sent along to Celery workers, or seen in a dump
of the process, is not the user's id.
"""

from __future__ import annotations

import contextvars
import functools
import hashlib
import inspect
import os
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar, cast

from codegenesis.errors import UsageError
from codegenesis.model import Arm

_F = TypeVar("_F", bound=Callable[..., Any])

#: What segments beyond the first `SEGMENTS` different ones are called.
OTHER = "other"
SEGMENTS = 50
_SEGMENT_CHARS = 64
_KEY_CHARS = 1024
_HEX = frozenset("0123456789abcdef")


class Context:
    """One use of the application.

    Attributes:
        segment: of whom it is for, like a tenant or a plan; few different ones.
        key: what draws stick to, a digest of a user's id for instance. Empty: each call by itself.
        trace: id of the trace, 32 hex digits.
        arms: the arm that each canary (`Release.id`) met in this use has drawn.
    """

    __slots__ = ("arms", "key", "segment", "trace")

    def __init__(self, *, segment: str = "", key: str = "", trace: str = "") -> None:
        self.segment = segment
        self.key = key
        self.trace = trace
        self.arms: dict[str, Arm] = {}


_current: contextvars.ContextVar[Context | None] = contextvars.ContextVar(
    "codegenesis", default=None
)


def current() -> Context | None:
    """The use that this call is part of; None when nobody said."""
    return _current.get()


def enter(use: Context) -> contextvars.Token[Context | None]:
    """What is called from here on is part of `use`, until `leave`."""
    return _current.set(use)


def leave(token: contextvars.Token[Context | None]) -> None:
    """Go back to what was before `enter`."""
    try:
        _current.reset(token)
    except ValueError:
        pass  # ended from elsewhere, as a half-read response may be: that place has its own use


class Segments:
    """Names of segments, bounded in length and number: what comes from clients is data."""

    def __init__(self, limit: int = SEGMENTS) -> None:
        self._limit = limit
        self._known = {"", OTHER}

    def admit(self, name: object) -> str:
        """The name as it is kept; `OTHER` once there are `limit` different ones."""
        text = name if isinstance(name, str) else str(name)
        if text in self._known:
            return text
        text = "".join(c for c in text[:_SEGMENT_CHARS] if c.isprintable()).strip()
        if text not in self._known:
            if len(self._known) >= self._limit + 2:
                return OTHER
            self._known.add(text)
        return text


segments = Segments()


def make(
    *,
    segment: object = None,
    key: object = None,
    trace: str = "",
    within: Context | None = None,
) -> Context:
    """A use, bounded whatever comes in; what is not given is that of the use around it.

    Args:
        key: None for that around it, else for the trace; empty to draw each call by itself.
        trace: 32 hex digits, else a new one.
        within: the use around it; draws are shared with it as long as the key is the same.
    """
    outer_trace = within.trace if within else ""
    use = Context(
        segment=segments.admit(segment) if segment else within.segment if within else "",
        trace=trace if is_trace(trace) else outer_trace or os.urandom(16).hex(),
    )
    if key is not None:
        use.key = stuck(key)
    else:
        use.key = within.key if within else use.trace
    if within is not None and use.key == within.key:
        use.arms = within.arms
    return use


def stuck(key: object) -> str:
    """What is kept of a key: 32 hex digits, or nothing of an empty one."""
    text = str(key)[:_KEY_CHARS]
    if not text:
        return ""
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def is_trace(text: str) -> bool:
    """Whether it has the form of a W3C trace id, or of a digested key: 32 hex digits, not all 0."""
    return len(text) == 32 and _HEX.issuperset(text) and text.strip("0") != ""


def disabled() -> bool:
    """Whether CodeGenesis is switched off in this process' environment."""
    return os.environ.get("CODEGENESIS_DISABLED") == "1"


class context:
    """Say for whom the enclosed code works: `with codegenesis.context(segment="pro", key=user.id)`.

    Also a decorator of functions and coroutine functions. What is not given comes from the use
    around it. With `CODEGENESIS_DISABLED=1` it does nothing.

    Args:
        segment: whose outcomes and rewards are looked at apart, like a plan; never personal data.
            At most 50 different ones of 64 characters; the rest is `other`.
        key: whoever has the same key meets the same version of each canary. By default all calls
            of one use do; with an empty key each call is drawn by itself.
        trace: id of the trace, 32 hex digits; made when left out.
    """

    def __init__(self, *, segment: object = None, key: object = None, trace: str = "") -> None:
        self._segment = segment
        self._key = key
        self._trace = trace
        self._tokens: list[contextvars.Token[Context | None]] = []

    def __enter__(self) -> Context:
        use = make(segment=self._segment, key=self._key, trace=self._trace, within=current())
        if not disabled():
            self._tokens.append(enter(use))
        return use

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._tokens:
            leave(self._tokens.pop())

    def __call__(self, function: _F) -> _F:
        """The function, each call of which is a use.

        Raises:
            UsageError: it is a generator function: between two steps its caller runs.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise UsageError(
                f"{function.__qualname__} is a generator function: between two of its steps, code "
                "of its caller runs that is no part of this use",
                remedy="Put the context around the loop that reads it.",
            )
        wrap = self._awaited if inspect.iscoroutinefunction(function) else self._called
        return cast(_F, functools.wraps(function)(wrap(function)))

    def _again(self) -> context:
        """Calls may overlap, so each has its own."""
        return context(segment=self._segment, key=self._key, trace=self._trace)

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def use(*args: object, **kwargs: object) -> object:
            with self._again():
                return function(*args, **kwargs)

        return use

    def _awaited(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def use(*args: object, **kwargs: object) -> object:
            with self._again():
                return await function(*args, **kwargs)

        return use
