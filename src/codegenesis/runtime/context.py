"""For whom the application works just now: segment, trace and the arms that canaries drew.

It lives in a `contextvars.ContextVar`, so that threads, tasks and what they await each see their
own. Middleware sets it per request, `codegenesis.context` by hand.
"""

from __future__ import annotations

import contextvars

from codegenesis.model import Arm


class Context:
    """One use of the application.

    Attributes:
        segment: of whom it is for, like a tenant or a plan; few different ones.
        key: what draws stick to, like a user's id; never recorded. Empty: each call by itself.
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
